"""Why a person stays in a group or not: from the plans of their open cases, or of a departure today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.app import Bawab
from bot.drafting import Draft, Drafter, Unread
from bot.groups.register import folded
from bot.people.who import the_person
from bot.reach import BY_HAND, Reach
from bot.states import CASE_OPEN, CaseState
from bot.store.query import columns, where
from bot.store.tables import CaseRow
from bot.values import event_from_plain, event_to_plain
from connectors.hr.records import person_from_json
from policies.model import Employment, EventKind, Group, LifecycleEvent, Person, Verdict
from policies.plan import Explanation, NoDecision, decide, explain


class CannotExplain(LookupError):
    """The group is not one that is known, or no rule speaks of the person; says what to do."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One answer: for one case (None: no case is open, so a departure today is supposed), in one group."""

    case: CaseRow | None
    person: Person
    group: Group
    explanation: Explanation
    task_for: str = ""
    """By hand: the name of whoever would be asked; empty where there is nobody to ask."""

    @property
    def verdict(self) -> str | None:
        """A `Verdict`, `by_hand` for what becomes a task, or None where the plan has no row."""
        said = self.explanation
        out_of_reach = said.verdict is Verdict.ACT and "refusal" in said.params
        return BY_HAND if out_of_reach else said.verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """Every answer, and the instances that could not be read."""

    found: tuple[Explained, ...]
    unread: tuple[Unread, ...]


async def explain_membership(app: Bawab, who: str, group: str) -> Answer:
    """Say why; `who` is an employee id, e-mail or name, `group` an id or a name.

    Raises CannotExplain, NotOnePerson.
    """
    async with app.store.read() as tx:
        row = await the_person(tx, who)
        cases = columns(CaseRow)
        open_ = await where(
            tx, CaseRow, cases.person_id == row.id, cases.state.in_(CASE_OPEN), cases.rule != ""
        )
    person = person_from_json(row.record)
    supposed = [] if open_ else [_supposed(app, person)]
    drafter = Drafter(app)
    reach = Reach(app, drafter)
    found: list[Explained] = []
    unread: list[Unread] = []
    for case in [*open_, *supposed]:
        for draft in await drafter.everywhere(case):
            if isinstance(draft, Unread):
                unread.append(draft)
                continue
            groups = [*_named(group, await drafter.groups(draft.instance)), *_planned(group, draft)]
            real = None if case in supposed else case
            reached = await reach.of(case, draft)
            found += [await _asked(reach, case, one) for one in _explained(real, case, reached, groups)]
    if not found and not unread:
        raise CannotExplain(f"no platform shows a group {group!r}; give its id, or its name as shown there")
    return Answer(tuple(found), tuple(unread))


async def _asked(reach: Reach, case: CaseRow, one: Explained) -> Explained:
    if one.verdict != BY_HAND:
        return one
    return replace(one, task_for=await reach.asked(case, one.group))


def _explained(
    real: CaseRow | None, case: CaseRow, draft: Draft, groups: Sequence[Group]
) -> Iterator[Explained]:
    person = event_from_plain(case.event).person
    for group in {(group.instance, group.id): group for group in groups}.values():
        yield Explained(real, person, group, explain(draft.plan, person, group))


def _supposed(app: Bawab, person: Person) -> CaseRow:
    """A case that is stored nowhere: what a departure today would mean."""
    contractor = person.employment is Employment.CONTRACTOR
    kind = EventKind.CONTRACTOR_END if contractor else EventKind.LEAVER
    event = LifecycleEvent(kind, person)
    decision = decide(event, app.shelf.current, now=app.now(), default_zone=app.settings.time_zone)
    if isinstance(decision, NoDecision):
        raise CannotExplain(f"{person.id} has no open case, and were they to leave: {decision.detail}")
    return CaseRow(
        id="supposed",
        event_key="",
        person_id=person.id,
        kind=kind,
        exit_type=person.exit_type,
        event=event_to_plain(event),
        rule=decision.rule,
        policy_digest=app.shelf.current.digest,
        state=CaseState.RECEIVED,
        due=decision.due,
        created_at=app.now(),
        updated_at=app.now(),
    )


def _named(wanted: str, groups: Sequence[Group]) -> Iterator[Group]:
    for group in groups:
        if group.id == wanted or folded(group.name) == folded(wanted):
            yield group


def _planned(wanted: str, draft: Draft) -> Iterator[Group]:
    """Groups that only a membership shows, such as conversations no listing names."""
    yield from _named(wanted, [membership.group for membership in draft.memberships])
