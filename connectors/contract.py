"""What a chat connector is: small typed Protocols, and the values that cross them.

A result is what we know, per step, rate limits and unknown outcomes included; an exception
(`connectors.errors`) means that nothing was sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from connectors.effort import Way
from policies.model import (
    Account,
    Gap,
    Group,
    Manner,
    Membership,
    Person,
    Refusal,
    Role,
    StepAction,
)
from policies.model import WayBack as WayBack  # noqa: PLC0414 - part of the contract, defined with the plan
from policies.model import WayKind as WayKind  # noqa: PLC0414


class Quality(StrEnum):
    """How good a piece of evidence is, best first."""

    OBSERVED = "observed"
    ACKNOWLEDGED = "acknowledged"
    ATTESTED = "attested"
    WAIVED = "waived"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was asked and answered, redacted: never a token, never a message."""

    quality: Quality
    at: datetime
    source: str
    """The method asked, e.g. `conversations.members`."""
    request_id: str = ""
    """The platform's own id of the request where it gives one (Slack: `x-slack-req-id`)."""
    facts: tuple[tuple[str, str], ...] = ()
    """Small facts such as ("pages", "3"), ("error", "not_in_channel")."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One published limit: `calls` per `seconds`, for the methods that share `bucket`."""

    bucket: str
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Scope:
    """A right the connector may need: its name, for which token, and what it is needed for."""

    name: str
    token: str
    needed_for: str
    required: bool = True


class Gathers(StrEnum):
    """By what steps of many people are put together."""

    PERSON = "person"
    """One read shows all of a person's groups (Slack)."""
    GROUP = "group"
    """One request ends many memberships of a group (Teams)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A connector's manifest as values; docs, planner and pacing all read it from here."""

    platform: str
    title: str
    revokes: bool
    """False where no API exists and every step becomes a manual task."""
    reads_back: bool
    lists_memberships: bool
    batch: int
    """The most steps one `revoke` call takes; the connector sends them as its pace and latency allow."""
    group_kinds: tuple[str, ...]
    actions: tuple[StepAction, ...]
    lockout_order: tuple[StepAction, ...]
    """The order in which a leaver's steps run on this platform, whatever this instance's tokens allow."""
    lockout_source: str
    """Why that order: the document or measurement it rests on."""
    residual_access: str
    """An honest line on what the person keeps after a complete removal."""
    settle_seconds: float = 600.0
    """How long a removal may take to show before it counts as still present."""
    bulk: int = 1
    """How many steps one request of the platform takes: a drainer hands over so many where it has them."""
    gathers: Gathers = Gathers.PERSON
    """Whose steps belong together, so that acting and reading back cost the fewest calls."""
    written_whole: tuple[str, ...] = ()
    """Kinds of group whose members are replaced as one list: all who leave one belong into one `revoke`."""
    bulk_sessions: int = 1
    """How many accounts one `end_sessions_of` takes (`connectors.many`)."""
    bulk_accounts: int = 1
    """How many accounts one `deactivate_all` takes (`connectors.many`)."""
    limits: tuple[RateLimit, ...] = ()
    scopes: tuple[Scope, ...] = ()
    ways: tuple[Way, ...] = ()
    """What finding, shutting out, taking out and reading back cost in calls, each way there is."""
    undo: str = ""
    lists_accounts: bool = True
    """False where accounts are only known once a person has linked theirs."""
    lists_groups: bool = True
    """False where groups are learnt from events, and handed back to the connector as `KnownGroups`."""


class Severity(StrEnum):
    """How much a finding matters on the day."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `bawab check`: what is missing, for which group where known, and the remedy."""

    severity: Severity
    instance: str
    code: str
    message: str
    remedy: str = ""
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Revocation:
    """One membership to end; `account_id` is said twice on purpose and compared before the call leaves."""

    step_id: str
    account_id: str
    membership: Membership
    manner: Manner = Manner.KICK
    may_join: bool = False
    """Whether policy lets the bot join this public channel in order to act in it."""

    @property
    def role(self) -> Role:
        """The role the account holds in the group."""
        return self.membership.role


class Outcome(StrEnum):
    """What a platform told us of one step; none of these is a success before it was read back."""

    REVOKED = "revoked"
    """The platform acknowledged the removal."""
    SAID_ABSENT = "said_absent"
    """The platform said the person is not there; codes lie, so it is read back."""
    REQUESTED = "requested"
    """The platform accepted the work and will tell or show the end of it later."""
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    """The answer was lost after the request may have arrived: read back before anything else."""
    NO_API = "no_api"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of one step after `revoke`, `deactivate` or `end_sessions`."""

    step_id: str
    outcome: Outcome
    evidence: Evidence
    refusal: Refusal | None = None
    """Set if and only if the outcome is `refused`."""
    retry_after: float | None = None
    """Seconds, where the platform said so."""
    detail: str = ""
    remedy: str = ""
    new_group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """One group to hand over: `account` is the successor's, `leaver_id` the account that is to go."""

    step_id: str
    account: Account
    group: Group
    leaver_id: str


@dataclass(frozen=True, slots=True)
class Closing:
    """One way back to close for one account."""

    step_id: str
    account: Account
    way: WayBack


class Sight(StrEnum):
    """What a read-back saw."""

    ABSENT = "absent"
    PRESENT = "present"
    LOCKED_OUT = "locked_out"
    """Not usable only because the account is deactivated; membership itself cannot be judged."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Presence:
    """What one read-back saw of one step, with its evidence."""

    step_id: str
    sight: Sight
    evidence: Evidence
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KnownGroups:
    """Bawab's own memory of groups, for platforms that list none."""

    groups: tuple[Group, ...] = ()


NO_GROUPS = KnownGroups()


class ChatConnector(Protocol):
    """One workspace, bot or tenant of a chat platform."""

    @property
    def instance(self) -> str:
        """The configured name of this workspace, bot or tenant."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """The manifest as values."""
        ...

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:
        """Say what is missing before the day: scopes and rights, per group or instance, with the remedy."""
        ...

    async def own_account_ids(self) -> frozenset[str]:
        """Give the ids of the bot itself (and of the admin token's owner), which are never targets."""
        ...

    def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Yield every account (None), or those a person may have; complete, or raises."""
        ...

    def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:
        """Yield every group that can be seen, and a gap for what cannot; complete, or raises.

        Where the platform lists none, those in `known` as they are now.
        """
        ...

    def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        """Yield all the account is in, user groups too; complete over what is readable, or raises."""
        ...

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        """End memberships: at most `capabilities.batch`, one result per step, same order, safe to repeat."""
        ...

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        """Read memberships again, with the fewest calls; one presence per step, same order."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


@runtime_checkable
class DeactivatesAccounts(Protocol):
    """Can close the account itself (never erase it)."""

    async def deactivate(self, step_id: str, account: Account) -> Result:
        """Ask the platform to deactivate the account."""
        ...

    async def account_active(self, step_id: str, account: Account) -> Presence:
        """Read the account again: `absent` means deactivated, `present` means still active."""
        ...


@runtime_checkable
class EndsSessions(Protocol):
    """Can sign the person out everywhere."""

    async def end_sessions(self, step_id: str, account: Account) -> Result:
        """Ask the platform to end all sessions."""
        ...

    async def sessions_open(self, step_id: str, account: Account) -> Presence:
        """Read the sessions again: `absent` means none is left, `present` that one still lives."""
        ...


@runtime_checkable
class ListsMembers(Protocol):
    """Can say who is in a group: the inverse of `memberships`, cheaper where many people are compared."""

    def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield everybody in the group, owners too; complete, or raises; a gap where it cannot be read."""
        ...


@runtime_checkable
class TransfersOwnership(Protocol):
    """Can make somebody else owner or admin of a group before its last one goes."""

    async def promote(self, step: Promotion) -> Result:
        """Make the successor owner (first a member, where the platform asks for it); safe to repeat."""
        ...

    async def sole_ownership(self, step: Promotion) -> Presence:
        """Read the owners again: `absent` means the successor is seen as owner, `present` that not yet."""
        ...


@runtime_checkable
class ClosesTheWayBack(Protocol):
    """Can find, and partly close, what would let a removed person in again."""

    def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        """Yield what can be closed for these groups and this account, and a gap for what only people can."""
        ...

    async def close_way_back(self, step: Closing) -> Result:
        """Rotate or cancel it; safe to repeat."""
        ...

    async def way_back_open(self, step: Closing) -> Presence:
        """Read it again: `absent` means it no longer leads in, `present` that it still does."""
        ...
