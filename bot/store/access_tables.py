"""Tables of people who use Bawab: roles, sessions, tokens, signatures, confirmations, reviews, receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.types import UtcInstant, instant_field, json_field


class StaffRow(SQLModel, table=True):
    """Somebody who may sign in, with their roles; `id` is the employee id where HR knows them."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    name: str
    email: str | None = Field(default=None, index=True)
    roles: Any = json_field(nullable=False)
    source: str
    """file | oidc | local: who says that they have these roles."""
    issuer: str | None = None
    subject: str | None = Field(default=None, index=True)
    """The identity provider's immutable id of them, with `issuer`."""
    known_to_hr: bool = True
    created_at: datetime = instant_field(nullable=False)
    updated_at: datetime = instant_field(nullable=False)
    ended_at: datetime | None = instant_field()
    """When their roles ended; nothing of theirs works from then on."""


class PreferenceRow(SQLModel, table=True):
    """How one person (staff or not) wants to be met: language, zone, calendar, channels in order."""

    __tablename__ = "preference"
    person_id: str = Field(primary_key=True)
    language: str | None = None
    zone: str | None = None
    hijri: bool | None = None
    channels: Any = json_field()
    """Kinds of channel or instance names, the first first: ["telegram", "email"]."""
    updated_at: datetime = instant_field(nullable=False)


class SessionRow(SQLModel, table=True):
    """One signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "web_session"
    token_hash: str = Field(primary_key=True)
    staff_id: str = Field(index=True)
    csrf: str
    language: str | None = None
    created_at: datetime = instant_field(nullable=False)
    seen_at: datetime = instant_field(nullable=False)
    expires_at: datetime = instant_field(nullable=False)
    ended_at: datetime | None = instant_field()
    id_hint: str | None = None
    """What the identity provider wants to see again at sign-out."""


class DraftRow(SQLModel, table=True):
    """What somebody had typed when their session ended: given back once, to the same person."""

    __tablename__ = "draft"
    token_hash: str = Field(primary_key=True)
    staff_id: str
    path: str
    fields: Any = json_field(nullable=False)
    created_at: datetime = instant_field(nullable=False)
    expires_at: datetime = instant_field(nullable=False)


class SignInCodeRow(SQLModel, table=True):
    """A one-time link for the administrator of the first day; only its hash is kept."""

    __tablename__ = "sign_in_code"
    code_hash: str = Field(primary_key=True)
    staff_id: str
    created_at: datetime = instant_field(nullable=False)
    expires_at: datetime = instant_field(nullable=False)
    used_at: datetime | None = instant_field()


class TokenRow(SQLModel, table=True):
    """An API token; only its hash is kept."""

    __tablename__ = "api_token"
    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    staff_id: str = Field(index=True)
    title: str
    scopes: Any = json_field(nullable=False)
    created_at: datetime = instant_field(nullable=False)
    expires_at: datetime = instant_field(nullable=False)
    used_at: datetime | None = instant_field()
    ended_at: datetime | None = instant_field()


class SignatureRow(SQLModel, table=True):
    """One person's name under a hold: yes or no, in which role, by which channel."""

    __tablename__ = "signature"
    digest: str = Field(primary_key=True)
    by: str = Field(primary_key=True)
    role: str
    verdict: str
    """approve | reject"""
    via: str
    note: str = ""
    seen: Any = json_field()
    """What they were shown, as the release binds it: case id → instance → group ids."""
    at: datetime = instant_field(nullable=False)


class ConfirmationRow(SQLModel, table=True):
    """An emergency awaits a second person's word: it ran first, and is confirmed or disputed afterwards."""

    __tablename__ = "confirmation"
    case_id: str = Field(primary_key=True)
    requested_by: str
    reason: str = ""
    requested_at: datetime = instant_field(nullable=False)
    due: datetime = instant_field(nullable=False)
    escalated_at: datetime | None = instant_field()
    verdict: str | None = None
    """confirmed | disputed"""
    decided_by: str | None = None
    decided_at: datetime | None = instant_field()
    note: str = ""


class ReviewRow(SQLModel, table=True):
    """IT's sign-off of one run; a run without one ages and is escalated."""

    __tablename__ = "review"
    run_id: str = Field(primary_key=True)
    signed_by: str | None = None
    signed_at: datetime | None = instant_field()
    note: str = ""
    escalated_at: datetime | None = instant_field()


class ReceiptRow(SQLModel, table=True):
    """One attempt to deliver one notice by one channel, and what is known of it."""

    __tablename__ = "notice_receipt"
    __table_args__ = (Index("ix_receipt_due", "outcome", "at"),)
    id: str = Field(primary_key=True)
    notice_id: str = Field(index=True)
    channel: str
    """The instance's name, or email, or a webhook's name."""
    operator: str
    """Who runs the channel: slack, telegram, microsoft, meta, email, own; for independence."""
    outcome: str
    """intended | sent | updated | retry | undeliverable | unknown | resent"""
    reference: str = ""
    detail: str = ""
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    settled_at: datetime | None = instant_field()


class IdempotencyRow(SQLModel, table=True):
    """One answered write of the API: asked again with its key, it is answered the same, not done again."""

    __tablename__ = "idempotency"
    token_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    status: int | None = None
    """None while it is being done."""
    body: Any = json_field()
    created_at: datetime = instant_field(nullable=False)


class DeliveryRow(SQLModel, table=True):
    """One entry of the log on its way to one outbound webhook."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook", "seq"),
        Index("ix_delivery_due", "state", "next_attempt_at"),
    )
    id: str = Field(primary_key=True)
    webhook: str
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str
    """pending | delivered | failed"""
    attempts: int = 0
    next_attempt_at: datetime | None = instant_field()
    detail: str = ""
    created_at: datetime = instant_field(nullable=False)
    delivered_at: datetime | None = instant_field()
