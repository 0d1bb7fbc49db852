"""A hold in words: its cause with its numbers, and what its release would let go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bot.locale import N_, Translator
from bot.locale.keys import hold_text, reason_text
from bot.states import HoldKind
from policies.thresholds import BreachKind, Limits

if TYPE_CHECKING:  # one line about a hold is said where no database layer is loaded
    from bot.preview import Held
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
UNDECIDED: dict[str, str] = {
    "no_time_zone": N_(
        "{people} without a time zone, and no default is set, so the end of their last day is not certain. "
        "Set BAWAB_TIME_ZONE (or fill the time zone column of the HR file), then: {release}"
    ),
    "unknown_time_zone": N_(
        "{people} with a time zone that is no known one, such as Asia/Riyadh. Correct it in the HR file and "
        "deliver it again; if a newer file does not replace this, then: {release}"
    ),
    "no_rule": N_(
        "{people} for whom no rule of the policy speaks. Add a rule, see that `bawab policy check` passes, "
        "then: {release}"
    ),
}
"""By the reason of a case that is not decided: how many, why, and what to do before the release."""
SHOWN = 12
"""Digits of a digest that people are shown and may type."""


def short(digest: str) -> str:
    """Give the beginning of a digest that names it well enough."""
    return digest[:SHOWN]


def hold_line(hold: HoldRow, t: Translator) -> str:
    """Say in one line what is held, why, and how it is let go."""
    return held_line(hold.digest, hold.kind, hold.count, hold.cause or {}, t)


def held_line(digest: str, kind: str, count: int, cause: dict[str, Any], t: Translator) -> str:
    """Say the same of a hold as the log tells it; nobody to count is not counted."""
    why = kind_text(kind, cause, t)
    preview = t.isolate(f"bawab preview --hold {short(digest)}")
    release = t.isolate(f"bawab release {short(digest)}")
    if kind == HoldKind.OBSERVE and not count:
        return t.text(
            "Held: {why}. Look: {preview}  Let go: {release}", why=why, preview=preview, release=release
        )
    return t.text(
        "Held: {why} ({count}). Look: {preview}  Let go: {release}",
        why=why,
        count=t.number(count),
        preview=preview,
        release=release,
    )


def kind_text(kind: str, cause: dict[str, Any], t: Translator) -> str:
    """Say why something is held: for what is undecided, by the reason it could not be decided."""
    undecided = kind == HoldKind.NO_TIME_ZONE and cause.get("reason")
    return reason_text(str(cause["reason"]), t) if undecided else hold_text(HoldKind(kind), t)


def let_in_line(digest: str, t: Translator) -> str:
    """Say how a quarantined file is let in."""
    return t.text("Let it in: {release}", release=t.isolate(f"bawab feed release {short(digest)}"))


def cause_lines(held: Held, limits: Limits, t: Translator) -> list[str]:
    """Say the cause with its numbers, what they rest on, and what a release does or needs."""
    from bot.words.findings import said as said_of  # noqa: PLC0415 - as above

    hold = held.hold
    cause: dict[str, Any] = hold.cause or {}
    lines = [*_next_step(hold, cause, t), *_breaches(held, cause, limits, t)]
    lines += [said_of(str(finding["message"]), t) for finding in cause.get("findings", ())]
    return lines + [
        f"{t.text(said)}: {t.isolate(str(cause[name]))}"
        for name, said in CAUSES.items()
        if name in cause and not (name == "reason" and hold.kind == HoldKind.NO_TIME_ZONE)
    ]


def _next_step(hold: HoldRow, cause: dict[str, Any], t: Translator) -> Iterator[str]:
    if hold.kind == HoldKind.NO_TIME_ZONE:
        yield undecided_text(str(cause.get("reason")), hold.count, hold.digest, t)
    elif hold.kind == HoldKind.OBSERVE:
        yield t.text("Its release ends the first run: from then on Bawab acts on what HR sends.")
        yield t.text(
            "People already gone when first seen are not part of it: they are held on their own next, once "
            "Bawab has looked where they still are."
        )
    elif hold.kind == HoldKind.FIRST_SEEN:
        yield t.text(
            "It is released on its own, after the first run; what these people still hold ends then."
        )


def undecided_text(reason: str, count: int, digest: str, t: Translator) -> str:
    """Say why nothing is decided for so many people, and what to do before a release."""
    said = UNDECIDED.get(reason)
    if said is None:
        return f"{t.text('Reason')}: {t.isolate(reason)}"
    people = t.plural("{n} person", "{n} people", count)
    return t.text(said, people=people, release=t.isolate(f"bawab release {short(digest)}"))


def _breaches(held: Held, cause: dict[str, Any], limits: Limits, t: Translator) -> Iterator[str]:
    count = held.hold.count
    if cause.get("kind") == BreachKind.RUN:
        bounds = (limits.run_percent, limits.run_count, limits.run_ceiling)
        yield t.text(
            "{people} in one run, where {allowed} may go unasked: {percent} % of {directory}, at least "
            "{least}, at most {most}.",
            **_numbers(cause, bounds, t),
        )
    elif cause.get("kind") == BreachKind.DAY:
        bounds = (limits.day_percent, limits.day_count, limits.day_ceiling)
        yield t.text(
            "{people} in one day, where {allowed} may go unasked: {percent} % of {directory}, at least "
            "{least}, at most {most}; {before} of them were already let through today.",
            **_numbers(cause, bounds, t),
            before=t.number(max(int(cause["count"]) - count, 0)),
        )
    for breach in cause.get("groups", ()):
        bounds = (limits.group_percent, limits.group_count, 0)
        yield t.text(
            "{what}: {people} out of one group in one day, where {allowed} may go unasked: {percent} % of "
            "{directory}, at least {least}; {before} of them were already let through today.",
            **_numbers(breach, bounds, t),
            what=t.isolate(str(breach["what"])),
            before=t.number(max(int(breach["count"]) - _held_in(held, str(breach["what"])), 0)),
        )


def _numbers(breach: dict[str, Any], bounds: tuple[int, int, int], t: Translator) -> dict[str, str]:
    percent, least, most = bounds
    return {
        "people": t.plural("{n} person", "{n} people", int(breach["count"])),
        "allowed": t.number(breach["allowed"]),
        "percent": t.number(percent),
        "directory": t.number(breach["directory"]) if breach["directory"] else t.text("an unknown number"),
        "least": t.number(least),
        "most": t.number(most),
    }


def _held_in(held: Held, group: str) -> int:
    """How many people this hold itself keeps in the group; the rest of the day's went before."""
    return len(
        {
            row.person_id
            for row in held.preview.rows
            if group == f"{row.instance}: {row.group or row.group_id}"
        }
    )


def plain_hold(hold: HoldRow) -> dict[str, Any]:
    """Give a hold as data."""
    names = ("digest", "kind", "cause", "count", "run_id", "requested_by", "role", "created_at")
    return {name: getattr(hold, name) for name in names}


def plain_held(held: Held) -> dict[str, Any]:
    """Give a hold, and how much it keeps back, as data."""
    from bot.reach import BY_HAND  # noqa: PLC0415 - as above

    acts = [row for row in held.preview.rows if row.verdict in ("act", "held", BY_HAND)]
    return {**plain_hold(held.hold), "memberships": len(acts), "links": len(held.links)}
