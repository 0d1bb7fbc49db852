"""What a policy would do if somebody left or moved: who would lose what by which rule; writes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.app import Bawab
from bot.reach import BY_HAND
from bot.what_if_book import Book
from policies.decisions import Decision, NoDecision, decide
from policies.model import (
    Employment,
    EventKind,
    LifecycleEvent,
    Membership,
    Person,
    PlannedStep,
    Verdict,
)
from policies.plan import Case, InstanceFacts, PlanContext, plan
from policies.rules import Policy

MOST_PEOPLE = 20_000
MOST_ROWS = 100_000
"""Beyond either nothing more is worked out, and the outlook says so."""
_SLICE = 25
"""People between two turns of the loop, so that a large supposition keeps nobody waiting."""
LOST = frozenset({Verdict.ACT.value, BY_HAND})
"""Verdicts after which somebody is out."""
_TOLD = frozenset({Verdict.ACT, Verdict.BLOCKED, Verdict.ASK_OWNER})

Progress = Callable[[int, int], None]
_Key = tuple[str, str, str, str]


class Who(StrEnum):
    """Whom a supposition is about."""

    PERSON = "person"
    """This person leaves."""
    DEPARTMENT = "department"
    """Everybody of this department moves to another."""
    EVERYBODY = "everybody"
    """Everybody leaves: what each rule reaches at all."""


class NobodyMeant(LookupError):
    """Nobody HR names today is meant by the supposition."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is supposed to happen today; `who` is an employee id or the name of a department."""

    kind: Who
    who: str = ""
    to: str = ""
    """The department people move to."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One membership (or act on an account) of one person, and what the policy does with it."""

    person_id: str
    person: str
    instance: str
    platform: str
    group_id: str
    group: str
    action: str
    verdict: str
    """A `Verdict`, or `by_hand`."""
    rule: str
    why: str
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What the policy says of one person: a rule with its time and approval, or why nothing."""

    person_id: str
    person: str
    rule: str
    due: datetime | None
    approval: str | None
    urgent: bool
    undecided: str
    """Why no case is made, as a stable key; empty where a rule speaks."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything one policy would do under one supposition."""

    decided: tuple[Decided, ...]
    rows: tuple[Loss, ...]
    unknown: Mapping[str, str]
    """Instance → why nothing is known of it."""
    cut: bool = False
    """There were more people or rows than are worked out at once."""

    @property
    def losing(self) -> int:
        """How many people would be out of something."""
        return len({row.person_id for row in self.rows if row.verdict in LOST})

    @property
    def lost(self) -> int:
        """How many memberships would end."""
        return sum(row.verdict in LOST and bool(row.group_id) for row in self.rows)

    def by_rule(self) -> Mapping[str, int]:
        """Give each rule with how many memberships it ends."""
        return Counter(row.rule for row in self.rows if row.verdict in LOST)


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that two policies judge differently; None where one of them says nothing of it."""

    before: Loss | None
    after: Loss | None

    @property
    def row(self) -> Loss:
        """The row itself, as either has it."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - made only where one of them is there
        return found

    @property
    def kind(self) -> str:
        """`loses`, `keeps`, or `otherwise`: judged differently without a change of who is in."""
        was = self.before is not None and self.before.verdict in LOST
        will = self.after is not None and self.after.verdict in LOST
        return "otherwise" if was == will else "loses" if will else "keeps"


async def what_if(
    app: Bawab, policy: Policy, supposed: Supposition, book: Book, *, progress: Progress | None = None
) -> Outlook:
    """Work out what `policy` would do to the people of the book; raises NobodyMeant.

    Pure but for the time of day; hand-overs are not looked for, so a last owner is shown as not removed.
    """
    people = _meant(book, supposed)
    decided: list[Decided] = []
    rows: list[Loss] = []
    for done, person in enumerate(people[:MOST_PEOPLE], 1):
        event = _event(person, supposed)
        decision = decide(event, policy, now=app.now(), default_zone=app.settings.time_zone)
        decided.append(_decided(person, decision))
        if isinstance(decision, Decision):
            rows += _losses(app, policy, person, Case("supposed", event, decision.rule, decision.due), book)
        if done % _SLICE == 0:
            await asyncio.sleep(0)
        if progress is not None:
            progress(done, min(len(people), MOST_PEOPLE))
        if len(rows) > MOST_ROWS:
            return Outlook(tuple(decided), tuple(rows), book.unknown, cut=True)
    return Outlook(tuple(decided), tuple(rows), book.unknown, cut=len(people) > MOST_PEOPLE)


def differences(before: Outlook, after: Outlook) -> tuple[Difference, ...]:
    """Give only what two outlooks of one book judge differently: first who would newly lose something."""
    old, new = ({_key(row): row for row in outlook.rows} for outlook in (before, after))
    found = [Difference(old.get(key), new.get(key)) for key in {**old, **new} if _changed(old, new, key)]
    return tuple(sorted(found, key=_by_weight))


def decided_otherwise(before: Outlook, after: Outlook) -> tuple[tuple[Decided, Decided], ...]:
    """Give people whom another rule, time or approval meets."""
    old = {one.person_id: one for one in before.decided}
    return tuple((old[one.person_id], one) for one in after.decided if old.get(one.person_id, one) != one)


def _key(row: Loss) -> _Key:
    return row.person_id, row.instance, row.group_id, row.action


def _changed(old: Mapping[_Key, Loss], new: Mapping[_Key, Loss], key: _Key) -> bool:
    before, after = old.get(key), new.get(key)
    if before is None or after is None:
        return True
    return (before.verdict, before.rule) != (after.verdict, after.rule)


def _by_weight(one: Difference) -> tuple[int, str, str, str]:
    order = {"loses": 0, "keeps": 1, "otherwise": 2}
    return order[one.kind], one.row.person.casefold(), one.row.instance, one.row.group.casefold()


def _meant(book: Book, supposed: Supposition) -> Sequence[Person]:
    people = sorted(book.people.values(), key=_by_name)
    if supposed.kind is Who.PERSON:
        people = [one for one in people if one.id == supposed.who]
    elif supposed.kind is Who.DEPARTMENT:
        people = [one for one in people if one.post.department == supposed.who]
    if not people:
        raise NobodyMeant(supposed.who)
    return people


def _by_name(one: Person) -> tuple[str, str]:
    return one.name.casefold(), one.id


def _event(person: Person, supposed: Supposition) -> LifecycleEvent:
    if supposed.kind is Who.DEPARTMENT:
        after = replace(person.post, department=supposed.to or None)
        return LifecycleEvent(EventKind.MOVER, person, before=person.post, after=after)
    contractor = person.employment is Employment.CONTRACTOR
    return LifecycleEvent(EventKind.CONTRACTOR_END if contractor else EventKind.LEAVER, person)


def _decided(person: Person, decision: Decision | NoDecision) -> Decided:
    if isinstance(decision, NoDecision):
        return Decided(person.id, person.name, "", None, None, urgent=False, undecided=decision.reason)
    return Decided(
        person.id, person.name, decision.rule, decision.due, decision.approval, decision.urgent, ""
    )


def _losses(app: Bawab, policy: Policy, person: Person, case: Case, book: Book) -> Iterator[Loss]:
    tied = book.accounts.get(person.id, {})
    mine = list(book.memberships.get(person.id, {}).values())
    for name, connector in sorted(app.chat.items()):
        able = connector.capabilities
        accounts = [account for (instance, _), (account, _) in tied.items() if instance == name]
        there: list[Membership] = [one for one in mine if one.group.instance == name]
        if not accounts and not there:
            continue
        context = PlanContext(
            certainty={key: tie for key, (_, tie) in tied.items()},
            accounts=accounts,
            protected=frozenset(),
            own_accounts=frozenset(),
            registry=app.registry,
            groups=(),
            instances={name: InstanceFacts(able.platform, able.actions, able.lockout_order)},
        )
        for step in plan(case, policy, there, (), context).steps:
            if step.verdict in _TOLD:
                yield _loss(person, name, able.platform, step, by_hand=not able.revokes)


def _loss(person: Person, instance: str, platform: str, step: PlannedStep, *, by_hand: bool) -> Loss:
    verdict = BY_HAND if by_hand and step.verdict is Verdict.ACT else step.verdict.value
    return Loss(
        person_id=person.id,
        person=person.name,
        instance=instance,
        platform=platform,
        group_id=step.group.id if step.group else "",
        group=step.group.name if step.group else "",
        action=step.action,
        verdict=verdict,
        rule=step.rule,
        why=step.why,
        refusal=step.refusal,
    )
