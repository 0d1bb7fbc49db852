"""What every command works at: its options, its language, its two streams, and Bawab opened for it."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from bot.locale import Translator, translator
from bot.surfaces.cli.options import Options

if TYPE_CHECKING:  # each is loaded where it is first used: `bawab status` uses none of them
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from bot.app import Bawab
    from bot.glance.ground import Ground
    from bot.preview import Progress as Report
    from bot.settings import Settings

__all__ = ["Desk", "Options", "fitting", "harmless"]

WIDE = 200
"""Columns where nobody watches: a file or a pipe should not be cut to a narrow window."""


COLOURING = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables by which somebody asks for colours where no terminal is: Rich then decides."""
GUTTER = 2
"""Columns between two columns of a table."""


class Desk:
    """One command's surroundings; data goes to stdout, talk to stderr."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.ground: Ground | None = None
        """What a look found instead of reading the settings."""

    @cached_property
    def settings(self) -> Settings:
        """The settings, read once; raises SettingsProblem."""
        from bot.settings import SettingsProblem, load_settings  # noqa: PLC0415 - as above

        env_file = self.options.env_file
        if env_file is not None and not env_file.is_file():
            raise SettingsProblem(f"--env-file: {env_file} is not a file")
        return load_settings(env_file)

    @cached_property
    def t(self) -> Translator:
        """The reader's language: as asked, else as set, else English."""
        if self.options.lang:
            return translator(self.options.lang)
        if self.ground is not None:
            return translator(self.ground.language)
        from bot.settings import SettingsProblem  # noqa: PLC0415 - as above

        try:
            return translator(self.settings.language)
        except SettingsProblem:
            return translator(os.environ.get("BAWAB_LANGUAGE"))

    @property
    def actor(self) -> str:
        """Who acts, as the log names them."""
        return f"person:{self.name}"

    @property
    def name(self) -> str:
        """The name given with --as, else the user of the operating system."""
        return (self.options.as_name or getpass.getuser()).removeprefix("person:")

    @property
    def zone(self) -> str:
        """The time zone moments are shown in where nothing names another."""
        return (self.ground or self.settings).time_zone or "UTC"

    @property
    def tzinfo(self) -> ZoneInfo:
        """The same as a zone."""
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

        return ZoneInfo(self.zone)

    @property
    def json(self) -> bool:
        """Whether data is asked for as JSON."""
        return bool(self.options.json)

    @cached_property
    def out(self) -> Console:
        """Where data goes."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """Where talk goes."""
        return _console(sys.stderr)

    @asynccontextmanager
    async def open(
        self, *, read_only: bool = True, connect: bool = True, even_broken_registry: bool = False
    ) -> AsyncIterator[Bawab]:
        """Open Bawab; nothing leaves the wire as a write where `read_only`."""
        from bot.app import open_bawab  # noqa: PLC0415 - as above

        async with open_bawab(
            self.settings, read_only=read_only, connect=connect, even_broken_registry=even_broken_registry
        ) as app:
            yield app

    # Talking

    def data(self, value: object) -> None:
        """Print JSON on stdout, one document."""
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
        self.raw(orjson.dumps(value, default=_plain, option=options).decode())

    def line(self, value: object) -> None:
        """Print JSON on stdout, one line."""
        self.raw(orjson.dumps(value, default=_plain, option=orjson.OPT_APPEND_NEWLINE).decode())

    def raw(self, text: str) -> None:
        """Print text on stdout exactly as it is."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def print(self, text: str = "", style: str | None = None) -> None:
        """Print a sentence on stdout."""
        if _is_plain(sys.stdout):
            try:
                self.raw(f"{_unfenced(text).expandtabs()}\n")
            except BrokenPipeError:  # whoever read it has seen enough
                self.out.on_broken_pipe()
            return
        from rich.text import Text  # noqa: PLC0415 - as above

        self.out.print(Text(_shown(text, self.out), style=style or ""), soft_wrap=True)

    def say(self, text: str = "", style: str | None = None) -> None:
        """Print a sentence on stderr."""
        from rich.text import Text  # noqa: PLC0415 - as above

        self.err.print(Text(harmless(text), style=style or ""), soft_wrap=True)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], *, talk: bool = False) -> None:
        """Print a table on stdout (or as talk): nothing is cut, and no word is broken that fits a line.

        Where the columns cannot stand side by side, each row becomes a block of `heading: cell` lines.
        """
        from rich.table import Table  # noqa: PLC0415 - as above
        from rich.text import Text  # noqa: PLC0415 - as above

        console = self.err if talk else self.out
        shown = [[harmless(cell) if talk else _shown(cell, console) for cell in row] for row in rows]
        widths = fitting([headings, *shown], console.width)
        if widths is None:
            _blocks(console, headings, shown)
            return
        table = Table(box=None, pad_edge=False, show_edge=False)
        for heading, width in zip(headings, widths, strict=True):
            table.add_column(Text(heading, style="bold"), overflow="fold", width=width)
        for row in shown:
            table.add_row(*map(Text, row))
        console.print(table)

    def moment(self, instant: datetime | None, zone: str | None = None) -> str:
        """Write an instant in a zone, in the reader's language; empty for None."""
        return self.t.date_time(instant, zone or self.zone) if instant else ""

    def stamp(self, instant: datetime | None, zone: str | None = None, *, seconds: bool = False) -> str:
        """Write an instant shortly, for a table: day, time and the city of its zone; empty for None."""
        if instant is None:
            return ""
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

        name = zone or self.zone
        clock = "%H:%M:%S" if seconds else "%H:%M"
        return f"{instant.astimezone(ZoneInfo(name)):%Y-%m-%d {clock}} {name.rpartition('/')[2]}"

    @contextmanager
    def progress(self, doing: str) -> Iterator[Report | None]:
        """Show how far long work is, on a terminal; elsewhere nothing moves."""
        if not self.err.is_terminal:
            yield None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - as above

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=self.err,
            transient=True,
        )
        with bar:
            task = bar.add_task(doing, total=None)

            def report(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            yield report


_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "\ufffd") | {0x09: "\t", 0x0A: "\n"}


def harmless(text: str) -> str:
    """Show a control character as one lost letter: a file, a group or an error could name a terminal's."""
    return text.translate(_CONTROLS)


_FENCES = dict.fromkeys((0x2068, 0x2069))


def _shown(text: str, console: Console) -> str:
    """Keep the fences round names for a terminal's eyes only: a program that reads a pipe wants the names."""
    return harmless(text) if console.is_terminal else _unfenced(text)


def _unfenced(text: str) -> str:
    return harmless(text).translate(_FENCES)


def _is_plain(stream: Any) -> bool:
    """Whether a sentence goes out as it is: nobody watches, and nothing asks for a terminal's colours."""
    return not stream.isatty() and not any(map(os.environ.get, COLOURING))


def fitting(rows: Sequence[Sequence[str]], space: int) -> list[int] | None:
    """Give each column its width so that all fit and none is narrower than its longest word, else None."""
    from rich.cells import cell_len  # noqa: PLC0415 - as above

    columns = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    least = [max(cell_len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    space -= GUTTER * (len(columns) - 1)
    if sum(least) > space:
        return None
    while sum(widths) > space:
        # The column with most to give, gives.
        widest = max(range(len(widths)), key=lambda place: (widths[place] > least[place], widths[place]))
        widths[widest] -= 1
    return widths


def _blocks(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.text import Text  # noqa: PLC0415 - as above

    for row in rows:
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                console.print(Text(f"{heading}: {cell}"), soft_wrap=not cell.count(" "))
        console.print()


def _console(stream: Any) -> Console:
    """A console that colours only a terminal, and never where NO_COLOR asks it not to."""
    from rich.console import Console  # noqa: PLC0415 - as above

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    return console


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not data")
