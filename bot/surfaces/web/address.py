"""Where the console is, and whether it is served: never over plain HTTP beyond this machine."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from bot.settings import Settings, SettingsProblem

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def is_served(settings: Settings) -> bool:
    """Whether the console is served: under its https address, or, without one, on this machine alone.

    Raises SettingsProblem for a console address that is neither.
    """
    url = settings.console.url
    if url is None:
        return settings.listen is not None and _host(settings.listen) in LOOPBACK
    parts = urlsplit(url)
    if not parts.netloc or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
        raise SettingsProblem(
            f"BAWAB_CONSOLE__URL: {url} is not https. Put a reverse proxy with a certificate in front "
            "(docs/console.md), and write the address people type, such as https://bawab.example.com"
        )
    return settings.listen is not None


def console_address(settings: Settings, listening_at: str | None) -> str | None:
    """Give the address people open the console at; None where it is not served."""
    if listening_at is None or not is_served(settings):
        return None
    return (settings.console.url or listening_at).rstrip("/")


def _host(listen: str) -> str:
    return listen.rpartition(":")[0].strip("[]")
