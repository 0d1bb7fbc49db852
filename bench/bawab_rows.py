"""Rows of released work, as planning stores them: for benches of the lane alone."""

from __future__ import annotations

from datetime import datetime

from bot.planning import URGENT, USUAL
from bot.states import CaseState, StepState
from bot.store.tables import CaseRow, LinkRow, PersonRow, StepRow
from bot.values import account_to_plain, event_to_plain, group_to_plain
from connectors.hr.records import digest, person_to_json
from policies.model import (
    Account,
    EventKind,
    ExitType,
    Group,
    GroupKind,
    LifecycleEvent,
    LinkEvidence,
    Person,
    PersonStatus,
)

STAGES = {"end_sessions": 0, "revoke": 2, "deactivate": 4}


def person_of(account: str) -> str:
    """Give the employee id behind an account."""
    return f"E-{account}"


def person_row(account: str, instance: str, now: datetime, *, gone: bool) -> PersonRow:
    """Make the HR record of one person, who states the account."""
    status = PersonStatus.TERMINATED if gone else PersonStatus.ACTIVE
    stated = ((instance, account),)
    person = Person(person_of(account), f"Person {account}", status=status, account_ids=stated)
    record = person_to_json(person)
    return PersonRow(
        id=person.id,
        source="hr",
        digest=digest(record),
        record=record,
        name=person.name,
        status=status,
        updated_at=now,
    )


def case_of(account: str, policy: str, now: datetime, *, urgent: bool) -> CaseRow:
    """Make a leaver's case that is being carried out."""
    event = LifecycleEvent(EventKind.LEAVER, Person(person_of(account), account))
    return CaseRow(
        id=f"case_{account}",
        event_key=f"leaver:{account}",
        person_id=person_of(account),
        kind=EventKind.LEAVER,
        exit_type=ExitType.RESIGNATION,
        event=event_to_plain(event),
        rule="leaver",
        policy_digest=policy,
        state=CaseState.EXECUTING,
        due=now,
        urgent=urgent,
        created_at=now,
        updated_at=now,
        started_at=now,
    )


def link_of(account: str, instance: str, now: datetime) -> LinkRow:
    """Tie the person to the account, released."""
    return LinkRow(
        person_id=person_of(account),
        instance=instance,
        account_id=account,
        evidence=LinkEvidence.HR_RECORD,
        created_at=now,
        released_at=now,
        released_by="person:bench",
    )


def step_of(
    account: str,
    group: str,
    instance: str,
    platform: str,
    kind: str,
    now: datetime,
    *,
    urgent: bool,
    action: str = "revoke",
    manner: str = "kick",
) -> StepRow:
    """Make one released step."""
    who = Account(instance, account, name=account, email=f"{account.lower()}@corp.test")
    what = Group(instance, platform, group, group.lower(), GroupKind(kind)) if group else None
    return StepRow(
        id=f"step_{account}_{group or action}",
        case_id=f"case_{account}",
        person_id=person_of(account),
        instance=instance,
        platform=platform,
        action=action,
        stage=STAGES[action],
        account_id=account,
        account=account_to_plain(who),
        group_id=group,
        group=group_to_plain(what),
        role="member",
        manner=manner,
        rule="leaver",
        why="leaver",
        priority=URGENT if urgent else USUAL,
        state=StepState.PENDING,
        next_attempt_at=now,
        created_at=now,
        updated_at=now,
    )
