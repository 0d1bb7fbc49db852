"""The suite's faults in the Telegram sandbox's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.chat.telegram.sandbox import BOT_ID, OWNER_ID, Sandbox
from connectors.chat.telegram.sandbox import Fault as TelegramFault
from connectors.chat.telegram.sandbox.faults import FaultKind
from tests.contract.stage import RETRY_AFTER, Fault, Place

METHODS = {
    Place.GROUPS: frozenset({"getChat"}),
    Place.MEMBERSHIPS: frozenset({"getChatMember"}),
    # Whoever is to be barred is banned; whoever only moves on is taken out by an unban.
    Place.WRITE: frozenset({"banChatMember", "unbanChatMember"}),
    Place.READ_BACK: frozenset({"getChatMember"}),
    Place.PROMOTE: frozenset({"promoteChatMember"}),
    Place.OWNERS: frozenset({"getChatAdministrators"}),
    Place.CLOSE: frozenset({"exportChatInviteLink"}),
    Place.WAYS: frozenset({"getChat"}),
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
    # The answer to a bot that is no administrator where only those may see who is in a group.
    Fault.UNREADABLE: FaultKind.ERROR,
}
READ_FAULTS = (
    Fault.SERVER_ERROR,
    Fault.DROPPED,
    Fault.SILENCE,
    Fault.EMPTY_ANSWER,
    Fault.MALFORMED_ANSWER,
    Fault.UNREADABLE,
    Fault.TOKEN_REVOKED,
)
_WRITING = (Place.WRITE, Place.PROMOTE, Place.CLOSE)
_RIGHTS = {
    Place.WRITE: "can_restrict_members",
    Place.PROMOTE: "can_promote_members",
    Place.CLOSE: "can_invite_users",
}
_NEVER_WRITING = {Fault.UNREADABLE, Fault.PAGE_MISSING, Fault.MISSING_SCOPE}
FAULTS = frozenset(
    {(fault, place) for place in _WRITING for fault in Fault if fault not in _NEVER_WRITING}
    | {(fault, place) for place in METHODS if place not in _WRITING for fault in READ_FAULTS}
)


@dataclass(slots=True)
class _OfOnePlace(TelegramFault):
    """A fault of every method by which something is done, not of one."""

    methods: frozenset[str] = frozenset()

    def strikes(self, method: str, params: Mapping[str, Any]) -> bool:
        return method in self.methods and TelegramFault.strikes(self, method, params)


def inject(sandbox: Sandbox, fault: Fault, place: Place, group: str | None) -> None:
    """Let it go wrong until the stage ends: where Telegram has a natural cause, by that cause."""
    world = sandbox.world
    match fault:
        case Fault.BOT_NOT_IN_GROUP:
            world.bot_removed(int(group or 0), OWNER_ID)
        case Fault.GROUP_GONE:
            world.delete_chat(int(group or 0))
        case Fault.NO_RIGHT:
            kept = world.chats[int(group or 0)].member(BOT_ID).rights - {_RIGHTS[place]}
            world.bot_demoted(int(group or 0), OWNER_ID, kept)
        case _:
            sandbox.faults.append(_fault(fault, place, group))


def _fault(fault: Fault, place: Place, group: str | None) -> TelegramFault:
    return _OfOnePlace(
        _KINDS[fault],
        # Lost once: whoever sends again gets an answer, and it is a misleading one.
        times=1 if fault is Fault.ANSWER_LOST else 0,
        after_effect=fault is Fault.ANSWER_LOST,
        seconds=RETRY_AFTER if fault is Fault.RATE_LIMITED else 3600.0,
        chat=int(group) if group else None,
        methods=METHODS[place],
    )
