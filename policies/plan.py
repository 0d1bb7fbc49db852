"""Exactly which memberships a case takes, in which order, and why it leaves the others alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from policies.decisions import Decision, NoDecision, decide
from policies.explanation import Explanation, explain
from policies.identity import IDENTITY_WHYS
from policies.model import (
    Account,
    AccountKind,
    Certainty,
    EventKind,
    Gap,
    Group,
    Manner,
    Membership,
    Plan,
    PlannedStep,
    Post,
    Refusal,
    Role,
    StepAction,
    Verdict,
)
from policies.plan_context import Case, InstanceFacts, PlanContext
from policies.rules import Policy, Rule, RuleAction, WayBackRule
from policies.selectors import Registry, belongs, covers, registered, registry_of
from policies.step_guards import account_refusal, refusal_for
from policies.succession import SUCCESSION_WHYS, choose

__all__ = [
    "WHY_KEYS",
    "Case",
    "Decision",
    "Explanation",
    "InstanceFacts",
    "NoDecision",
    "PlanContext",
    "UnknownRule",
    "closes_way_back",
    "decide",
    "explain",
    "plan",
]

WHY_KEYS = (
    IDENTITY_WHYS
    | SUCCESSION_WHYS
    | {
        "account_by_policy",
        "already_inactive",
        "asked_by_policy",
        "excepted_by_policy",
        "group_unreadable",
        "identity_unknown",
        "kept_by_policy",
        "leaver_all_groups",
        "named_by_policy",
        "new_post",
        "not_a_member",
        "not_named_by_policy",
        "old_post",
        "other_group",
        "way_back_by_policy",
    }
)
"""Every `why` of a step or explanation; surfaces hold their texts."""

_UNKNOWN = (Certainty.NONE, "identity_unknown")


class UnknownRule(ValueError):
    """The case names a rule that this version of the policy does not have."""


def plan(
    case: Case, policy: Policy, memberships: Sequence[Membership], gaps: Sequence[Gap], context: PlanContext
) -> Plan:
    """Give one row for every membership, then the acts on accounts, then what a mover may join.

    The same function makes the preview and the work: nothing is read here. Memberships seen since the
    approval run while they fit under the cap; what does not fit is blocked, never dropped.

    Raises UnknownRule where the policy is not the version the case was decided with.
    """
    rule = policy.rule(case.rule)
    if rule is None:
        raise UnknownRule(f"case {case.id}: no rule {case.rule!r} in policy {policy.digest[:12]}")
    planner = _Planner(case, policy, rule, context, registry_of(context.registry))
    rows = [row for membership in memberships for row in planner.rows(membership)]
    rows += planner.ways_back(rows)
    rows += planner.account_rows()
    rows += planner.joins(memberships)
    steps = planner.within_cap(tuple(sorted(rows, key=planner.order)))
    return Plan(case.id, steps, tuple(gaps), planner.digest(steps), tuple(planner.notes()))


@dataclass(frozen=True, slots=True)
class _Planner:
    case: Case
    policy: Policy
    rule: Rule
    context: PlanContext
    registry: Registry

    @property
    def moving(self) -> bool:
        return self.case.event.kind is EventKind.MOVER

    @property
    def protected(self) -> frozenset[str]:
        return self.context.protected | frozenset(self.policy.protected)

    @property
    def manner(self) -> Manner:
        return Manner.BAR if self.rule.action is RuleAction.REMOVE_AND_BAR else Manner.KICK

    def rows(self, membership: Membership) -> Iterator[PlannedStep]:
        """Judge one membership; a last owner goes only after a hand-over, which is a row of its own."""
        row = self._row(membership)
        if row.refusal is not Refusal.LAST_OWNER or not membership.sole_owner:
            yield row
            return
        group = membership.group
        if not self._can(group.instance, StepAction.HAND_OVER):
            yield row
            return
        known = self.context.candidates.get((group.instance, group.id), ())
        choice = choose(self.rule.successor, known, self.case.event.person.id)
        if choice.candidate is None or choice.candidate.account is None:
            yield replace(row, why=choice.why)
            return
        yield replace(
            row,
            action=StepAction.HAND_OVER,
            verdict=Verdict.ACT,
            account=choice.candidate.account,
            why=choice.why,
            refusal=None,
            successor_id=choice.candidate.person_id,
        )
        yield replace(row, verdict=Verdict.ACT, refusal=None)

    def ways_back(self, rows: Sequence[PlannedStep]) -> Iterator[PlannedStep]:
        """Close what leads back into the groups that are lost; for a leaver, into the workspace too."""
        if not closes_way_back(self.rule):
            return
        lost = {(row.account.id, row.group.id) for row in rows if _is_removal(row) and row.group}
        for account in self.context.accounts:
            for way in self.context.ways.get((account.instance, account.id), ()):
                inside = (account.id, way.group.id) in lost if way.group else bool(lost) and not self.moving
                if inside and self._can(account.instance, StepAction.CLOSE_WAY_BACK):
                    row = self._on_account(
                        account, StepAction.CLOSE_WAY_BACK, Verdict.ACT, "way_back_by_policy"
                    )
                    yield replace(row, group=way.group, way=way)

    def _row(self, membership: Membership) -> PlannedStep:
        """Judge one membership: what policy wants, then what a guard refuses."""
        verdict, why = self._wanted(membership.group)
        account = membership.account
        certainty, tied_by = self._certainty(account)
        refusal = None
        if verdict is Verdict.ACT:
            refusal = refusal_for(
                membership,
                person_id=self.case.event.person.id,
                certainty=certainty,
                protected=self.protected,
                own_accounts=self.context.own_accounts,
            )
        if refusal is Refusal.AMBIGUOUS:
            why = tied_by
        seen = (membership.group.instance, membership.group.id) in self.case.approved
        return PlannedStep(
            action=StepAction.REVOKE,
            verdict=verdict if refusal is None else Verdict.BLOCKED,
            account=account,
            group=membership.group,
            role=membership.role,
            manner=self.manner,
            rule=self.rule.id,
            why=why,
            refusal=refusal,
            since_approval=bool(self.case.approved) and not seen,
        )

    def account_rows(self) -> list[PlannedStep]:
        """Judge each act on each account that the platform can do; a mover keeps the account."""
        if self.moving:
            return []
        return [
            self._account_row(account, action)
            for account in self.context.accounts
            for action in self.rule.account
            if self._can(account.instance, action) or self._platform_can(account.instance, action)
        ]

    def joins(self, memberships: Sequence[Membership]) -> list[PlannedStep]:
        """Preview the groups of the new post that the person is not in yet; nobody is added."""
        if not self.moving:
            return []
        inside = {(membership.group.instance, membership.group.id) for membership in memberships}
        taken = self.case.event.after or Post()
        return [
            self._preview(account, group)
            for group in self.context.groups
            if (group.instance, group.id) not in inside and not group.archived and self._maps(taken, group)
            for account in self._usable(group.instance)
        ]

    def within_cap(self, steps: tuple[PlannedStep, ...]) -> tuple[PlannedStep, ...]:
        """Let what was approved go first, then what came since, up to the cap; block the rest."""
        if self.case.cap is None:
            return steps
        acting = [index for index, step in enumerate(steps) if _is_removal(step)]
        acting.sort(key=lambda index: steps[index].since_approval)
        beyond = frozenset(acting[max(self.case.cap, 0) :])
        groups = {(step.group.instance, step.group.id) for at in beyond if (step := steps[at]).group}
        return tuple(
            replace(step, verdict=Verdict.BLOCKED, refusal=Refusal.BEYOND_APPROVED)
            if index in beyond or _goes_along(step, groups)
            else step
            for index, step in enumerate(steps)
        )

    def order(self, step: PlannedStep) -> tuple[object, ...]:
        """Instance, then the platform's order of lock-out, then group name; ids make it total."""
        facts = self.context.instances.get(step.account.instance)
        lockout = () if facts is None else facts.lockout_order
        turn = lockout.index(step.action) if step.action in lockout else len(lockout)
        group = ("", "") if step.group is None else (step.group.name.casefold(), step.group.id)
        kind = tuple(StepAction).index(step.action)
        way = "" if step.way is None else step.way.id
        return (step.account.instance, turn, kind, *group, step.account.id, way)

    def notes(self) -> Iterator[str]:
        """Name what policy asks of accounts and no such platform can do: `unsupported:<act>:<instance>`."""
        wanted = () if self.moving else self.rule.account
        for instance in sorted({account.instance for account in self.context.accounts}):
            for action in wanted:
                if not self._can(instance, action) and not self._platform_can(instance, action):
                    yield f"unsupported:{action.value}:{instance}"

    def digest(self, steps: tuple[PlannedStep, ...]) -> str:
        """Name what an approval binds: person, accounts, event, instant, rule, policy version and acts."""
        event = self.case.event
        accounts = sorted((account.instance, account.id) for account in self.context.accounts)
        acts = sorted(_act(step) for step in steps if step.verdict is Verdict.ACT)
        effective = None if event.effective is None else event.effective.isoformat()
        bound = [
            "plan/1",
            event.person.id,
            accounts,
            event.kind.value,
            [effective, self.case.due.isoformat()],
            self.rule.id,
            self.policy.digest,
            acts,
        ]
        return hashlib.sha256(json.dumps(bound, separators=(",", ":")).encode()).hexdigest()

    def _wanted(self, group: Group) -> tuple[Verdict, str]:
        row = registered(group, self.registry)
        if covers(self.rule.except_, group, row):
            return Verdict.KEEP, "excepted_by_policy"
        if self.rule.groups != "all" and not covers(self.rule.groups, group, row):
            return Verdict.KEEP, "not_named_by_policy"
        if self.moving:
            return self._moved(group)
        return self._by_action("leaver_all_groups" if self.rule.groups == "all" else "named_by_policy")

    def _moved(self, group: Group) -> tuple[Verdict, str]:
        """Platforms do not say why somebody is in a group: only mapped groups are lost, the rest is asked."""
        if any(self._maps(post, group) for post in self._taken()):
            return Verdict.KEEP, "new_post"
        if self._maps(self.case.event.before or Post(), group):
            return self._by_action("old_post")
        return Verdict.ASK_OWNER, "other_group"

    def _taken(self) -> Iterator[Post]:
        """Where the move leads, and where the person is now if another move has followed, or led back."""
        yield self.case.event.after or Post()
        if self.context.post_now is not None:
            yield self.context.post_now

    def _by_action(self, why: str) -> tuple[Verdict, str]:
        if self.rule.action is RuleAction.KEEP:
            return Verdict.KEEP, "kept_by_policy"
        if self.rule.action is RuleAction.ASK_OWNER:
            return Verdict.ASK_OWNER, "asked_by_policy"
        return Verdict.ACT, why

    def _maps(self, post: Post, group: Group) -> bool:
        return belongs(self.policy.posts, post, group, registered(group, self.registry))

    def _certainty(self, account: Account) -> tuple[Certainty, str]:
        certainty, why = self.context.certainty.get((account.instance, account.id), _UNKNOWN)
        return certainty, why if why in WHY_KEYS else "identity_unknown"

    def _can(self, instance: str, action: StepAction) -> bool:
        facts = self.context.instances.get(instance)
        return facts is not None and action in facts.actions

    def _platform_can(self, instance: str, action: StepAction) -> bool:
        """The platform knows the act, whether or not this instance's tokens allow it."""
        facts = self.context.instances.get(instance)
        return facts is not None and action in facts.lockout_order

    def _usable(self, instance: str) -> Iterator[Account]:
        """The one account that would join: a person needs no group twice."""
        for account in self.context.accounts:
            certain = self._certainty(account)[0] is Certainty.CERTAIN
            if account.instance == instance and account.active and certain:
                yield account
                return

    def _account_row(self, account: Account, action: StepAction) -> PlannedStep:
        certainty, tied_by = self._certainty(account)
        refusal = account_refusal(
            account,
            person_id=self.case.event.person.id,
            certainty=certainty,
            protected=self.protected,
            own_accounts=self.context.own_accounts,
        )
        if refusal is None and account.kind is AccountKind.EXTERNAL:
            refusal = Refusal.EXTERNAL_ACCOUNT
        if refusal is not None:
            why = tied_by if refusal is Refusal.AMBIGUOUS else "account_by_policy"
            return self._on_account(account, action, Verdict.BLOCKED, why, refusal)
        if not account.active:
            return self._on_account(account, action, Verdict.KEEP, "already_inactive")
        if not self._can(account.instance, action):
            blocked = Refusal.MISSING_SCOPE  # asked for by policy: what is left undone is listed, not noted
            return self._on_account(account, action, Verdict.BLOCKED, "account_by_policy", blocked)
        return self._on_account(account, action, Verdict.ACT, "account_by_policy")

    def _on_account(
        self, account: Account, action: StepAction, verdict: Verdict, why: str, refusal: Refusal | None = None
    ) -> PlannedStep:
        return PlannedStep(
            action, verdict, account, None, Role.MEMBER, self.manner, self.rule.id, why, refusal
        )

    def _preview(self, account: Account, group: Group) -> PlannedStep:
        return PlannedStep(
            StepAction.ADD,
            Verdict.PREVIEW_ONLY,
            account,
            group,
            Role.MEMBER,
            self.manner,
            self.rule.id,
            "new_post",
        )


def closes_way_back(rule: Rule) -> bool:
    """Whether a rule closes links and invitations; where it does not say, only one that bars does."""
    if rule.way_back is None:
        return rule.action is RuleAction.REMOVE_AND_BAR
    return rule.way_back is WayBackRule.CLOSE


def _is_removal(step: PlannedStep) -> bool:
    return step.action is StepAction.REVOKE and step.verdict is Verdict.ACT


def _goes_along(step: PlannedStep, groups: Container[tuple[str, str]]) -> bool:
    """A hand-over or a closed link makes sense only where the removal it belongs to goes ahead."""
    along = step.action in (StepAction.HAND_OVER, StepAction.CLOSE_WAY_BACK)
    return along and step.group is not None and (step.group.instance, step.group.id) in groups


def _act(step: PlannedStep) -> list[str]:
    group = ("", "") if step.group is None else (step.group.instance, step.group.id)
    way = [] if step.way is None else [step.way.id]
    return [step.action.value, step.account.instance, step.account.id, *group, step.manner.value, *way]
