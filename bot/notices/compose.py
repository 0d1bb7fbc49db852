"""What owners and IT are told of a case: pure text from the state of each group, never why access ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.locale import Translator
from bot.locale.keys import refusal_text, remedy_text, state_text
from bot.notices.saying import Means, bounded, named
from bot.states import StepState
from bot.words.standing import orphan_text
from connectors.messages import Passage
from policies.model import Refusal

MOST_LINES = 60
"""Groups named in one message at most; the worst come first."""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group of a removal notice, with the honest state of the act."""

    name: str
    state: StepState
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class OrphanLine:
    """One group that would be left without an owner, and why nobody takes it over."""

    name: str
    why: str


def removal(
    person: str, groups: Sequence[GroupLine], t: Translator, means: Means, case_id: str = ""
) -> tuple[Passage, ...]:
    """Say where the removal stands in each group the reader looks after, the worst first; bounded."""
    if not groups:
        return ()
    opening = t.plural(
        "{person}: access to {n} group you look after is being ended. Where it stands:",
        "{person}: access to {n} groups you look after is being ended. Where it stands:",
        len(groups),
        person=named(person, t),
    )
    ordered = sorted(groups, key=lambda line: (_WORST_FIRST.index(line.state), line.name))
    shown = bounded([_group_line(line, t) for line in ordered[:MOST_LINES]])
    lines = [opening, *shown]
    if rest := len(ordered) - len(shown):
        lines.append(t.plural("… and {n} more group", "… and {n} more groups", rest))
    link = means.link("/groups", t.text("My groups")) if case_id else ()
    return (Passage("\n".join(lines), link),)


def _group_line(line: GroupLine, t: Translator) -> str:
    said = t.text("• {group}: {state}", group=named(line.name, t), state=state_text(line.state, t))
    if line.refusal is None:
        return said
    return " – ".join([said, refusal_text(line.refusal, t), remedy_text(line.refusal, t)])


def succession(
    person: str, orphans: Sequence[OrphanLine], due: datetime, zone: str, t: Translator
) -> tuple[Passage, ...]:
    """Ask IT in time for a successor: on the day itself it would be too late."""
    if not orphans:
        return (
            Passage(t.text("Confidential, for IT only: every group has somebody who takes it over now.")),
        )
    opening = t.plural(
        "Confidential, for IT only: {n} group hangs on {person} alone, whose access ends {when}. Before "
        "then, name a deputy in the group registry, or have somebody made a second owner:",
        "Confidential, for IT only: {n} groups hang on {person} alone, whose access ends {when}. Before "
        "then, name a deputy for each in the group registry, or have somebody made a second owner:",
        len(orphans),
        person=named(person, t),
        when=t.date_time(due, zone),
    )
    lines = [
        t.text("• {group}: {why}", group=named(line.name, t), why=orphan_text(line.why, t))
        for line in orphans
    ]
    shown = bounded(lines)
    if rest := len(lines) - len(shown):
        shown.append(t.plural("… and {n} more group", "… and {n} more groups", rest))
    return (Passage("\n".join([opening, *shown])),)


def worst(lines: Sequence[GroupLine]) -> GroupLine:
    """Give the line to show where one group had several steps: the one furthest from done."""
    return min(lines, key=lambda line: _WORST_FIRST.index(line.state))


_WORST_FIRST = (
    StepState.STILL_PRESENT,
    StepState.FAILED,
    StepState.BLOCKED,
    StepState.HELD,
    StepState.PENDING,
    StepState.OUTCOME_UNKNOWN,
    StepState.REQUESTED,
    StepState.REMOVED_UNVERIFIED,
    StepState.DELEGATED,
    StepState.WAIVED,
    StepState.CANCELLED,
    StepState.ATTESTED,
    StepState.LOCKED_OUT,
    StepState.ALREADY_ABSENT,
    StepState.VERIFIED_ABSENT,
)
