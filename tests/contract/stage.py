"""What a connector's author provides to be judged: a running world, its cast, its faults and its truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from connectors.contract import (
    NO_GROUPS,
    Capabilities,
    ChatConnector,
    KnownGroups,
    Promotion,
    Revocation,
)
from policies.model import Account, Person


class Need(StrEnum):
    """What a check asks of a connector. The first block is read from the manifest, the second is declared."""

    REVOKES = "revokes"
    NO_API = "no_api"
    READS_BACK = "reads_back"
    LISTS_MEMBERSHIPS = "lists_memberships"
    USER_GROUPS = "user_groups"
    SCOPES = "scopes"
    DEACTIVATES = "deactivates"
    ENDS_SESSIONS = "ends_sessions"
    HANDS_OVER = "hands_over"
    CLOSES_WAYS_BACK = "closes_ways_back"
    LISTS_ACCOUNTS = "lists_accounts"
    LISTS_GROUPS = "lists_groups"
    REMEMBERED_GROUPS = "remembered_groups"
    """The platform lists no groups: those the stage remembers are handed back to the connector."""

    OWNERS = "owners"
    """The platform knows owners, and a group with one of them."""
    DEFAULT_GROUP = "default_group"
    HIDDEN_GROUPS = "hidden_groups"
    """Some groups cannot be read at all."""
    OWN_ACCOUNT = "own_account"
    """The bot has an account that could be a target."""
    RENAMES = "renames"
    MOVES = "moves"
    """A group can go on under another id."""
    BARS = "bars"
    """The platform tells barring somebody from only taking them out."""
    LISTS_MEMBERS = "lists_members"
    """The connector is a `ListsMembers`; the inherited class sees to it that this is declared."""


class Fault(StrEnum):
    """What can go wrong in the world; a stage injects it over the real socket."""

    RATE_LIMITED = "rate_limited"
    """429, with `RETRY_AFTER` seconds."""
    SERVER_ERROR = "server_error"
    DROPPED = "dropped"
    """The connection dies before anything was done."""
    SILENCE = "silence"
    EMPTY_ANSWER = "empty_answer"
    MALFORMED_ANSWER = "malformed_answer"
    ANSWER_LOST = "answer_lost"
    """The effect happens, then the connection dies; once only, so that a second try is answered."""
    KEPT = "kept"
    """Answers OK and keeps the member."""
    DELAYED = "delayed"
    """Answers OK and removes the member only at `Stage.settle`."""
    NO_RIGHT = "no_right"
    MISSING_SCOPE = "missing_scope"
    BOT_NOT_IN_GROUP = "bot_not_in_group"
    GROUP_GONE = "group_gone"
    TOKEN_REVOKED = "token_revoked"
    UNREADABLE = "unreadable"
    """Refuses to be read (403 or its like)."""
    PAGE_MISSING = "page_missing"
    """The first page arrives, the second never does."""


class Place(StrEnum):
    """Which calls a fault strikes."""

    ACCOUNTS = "accounts"
    GROUPS = "groups"
    MEMBERSHIPS = "memberships"
    WRITE = "write"
    READ_BACK = "read_back"
    MEMBERS = "members"
    """Who is in a group, listed by group."""
    PROMOTE = "promote"
    OWNERS = "owners"
    """Reading owners again after a promotion."""
    CLOSE = "close"
    WAYS = "ways"
    """Reading a way back again after it was closed."""
    DEACTIVATE = "deactivate"
    SESSIONS = "sessions"


RETRY_AFTER = 7.0
"""Seconds every sandbox is told to ask for when it limits."""
PATIENCE = 10.0
SHORT_PATIENCE = 0.5
"""For checks of silence only: long enough for a sound answer on a busy machine."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what is on the stage, by immutable id; leaver and namesake are in every ordinary group."""

    person: Person
    """The leaver's HR record."""
    leaver: Account
    namesake: Account
    """Another person of the same name: never to be touched."""
    everybody: frozenset[str]
    """The ids `accounts()` must yield, no more and no fewer."""
    groups: tuple[str, ...]
    """At least four ordinary groups, more than one page of any listing."""
    outside: str
    """An ordinary group the leaver is not in."""
    bot: Account | None = None
    default: str = ""
    owned: str = ""
    """A group whose only owner is the leaver."""
    user_group: str = ""
    user_group_alone: str = ""
    """A user group with no member but the leaver."""
    hidden: frozenset[str] = frozenset()
    """Groups the leaver is in that nothing can read."""
    unlisted: frozenset[str] = frozenset()
    """Groups no listing of all shows, though each person's own does; said as a gap."""
    known: KnownGroups = NO_GROUPS
    """What Bawab remembers of groups, where the platform lists none."""
    successor: Account | None = None
    """An ordinary member of `owned`, who is to be its owner."""
    read_back_calls: int = 0
    """The most calls a read-back of all the leaver's ordinary groups may take."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the world received it."""

    name: str
    write: bool


class Stage(Protocol):
    """One fresh world with its connector, for one check."""

    @property
    def connector(self) -> ChatConnector: ...

    @property
    def cast(self) -> Cast: ...

    @property
    def secrets(self) -> frozenset[str]:
        """Every token the connector was given; none may ever be seen."""
        ...

    def revocation(self, group_id: str, account: Account | None = None) -> Revocation:
        """Make a step for the leaver (or another account) from what is true, not from what was read."""
        ...

    async def truth(self) -> Mapping[str, frozenset[str]]:
        """Say who is really in which group, user groups and hidden ones too, by account id."""
        ...

    async def calls(self) -> Sequence[Call]:
        """Give every request received so far."""
        ...

    async def inject(self, fault: Fault, place: Place, group: str | None = None) -> None:
        """Strike every matching call (of one group only, if named) until the stage ends."""
        ...

    async def settle(self) -> None:
        """Let delayed effects happen."""
        ...

    async def deactivate(self, account: Account) -> None:
        """Close the account, as an administrator would."""
        ...

    async def rename(self) -> None:
        """Give the leaver and one of the groups another name."""
        ...

    async def withhold_scope(self, name: str) -> None:
        """Take one scope from the connector's token."""
        ...


@runtime_checkable
class KnowsOwners(Protocol):
    """A stage of a platform whose manifest claims `hand_over`."""

    def promotion(self, group_id: str, successor: Account) -> Promotion:
        """Make a step that hands a group of the leaver over to somebody."""
        ...

    async def owners(self) -> Mapping[str, frozenset[str]]:
        """Say who really is an owner (or in charge) of every group, by account id."""
        ...


@runtime_checkable
class KnowsWaysBack(Protocol):
    """A stage of a platform whose manifest claims `close_way_back`."""

    async def ways_in(self) -> frozenset[str]:
        """Give every way into the cast's groups that leads in now and that the connector could close."""
        ...

    async def links(self) -> frozenset[str]:
        """Give every link that leads in now, each a secret; empty where ways back are no links."""
        ...


@runtime_checkable
class HasADoor(Protocol):
    """A stage whose harness declares that the platform bars."""

    async def comes_in(self, group_id: str, account: Account) -> bool:
        """Let somebody try to walk in by a link nobody closed; give whether they are inside."""
        ...


@runtime_checkable
class KnowsAccounts(Protocol):
    """A stage of a platform whose manifest claims `deactivate` or `end_sessions`."""

    async def open_accounts(self) -> frozenset[str]:
        """Give the ids of all accounts that are not closed."""
        ...

    async def signed_in(self) -> frozenset[str]:
        """Give the ids of all accounts with a session; the leaver is one at first."""
        ...


@runtime_checkable
class MovesGroups(Protocol):
    """A stage whose harness declares that groups move."""

    @property
    def movable(self) -> str:
        """The id of an ordinary group that can move."""
        ...

    async def move(self) -> str:
        """Let it go on under another id; give that id."""
        ...


@dataclass(frozen=True, slots=True)
class Flaw:
    """A seeded bug: how the sound connector is spoilt. The sound one has the identity for both."""

    wrap: Callable[[ChatConnector, Stage], ChatConnector] = lambda connector, _stage: connector
    ignores_read_only: bool = False


SOUND = Flaw()


class Harness(Protocol):
    """Everything the suite needs of one connector; `stage` starts a fresh world each time."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def declares(self) -> frozenset[Need]:
        """The needs of the second block that this platform meets."""
        ...

    @property
    def faults(self) -> frozenset[tuple[Fault, Place]]:
        """What its world can do wrong, and where."""
        ...

    def stage(
        self, *, read_only: bool = False, patience: float = PATIENCE, flaw: Flaw = SOUND
    ) -> AbstractAsyncContextManager[Stage]:
        """Start a fresh world; the connector waits `patience` seconds for an answer."""
        ...
