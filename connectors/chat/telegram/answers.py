"""What each of Telegram's refusals means for a write: outcome, refusal and remedy, in one table."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import Outcome
from policies.model import Refusal

NOT_A_PARTICIPANT = "user_not_participant"
_PREFIXES = ("bad request: ", "forbidden: ", "conflict: ")
# python-telegram-bot adds this where the answer's `parameters` hold something it does not know.
_ADDED_BY_THE_SDK = ". the server response contained unknown parameters"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one refusal means for a write; `remedy` is a key of `remedies.REMEDIES`."""

    outcome: Outcome
    refusal: Refusal | None = None
    remedy: str = ""


def _refused(refusal: Refusal, remedy: str) -> Meaning:
    return Meaning(Outcome.REFUSED, refusal, remedy)


_OUTSIDE = _refused(Refusal.BOT_NOT_IN_GROUP, "bot_not_in_group")
_GONE = _refused(Refusal.GROUP_GONE, "group_gone")
_NO_RIGHT = _refused(Refusal.NO_RIGHT, "no_right")
_UNKNOWN_ACCOUNT = _refused(Refusal.ACCOUNT_UNKNOWN, "account_unknown")
_ADMIN = _refused(Refusal.UNMANAGEABLE_ADMIN, "unmanageable_admin")

# Sources: tdlib/telegram-bot-api Client.cpp (v10.0) and tdlib/td DialogParticipantManager.cpp, which say
# them in these words; upper-case codes come from Telegram's servers as they are. Kept in lower case,
# because python-telegram-bot changes the case. A `*` at the end stands for any ending.
_TABLE: dict[str, Meaning] = {
    # who is meant
    "can't remove chat owner": _refused(Refusal.CREATOR, "creator"),
    "user_creator": _refused(Refusal.CREATOR, "creator"),
    "user is an administrator of the chat": _ADMIN,
    "user_admin_invalid": _ADMIN,
    "can't restrict self": _refused(Refusal.BOT_ITSELF, "bot_itself"),
    "can't promote self": _refused(Refusal.BOT_ITSELF, "bot_itself"),
    "member not found": _UNKNOWN_ACCOUNT,
    "user not found": _UNKNOWN_ACCOUNT,
    "invalid user_id specified": _UNKNOWN_ACCOUNT,
    "participant_id_invalid": _UNKNOWN_ACCOUNT,
    "user_id_invalid": _UNKNOWN_ACCOUNT,
    NOT_A_PARTICIPANT: Meaning(Outcome.SAID_ABSENT),
    # what the bot may
    "not enough rights*": _NO_RIGHT,
    "chat_admin_required": _NO_RIGHT,
    "right_forbidden": _NO_RIGHT,
    "need administrator rights*": _NO_RIGHT,
    "member list is inaccessible": _NO_RIGHT,
    "chat_write_forbidden": _NO_RIGHT,
    "admins_too_much": _refused(Refusal.UNEXPECTED, "too_many_admins"),
    "method is available for supergroup and channel chats only": Meaning(
        Outcome.NO_API, remedy="basic_group"
    ),
    "frozen_method_invalid": _refused(Refusal.NO_RIGHT, "frozen"),
    # where the bot is
    "not in the chat": _OUTSIDE,
    "bot was kicked from the *": _OUTSIDE,
    "bot is not a member of the *": _OUTSIDE,
    "channel_private": _OUTSIDE,
    "chat not found": _GONE,
    "the group chat was deleted": _GONE,
    "group chat was deactivated": _GONE,
}
_UNFORESEEN = _refused(Refusal.UNEXPECTED, "unexpected")

# Answers to a message that will never arrive.
_UNDELIVERABLE = (
    "bot can't initiate conversation with a user",
    "bot can't send messages to bots",
    "bot was blocked by the user",
    "bots can't send messages to bots",
    "chat not found",
    "message is too long",
    "message text is empty",
    "peer_id_invalid",
    "private chat not found",
    "user is deactivated",
    "user not found",
)

# Answers to a change of a message that is gone, somebody else's, or says already what it should.
_UNCHANGEABLE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_SAYS_IT_ALREADY = "message is not modified"


def normalised(text: str) -> str:
    """Give a refusal in the table's form: lower case, without prefix and without what the SDK adds."""
    said = text.strip().casefold().partition(_ADDED_BY_THE_SDK)[0]
    for prefix in _PREFIXES:
        said = said.removeprefix(prefix)
    return said


def known_errors() -> dict[str, Meaning]:
    """Give a copy of the table, for tests and docs."""
    return dict(_TABLE)


def meaning_of(error: str) -> Meaning:
    """What a refusal means for a write; one nobody foresaw is refused, never a success."""
    said = normalised(error)
    if said in _TABLE:
        return _TABLE[said]
    for row, meaning in _TABLE.items():
        if row.endswith("*") and said.startswith(row[:-1]):
            return meaning
    return _UNFORESEEN


def undeliverable(error: str) -> bool:
    """Whether a message refused with this will never arrive, however often it is sent."""
    return normalised(error) in _UNDELIVERABLE


def unchangeable(error: str) -> bool:
    """Whether a message whose change was refused with this can never be changed."""
    return normalised(error) in _UNCHANGEABLE


def unchanged(error: str) -> bool:
    """Whether a change was refused because the message says just that already."""
    return normalised(error).startswith(_SAYS_IT_ALREADY)
