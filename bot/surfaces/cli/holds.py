"""A hold in words: its cause with its numbers, and what its release would let go."""

from __future__ import annotations

from typing import Any

from bot.locale import N_, Translator
from bot.locale.keys import hold_text
from bot.preview import Held
from bot.reach import BY_HAND
from bot.states import HoldKind
from bot.store.tables import HoldRow

CAUSES: dict[str, str] = {
    "file": N_("File"),
    "instance": N_("Platform"),
    "policy": N_("Policy version"),
    "reason": N_("Reason"),
    "role": N_("To be released by"),
    "rule": N_("Rule"),
    "source": N_("Source"),
}
SHOWN = 12
"""Digits of a digest that people are shown and may type."""


def short(digest: str) -> str:
    """Give the beginning of a digest that names it well enough."""
    return digest[:SHOWN]


def hold_line(hold: HoldRow, t: Translator) -> str:
    """Say in one line what is held, why, and how it is let go."""
    return t.text(
        "Held: {why} ({count}). Look: {preview}  Let go: {release}",
        why=hold_text(HoldKind(hold.kind), t),
        count=t.number(hold.count),
        preview=t.isolate(f"bawab preview --hold {short(hold.digest)}"),
        release=t.isolate(f"bawab release {short(hold.digest)}"),
    )


def let_in_line(digest: str, t: Translator) -> str:
    """Say how a quarantined file is let in."""
    return t.text("Let it in: {release}", release=t.isolate(f"bawab feed release {short(digest)}"))


def cause_lines(hold: HoldRow, t: Translator) -> list[str]:
    """Say the cause with its numbers."""
    cause: dict[str, Any] = hold.cause or {}
    lines = [_breach(cause, t)] if "allowed" in cause else []
    lines += [_breach(breach, t) for breach in cause.get("groups", ())]
    lines += [str(finding["message"]) for finding in cause.get("findings", ())]
    return lines + [
        f"{t.text(said)}: {t.isolate(str(cause[name]))}" for name, said in CAUSES.items() if name in cause
    ]


def _breach(breach: dict[str, Any], t: Translator) -> str:
    return t.text(
        "{what}: {count} people, where {allowed} may go unasked (of {directory})",
        what=t.isolate(str(breach["what"])),
        count=t.number(breach["count"]),
        allowed=t.number(breach["allowed"]),
        directory=t.number(breach["directory"]),
    )


def plain_hold(hold: HoldRow) -> dict[str, Any]:
    """Give a hold as data."""
    names = ("digest", "kind", "cause", "count", "run_id", "requested_by", "role", "created_at")
    return {name: getattr(hold, name) for name in names}


def plain_held(held: Held) -> dict[str, Any]:
    """Give a hold, and how much it keeps back, as data."""
    acts = [row for row in held.preview.rows if row.verdict in ("act", "held", BY_HAND)]
    return {**plain_hold(held.hold), "memberships": len(acts), "links": len(held.links)}
