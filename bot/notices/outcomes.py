"""What a platform's word on a notice means for its row: pure, so that every case can be read and tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.audit.actions import Action
from bot.store.tables import NoticeRow
from connectors.messages import NoticeOutcome, NoticeReceipt

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
LOOK_AGAIN = timedelta(seconds=10)
"""After an unclear answer, before the message is looked for: the platform may show it late."""
LOOK_EVERY = timedelta(minutes=5)
LOOK_FOR = timedelta(hours=1)
"""A search without an answer says nothing yet; after this long the message counts as one nobody can find."""
CANNOT_LOOK = "cannot_look"
"""The platform has no way to look for a message at all: waiting would not help."""
GIVE_UP_AFTER = timedelta(days=7)
"""Then a message counts as undeliverable and the next person in the chain is told."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a notice's row, and the word for it in the log."""

    values: Mapping[str, Any]
    action: Action
    outcome: str
    """sent | retry | unknown | undeliverable | resend"""
    why: str = ""


def after_sending(notice: NoticeRow, receipt: NoticeReceipt, now: datetime) -> Settled:
    """Judge the answer to one sending."""
    match receipt.outcome:
        case NoticeOutcome.SENT:
            return _sent(receipt, now)
        case NoticeOutcome.UNKNOWN:
            values = {"state": "unknown", "next_attempt_at": now + LOOK_AGAIN, "detail": receipt.detail}
            return Settled(values, Action.NOTICE_SEND, "unknown", receipt.detail)
        case NoticeOutcome.UNDELIVERABLE:
            return undeliverable(receipt.detail)
        case NoticeOutcome.RETRY:
            if now - notice.created_at >= GIVE_UP_AFTER:
                return undeliverable("gave_up")
            return _again(receipt.detail, now + wait(notice.attempts, receipt.retry_after))


def after_looking(notice: NoticeRow, receipt: NoticeReceipt, now: datetime) -> Settled:
    """Judge the search for a message whose answer was lost.

    Found: sent. Surely absent: sent again. Cannot be known for an hour: sent again once, and the message says
    so; after that never more.
    """
    match receipt.outcome:
        case NoticeOutcome.SENT:
            return _sent(receipt, notice.sent_at or now)
        case NoticeOutcome.RETRY:
            return _again("surely_absent", now)
        case NoticeOutcome.UNKNOWN | NoticeOutcome.UNDELIVERABLE:
            return _not_found(notice, receipt, now)


def _not_found(notice: NoticeRow, receipt: NoticeReceipt, now: datetime) -> Settled:
    if receipt.detail != CANNOT_LOOK and now - (notice.sent_at or now) < LOOK_FOR:
        values = {"state": "unknown", "next_attempt_at": now + LOOK_EVERY, "detail": receipt.detail}
        return Settled(values, Action.NOTICE_SEND, "unknown", receipt.detail)
    if notice.groups.get("twice"):
        values = {"state": "unknown", "next_attempt_at": None, "detail": "cannot_be_known"}
        return Settled(values, Action.NOTICE_FAIL, "unknown", "cannot_be_known")
    again = _again("cannot_be_known", now)
    marked = {**again.values, "groups": notice.groups | {"twice": True}}
    return Settled(marked, again.action, "resend", again.why)


def undeliverable(why: str) -> Settled:
    """Give up on this recipient; what they should have been told goes to the next."""
    values = {"state": "undeliverable", "next_attempt_at": None, "sent_at": None, "detail": why}
    return Settled(values, Action.NOTICE_FAIL, "undeliverable", why)


def wait(attempts: int, stated: float | None) -> timedelta:
    """Give the time to the next attempt: the platform's own word, else doubled each time up to an hour."""
    if stated is not None:
        return timedelta(seconds=max(stated, 1.0))
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _sent(receipt: NoticeReceipt, at: datetime) -> Settled:
    values = {
        "state": "sent",
        "sent_at": at,
        "reference": receipt.reference,
        "next_attempt_at": None,
        "detail": "",
    }
    return Settled(values, Action.NOTICE_SEND, "sent")


def _again(why: str, at: datetime) -> Settled:
    values = {"state": "pending", "sent_at": None, "next_attempt_at": at, "detail": why}
    return Settled(values, Action.NOTICE_SEND, "retry", why)
