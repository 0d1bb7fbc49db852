"""Exactly which memberships a case takes, in which order, and why it leaves the others alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from policies.decisions import NoDecision, decide
from policies.identity import IDENTITY_WHYS
from policies.model import (
    Account,
    AccountKind,
    Case,
    Certainty,
    EventKind,
    Gap,
    Group,
    Manner,
    Membership,
    Person,
    Plan,
    PlannedStep,
    Post,
    Refusal,
    RegisteredGroup,
    Role,
    StepAction,
    Verdict,
)
from policies.rules import Policy, Rule, RuleAction
from policies.selectors import Registry, belongs, covers, registered, registry_of
from policies.step_guards import account_refusal, refusal_for

__all__ = [
    "WHY_KEYS",
    "Explanation",
    "InstanceFacts",
    "NoDecision",
    "PlanContext",
    "UnknownRule",
    "decide",
    "explain",
    "plan",
]

WHY_KEYS = IDENTITY_WHYS | {
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
}
"""Every `why` of a step or explanation; surfaces hold their texts."""

_UNKNOWN = (Certainty.NONE, "identity_unknown")


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """What a plan must know of a connector instance: what it can do, and its order of lock-out."""

    platform: str
    actions: tuple[StepAction, ...]
    """What this instance's tokens allow."""
    lockout_order: tuple[StepAction, ...]
    """What the platform knows, in its order; an act in here but not in `actions` needs another token."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What was read beside the memberships."""

    certainty: Mapping[tuple[str, str], tuple[Certainty, str]]
    """(instance, account id) → how surely it is the person's, and why; what is missing counts as unknown."""
    accounts: Sequence[Account]
    """The person's accounts."""
    protected: frozenset[str]
    """Employee ids never touched, beside those the policy names."""
    own_accounts: frozenset[tuple[str, str]]
    """(instance, account id) of the bot itself."""
    registry: Sequence[RegisteredGroup]
    groups: Sequence[Group]
    """Every group that was seen, for what a mover may join."""
    instances: Mapping[str, InstanceFacts]
    post_now: Post | None = None
    """Where HR says the person works today: its groups are kept. None while a move is only announced."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a person stays in a group or not; `why` is one of WHY_KEYS, `params` fill its text."""

    rule: str
    verdict: Verdict | None
    """None where the plan has no row for the group."""
    why: str
    params: Mapping[str, str]


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
    rows = [planner.row(membership) for membership in memberships]
    rows += planner.account_rows()
    rows += planner.joins(memberships)
    steps = planner.within_cap(tuple(sorted(rows, key=planner.order)))
    return Plan(case.id, steps, tuple(gaps), planner.digest(steps), tuple(planner.notes()))


def explain(plan: Plan, person: Person, group: Group) -> Explanation:
    """Say why `person` stays in `group` or not, from the plan itself."""
    params = {"person": person.name, "group": group.name, "instance": group.instance}
    key = (group.instance, group.id)
    rows = [step for step in plan.steps if step.group and (step.group.instance, step.group.id) == key]
    if rows:
        row = min(rows, key=lambda step: tuple(Verdict).index(step.verdict))
        refusal = {} if row.refusal is None else {"refusal": row.refusal.value}
        return Explanation(row.rule, row.verdict, row.why, {**params, **refusal})
    for gap in plan.gaps:
        if gap.instance == group.instance and gap.group_id in (None, group.id):
            return Explanation("", None, "group_unreadable", {**params, "reason": gap.reason})
    return Explanation("", None, "not_a_member", params)


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

    def row(self, membership: Membership) -> PlannedStep:
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
        return tuple(
            replace(step, verdict=Verdict.BLOCKED, refusal=Refusal.BEYOND_APPROVED)
            if index in beyond
            else step
            for index, step in enumerate(steps)
        )

    def order(self, step: PlannedStep) -> tuple[object, ...]:
        """Instance, then the platform's order of lock-out, then group name; ids make it total."""
        facts = self.context.instances.get(step.account.instance)
        lockout = () if facts is None else facts.lockout_order
        turn = lockout.index(step.action) if step.action in lockout else len(lockout)
        group = ("", "") if step.group is None else (step.group.name.casefold(), step.group.id)
        return (step.account.instance, turn, tuple(StepAction).index(step.action), *group, step.account.id)

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


def _is_removal(step: PlannedStep) -> bool:
    return step.action is StepAction.REVOKE and step.verdict is Verdict.ACT


def _act(step: PlannedStep) -> list[str]:
    group = ("", "") if step.group is None else (step.group.instance, step.group.id)
    return [step.action.value, step.account.instance, step.account.id, *group, step.manner.value]
