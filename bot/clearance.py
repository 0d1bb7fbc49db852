"""The last look before a call: is the case still on, the link still certain, the person not protected?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.drafting import post_now
from bot.groups.successors import stays
from bot.states import CASE_RUNNING, STEP_SUCCESS, StepState
from bot.steps import membership_of, record_entry
from bot.store.people import links_of, person
from bot.store.query import change, columns, one
from bot.store.tables import CaseRow, StepRow
from bot.values import account_from_plain, event_from_plain, group_from_plain
from policies.identity import match
from policies.model import Certainty, EventKind, Person, Refusal, StepAction
from policies.selectors import belongs, registered, registry_of
from policies.step_guards import account_refusal, refusal_for


class Clearance:
    """Step guards applied again at call time: what changed since the plan blocks the step, and is said."""

    def __init__(self, app: Bawab) -> None:
        self._app = app

    async def of(self, batch: Sequence[StepRow]) -> list[StepRow]:
        """Give the steps that may go; the others are cancelled or blocked, each with its entry."""
        cleared: list[StepRow] = []
        async with self._app.store.read() as tx:
            verdicts = [(step, await self._verdict(tx, step)) for step in batch]
        for step, verdict in verdicts:
            if verdict is None:
                cleared.append(step)
            else:
                await self._stop(step, *verdict)
        return cleared

    async def may_join(self, step: StepRow) -> bool:
        """Whether the rule behind a step lets the bot join a public channel to act there."""
        async with self._app.store.read() as tx:
            case = await one(tx, CaseRow, columns(CaseRow).id == step.case_id)
            if case is None:
                return False
            rule = (await self._app.shelf.version(tx, case.policy_digest)).rule(case.rule)
        return rule is not None and rule.join_to_act

    async def _verdict(self, tx: AsyncConnection, step: StepRow) -> tuple[StepState, Refusal | None] | None:
        case = await one(tx, CaseRow, columns(CaseRow).id == step.case_id)
        if case is None or case.state not in CASE_RUNNING or await self._is_of_their_post(tx, case, step):
            return StepState.CANCELLED, None
        refusal = await self._refusal(tx, step)
        return None if refusal is None else (StepState.BLOCKED, refusal)

    async def _is_of_their_post(self, tx: AsyncConnection, case: CaseRow, step: StepRow) -> bool:
        """Whether somebody who was moved is, by now, where the group belongs to: moved back, or on."""
        group = group_from_plain(step.group)
        if case.kind != EventKind.MOVER or group is None:
            return False
        post = post_now(event_from_plain(case.event), await person(tx, case.person_id))
        posts = (await self._app.shelf.version(tx, case.policy_digest)).posts
        return post is not None and belongs(
            posts, post, group, registered(group, registry_of(self._app.registry))
        )

    async def _refusal(self, tx: AsyncConnection, step: StepRow) -> Refusal | None:
        if step.action == StepAction.REVOKE and not await self._handed_over(tx, step):
            return Refusal.LAST_OWNER
        if step.successor_id and not await stays(self._app, tx, step.successor_id):
            return Refusal.LAST_OWNER  # whoever was to take it over leaves too
        certainty = await self._certainty(tx, step)
        own = await self._app.chat[step.instance].own_account_ids()
        protected = frozenset(self._app.shelf.current.protected)
        own_accounts = frozenset((step.instance, account) for account in own)
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

    async def _handed_over(self, tx: AsyncConnection, step: StepRow) -> bool:
        """Whether the group's hand-over, if this case has one, was seen to have worked."""
        steps = columns(StepRow)
        hand_over = await one(
            tx,
            StepRow,
            steps.case_id == step.case_id,
            steps.instance == step.instance,
            steps.group_id == step.group_id,
            steps.action == StepAction.HAND_OVER,
        )
        return hand_over is None or hand_over.state in STEP_SUCCESS

    async def _certainty(self, tx: AsyncConnection, step: StepRow) -> Certainty:
        """How surely the account is the person's; of a hand-over, the successor's."""
        whose = step.successor_id or step.person_id
        links = await links_of(tx, whose, step.instance)
        account = account_from_plain(step.account)
        found = match(Person(whose, ""), [account], links)
        return found[0].certainty if found else Certainty.NONE

    async def _stop(self, step: StepRow, state: StepState, refusal: Refusal | None) -> None:
        steps = columns(StepRow)
        values = {
            "state": state,
            "refusal": refusal,
            "next_attempt_at": None,
            "updated_at": self._app.now(),
        }
        async with self._app.store.write() as tx:
            if await change(tx, StepRow, values, steps.id == step.id, steps.state == step.state):
                step.state, step.refusal = state, refusal
                await self._app.audit.append(tx, record_entry(step, Action.STEP_BLOCK))
