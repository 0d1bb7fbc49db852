"""What policy says of an event: which rule, when it is due, and who must approve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.instants import Instant, NoTimeZone, UnknownTimeZone, instant_of, shifted
from policies.model import EventKind, LifecycleEvent, Post
from policies.rules import After, Approval, Policy, PostPart, Rule, RuleAction
from policies.selectors import holds

LATE = timedelta(minutes=5)
"""A case due longer ago than this when it is decided is overdue: the news came late."""

_NEVER_ACTED_ON = frozenset({EventKind.JOINER, EventKind.RETURN, EventKind.VANISHED})
_MAY_KEEP = frozenset({EventKind.REHIRE, EventKind.RESCINDED, EventKind.LEAVE_OF_ABSENCE})


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says of an event: which rule, when, and who must approve."""

    rule: str
    """`file-name/rule-id`, as written in the policy file."""
    effective: datetime
    """The HR instant, aware, in UTC."""
    due: datetime
    """When Bawab acts: `effective` plus the rule's grace, in UTC."""
    zone: str
    """IANA zone in which HR meant the day."""
    approval: str | None = None
    """None, or the role that must release the case (`hr`, `it`; `both`: two people, one of each)."""
    overdue: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class NoDecision:
    """Why an event makes no case: `no_rule`, `no_action`, `no_time_zone` or `unknown_time_zone`."""

    reason: str
    detail: str


def decide(
    event: LifecycleEvent, policy: Policy, *, now: datetime, default_zone: str | None
) -> Decision | NoDecision:
    """Say which rule an event meets, and when it is due; the first rule that matches wins.

    `when: now` is due at once, or when HR's instant has passed already, then. A late entry is due in the past
    and `overdue`: it runs at once and says so.
    """
    if event.kind in _NEVER_ACTED_ON:
        return NoDecision("no_action", f"nothing is removed on {event.kind.value}")
    rule = next((rule for rule in policy.rules if applies(rule, event)), None)
    if rule is None:
        return NoDecision("no_rule", f"no rule of the policy matches this {event.kind.value}")
    if rule.action is RuleAction.KEEP and event.kind in _MAY_KEEP and not rule.account:
        return NoDecision("no_action", f"rule {rule.id} keeps everything")
    try:
        return _decision(event, rule, now, default_zone)
    except NoTimeZone as error:
        return NoDecision("no_time_zone", str(error))
    except UnknownTimeZone as error:
        return NoDecision("unknown_time_zone", str(error))


def applies(rule: Rule, event: LifecycleEvent) -> bool:
    """Say whether everything a rule asks for is true of the event."""
    person = event.person
    return (
        event.kind in rule.on
        and (rule.exit_type is None or person.exit_type in rule.exit_type)
        and (rule.employment is None or person.employment is rule.employment)
        and (rule.changed is None or any(part in changed_parts(event) for part in rule.changed))
        and (rule.match is None or holds(rule.match, event.before or person.post))
    )


def changed_parts(event: LifecycleEvent) -> frozenset[PostPart]:
    """Give the parts of the post that a move changes."""
    left, taken = event.before or Post(), event.after or Post()
    pairs = {
        PostPart.DEPARTMENT: (left.department, taken.department),
        PostPart.TEAM: (left.team, taken.team),
        PostPart.LOCATION: (left.location, taken.location),
        PostPart.MANAGER: (left.manager_id, taken.manager_id),
    }
    return frozenset(part for part, (old, new) in pairs.items() if old != new)


def _decision(event: LifecycleEvent, rule: Rule, now: datetime, default_zone: str | None) -> Decision:
    stated = _instant(event, rule, now, default_zone)
    due = _due(event, rule, stated, now, default_zone)
    return Decision(
        rule=rule.id,
        effective=stated.at,
        due=due,
        zone=stated.zone,
        approval=None if rule.approve is Approval.NONE else rule.approve.value,
        overdue=due < now - LATE,
        urgent=rule.urgent,
    )


def _instant(
    event: LifecycleEvent, rule: Rule, now: datetime, default_zone: str | None, days: timedelta = timedelta()
) -> Instant:
    effective = event.effective
    return instant_of(
        effective if effective is None or not days else effective + days,
        zone=event.person.time_zone,
        default_zone=default_zone,
        now=now,
        end_of_day=rule.end_of_day,
    )


def _due(
    event: LifecycleEvent, rule: Rule, stated: Instant, now: datetime, default_zone: str | None
) -> datetime:
    if isinstance(rule.when, After):
        return _after(event, rule, rule.when.after, stated, now, default_zone)
    return min(stated.at, now) if rule.when == "now" else stated.at


def _after(
    event: LifecycleEvent,
    rule: Rule,
    grace: timedelta,
    stated: Instant,
    now: datetime,
    default_zone: str | None,
) -> datetime:
    """Three days after a day end at the same time of day, whatever the clocks did in between."""
    whole_days = (
        not grace.seconds and event.effective is not None and not isinstance(event.effective, datetime)
    )
    if not whole_days:
        return shifted(stated.at, grace)
    try:
        return _instant(event, rule, now, default_zone, grace).at
    except OverflowError:
        return shifted(stated.at, grace)
