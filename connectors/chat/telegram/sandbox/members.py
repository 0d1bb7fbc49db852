"""What a bot may do to members: ban, unban, promote; refused in the order and words of the real server."""

from __future__ import annotations

from connectors.chat.telegram.sandbox.call import Access, Call, Refused
from connectors.chat.telegram.sandbox.chats import members_readable
from connectors.chat.telegram.sandbox.rights import RIGHTS
from connectors.chat.telegram.sandbox.state import LEFT, Chat, Member, Status, User

SHORTEST_BAN, LONGEST_BAN = 30, 366 * 24 * 3600
TAKEN_OUT_BY_A_BAN_OF = 60
ONLY_SUPERGROUPS = "Bad Request: method is available for supergroup and channel chats only"
ADMIN_INVALID = "Bad Request: user is an administrator of the chat"
ADMIN_REQUIRED = "Bad Request: CHAT_ADMIN_REQUIRED"


def ban_chat_member(call: Call) -> bool:
    """Bar somebody from a supergroup or channel; from a basic group they are only taken out."""
    user_id = call.user_id()
    chat = call.chat(Access.WRITE)
    user = call.known_person(chat, user_id)
    if chat.type == "group":
        return _delete_from_group(call, chat, user)
    return _restrict(call, chat, user, Member(Status.KICKED, is_member=False, until=_until(call)))


def unban_chat_member(call: Call) -> bool:
    """Lift a ban; without `only_if_banned` somebody who is inside is taken out, and may come back."""
    user_id = call.user_id()
    chat = call.chat(Access.WRITE)
    if chat.type == "group":
        raise Refused(ONLY_SUPERGROUPS)
    user = call.known_person(chat, user_id)
    if call.flag("only_if_banned"):
        members_readable(call, chat)
        if chat.member(user_id).status is not Status.KICKED:
            return True
    return _restrict(call, chat, user, LEFT)


def promote_chat_member(call: Call) -> bool:
    """Give an administrator these rights; none at all demotes."""
    user_id = call.user_id()
    chat = call.chat(Access.WRITE)
    if chat.type == "group":
        raise Refused(ONLY_SUPERGROUPS)
    user = call.known_person(chat, user_id)
    members_readable(call, chat)
    given = frozenset(right for right in RIGHTS[chat.type] if call.flag(right))
    if chat.type == "channel" and given and "can_restrict_members" not in call.params:
        given |= {"can_restrict_members"}
    return _promote(call, chat, user, given) if given else _demote(call, chat, user)


def _restrict(call: Call, chat: Chat, user: User, new: Member) -> bool:
    members_readable(call, chat)
    old = chat.member(user.id)
    if (old.status, old.until) == (new.status, new.until):
        return True
    if old.status is Status.CREATOR:
        raise Refused("Bad Request: can't remove chat owner")
    if user.id == call.me:
        return _restrict_self(call, chat, new)
    if not call.mine(chat).may("can_restrict_members"):
        raise Refused("Bad Request: not enough rights to restrict/unrestrict chat member")
    if old.status is Status.ADMINISTRATOR and not chat.can_edit(call.me, user.id):
        raise Refused(ADMIN_INVALID)
    call.bring_about(lambda: _in_steps(call, chat, user.id, new))
    return True


def _in_steps(call: Call, chat: Chat, user_id: int, new: Member) -> None:
    """Nobody can be made to have left: the server bans for a minute first, and both changes are told."""
    if new is LEFT and chat.member(user_id).inside:
        barred = Member(Status.KICKED, is_member=False, until=call.world.date() + TAKEN_OUT_BY_A_BAN_OF)
        call.world.change(chat, call.me, user_id, barred)
    call.world.change(chat, call.me, user_id, new)


def _restrict_self(call: Call, chat: Chat, new: Member) -> bool:
    if new.status is Status.KICKED:
        raise Refused("Bad Request: can't restrict self")
    call.bring_about(lambda: call.world.change(chat, call.me, call.me, LEFT))
    return True


def _delete_from_group(call: Call, chat: Chat, user: User) -> bool:
    """Take somebody out of a basic group; hardly anything is checked before Telegram's own servers refuse."""
    mine, old = call.mine(chat), chat.member(user.id)
    if user.id != call.me and not mine.is_admin:
        raise Refused(ADMIN_REQUIRED)
    if not old.inside:
        raise Refused("Bad Request: USER_NOT_PARTICIPANT")
    if old.status is Status.CREATOR:
        raise Refused("Bad Request: can't remove chat owner")
    if old.status is Status.ADMINISTRATOR and user.id != call.me:
        # Only the owner of a basic group may put its administrators out.
        raise Refused(ADMIN_INVALID)
    call.bring_about(lambda: call.world.change(chat, call.me, user.id, LEFT))
    return True


def _promote(call: Call, chat: Chat, user: User, rights: frozenset[str]) -> bool:
    old, mine = chat.member(user.id), call.mine(chat)
    if old.status is Status.CREATOR:
        raise Refused("Bad Request: can't remove chat owner")
    if user.id == call.me:
        raise Refused("Bad Request: can't promote self")
    if not mine.may("can_promote_members"):
        raise Refused("Bad Request: not enough rights")
    if not old.inside:
        raise Refused("Bad Request: USER_NOT_PARTICIPANT")
    if old.status is Status.ADMINISTRATOR and not chat.can_edit(call.me, user.id):
        raise Refused(ADMIN_REQUIRED)
    if not all(mine.may(right) for right in rights - {"is_anonymous"}):
        raise Refused("Bad Request: RIGHT_FORBIDDEN")
    by = old.promoted_by if old.status is Status.ADMINISTRATOR else call.me
    new = Member(Status.ADMINISTRATOR, rights, by)
    call.bring_about(lambda: call.world.change(chat, call.me, user.id, new))
    return True


def _demote(call: Call, chat: Chat, user: User) -> bool:
    old = chat.member(user.id)
    if old.status is Status.CREATOR:
        raise Refused("Bad Request: can't remove chat owner")
    if old.status is Status.MEMBER:
        return True
    if old.status is not Status.ADMINISTRATOR:
        raise Refused("Bad Request: USER_NOT_PARTICIPANT")
    if user.id != call.me and not call.mine(chat).may("can_promote_members"):
        raise Refused("Bad Request: not enough rights")
    if user.id != call.me and not chat.can_edit(call.me, user.id):
        raise Refused(ADMIN_REQUIRED)
    call.bring_about(lambda: call.world.change(chat, call.me, user.id, Member()))
    return True


def _until(call: Call) -> int:
    until = call.number("until_date", least=0)
    ahead = until - call.world.date()
    return until if SHORTEST_BAN <= ahead <= LONGEST_BAN else 0
