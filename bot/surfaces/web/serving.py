"""The console as part of what the listener serves."""

from __future__ import annotations

from starlette.types import ASGIApp

from bot.app import Bawab
from bot.surfaces.web.address import is_served
from bot.surfaces.web.console import console


def served(app: Bawab) -> ASGIApp | None:
    """Give the console where it is served, to answer whatever the listener has no other route for.

    Raises SettingsProblem for an address that people would reach over plain HTTP.
    """
    return console(app) if is_served(app.settings) else None
