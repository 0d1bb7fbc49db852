"""Small values to test with, and one description of time."""

from collections.abc import Sequence
from datetime import UTC, datetime

from policies.loader import load
from policies.model import (
    Account,
    Certainty,
    EventKind,
    Group,
    GroupKind,
    LifecycleEvent,
    Membership,
    Person,
    Post,
    RegisteredGroup,
    StepAction,
)
from policies.plan import Case, InstanceFacts, PlanContext
from policies.rules import Policy

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
ANA = Person("E7", "Ana", email="ana@example.org", post=Post(department="Sales"), time_zone="Asia/Riyadh")
SALES = Post(department="Sales")
FINANCE = Post(department="Finance")
ACCOUNT = Account("acme", "U7", "ana", "ana@example.org")
SLACK = InstanceFacts(
    "slack",
    (StepAction.REVOKE, StepAction.END_SESSIONS, StepAction.DEACTIVATE),
    (StepAction.END_SESSIONS, StepAction.REVOKE, StepAction.DEACTIVATE),
)


def group(name: str, **changes: object) -> Group:
    plain: dict[str, object] = {
        "instance": "acme",
        "platform": "slack",
        "id": f"C-{name}",
        "name": name,
        "kind": GroupKind.PUBLIC_CHANNEL,
    }
    return Group(**{**plain, **changes})  # type: ignore[arg-type] # the caller names fields of Group


def in_group(
    name: str, account: Account = ACCOUNT, *, sole_owner: bool = False, **changes: object
) -> Membership:
    return Membership(account, group(name, **changes), sole_owner=sole_owner)


def leaving(person: Person = ANA) -> LifecycleEvent:
    return LifecycleEvent(EventKind.LEAVER, person, effective=person.last_day)


def moving(person: Person = ANA, before: Post = SALES, after: Post = FINANCE) -> LifecycleEvent:
    return LifecycleEvent(EventKind.MOVER, person, before=before, after=after)


def case(
    event: LifecycleEvent,
    rule: str = "p/r",
    *,
    cap: int | None = None,
    approved: frozenset[tuple[str, str]] = frozenset(),
) -> Case:
    return Case("case-1", event, rule, NOW, cap, approved)


def policy(rule: str, rest: str = "") -> Policy:
    """A policy `p` with one rule `r`; `rule` holds its other keys, one per line."""
    lines = "".join(f"    {line}\n" for line in rule.strip().splitlines())
    return load(f"version: 1\nrules:\n  - id: r\n{lines}{rest}", "p.yaml")


def context(
    accounts: Sequence[Account] = (ACCOUNT,),
    *,
    certainty: tuple[Certainty, str] = (Certainty.CERTAIN, "hr_record"),
    protected: frozenset[str] = frozenset(),
    own_accounts: frozenset[tuple[str, str]] = frozenset(),
    registry: Sequence[RegisteredGroup] = (),
    groups: Sequence[Group] = (),
    facts: InstanceFacts = SLACK,
) -> PlanContext:
    return PlanContext(
        certainty={(account.instance, account.id): certainty for account in accounts},
        accounts=accounts,
        protected=protected,
        own_accounts=own_accounts,
        registry=registry,
        groups=groups,
        instances={"acme": facts},
    )
