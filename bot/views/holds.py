"""One hold to decide upon: its cause, whom it concerns, and exactly what a release would bind."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from bot.access.actor import Actor
from bot.acts.last_word import name_of, who_cancelled
from bot.acts.refusals import CannotAct, Fact
from bot.app import Bawab
from bot.preview import Held, Preview, preview_hold
from bot.release import Seen, find_hold
from bot.release_faults import CannotRelease
from bot.store.tables import CaseRow, LinkRow
from bot.views.case_lines import CaseLine, case_line
from bot.views.hold_lines import HoldLine, hold_line
from bot.views.losses import Losses, cut
from bot.views.platforms import title_of
from bot.views.waiting import names
from policies.roles import Permission


@dataclass(frozen=True, slots=True)
class TiedAccount:
    """A match of a person with an account that nobody has looked at yet."""

    person_id: str
    person: str
    instance: str
    title: str
    evidence: str
    account_id: str
    """Empty for who may not read platform ids."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """One case of a hold, and what it would end."""

    line: CaseLine
    rule: str
    policy: str
    losses: Losses


@dataclass(frozen=True, slots=True)
class Bound:
    """What a release binds, as read just now."""

    hold: HoldLine
    cases: tuple[Concerned, ...]
    accounts: tuple[TiedAccount, ...]
    groups: int
    """How many memberships end in all."""
    count: int
    """What is typed to confirm: the groups of the only person, else the people (links, steps) of the hold."""
    mark: str
    """A fingerprint of all that is bound: it differs where anything changed since it was shown."""
    seen: Seen
    """For the act, never for a page."""
    held: Held
    """As the sentence makers know it."""

    @property
    def complete(self) -> bool:
        """Whether every platform could be read."""
        return all(one.losses.complete for one in self.cases)


async def hold(app: Bawab, who: Actor, digest: str) -> HoldLine:
    """Give an open hold; asks no platform. Raises NotAllowed, and CannotAct naming who decided it before.

    One that is about the reader is said not to exist.
    """
    who.must(Permission.HOLD_READ)
    try:
        async with app.store.read() as tx:
            line = await hold_line(tx, who, await find_hold(tx, digest))
    except CannotRelease as error:
        raise await _over(app, error) from error
    if line is None:
        raise CannotAct("no_hold", what=digest)
    return line


async def _over(app: Bawab, error: CannotRelease) -> CannotAct:
    """Say who decided it before, or cancelled what it held."""
    facts: dict[str, Fact] = dict(error.facts)
    async with app.store.read() as tx:
        if error.code == "withdrawn":
            return await who_cancelled(tx, str(facts["hold"]))
        if isinstance(actor := facts.get("who"), str):
            facts["who"] = await name_of(tx, actor)
    return CannotAct(error.code, **facts)


async def bound(app: Bawab, who: Actor, digest: str) -> Bound:
    """Read every platform, and give what a release of this hold would bind; raises as `hold` does."""
    line = await hold(app, who, digest)
    try:
        held = await preview_hold(app, line.digest)
    except CannotRelease as error:  # decided while it was shown
        raise await _over(app, error) from error
    cases = tuple(_concerned(app, who, held.preview, row) for row in held.preview.cases)
    seen = held.preview.seen()
    groups = sum(one.losses.count for one in cases)
    return Bound(
        hold=line,
        cases=cases,
        accounts=await _accounts(app, who, held.links),
        groups=groups,
        count=groups if len(cases) == 1 else line.count,
        mark=_mark(held, seen),
        seen=seen,
        held=held,
    )


def _concerned(app: Bawab, who: Actor, found: Preview, row: CaseRow) -> Concerned:
    mine = replace(
        found,
        cases=(row,),
        rows=tuple(one for one in found.rows if one.case_id == row.id),
        blind=tuple(one for one in found.blind if one.case_id == row.id),
        looked=tuple(one for one in found.looked if one[0] == row.id),
    )
    return Concerned(case_line(app, who, row), row.rule, row.policy_digest, cut(app, who, mine))


async def _accounts(app: Bawab, who: Actor, links: Sequence[LinkRow]) -> tuple[TiedAccount, ...]:
    technical = who.may(Permission.CONNECTOR_READ)
    async with app.store.read() as tx:
        known = await names(tx, [link.person_id for link in links])
    lines = [
        TiedAccount(
            link.person_id,
            known.get(link.person_id, link.person_id),
            link.instance,
            title_of(app, link.instance),
            link.evidence,
            link.account_id if technical else "",
        )
        for link in links
    ]
    return tuple(sorted(lines, key=lambda line: (line.person.casefold(), line.instance)))


def _mark(held: Held, seen: Seen) -> str:
    """Cover hold, person, accounts, event, instant, rule, policy version and groups."""
    cases = [
        [row.id, row.person_id, row.event_key, str(row.due), row.rule, row.policy_digest]
        for row in held.preview.cases
    ]
    accounts = sorted({(row.case_id, row.instance, row.account_id) for row in held.preview.rows})
    groups = {case: {at: sorted(ids) for at, ids in by.items()} for case, by in seen.items()}
    links = sorted((link.person_id, link.instance, link.account_id) for link in held.links)
    body = [held.hold.digest, sorted(cases), accounts, groups, links]
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
