"""The suite's faults in the Slack sandbox's own terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.chat.slack.sandbox import BOT_ID, BOT_TOKEN, JournalEntry, Sandbox
from connectors.chat.slack.sandbox import Fault as SlackFault
from connectors.chat.slack.sandbox.faults import FaultKind
from tests.contract.stage import RETRY_AFTER, Fault, Place

METHODS = {
    Place.ACCOUNTS: "users.list",
    Place.GROUPS: "conversations.list",
    Place.MEMBERSHIPS: "users.conversations",
    Place.WRITE: "conversations.kick",
    Place.READ_BACK: "users.conversations",
    Place.MEMBERS: "conversations.members",
    Place.PROMOTE: "admin.roles.addAssignments",
    Place.OWNERS: "admin.roles.listAssignments",
    Place.CLOSE: "conversations.requestSharedInvite.deny",
    Place.WAYS: "conversations.requestSharedInvite.list",
    Place.DEACTIVATE: "scim.users.patch",
    Place.SESSIONS: "admin.users.session.reset",
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
    Fault.TOKEN_REVOKED: FaultKind.TOKEN_REVOKED,
}
_ERRORS = {Fault.NO_RIGHT: "restricted_action", Fault.UNREADABLE: "access_denied"}
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
_WRITING = (Place.WRITE, Place.PROMOTE, Place.CLOSE, Place.DEACTIVATE, Place.SESSIONS)
FAULTS = frozenset(
    {
        (fault, place)
        for place in _WRITING
        for fault in Fault
        if fault not in {Fault.UNREADABLE, Fault.PAGE_MISSING}
    }
    | {(fault, place) for place in METHODS if place not in _WRITING for fault in READ_FAULTS}
)


@dataclass(slots=True)
class _InOneChannel(SlackFault):
    """A fault of one channel only: the sandbox writes a call down before it asks for faults."""

    channel: str = ""
    journal: Sequence[JournalEntry] = ()

    def strikes(self, method: str) -> bool:
        params = self.journal[-1].params
        here = not self.channel or self.channel in (params.get("channel"), params.get("entity_ids"))
        return here and SlackFault.strikes(self, method)


def inject(sandbox: Sandbox, fault: Fault, place: Place, channel: str | None) -> None:
    """Let it go wrong until the stage ends: where Slack has a natural cause, by that cause."""
    workspace = sandbox.workspace
    match fault:
        case Fault.BOT_NOT_IN_GROUP:
            workspace.channels[str(channel)].members.remove(BOT_ID)
        case Fault.GROUP_GONE:
            del workspace.channels[str(channel)]
        case Fault.MISSING_SCOPE:
            workspace.tokens[BOT_TOKEN].scopes.remove("channels:manage")
        case _:
            sandbox.faults.append(_fault(sandbox, fault, place, channel))


def _fault(sandbox: Sandbox, fault: Fault, place: Place, channel: str | None) -> SlackFault:
    error = "not_allowed" if fault is Fault.NO_RIGHT and place is Place.PROMOTE else _ERRORS.get(fault, "")
    kind = FaultKind.ERROR if fault in _ERRORS else _paging(place) if fault not in _KINDS else _KINDS[fault]
    return _InOneChannel(
        kind,
        METHODS[place],
        nth=2 if fault is Fault.PAGE_MISSING else 1,
        # Lost once: whoever sends again gets an answer, and it is a misleading one.
        times=1 if fault is Fault.ANSWER_LOST else 0,
        after_effect=fault is Fault.ANSWER_LOST,
        seconds=RETRY_AFTER if fault is Fault.RATE_LIMITED else 3600.0,
        error=error,
        channel=channel or "",
        journal=sandbox.journal,
    )


def _paging(place: Place) -> FaultKind:
    """A read-back must see through a page that is left out unsaid; a listing can only notice one cut off."""
    return FaultKind.PAGE_MISSING if place is Place.READ_BACK else FaultKind.DROP
