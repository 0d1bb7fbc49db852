"""What would happen, before anything does: person × platform × group × action × rule × verdict × why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.app import Bawab
from bot.casework import find_case
from bot.drafting import Draft, Drafter, Unread
from bot.reach import BY_HAND, Reach, verdict_of
from bot.release import Seen, find_hold
from bot.states import CASE_OPEN, HoldKind
from bot.store.people import person
from bot.store.query import columns, where
from bot.store.tables import CaseRow, HoldRow, LinkRow, StepRow
from bot.values import event_from_plain
from policies.model import PlannedStep, StepAction, Verdict

Progress = Callable[[int, int], None]
"""Called with (cases done, cases in all)."""
APPROVABLE = frozenset({Verdict.ACT.value, Verdict.BLOCKED.value, BY_HAND})
"""What a releasing person is shown as to be removed; a block may be lifted before the case is due."""


class NothingToPreview(LookupError):
    """No case has this id; says how to find one."""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One line: what becomes of one membership (or account) of one person, by which rule, and why."""

    case_id: str
    person_id: str
    person: str
    due: datetime | None
    instance: str
    platform: str
    account_id: str
    group_id: str
    """Empty for an act on the account itself."""
    group: str
    action: str
    verdict: str
    """A `Verdict`, `by_hand` for what becomes a task, or `held` for a step a guard stopped after planning."""
    rule: str
    why: str
    refusal: str | None
    since_approval: bool
    task_for: str = ""
    """By hand: the name of whoever would be asked; empty where there is nobody to ask."""
    successor: str = ""
    """Of a hand-over: the name of whoever becomes owner."""
    role: str = ""
    """What the person is in the group; empty for an act on the account itself."""
    group_kind: str = ""


@dataclass(frozen=True, slots=True)
class Blind:
    """Something the preview cannot show: a gap, an `unreadable` instance, or a case still `undecided`."""

    case_id: str
    person_id: str
    person: str
    instance: str
    reason: str
    group_id: str = ""
    detail: str = ""
    remedy: str = ""
    group_name: str = ""
    """Where the person is in the group, so that it can be called by its name."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The rows of some cases, and what could not be seen of them."""

    cases: tuple[CaseRow, ...]
    rows: tuple[PreviewRow, ...]
    blind: tuple[Blind, ...]
    looked: tuple[tuple[str, str], ...] = ()
    """(case id, instance) pairs that were read whole."""
    residual: Mapping[str, str] = field(default_factory=dict)
    """Instance → what a person keeps after a complete removal there, as its manifest says."""

    @property
    def unread(self) -> tuple[Blind, ...]:
        """Instances that were not readable whole: nothing is known of them."""
        return tuple(blind for blind in self.blind if blind.reason == "unreadable")

    def seen(self) -> Seen:
        """Give what was shown, as a release binds it: case → instance → groups; unread ones are left out."""
        shown: dict[str, dict[str, list[str]]] = {}
        for case_id, instance in self.looked:
            shown.setdefault(case_id, {})[instance] = []
        for row in self.rows:
            if row.action == StepAction.REVOKE and row.verdict in APPROVABLE:
                shown[row.case_id][row.instance].append(row.group_id)
        return shown


async def cases_for_preview(app: Bawab, case_id: str | None = None) -> list[CaseRow]:
    """Give one case, or every open one, the next due first; raises NothingToPreview."""
    async with app.store.read() as tx:
        if case_id is None:
            found = await where(tx, CaseRow, columns(CaseRow).state.in_(CASE_OPEN))
        else:
            case = await find_case(tx, case_id)
            if case is None:
                raise NothingToPreview(f"no case begins with {case_id!r}; `bawab case list` shows them")
            found = [case]
    return sorted(found, key=_by_due)


async def preview(app: Bawab, cases: Sequence[CaseRow], *, progress: Progress | None = None) -> Preview:
    """Draw each case's plan from what the platforms show now, joins included; writes nothing anywhere."""
    drafter = Drafter(app)
    reach = Reach(app, drafter)
    rows: list[PreviewRow] = []
    blind: list[Blind] = []
    looked: list[tuple[str, str]] = []
    for done, case in enumerate(cases, 1):
        if not case.rule:
            blind.append(
                Blind(case.id, case.person_id, _name(case), "", "undecided", detail=case.reason or "")
            )
        for draft in await drafter.everywhere(case, joins=True) if case.rule else ():
            rows += await _rows(app, reach, case, draft)
            blind += _blind(case, draft)
            looked += [(case.id, draft.instance)] if isinstance(draft, Draft) else []
        if progress is not None:
            progress(done, len(cases))
    touched = sorted({row.instance for row in rows if row.verdict in APPROVABLE})
    residual = {name: app.chat[name].capabilities.residual_access for name in touched}
    return Preview(tuple(cases), tuple(rows), tuple(blind), tuple(looked), residual)


@dataclass(frozen=True, slots=True)
class Held:
    """Everything one hold keeps back."""

    hold: HoldRow
    preview: Preview
    links: tuple[LinkRow, ...] = ()


async def preview_hold(app: Bawab, digest: str, *, progress: Progress | None = None) -> Held:
    """Show what a release of `digest` lets go; raises CannotRelease where no such hold is open."""
    async with app.store.read() as tx:
        hold = await find_hold(tx, digest)
        cases = await where(tx, CaseRow, columns(CaseRow).hold_digest == hold.digest)
        links = await where(tx, LinkRow, columns(LinkRow).hold_digest == hold.digest)
        steps = await where(tx, StepRow, columns(StepRow).hold_digest == hold.digest)
        owners = await where(tx, CaseRow, columns(CaseRow).id.in_({step.case_id for step in steps}))
    if hold.kind == HoldKind.GROUP_THRESHOLD:
        return Held(hold, _of_steps(steps, owners))
    seen = await preview(app, sorted(cases, key=_by_due), progress=progress)
    return Held(hold, seen, tuple(link for link in links if link.released_at is None))


def _of_steps(steps: Sequence[StepRow], cases: Sequence[CaseRow]) -> Preview:
    by_id = {case.id: case for case in cases}
    rows = [_row_of_step(by_id[step.case_id], step) for step in steps]
    return Preview(tuple(cases), tuple(rows), ())


def _row_of_step(case: CaseRow, step: StepRow) -> PreviewRow:
    return PreviewRow(
        case_id=case.id,
        person_id=case.person_id,
        person=_name(case),
        due=case.due,
        instance=step.instance,
        platform=step.platform,
        account_id=step.account_id,
        group_id=step.group_id,
        group=(step.group or {}).get("name", ""),
        action=step.action,
        verdict=step.state,
        rule=step.rule,
        why=step.why,
        refusal=step.refusal,
        since_approval=step.since_approval,
        role=step.role if step.group else "",
        group_kind=(step.group or {}).get("kind", ""),
    )


async def _rows(app: Bawab, reach: Reach, case: CaseRow, draft: Draft | Unread) -> list[PreviewRow]:
    if isinstance(draft, Unread):
        return []
    platform = app.chat[draft.instance].capabilities.platform
    rows = []
    for step in (await reach.of(case, draft)).plan.steps:
        by_hand = step.group if verdict_of(step) == BY_HAND else None
        task_for = await reach.asked(case, by_hand) if by_hand else ""
        row = _row(case, draft.instance, platform, step)
        heir = await _known_as(app, step.successor_id) if step.successor_id else ""
        rows.append(replace(row, task_for=task_for, successor=heir))
    return rows


async def _known_as(app: Bawab, person_id: str) -> str:
    async with app.store.read() as tx:
        known = await person(tx, person_id)
    return known.name or known.id if known else person_id


def _row(case: CaseRow, instance: str, platform: str, step: PlannedStep) -> PreviewRow:
    return PreviewRow(
        case_id=case.id,
        person_id=case.person_id,
        person=_name(case),
        due=case.due,
        instance=instance,
        platform=platform,
        account_id=step.account.id,
        group_id=step.group.id if step.group else "",
        group=step.group.name if step.group else "",
        action=step.action,
        verdict=verdict_of(step),
        rule=step.rule,
        why=step.why,
        refusal=step.refusal,
        since_approval=step.since_approval,
        role=step.role if step.group else "",
        group_kind=step.group.kind if step.group else "",
    )


def _blind(case: CaseRow, draft: Draft | Unread) -> Iterator[Blind]:
    who = (case.id, case.person_id, _name(case), draft.instance)
    if isinstance(draft, Unread):
        yield Blind(*who, "unreadable", detail=str(draft.error))
        return
    names = {membership.group.id: membership.group.name for membership in draft.memberships}
    for gap in draft.plan.gaps:
        group = gap.group_id or ""
        yield Blind(*who, gap.reason, group, gap.detail, gap.remedy, names.get(group, ""))


def _name(case: CaseRow) -> str:
    return event_from_plain(case.event).person.name


def _by_due(case: CaseRow) -> tuple[bool, str, str]:
    return case.due is None, case.due.isoformat() if case.due else "", case.id
