"""Every table but the audit log's: what Bawab knows, intends and has done, one row a fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.store.types import UtcInstant, instant_field, json_field

_MISSING = text("missing_reads > 0")


class MetaRow(SQLModel, table=True):
    """One remembered fact about the installation itself (first run released, last checkpoint, …)."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: Any = json_field()


class RunRow(SQLModel, table=True):
    """One pass from a feed, a due moment or a person's command through its cases."""

    __tablename__ = "run"
    id: str = Field(primary_key=True)
    kind: str
    actor: str
    started_at: datetime = instant_field(nullable=False)
    ended_at: datetime | None = instant_field()
    feed_id: str | None = None
    summary: Any = json_field()


class FeedRow(SQLModel, table=True):
    """One delivery of an HR source and what became of it."""

    __tablename__ = "feed"
    __table_args__ = (UniqueConstraint("source", "name", "sha256", "modified"),)
    id: str = Field(primary_key=True)
    source: str = Field(index=True)
    name: str
    sha256: str
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    modified: datetime = instant_field(nullable=False)
    received_at: datetime = instant_field(nullable=False)
    state: str = Field(index=True)
    """accepted | unchanged | quarantined | refused | released | superseded"""
    facts: Any = json_field()
    findings: Any = json_field()
    kept_copy: str | None = None
    """Where a quarantined file's bytes are kept, so that a release reads exactly what was judged."""
    hold_digest: str | None = None


class PersonRow(SQLModel, table=True):
    """The last accepted HR record of one person."""

    __tablename__ = "person"
    __table_args__ = (
        # Few are missing, and a feed of a million must not look at everybody to find them.
        Index("ix_person_missing", "source", sqlite_where=_MISSING, postgresql_where=_MISSING),
    )
    id: str = Field(primary_key=True)
    source: str = Field(index=True)
    digest: str
    record: str
    name: str
    status: str = Field(index=True)
    email: str | None = Field(default=None, index=True)
    missing_reads: int = 0
    """How many healthy snapshots in a row the person was missing from."""
    updated_at: datetime = instant_field(nullable=False)


class StatedRow(SQLModel, table=True):
    """An account that a person's last accepted HR record states as theirs: found by account, at once."""

    __tablename__ = "stated_account"
    instance: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True, index=True)


class LinkRow(SQLModel, table=True):
    """An identity link: a person tied to an account by its immutable id, made once."""

    __tablename__ = "identity_link"
    # Whose account it is, is asked before every call.
    __table_args__ = (Index("ix_link_account", "instance", "account_id"),)
    person_id: str = Field(primary_key=True)
    instance: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True)
    evidence: str
    created_at: datetime = instant_field(nullable=False)
    confirmed_at: datetime | None = instant_field()
    confirmed_by: str | None = None
    """Who last said that it is still so."""
    released_at: datetime | None = instant_field()
    released_by: str | None = None
    hold_digest: str | None = Field(default=None, index=True)


class LinkQuestionRow(SQLModel, table=True):
    """Something about who is who that only a human can answer."""

    __tablename__ = "link_question"
    id: str = Field(primary_key=True)
    instance: str = Field(index=True)
    people: Any = json_field(nullable=False)
    accounts: Any = json_field(nullable=False)
    why: str
    asked_at: datetime = instant_field(nullable=False)


class PolicyRow(SQLModel, table=True):
    """One version of the policy, kept so that an approved case runs under the one it was approved with."""

    __tablename__ = "policy_version"
    digest: str = Field(primary_key=True)
    text: str
    loaded_at: datetime = instant_field(nullable=False)
    released_at: datetime | None = instant_field()
    released_by: str | None = None


class CaseRow(SQLModel, table=True):
    """One lifecycle event being carried out for one person: that, and when."""

    __tablename__ = "lifecycle_case"
    __table_args__ = (Index("ix_case_due", "state", "due"), Index("ix_case_finished", "finished_at"))
    id: str = Field(primary_key=True)
    event_key: str = Field(index=True)
    person_id: str = Field(index=True)
    kind: str
    exit_type: str
    event: Any = json_field(nullable=False)
    """The lifecycle event, whole, as decided upon."""
    rule: str = ""
    policy_digest: str = ""
    state: str = Field(index=True)
    reason: str | None = None
    """Why it is held, cancelled or quarantined: a stable key."""
    effective: datetime | None = instant_field()
    due: datetime | None = instant_field()
    zone: str | None = None
    overdue: bool = False
    urgent: bool = False
    approval: str | None = None
    approved: Any = json_field()
    """instance → group ids previewed when it was released."""
    hold_digest: str | None = Field(default=None, index=True)
    run_id: str | None = Field(default=None, index=True)
    requested_by: str = "bawab"
    released_by: str | None = None
    """Who let it out of its last hold; None where it went through unasked."""
    created_at: datetime = instant_field(nullable=False)
    updated_at: datetime = instant_field(nullable=False)
    started_at: datetime | None = instant_field()
    finished_at: datetime | None = instant_field()
    effort: Any = json_field()
    """instance → calls planned when its steps were made, and calls made since."""


class CaseInstanceRow(SQLModel, table=True):
    """Whether a due case has been planned on one connector instance; a platform that is down waits alone."""

    __tablename__ = "case_instance"
    case_id: str = Field(primary_key=True)
    instance: str = Field(primary_key=True)
    state: str
    """pending | planned"""
    attempts: int = 0
    next_attempt_at: datetime = instant_field(nullable=False)
    problem: str | None = None
    plan_digest: str | None = None


class SnapshotRow(SQLModel, table=True):
    """A membership as it was before the first write: what a person puts back who was taken out in error."""

    __tablename__ = "membership_snapshot"
    case_id: str = Field(primary_key=True)
    instance: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True)
    group_id: str = Field(primary_key=True)
    group_name: str
    group_kind: str
    role: str
    taken_at: datetime = instant_field(nullable=False)


class GapRow(SQLModel, table=True):
    """Something that could not be read, for a case or standing for an instance (`case_id` empty)."""

    __tablename__ = "gap"
    case_id: str = Field(primary_key=True)
    instance: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    group_id: str = Field(primary_key=True)
    detail: str = ""
    remedy: str = ""
    seen_at: datetime = instant_field(nullable=False)


class StepRow(SQLModel, table=True):
    """One act on one membership or account, from intention to evidence."""

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint(
            "case_id", "instance", "account_id", "action", "group_id", "target_id", name="uq_step_act"
        ),
        Index("ix_step_turn", "instance", "state", "priority", "stage", "created_at", "account_id", "id"),
        Index("ix_step_stage", "case_id", "instance", "stage", "state", "updated_at"),
        Index("ix_step_group", "instance", "group_id", "requested_at"),
        Index("ix_step_updated", "updated_at"),
    )
    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    run_id: str | None = Field(default=None, index=True)
    person_id: str = Field(index=True)
    instance: str
    platform: str
    action: str
    stage: int
    """Place in the platform's order of lock-out; a later stage waits for the earlier ones of its case."""
    account_id: str
    account: Any = json_field(nullable=False)
    group_id: str = ""
    group: Any = json_field()
    target_id: str = ""
    """Which link or invitation a `close_way_back` is about."""
    target: Any = json_field()
    successor_id: str | None = None
    """Employee id of whom a `hand_over` makes owner; the step's account is then the successor's."""
    role: str
    manner: str
    rule: str
    why: str
    since_approval: bool = False
    priority: int
    state: str
    acted: str = "no"
    """no | maybe | yes: whether a request of ours may have reached, or did reach, the platform."""
    refusal: str | None = None
    detail: str = ""
    remedy: str = ""
    attempts: int = 0
    reads: int = 0
    next_attempt_at: datetime | None = instant_field()
    requested_at: datetime | None = instant_field()
    settle_until: datetime | None = instant_field()
    verified_at: datetime | None = instant_field()
    quality: str = "unknown"
    evidence: Any = json_field()
    request_id: str = ""
    hold_digest: str | None = Field(default=None, index=True)
    created_at: datetime = instant_field(nullable=False)
    updated_at: datetime = instant_field(nullable=False)


class RecheckRow(SQLModel, table=True):
    """A later look at a verified removal: after an hour, a day, a week."""

    __tablename__ = "recheck"
    __table_args__ = (Index("ix_recheck_open", "done_at", "due"),)
    step_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    instance: str = Field(index=True)
    due: datetime = Field(sa_column=Column(UtcInstant, nullable=False, index=True))
    attempts: int = 0
    done_at: datetime | None = instant_field()
    sight: str | None = None


class LaneRow(SQLModel, table=True):
    """One rate-limit domain: its circuit is data that IT can read, and it survives a restart."""

    __tablename__ = "lane"
    instance: str = Field(primary_key=True)
    platform: str
    state: str = "open"
    """open (work flows) | waiting (the platform is down) | paused (an operator is needed)"""
    reason: str | None = None
    since: datetime | None = instant_field()
    next_probe: datetime | None = instant_field()
    failures: int = 0
    probes: int = 0
    """How many requests were spent on looking whether it answers again, since it stopped."""
    fence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    """Grows with each drainer; whoever holds an older one was taken over, and writes nothing any more."""
    owner: str | None = None
    """Which process drains it, as host and number."""
    owner_since: datetime | None = instant_field()
    pace: Any = json_field()
    """What its pacing has learnt, so that a successor need not be refused to learn it again."""
    linked_feed: str | None = None
    """The last accepted feed whose people were matched with this instance's accounts."""


class HoldRow(SQLModel, table=True):
    """Something a run guard stopped, with its cause; released once, for exactly this digest."""

    __tablename__ = "hold"
    digest: str = Field(primary_key=True)
    kind: str = Field(index=True)
    """feed | observe | run_threshold | day_threshold | group_threshold | first_seen | policy_change |
    approval | identity_links | no_time_zone"""
    cause: Any = json_field(nullable=False)
    count: int = 0
    """How many people (or links, or steps) a release lets through; what a person types to confirm."""
    run_id: str | None = None
    requested_by: str = "bawab"
    role: str | None = None
    wanted: Any = json_field()
    """Signatures it wants: for each, the roles one of which must sign; None: by its kind."""
    shown: Any = json_field()
    """What the messages that ask for an approval show (`bot.shown`): it binds whoever presses a button."""
    created_at: datetime = instant_field(nullable=False)
    released_at: datetime | None = instant_field()
    released_by: str | None = None
    withdrawn_at: datetime | None = instant_field()


class TaskRow(SQLModel, table=True):
    """What only a person can do: one delegated step, with assignee, deadline, reminders and attestation."""

    __tablename__ = "task"
    id: str = Field(primary_key=True)
    step_id: str = Field(sa_column=Column(String, nullable=False, unique=True))
    case_id: str = Field(index=True)
    instance: str
    assignee_id: str | None = Field(default=None, index=True)
    escalation: int = 0
    """0 owner, 1 deputy, 2 IT."""
    sensitive: bool = False
    state: str = Field(index=True)
    """open | half_attested | attested | waived | cancelled"""
    deadline: datetime = instant_field(nullable=False)
    next_reminder_at: datetime | None = instant_field()
    reminders: int = 0
    first_by: str | None = None
    first_at: datetime | None = instant_field()
    second_by: str | None = None
    second_at: datetime | None = instant_field()
    waived_until: datetime | None = instant_field()
    note: str = ""
    created_at: datetime = instant_field(nullable=False)


class NoticeRow(SQLModel, table=True):
    """One message to one person about one case: stored before it is sent, its receipt after."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("case_id", "recipient_id", "kind"),)
    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    kind: str
    recipient_id: str
    """Employee id of the group's owner; for a channel creator without a record, `instance:account`."""
    instance: str
    account_id: str
    language: str
    groups: Any = json_field()
    state: str = Field(index=True)
    """pending | sending | sent | undeliverable | unknown"""
    attempts: int = 0
    next_attempt_at: datetime | None = instant_field()
    reference: str = ""
    detail: str = ""
    created_at: datetime = instant_field(nullable=False)
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant, index=True))
    hold_digest: str | None = Field(default=None, index=True)
    """What it asks an approval of; such a message belongs to no case (`case_id` is empty)."""
    said: str = ""
    """A digest of the words last shown: a message is updated where they changed."""
    updated_at: datetime | None = instant_field()
    closed_at: datetime | None = instant_field()
    """When all it was about was settled and said: it is not looked at again."""
