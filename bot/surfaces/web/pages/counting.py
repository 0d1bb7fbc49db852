"""A number typed to confirm an act: in Western, Arabic-Indic or Persian digits, and what is wrong with it."""

from __future__ import annotations

from bot.locale import Translator
from bot.locale.digits import western


def counted_wrong(typed: str, shown: int, t: Translator) -> str:
    """Say what is wrong with a typed number; empty where it is the one that was shown."""
    spelled = western(typed).strip()
    if not spelled:
        return t.text("Type the number {n} to confirm.", n=t.number(shown))
    if not (spelled.isascii() and spelled.isdigit()):
        return t.text("This is no number. Type {n} to confirm.", n=t.number(shown))
    if len(spelled) > len(str(shown)) + 6 or int(spelled) != shown:
        return t.text("It is {n}. Look at the list again, then type it.", n=t.number(shown))
    return ""
