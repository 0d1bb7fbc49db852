"""What a notice says: pure text from the state of each group, never why somebody's access ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.locale import Translator
from bot.locale.keys import REFUSALS, refusal_text, remedy_text, state_text, why_text
from bot.states import StepState
from policies.model import Refusal

MOST_LINES = 60
"""Groups named in one message; Slack advises 4,000 characters and cuts at 40,000. The worst come first."""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group of a removal notice, with the honest state of the act."""

    name: str
    state: StepState
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One thing only the reader can do, until when, and the id to confirm it by."""

    id: str
    group: str
    deadline: datetime
    second_needed: bool = False
    """A second, different person must confirm as well."""
    guide: tuple[str, ...] = ()
    """What to do, in order, in the reader's language."""


@dataclass(frozen=True, slots=True)
class OrphanLine:
    """One group that would be left without an owner, and why nobody takes it over."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything one message says; `kind` is the stem of the notice's kind."""

    kind: str
    """removal | tasks | reminder | escalation | second | succession"""
    person: str
    """The name of the person whose access ends."""
    groups: tuple[GroupLine, ...] = ()
    tasks: tuple[TaskLine, ...] = ()
    zone: str = "UTC"
    orphans: tuple[OrphanLine, ...] = ()
    due: datetime | None = None
    """When the access ends; said only where somebody has to do something before."""
    may_repeat: bool = False
    """An earlier sending got no clear answer."""


def compose(letter: Letter, t: Translator) -> str:
    """Write the message in the reader's language, or nothing where nothing is left to say."""
    parts = [_groups(letter, t), _tasks(letter, t), _orphans(letter, t)]
    said = [part for part in parts if part]
    if said and letter.may_repeat:
        said.append(t.text("This message may reach you twice: the first sending got no clear answer."))
    return "\n\n".join(said)


def _groups(letter: Letter, t: Translator) -> str:
    if not letter.groups:
        return ""
    opening = t.plural(
        "{person}: access to {n} group you look after is being ended. Where it stands:",
        "{person}: access to {n} groups you look after is being ended. Where it stands:",
        len(letter.groups),
        person=t.isolate(letter.person),
    )
    ordered = sorted(letter.groups, key=lambda line: (_WORST_FIRST.index(line.state), line.name))
    lines = [opening, *(_group_line(line, t) for line in ordered[:MOST_LINES])]
    if len(ordered) > MOST_LINES:
        rest = len(ordered) - MOST_LINES
        lines.append(t.plural("… and {n} more group", "… and {n} more groups", rest))
    return "\n".join(lines)


def _group_line(line: GroupLine, t: Translator) -> str:
    said = t.text("• {group}: {state}", group=t.isolate(line.name), state=state_text(line.state, t))
    if line.refusal is None:
        return said
    return " – ".join([said, refusal_text(line.refusal, t), remedy_text(line.refusal, t)])


def _tasks(letter: Letter, t: Translator) -> str:
    if not letter.tasks:
        return ""
    lines = [_opening(letter.kind, len(letter.tasks), t.isolate(letter.person), t)]
    lines += [_task_line(task, letter.zone, t) for task in letter.tasks]
    return "\n".join(lines)


def _opening(kind: str, n: int, person: str, t: Translator) -> str:
    if kind == "reminder":
        return t.plural(
            "Reminder: please remove {person} by hand from {n} group, then confirm it:",
            "Reminder: please remove {person} by hand from {n} groups, then confirm each:",
            n,
            person=person,
        )
    if kind == "escalation":
        return t.plural(
            "This was not confirmed in time. Please remove {person} by hand from {n} group:",
            "This was not confirmed in time. Please remove {person} by hand from {n} groups:",
            n,
            person=person,
        )
    if kind == "second":
        return t.plural(
            "One person has confirmed that {person} is out of {n} group. Please look and confirm it too:",
            "One person has confirmed that {person} is out of {n} groups. Please look and confirm it too:",
            n,
            person=person,
        )
    return t.plural(
        "Please remove {person} by hand from {n} group, which Bawab cannot reach, then confirm it:",
        "Please remove {person} by hand from {n} groups, which Bawab cannot reach, then confirm each:",
        n,
        person=person,
    )


def _orphans(letter: Letter, t: Translator) -> str:
    """Ask IT in time for a successor: on the day itself it would be too late."""
    if not letter.orphans or letter.due is None:
        return ""
    opening = t.plural(
        "Confidential, for IT only: {n} group hangs on {person} alone, whose access ends {when}. Before "
        "then, name a deputy in the group registry, or have somebody made a second owner:",
        "Confidential, for IT only: {n} groups hang on {person} alone, whose access ends {when}. Before "
        "then, name a deputy for each in the group registry, or have somebody made a second owner:",
        len(letter.orphans),
        person=t.isolate(letter.person),
        when=t.date_time(letter.due, letter.zone),
    )
    lines = [
        t.text("• {group}: {why}", group=t.isolate(line.name), why=orphan_text(line.why, t))
        for line in letter.orphans[:MOST_LINES]
    ]
    return "\n".join([opening, *lines])


def orphan_text(why: str, t: Translator) -> str:
    """Say why nobody takes a group over."""
    return t.text(REFUSALS[Refusal.CREATOR]) if why == Refusal.CREATOR else why_text(why, t)


def _task_line(task: TaskLine, zone: str, t: Translator) -> str:
    lines = [
        t.text(
            "• {group}: by {deadline}. When it is done: {command}",
            group=t.isolate(task.group),
            deadline=t.date_time(task.deadline, zone),
            command=t.isolate(f"bawab task attest {task.id}"),
        )
    ]
    if task.second_needed:
        lines.append(t.text("   A second person must look and confirm as well."))
    lines += [f"   {t.number(place)}. {step}" for place, step in enumerate(task.guide, 1)]
    return "\n".join(lines)


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
