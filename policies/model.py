"""The words of the trade as frozen values: people, accounts, groups, memberships, events, cases, plans."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from policies.acts import Refusal, StepAction

__all__ = ["Refusal", "StepAction"]
"""What belongs to the model, too, beside all that stands below."""


class PersonStatus(StrEnum):
    """What the HR record says of a person today."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    TERMINATED = "terminated"


class ExitType(StrEnum):
    """Why somebody leaves; HR's word, never shown to chat admins."""

    RESIGNATION = "resignation"
    DISMISSAL = "dismissal"
    RETIREMENT = "retirement"
    CONTRACT_END = "contract_end"
    DEATH = "death"
    UNSTATED = "unstated"


class Employment(StrEnum):
    """Employee or contractor; a contractor's last day is the end of the contract."""

    EMPLOYEE = "employee"
    CONTRACTOR = "contractor"


@dataclass(frozen=True, slots=True)
class Post:
    """Where a person works: the four things a transfer changes."""

    department: str | None = None
    team: str | None = None
    location: str | None = None
    manager_id: str | None = None


@dataclass(frozen=True, slots=True)
class UpcomingPost:
    """A transfer HR has announced: the post from `effective` on (a day in their zone, or an instant)."""

    effective: date | datetime
    post: Post


@dataclass(frozen=True, slots=True)
class Person:
    """One HR record. `id` is the immutable employee id; every instant is timezone-aware."""

    id: str
    name: str
    status: PersonStatus = PersonStatus.ACTIVE
    employment: Employment = Employment.EMPLOYEE
    email: str | None = None
    phone: str | None = None
    post: Post = Post()
    upcoming: UpcomingPost | None = None
    last_day: date | datetime | None = None
    """A day (until its end in the person's zone) or an aware instant."""
    time_zone: str | None = None
    """IANA name; None means the configured default."""
    exit_type: ExitType = ExitType.UNSTATED
    language: str | None = None
    account_ids: tuple[tuple[str, str], ...] = ()
    """(connector instance, immutable platform id) pairs as HR states them, sorted."""


class EventKind(StrEnum):
    """What happened to a person."""

    JOINER = "joiner"
    MOVER = "mover"
    LEAVER = "leaver"
    CONTRACTOR_END = "contractor_end"
    LEAVE_OF_ABSENCE = "leave_of_absence"
    RETURN = "return"
    REHIRE = "rehire"
    RESCINDED = "rescinded"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """One thing that happened to one person, as read from two states of the HR record."""

    kind: EventKind
    person: Person
    before: Post | None = None
    """Movers: the post that is left."""
    after: Post | None = None
    """Movers: the post that is taken."""
    effective: date | datetime | None = None
    """What HR states: a day, an instant, or None for 'as soon as known'."""
    first_seen: bool = False
    """True where the person was never seen before this event (a baseline): a leaver first seen as gone."""


class AccountKind(StrEnum):
    """What sort of account a person has on a platform."""

    MEMBER = "member"
    GUEST = "guest"
    SINGLE_CHANNEL_GUEST = "single_channel_guest"
    EXTERNAL = "external"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Account:
    """A person on one connector instance; `id` is the platform's immutable id, the only thing acted upon."""

    instance: str
    id: str
    name: str = ""
    email: str | None = None
    kind: AccountKind = AccountKind.MEMBER
    active: bool = True
    primary_owner: bool = False
    """The one account the platform itself refuses to remove."""


class LinkEvidence(StrEnum):
    """How an account came to be tied to a person, strongest first."""

    SSO = "sso"
    HR_RECORD = "hr_record"
    SELF_LINK = "self_link"
    ADMIN = "admin"
    SHARED_CONTACT = "shared_contact"
    """The person shared a phone number with the bot, and HR has that number for nobody else."""
    DIRECTORY_EMAIL = "directory_email"


class Certainty(StrEnum):
    """Whether an account may be acted upon: only `certain` may."""

    CERTAIN = "certain"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class IdentityLink:
    """A person tied to an account by its immutable id."""

    person_id: str
    instance: str
    account_id: str
    evidence: LinkEvidence
    released: bool = False
    """E-mail and telephone links count only after HR or IT released them; the other kinds need no release."""


class GroupKind(StrEnum):
    """What sort of group; `gap` handling and refusals depend on it."""

    PUBLIC_CHANNEL = "public_channel"
    PRIVATE_CHANNEL = "private_channel"
    SHARED_CHANNEL = "shared_channel"
    USER_GROUP = "user_group"
    GROUP_CHAT = "group_chat"
    TEAM = "team"
    CHAT = "chat"
    BASIC_GROUP = "basic_group"
    SUPERGROUP = "supergroup"
    BROADCAST_CHANNEL = "broadcast_channel"
    M365_GROUP = "m365_group"
    SECURITY_GROUP = "security_group"
    DISTRIBUTION_LIST = "distribution_list"


@dataclass(frozen=True, slots=True)
class Group:
    """Any channel, chat, team or user group; (instance, id) names it for ever."""

    instance: str
    platform: str
    id: str
    name: str
    kind: GroupKind
    is_default: bool = False
    """Everybody is in it and the platform refuses removals (Slack's #general)."""
    archived: bool = False
    managed_elsewhere: str | None = None
    """Why the platform itself keeps the members (synced, dynamic, …), if it does."""
    creator_id: str | None = None
    member_count: int | None = None
    bot_inside: bool | None = None
    """False where the bot must first be let in before it can act; None: not known, or of no consequence.
    Only a preview rests on it: the platform's own answer decides when the time comes."""
    bot_may_remove: bool | None = None
    """False where the bot is inside without the right to remove; like `bot_inside`, for previews only."""
    parent_id: str | None = None
    """The team a channel belongs to."""
    linked_id: str | None = None
    """The discussion group of a broadcast channel, or the other way round: a second group to clean."""
    former_ids: tuple[str, ...] = ()
    """Ids the same group went by before the platform gave it another; the registry may still name it so."""
    self_join: bool | None = None
    """True where anybody in the organisation, or anybody at all, can walk in without being let in."""


class Role(StrEnum):
    """What an account is inside a group."""

    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Membership:
    """An account in a group, with its role, as read from the platform."""

    account: Account
    group: Group
    role: Role = Role.MEMBER
    sole_owner: bool = False
    """The platform says this is the only owner or admin left."""
    refusal: Refusal | None = None
    """What the platform is known to answer to a removal here, as far as a reading tells (`creator`, …)."""
    through: str | None = None
    """The inner group by which one is in this one, where it is not direct."""


class Sensitivity(StrEnum):
    """How much harm a forgotten member can do; `sensitive` manual tasks need a second attester."""

    NORMAL = "normal"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class RegisteredGroup:
    """One row of the group registry: who answers for a group."""

    instance: str
    group: str
    """The platform id, or the exact name where no id is known (manual groups)."""
    name: str = ""
    platform: str = ""
    owner_id: str | None = None
    """Employee ids."""
    deputy_id: str | None = None
    purpose: str = ""
    sensitivity: Sensitivity = Sensitivity.NORMAL
    tags: tuple[str, ...] = ()
    language: str | None = None
    members: tuple[str, ...] = ()
    """Employee ids known to be in a group no API can list; empty means unknown."""
    url: str = ""
    reviewed: date | None = None
    """The day somebody last looked at who is in it and why."""
    reviewed_by: str = ""


class Manner(StrEnum):
    """Kick lets a person come back by a link, bar does not, where the platform knows the difference."""

    KICK = "kick"
    BAR = "bar"


class Verdict(StrEnum):
    """What a plan says of one membership."""

    ACT = "act"
    KEEP = "keep"
    ASK_OWNER = "ask_owner"
    BLOCKED = "blocked"
    PREVIEW_ONLY = "preview_only"


class WayKind(StrEnum):
    """The sorts of way by which a person could come back."""

    INVITE_LINK = "invite_link"
    INVITATION = "invitation"
    JOIN_REQUEST = "join_request"


@dataclass(frozen=True, slots=True)
class WayBack:
    """One way back that the platform lets us close; never the link itself, which is a secret."""

    id: str
    """Opaque, and stable for this group and platform."""
    kind: WayKind
    group: Group | None = None
    """None where it leads into the workspace or tenant rather than into one group."""
    mark: str = ""
    """A fingerprint of what is to be closed, so that a read-back can tell it from its successor."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One row of a plan, and of the preview: person × platform × group × action × rule."""

    action: StepAction
    verdict: Verdict
    account: Account
    group: Group | None
    """None for acts on the account itself."""
    role: Role
    manner: Manner
    rule: str
    why: str
    """A stable key (`old_post`, `leaver_all_groups`, …) that surfaces translate."""
    refusal: Refusal | None = None
    since_approval: bool = False
    successor_id: str | None = None
    """Employee id of whom a `hand_over` makes owner; `account` is then the successor's."""
    way: WayBack | None = None
    """What a `close_way_back` closes."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be read, said instead of left out."""

    instance: str
    reason: str
    """A stable key such as `private_channels_unseen`."""
    group_id: str | None = None
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly which memberships a case takes, in order, with everything it leaves and why."""

    case_id: str
    steps: tuple[PlannedStep, ...]
    gaps: tuple[Gap, ...] = ()
    digest: str = ""
    notes: tuple[str, ...] = field(default=())
