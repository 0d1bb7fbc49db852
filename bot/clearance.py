"""The last look before a call: is the case still on, the link still certain, the person not protected?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.drafting import post_now
from bot.groups.successors import stays
from bot.states import CASE_RUNNING, STEP_SUCCESS, StepState
from bot.steps import membership_of
from bot.store.people import links_on, person, stated_on
from bot.store.query import all_of, columns, table
from bot.store.tables import CaseRow, StepRow
from bot.values import account_from_plain, event_from_plain, group_from_plain
from policies.identity import match
from policies.model import Certainty, EventKind, IdentityLink, LinkEvidence, Person, Refusal, StepAction
from policies.selectors import belongs, registered, registry_of
from policies.step_guards import account_refusal, refusal_for


@dataclass(frozen=True, slots=True)
class Stop:
    """A step that must not go, as it is now: cancelled, or blocked for a reason."""

    step: StepRow
    state: StepState
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Cleared:
    """What came of a last look."""

    steps: list[StepRow]
    stopped: list[Stop]
    may_join: frozenset[str]
    """Ids of steps for which the bot may join a public channel."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What one look at the database showed of a whole group of steps."""

    cases: Mapping[str, CaseRow]
    links: Mapping[str, Sequence[IdentityLink]]
    """Account id → everybody tied to it."""
    stated: Mapping[str, Sequence[str]]
    """Account id → everybody of whom HR's record states it, whether or not that became a link."""
    hand_overs: Mapping[tuple[str, str], StepRow]
    """(case, group) → its hand-over."""
    own: frozenset[str]


class Clearance:
    """Step guards applied again at call time, inside the transaction that stores the intention."""

    def __init__(self, app: Bawab, instance: str) -> None:
        self._app = app
        self._instance = instance

    async def of(self, tx: AsyncConnection, steps: Sequence[StepRow], own: frozenset[str]) -> Cleared:
        """Tell the steps that may go from those that must not; `own` are the bot's account ids."""
        if not steps:
            return Cleared([], [], frozenset())
        known = await self._look(tx, steps, own)
        verdicts = [(step, await self._verdict(tx, step, known)) for step in steps]
        cleared = [step for step, stop in verdicts if stop is None]
        joins = [step.id for step in cleared if await self._may_join(tx, known.cases[step.case_id])]
        return Cleared(cleared, [stop for _, stop in verdicts if stop is not None], frozenset(joins))

    async def _may_join(self, tx: AsyncConnection, case: CaseRow) -> bool:
        """Whether the rule behind a case lets the bot join a public channel to act there."""
        rule = (await self._app.shelf.version(tx, case.policy_digest)).rule(case.rule)
        return rule is not None and rule.join_to_act

    async def _cases(self, tx: AsyncConnection, steps: Sequence[StepRow]) -> list[CaseRow]:
        return await all_of(tx, CaseRow, _cases(), {"ids": sorted({step.case_id for step in steps})})

    async def _look(self, tx: AsyncConnection, steps: Sequence[StepRow], own: frozenset[str]) -> _Known:
        cases = {row.id: row for row in await self._cases(tx, steps)}
        asked = {"ids": sorted(cases), "instance": self._instance}
        handed = await all_of(tx, StepRow, _hand_overs(), asked)
        accounts = sorted({step.account_id for step in steps})
        links = await links_on(tx, self._instance, accounts)
        stated = await stated_on(tx, self._instance, accounts)
        by_group = {(step.case_id, step.group_id): step for step in handed}
        return _Known(cases, links, stated, by_group, own)

    async def _verdict(self, tx: AsyncConnection, step: StepRow, known: _Known) -> Stop | None:
        case = known.cases.get(step.case_id)
        if case is None or case.state not in CASE_RUNNING or await self._is_of_their_post(tx, case, step):
            return Stop(step, StepState.CANCELLED)
        refusal = await self._refusal(tx, step, known)
        return None if refusal is None else Stop(step, StepState.BLOCKED, refusal)

    async def _is_of_their_post(self, tx: AsyncConnection, case: CaseRow, step: StepRow) -> bool:
        """Whether somebody who was moved is, by now, where the group belongs to: moved back, or on."""
        if case.kind != EventKind.MOVER or step.group is None:
            return False
        group = group_from_plain(step.group)
        post = post_now(event_from_plain(case.event), await person(tx, case.person_id))
        posts = (await self._app.shelf.version(tx, case.policy_digest)).posts
        return (
            post is not None
            and group is not None
            and belongs(posts, post, group, registered(group, registry_of(self._app.registry)))
        )

    async def _refusal(self, tx: AsyncConnection, step: StepRow, known: _Known) -> Refusal | None:
        hand_over = known.hand_overs.get((step.case_id, step.group_id))
        waits = step.action == StepAction.REVOKE and hand_over is not None
        if waits and hand_over is not None and hand_over.state not in STEP_SUCCESS:
            return Refusal.LAST_OWNER
        if step.successor_id and not await stays(self._app, tx, step.successor_id):
            return Refusal.LAST_OWNER  # whoever was to take it over leaves too
        certainty = _certainty(step, known)
        protected = frozenset(self._app.shelf.current.protected)
        own_accounts = frozenset((step.instance, account) for account in known.own)
        if step.action == StepAction.REVOKE:
            return refusal_for(
                membership_of(step),
                person_id=step.person_id,
                certainty=certainty,
                protected=protected,
                own_accounts=own_accounts,
            )
        return account_refusal(
            account_from_plain(step.account),
            person_id=step.person_id,
            certainty=certainty,
            protected=protected,
            own_accounts=own_accounts,
        )


@cache
def _cases() -> Select[Any]:
    return select(table(CaseRow)).where(columns(CaseRow).id.in_(bindparam("ids", expanding=True)))


@cache
def _hand_overs() -> Select[Any]:
    rows = columns(StepRow)
    mine = [rows.case_id.in_(bindparam("ids", expanding=True)), rows.instance == bindparam("instance")]
    return select(table(StepRow)).where(*mine, rows.action == StepAction.HAND_OVER)


def _certainty(step: StepRow, known: _Known) -> Certainty:
    """How surely the account is the person's; of a hand-over, the successor's."""
    whose = step.successor_id or step.person_id
    claims = list(known.links.get(step.account_id, ()))
    claims += [
        IdentityLink(other, step.instance, step.account_id, LinkEvidence.HR_RECORD, released=True)
        for other in known.stated.get(step.account_id, ())
        if other != whose  # stated, it casts doubt on another's link; a claim of one's own it is as a link
    ]
    found = match(Person(whose, ""), [account_from_plain(step.account)], claims)
    return found[0].certainty if found else Certainty.NONE
