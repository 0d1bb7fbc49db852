"""Invite links and join requests: every administrator has their own, and a bot reaches no others."""

from __future__ import annotations

from connectors.chat.telegram.sandbox import shapes
from connectors.chat.telegram.sandbox.call import Access, Call, Refused
from connectors.chat.telegram.sandbox.state import Chat, InviteLink, Member, Status

MOST_USES = 100_000
NO_LINK_RIGHT = "Bad Request: not enough rights to manage chat invite link"
NO_REQUEST_RIGHT = "Bad Request: not enough rights to manage chat join requests"
UNKNOWN_LINK = "Bad Request: INVITE_HASH_EXPIRED"


def export_chat_invite_link(call: Call) -> str:
    """Make the bot a new primary link; the one it had leads nowhere from now on."""
    chat = _managed(call, NO_LINK_RIGHT)
    old = [link for link in chat.links if link.creator == call.me and link.is_primary]
    new = call.world.unlisted_link(chat, call.me, is_primary=True)
    call.bring_about(lambda: _replace(chat, old, new))
    return new.url


def create_chat_invite_link(call: Call) -> shapes.Json:
    """Make one more link, as narrow as asked for."""
    chat = _managed(call, NO_LINK_RIGHT)
    by_request, limit = call.flag("creates_join_request"), call.number("member_limit", 0, 0, MOST_USES)
    if by_request and limit:
        said = "Bad Request: member limit can't be specified for links requiring administrator approval"
        raise Refused(said)
    link = call.world.unlisted_link(
        chat,
        call.me,
        name=call.text("name"),
        expire_date=call.number("expire_date", 0, 0),
        member_limit=limit,
        creates_join_request=by_request,
    )
    call.bring_about(lambda: chat.links.append(link))
    return _shape(call, chat, link)


def revoke_chat_invite_link(call: Call) -> shapes.Json:
    """Let one of the bot's own links lead nowhere; in a primary one's place a new one is made."""
    chat = _managed(call, NO_LINK_RIGHT)
    url = call.text("invite_link")
    if not url:
        raise Refused("Bad Request: invite link must be non-empty")
    link = next((one for one in chat.links if one.url == url and one.creator == call.me), None)
    if link is None:
        # Of somebody else's link a bot is told nothing; which words are used is not documented.
        raise Refused(UNKNOWN_LINK)
    call.bring_about(lambda: _revoke(call, chat, link))
    return _shape(call, chat, link) | {"is_revoked": True}


def approve_chat_join_request(call: Call) -> bool:
    """Let somebody in who asked."""
    chat, user_id = _asked(call)
    request = chat.requests[user_id]
    if chat.member(user_id).status is Status.KICKED:
        raise Refused("Bad Request: USER_KICKED")

    def let_in() -> None:
        chat.requests.pop(user_id, None)
        call.world.change(chat, call.me, user_id, Member(), request.link, via_request=True)

    call.bring_about(let_in)
    return True


def decline_chat_join_request(call: Call) -> bool:
    """Turn somebody away who asked."""
    chat, user_id = _asked(call)
    call.bring_about(lambda: chat.requests.pop(user_id, None))
    return True


def _managed(call: Call, refused: str) -> Chat:
    chat = call.chat(Access.WRITE)
    if not call.mine(chat).may("can_invite_users"):
        raise Refused(refused)
    return chat


def _asked(call: Call) -> tuple[Chat, int]:
    user_id = call.user_id()
    chat = _managed(call, NO_REQUEST_RIGHT)
    if chat.member(user_id).inside:
        raise Refused("Bad Request: USER_ALREADY_PARTICIPANT")
    if user_id not in chat.requests:
        raise Refused("Bad Request: HIDE_REQUESTER_MISSING")
    return chat, user_id


def _replace(chat: Chat, old: list[InviteLink], new: InviteLink) -> None:
    for link in old:
        link.is_revoked = True
    chat.links.append(new)


def _revoke(call: Call, chat: Chat, link: InviteLink) -> None:
    if link.is_primary and not link.is_revoked:
        chat.links.append(call.world.unlisted_link(chat, call.me, is_primary=True))
    link.is_revoked = True


def _shape(call: Call, chat: Chat, link: InviteLink) -> shapes.Json:
    waiting = sum(request.link is link for request in chat.requests.values())
    return shapes.link_shape(link, call.world.users[link.creator], waiting)
