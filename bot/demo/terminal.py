"""What a command prints, kept as a terminal of the same width shows it, so that a part can be left out."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

TALL = 500
"""Rows of the terminal; nothing the example runs scrolls by itself."""


async def kept(
    words: Sequence[str], environment: Mapping[str, str], console: Console
) -> tuple[int, list[Text]]:
    """Run a command; give its exit code and the lines it printed on stdout, in colour if ours has any."""
    ours, theirs = pty.openpty() if console.is_terminal else os.pipe()
    if console.is_terminal:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", TALL, console.width, 0, 0))
    try:
        process = await asyncio.create_subprocess_exec(*words, env=environment, stdout=theirs)
    finally:
        os.close(theirs)
    text, code = await asyncio.gather(asyncio.to_thread(_read, ours), process.wait())
    return code, [Text.from_ansi(line) for line in text.splitlines()]


def _read(ours: int) -> str:
    """Read to the end, which a terminal's last process leaving marks by an error (EIO)."""
    parts = []
    try:
        while part := os.read(ours, 65_536):
            parts.append(part)
    except OSError:
        pass
    finally:
        os.close(ours)
    return b"".join(parts).decode()
