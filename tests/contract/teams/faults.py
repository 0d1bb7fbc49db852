"""The suite's faults in the Graph sandbox's own terms."""

from __future__ import annotations

from connectors.chat.teams.sandbox import Fault as GraphFault
from connectors.chat.teams.sandbox import FaultKind, Sandbox
from tests.contract.stage import RETRY_AFTER, Fault, Place

PLACES = {
    Place.ACCOUNTS: ("GET /users",),
    Place.GROUPS: ("GET /groups",),
    Place.MEMBERSHIPS: ("GET /users/*/*emberOf*",),
    # Whichever of them a write to this group is.
    Place.WRITE: (
        "DELETE /groups/*",
        "POST /teams/*/members/remove",
        "DELETE /teams/*",
        "DELETE /chats/*",
    ),
    Place.PROMOTE: (
        "POST /groups/*/owners/*",
        "POST /teams/*/channels/*/members",
        "PATCH /teams/*/channels/*/members/*",
    ),
    Place.OWNERS: ("GET /groups/*/owners*", "GET /teams/*/channels/*/members"),
    Place.DEACTIVATE: ("PATCH /users/*",),
    Place.SESSIONS: ("POST /users/*/revokeSignInSessions",),
    Place.MEMBERS: (
        "GET /groups/*/members*",
        "GET /groups/*/transitiveMembers*",
        "GET /teams/*/channels/*/*embers*",
        "GET /chats/*/members",
    ),
    Place.READ_BACK: (
        "GET /users/*/*emberOf*",
        "GET /users/*/ownedObjects*",
        "GET /groups/*/*embers*",
        "GET /groups/*/owners*",
        "GET /teams/*/members*",
        "GET /teams/*/channels/*/*embers*",
        "GET /chats/*/members",
    ),
}
_KINDS = {
    Fault.RATE_LIMITED: FaultKind.LIMITED_429,
    Fault.SERVER_ERROR: FaultKind.HTTP_500,
    Fault.DROPPED: FaultKind.DROP,
    Fault.SILENCE: FaultKind.SILENCE,
    Fault.EMPTY_ANSWER: FaultKind.EMPTY_BODY,
    Fault.MALFORMED_ANSWER: FaultKind.MALFORMED_JSON,
    Fault.ANSWER_LOST: FaultKind.DROP,
    Fault.KEPT: FaultKind.OK_BUT_KEPT,
    Fault.DELAYED: FaultKind.DELAYED_EFFECT,
    Fault.NO_RIGHT: FaultKind.REFUSED,
    Fault.TOKEN_REVOKED: FaultKind.TOKEN_REVOKED,
    Fault.UNREADABLE: FaultKind.REFUSED,
    Fault.PAGE_MISSING: FaultKind.DROP,
}
READ_FAULTS = (
    Fault.PAGE_MISSING,
    Fault.SERVER_ERROR,
    Fault.DROPPED,
    Fault.SILENCE,
    Fault.EMPTY_ANSWER,
    Fault.MALFORMED_ANSWER,
    Fault.UNREADABLE,
    Fault.TOKEN_REVOKED,
)
# An app is in no group: what it may do is a matter of permissions alone.
_FOREIGN = frozenset({Fault.UNREADABLE, Fault.PAGE_MISSING, Fault.BOT_NOT_IN_GROUP})
PERMISSIONS = {
    Place.WRITE: (
        "GroupMember.ReadWrite.All",
        "Group.ReadWrite.All",
        "TeamMember.ReadWrite.All",
        "ChannelMember.ReadWrite.All",
        "ChatMember.ReadWrite.All",
    ),
    Place.PROMOTE: ("Group.ReadWrite.All", "ChannelMember.ReadWrite.All"),
    Place.DEACTIVATE: ("User.EnableDisableAccount.All",),
    Place.SESSIONS: ("User.RevokeSessions.All",),
}
"""What each kind of write cannot be done without."""
FAULTS = frozenset(
    {(fault, place) for place in PERMISSIONS for fault in Fault if fault not in _FOREIGN}
    | {(fault, place) for place in PLACES if place not in PERMISSIONS for fault in READ_FAULTS}
)


def inject(sandbox: Sandbox, fault: Fault, place: Place, group: str | None) -> None:
    """Let it go wrong until the stage ends: where Graph has a natural cause, by that cause."""
    match fault:
        case Fault.GROUP_GONE:
            sandbox.world.delete(str(group))
        case Fault.MISSING_SCOPE:
            for permission in PERMISSIONS[place]:
                sandbox.withdraw_consent(permission)
        case _:
            sandbox.faults += [_fault(fault, on, group) for on in PLACES[place]]


def _fault(fault: Fault, on: str, group: str | None) -> GraphFault:
    return GraphFault(
        _KINDS[fault],
        on,
        within=group or "",
        nth=2 if fault is Fault.PAGE_MISSING else 1,
        # Lost once: whoever sends again gets an answer, and it is a misleading one.
        times=1 if fault is Fault.ANSWER_LOST else 0,
        after_effect=fault is Fault.ANSWER_LOST,
        seconds=RETRY_AFTER if fault is Fault.RATE_LIMITED else 3600.0,
    )
