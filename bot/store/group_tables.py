"""Tables of groups: which are known, who was seen in them, who takes over, who came back; one-time codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.types import instant_field, json_field


class KnownGroupRow(SQLModel, table=True):
    """One group that was ever seen on an instance: in a listing, or in an event where there is none."""

    __tablename__ = "known_group"
    instance: str = Field(primary_key=True)
    group_id: str = Field(primary_key=True)
    platform: str
    group: Any = json_field(nullable=False)
    """The model's `Group`, whole, as last seen."""
    first_seen: datetime = instant_field(nullable=False)
    last_seen: datetime = instant_field(nullable=False)
    gone_at: datetime | None = instant_field()
    """When it was deleted, or the bot was taken out of it."""
    gone_why: str = ""
    moved_to: str | None = None
    """The id it goes by since the platform upgraded it."""


class RosterRow(SQLModel, table=True):
    """Who was seen in a group whose members nobody can list; a hint where to look, never a proof."""

    __tablename__ = "roster"
    instance: str = Field(primary_key=True)
    group_id: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True)
    status: str
    """The platform's own word, such as member, administrator, left."""
    seen_at: datetime = instant_field(nullable=False)


class EnrolmentRow(SQLModel, table=True):
    """A one-time code by which a person ties their account to their record; only its hash is kept."""

    __tablename__ = "enrolment"
    code_hash: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    instance: str
    created_at: datetime = instant_field(nullable=False)
    created_by: str
    expires_at: datetime = instant_field(nullable=False)
    used_at: datetime | None = instant_field()
    account_id: str | None = None


class SuccessionRow(SQLModel, table=True):
    """A group whose last owner is about to go, and nobody to take over: asked of IT before the day."""

    __tablename__ = "succession"
    case_id: str = Field(primary_key=True)
    instance: str = Field(primary_key=True)
    group_id: str = Field(primary_key=True)
    group_name: str
    why: str
    """Why nobody could be chosen: a stable key."""
    asked_at: datetime = instant_field(nullable=False)
    settled_at: datetime | None = instant_field()


class DriftRow(SQLModel, table=True):
    """A membership that should not be: somebody who was out is in, by whichever account."""

    __tablename__ = "drift"
    __table_args__ = (
        UniqueConstraint("instance", "account_id", "group_id", "found_at"),
        Index("ix_drift_open", "state", "found_at"),
    )
    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    """The finished case that had taken them out, or should have."""
    person_id: str = Field(index=True)
    instance: str
    account_id: str
    group_id: str
    group_name: str
    role: str
    found_by: str
    """recheck | event | reconcile"""
    why: str
    """came_back | second_account | new_group | old_post"""
    state: str
    """open (somebody is asked) | removing | removed | gone (left again by themselves) | accepted |
    closed (rightly in by now)"""
    step_id: str | None = None
    found_at: datetime = instant_field(nullable=False)
    decided_at: datetime | None = instant_field()
    decided_by: str | None = None
    accepted_until: datetime | None = instant_field()
    note: str = ""


class ReconcileRow(SQLModel, table=True):
    """One reconciliation of everybody departed or moved with every group; it survives a restart."""

    __tablename__ = "reconcile"
    id: str = Field(primary_key=True)
    actor: str
    started_at: datetime = instant_field(nullable=False)
    ended_at: datetime | None = instant_field()
    plan: Any = json_field()
    """instance → how it is read (by person or by group) and how many items that is."""
    summary: Any = json_field()


class ReconcileItemRow(SQLModel, table=True):
    """One person or one group of a reconciliation, and whether it has been read."""

    __tablename__ = "reconcile_item"
    reconcile_id: str = Field(primary_key=True)
    instance: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """person | group"""
    item_id: str = Field(primary_key=True)
    state: str = "waiting"
    """waiting | read | unreadable"""
    found: Any = json_field()
    problem: str = ""


class SubscriptionRow(SQLModel, table=True):
    """A subscription to a platform's change notifications, renewed before it runs out."""

    __tablename__ = "subscription"
    id: str = Field(primary_key=True)
    """The platform's own id."""
    instance: str = Field(index=True)
    resource: str
    state_hash: str
    """Hash of the word the platform must say with each notification."""
    expires_at: datetime = instant_field(nullable=False)
    created_at: datetime = instant_field(nullable=False)
    problem: str = ""
