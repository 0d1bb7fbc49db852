"""Words for what an approval would end, the same in a message, in a chat and on a Home tab."""

from __future__ import annotations

from bot.locale import Translator
from bot.shown import Shown


def ends_lines(shown: Shown | None, t: Translator) -> list[str]:
    """Say how many memberships end and where, and whether all could be read; nothing where nothing was."""
    if shown is None:
        return []
    where = t.list([f"{t.isolate(title)} {t.number(count)}" for title, count in shown.platforms])
    said = t.plural("It ends {n} membership", "It ends {n} memberships", shown.groups)
    lines = [f"{said}: {where}" if where else said]
    if not shown.whole:
        lines.append(
            t.text("Not every platform could be read; what is found there later is listed, not left out.")
        )
    return lines
