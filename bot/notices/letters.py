"""From rows to words: what one stored notice says as it is shown, to this reader, by this channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.locale import N_, Translator
from bot.notices.approval_letters import approval_letter, emergency_letter, question_letter
from bot.notices.channels import Channel
from bot.notices.compose import GroupLine, OrphanLine, removal, succession, worst
from bot.notices.digest_letter import digest_letter
from bot.notices.outage_letters import outage_letter
from bot.notices.ports import NoticeLimits
from bot.notices.readers import Reader, reader_of
from bot.notices.recipients import Subject
from bot.notices.saying import Means, Written, repeated
from bot.states import StepState
from bot.store.group_tables import SuccessionRow
from bot.store.notices import case_by_id, notices_by_id, steps_by_id
from bot.store.query import columns, where
from bot.store.tables import NoticeRow, StepRow
from bot.values import event_from_plain, group_from_plain
from connectors.messages import Message, Passage
from policies.model import Refusal

SubjectOf = Callable[[AsyncConnection, str], Awaitable[Subject | None]]
"""case id → the person it is about, with every address that may be theirs."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a message is written on: the notice, its reader's language and zone, its channel's means."""

    notice: NoticeRow
    reader: Reader
    t: Translator
    means: Means
    subject_of: SubjectOf
    beside: frozenset[str] = frozenset()
    """Who reads along where it is posted, besides its reader."""


async def write(
    tx: AsyncConnection,
    notice: NoticeRow,
    channel: Channel | None,
    limits: NoticeLimits,
    subject_of: SubjectOf,
) -> Written:
    """Write a notice with the state that all it is about has now; without a message where nothing is left."""
    reader = await reader_of(tx, notice.recipient_id, limits)
    means = Means(buttons=channel is None or channel.hears, console=limits.console)
    beside = channel.readers if channel else frozenset[str]()
    sheet = Sheet(notice, reader, reader.translator(notice.language), means, subject_of, beside)
    passages, written = await _STEMS[notice.kind.partition("/")[0]](tx, sheet)
    said = repeated(passages, sheet.t, may_repeat=notice.groups.get("twice", False))
    if not said:
        return written
    stem = notice.kind.partition("/")[0]
    title = sheet.t.text(_TITLES[stem])
    message = Message(said, sheet.t.language, quiet=stem not in _HEARD, title=title)
    return Written(message, written.closed, written.told)


_HEARD = frozenset({"confirm", "approval"})
"""What somebody waits for makes a sound; all else is quiet."""
_TITLES: Mapping[str, str] = {
    "removal": N_("News about your groups"),
    "succession": N_("Groups that need an owner"),
    "digest": N_("What waits for you"),
    "approval": N_("An approval is wanted"),
    "confirm": N_("A second person's word is wanted"),
    "questions": N_("A question for you"),
    "outage": N_("News of a platform"),
}
"""By the stem of a notice's kind; they name nobody, for a subject shows on a locked screen."""


Drafted = tuple[tuple[Passage, ...], Written]


async def _removal(tx: AsyncConnection, sheet: Sheet) -> Drafted:
    """One message for each case; those that had to wait long are put together in one."""
    passages: list[Passage] = []
    together = await notices_by_id(tx, sheet.notice.groups.get("merged", ()))
    for notice in (sheet.notice, *together):
        case = await case_by_id(tx, notice.case_id)
        steps = await steps_by_id(tx, notice.groups["steps"])
        if case is not None:
            person = event_from_plain(case.event).person.name
            passages += removal(person, group_lines(steps), sheet.t, sheet.means, case.id)
    return tuple(passages), Written(None)


async def _succession(tx: AsyncConnection, sheet: Sheet) -> Drafted:
    case = await case_by_id(tx, sheet.notice.case_id)
    if case is None or case.due is None:
        return (), Written(None)
    rows = columns(SuccessionRow)
    asked = await where(tx, SuccessionRow, rows.case_id == case.id, rows.settled_at.is_(None))
    ordered = sorted(asked, key=lambda row: (row.group_name, row.group_id))
    orphans = tuple(OrphanLine(row.group_name or row.group_id, row.why) for row in ordered)
    if not orphans and sheet.notice.state == "pending":
        return (), Written(None)
    person = event_from_plain(case.event).person.name
    return succession(person, orphans, case.due, sheet.reader.zone, sheet.t), Written(None, not orphans)


async def _digest(tx: AsyncConnection, sheet: Sheet) -> Drafted:
    means, subject_of = sheet.means, sheet.subject_of
    return await digest_letter(tx, sheet.notice, sheet.reader, sheet.t, means, subject_of, sheet.beside)


async def _approval(tx: AsyncConnection, sheet: Sheet) -> Drafted:
    return await approval_letter(tx, sheet.notice, sheet.reader.zone, sheet.t, sheet.means)


async def _confirm(tx: AsyncConnection, sheet: Sheet) -> Drafted:
    return await emergency_letter(tx, sheet.notice, sheet.reader.zone, sheet.t, sheet.means)


async def _questions(tx: AsyncConnection, sheet: Sheet) -> Drafted:
    return await question_letter(tx, sheet.notice, sheet.t, sheet.means)


async def _outage(tx: AsyncConnection, sheet: Sheet) -> Drafted:
    return await outage_letter(tx, sheet.notice, sheet.reader.zone, sheet.t, sheet.means)


_STEMS: Mapping[str, Callable[[AsyncConnection, Sheet], Awaitable[Drafted]]] = {
    "removal": _removal,
    "succession": _succession,
    "digest": _digest,
    "approval": _approval,
    "confirm": _confirm,
    "questions": _questions,
    "outage": _outage,
}
"""By the stem of a notice's kind."""


def group_lines(steps: Sequence[StepRow]) -> tuple[GroupLine, ...]:
    """Give one line for each group; where a person had two accounts in it, the one furthest from done."""
    by_group: dict[tuple[str, str], list[GroupLine]] = {}
    for step in steps:
        by_group.setdefault((step.instance, step.group_id), []).append(_line(step))
    return tuple(worst(lines) for lines in by_group.values())


def group_name(step: StepRow) -> str:
    """Give the name people know the group by; its id only where it has none."""
    group = group_from_plain(step.group)
    return (group.name if group else "") or step.group_id


def _line(step: StepRow) -> GroupLine:
    return GroupLine(group_name(step), StepState(step.state), Refusal(step.refusal) if step.refusal else None)
