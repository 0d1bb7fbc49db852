"""What notices and tasks ask of others: who a person is, and which account is certainly theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.entry import Entry
from policies.model import Person


class AuditSink(Protocol):
    """The audit log, as far as it is written to here."""

    async def append(self, tx: AsyncConnection, *entries: Entry) -> object:
        """Add entries in the caller's transaction."""
        ...


class DirectoryLookup(Protocol):
    """People and the accounts certainly tied to them, read in the caller's transaction."""

    async def person(self, tx: AsyncConnection, person_id: str) -> Person | None:
        """Give the last accepted HR record, or None for an id HR never named."""
        ...

    async def account_of(self, tx: AsyncConnection, person_id: str, instance: str) -> str | None:
        """Give the immutable id of the one account certainly theirs on an instance, or None."""
        ...

    async def accounts_of(self, tx: AsyncConnection, person_id: str) -> frozenset[tuple[str, str]]:
        """Give every (instance, account id) tied to a person, certain or not: whom not to write to."""
        ...

    async def person_of(self, tx: AsyncConnection, instance: str, account_id: str) -> str | None:
        """Give the one person an account is certainly tied to, or None."""
        ...


@dataclass(frozen=True, slots=True)
class NoticeLimits:
    """Who may be written to and how often; the default writes to everybody, 60 an hour."""

    per_hour: int = 60
    per_person: int = 12
    """Messages to one person in an hour; the rest waits and is put together."""
    only_to: frozenset[str] | None = None
    """Employee ids that may be written to (for tests of a real installation); None means everybody."""
    stopped: bool = False
    """The global stop: nothing leaves, everything waits."""
    language: str = "en"
    """For whoever's own language, and whose group's, is not known."""
    time_zone: str = "UTC"
    hijri: bool = False
    channels: tuple[str, ...] = ("slack", "telegram", "teams", "email", "webhook")
    """Kinds of channel, or names of one, in the order they are tried; no other is used."""
    console: str | None = None
    """Where the console is reached, without a slash at the end; None: messages hold no link."""
    patience: timedelta = timedelta(minutes=5)
    """How long a channel may be down before a message takes the next, independently operated one."""
