"""What of a plan the bot can do itself: a preview promises nothing that will be a task, or not be done."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

from bot.app import Bawab
from bot.drafting import Draft, Drafter
from bot.notices.recipients import is_present
from bot.store.people import person
from bot.store.tables import CaseRow
from bot.values import event_from_plain
from policies.model import Group, GroupKind, PlannedStep, Refusal, StepAction, Verdict
from policies.selectors import registered, registry_of
from policies.step_guards import BY_A_PERSON

BY_HAND = "by_hand"
"""The verdict of a step that goes ahead as a task for a person."""


def verdict_of(step: PlannedStep) -> str:
    """Give a `Verdict`, or BY_HAND for an act that was found out of the bot's reach."""
    return BY_HAND if step.verdict is Verdict.ACT and step.refusal is not None else step.verdict.value


class Reach:
    """Judges drafts by what the connectors say of themselves and of their groups; writes nothing."""

    def __init__(self, app: Bawab, drafter: Drafter) -> None:
        self._app = app
        self._drafter = drafter
        self._registry = registry_of(app.registry)

    async def of(self, case: CaseRow, draft: Draft) -> Draft:
        """Give the draft with what is out of reach said of each step; raises ConnectorError.

        An act the bot cannot do, and a person can, keeps its verdict and gets the refusal (see `verdict_of`);
        one that nobody can do as things stand is blocked. The case's own plan is not changed by it.
        """
        if not any(_takes_out(step) for step in draft.plan.steps):
            return draft
        if not self._app.chat[draft.instance].capabilities.revokes:
            steps = [_by_hand(step, Refusal.NO_API) for step in draft.plan.steps]
        else:
            outside = await self._outside(case, draft.instance)
            steps = [_within(step, outside, _known_refusals(draft)) for step in draft.plan.steps]
        return replace(draft, plan=replace(draft.plan, steps=tuple(steps)))

    async def asked(self, case: CaseRow, group: Group) -> str:
        """Name whom a task would go to: owner, deputy, the person's manager, or IT; empty for nobody."""
        subject = event_from_plain(case.event).person
        now, zone = self._app.now(), self._app.settings.time_zone or "UTC"
        async with self._app.store.read() as tx:
            for candidate in self._line(group, subject.post.manager_id):
                known = await person(tx, candidate) if candidate != subject.id else None
                if known is not None and is_present(known, now, zone):
                    return known.name or known.id
        return ""

    def _line(self, group: Group, manager: str | None) -> Iterator[str]:
        row = registered(group, self._registry)
        owners = (row.owner_id, row.deputy_id) if row else ()
        yield from filter(None, (*owners, manager, self._app.settings.it_contact))

    async def _outside(self, case: CaseRow, instance: str) -> frozenset[str]:
        """The groups the bot is not in and may not join."""
        async with self._app.store.read() as tx:
            rule = (await self._app.shelf.version(tx, case.policy_digest)).rule(case.rule)
        joins = rule is not None and rule.join_to_act
        return frozenset(
            group.id
            for group in await self._drafter.groups(instance)
            if group.bot_inside is False and not (joins and group.kind is not GroupKind.PRIVATE_CHANNEL)
        )


def _known_refusals(draft: Draft) -> Mapping[tuple[str, str], Refusal]:
    """What a reading has told of single memberships: a creator, an admin above the bot, a missing right."""
    known: dict[tuple[str, str], Refusal] = {}
    for membership in draft.memberships:
        if membership.refusal in BY_A_PERSON:
            known[membership.account.id, membership.group.id] = membership.refusal
        elif membership.group.bot_may_remove is False:
            known[membership.account.id, membership.group.id] = Refusal.NO_RIGHT
    return known


def _within(
    step: PlannedStep, outside: Container[str], known: Mapping[tuple[str, str], Refusal]
) -> PlannedStep:
    if not _takes_out(step) or step.group is None:
        return step
    if step.group.kind is GroupKind.USER_GROUP and step.group.member_count == 1:
        return replace(step, verdict=Verdict.BLOCKED, refusal=Refusal.LAST_MEMBER)
    if step.group.id in outside:
        return _by_hand(step, Refusal.BOT_NOT_IN_GROUP)
    refusal = known.get((step.account.id, step.group.id))
    return step if refusal is None else _by_hand(step, refusal)


def _by_hand(step: PlannedStep, refusal: Refusal) -> PlannedStep:
    return replace(step, refusal=refusal) if _takes_out(step) else step


def _takes_out(step: PlannedStep) -> bool:
    return step.action is StepAction.REVOKE and step.verdict is Verdict.ACT
