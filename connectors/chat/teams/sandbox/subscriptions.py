"""The sandbox's `/subscriptions`: made only after the address echoed a token, for a limited time."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors.chat.teams.sandbox.call import NO_CONTENT, Answer, Call
from connectors.chat.teams.sandbox.calling import caller
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.objects import instant
from connectors.chat.teams.sandbox.odata import Row
from connectors.chat.teams.sandbox.operations import Operation
from connectors.chat.teams.sandbox.state import Subscription, new_id

VALIDATION_SECONDS = 10.0
_LONGEST_CLIENT_STATE = 128
_SHORTEST = timedelta(minutes=45)
_WITHOUT_LIFECYCLE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of resource one can subscribe to."""

    longest_minutes: int
    any_of: tuple[str, ...]
    lifecycle: bool = False
    """Whether more than an hour asks for a lifecycle address."""


_USERS = Kind(41_760, ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All"))
_GROUPS = Kind(
    41_760, ("GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All")
)
_TEAM = Kind(4_320, ("TeamMember.Read.All", "TeamMember.ReadWrite.All"), lifecycle=True)
_CHANNEL = Kind(4_320, ("ChannelMember.Read.All", "ChannelMember.ReadWrite.All"), lifecycle=True)
_CHAT = Kind(4_320, ("ChatMember.Read.All", "ChatMember.ReadWrite.All", "Chat.ReadWrite.All"), lifecycle=True)


def kind_of(resource: str) -> Kind | None:
    """Give the sort of a resource; None where one cannot subscribe to it."""
    match resource.strip("/").split("/"):
        case ["users"] | ["users", _]:
            return _USERS
        case ["groups"] | ["groups", _] | ["groups", _, "members"]:
            return _GROUPS
        case ["teams", "getAllMembers"] | ["teams", _, "members"]:
            return _TEAM
        case ["teams", _, "channels", "getAllMembers"] | ["teams", _, "channels", _, "members"]:
            return _CHANNEL
        case ["chats", "getAllMembers"] | ["chats", _, "members"]:
            return _CHAT
        case _:
            return None


async def create(call: Call) -> Answer:
    """Judge it, ask the address for an echo of a token, and only then make the subscription."""
    data = call.data()
    kind = _judge(call, data)
    expires = _expiry(data, kind)
    for key in ("notificationUrl", "lifecycleNotificationUrl"):
        if data.get(key):
            await _validate(str(data[key]))
    made = Subscription(
        new_id(),
        str(data["resource"]),
        str(data["changeType"]),
        str(data["notificationUrl"]),
        expires,
        data.get("clientState"),
        data.get("lifecycleNotificationUrl"),
        call.caller.app_id,
    )
    call.bring_about(lambda: call.tenant.subscriptions.__setitem__(made.id, made))
    return Answer(201, shown(made))


def listed(call: Call) -> Answer:
    return call.page([shown(one) for one in _mine(call).values()])


def one(call: Call) -> Answer:
    return Answer(200, shown(_found(call)))


def renew(call: Call) -> Answer:
    subscription, data = _found(call), call.data()
    kind = kind_of(subscription.resource) or _USERS
    merged = {"lifecycleNotificationUrl": subscription.lifecycle_notification_url, **data}
    expires = _expiry(merged, kind)

    def effect() -> None:
        subscription.expires = expires

    call.bring_about(effect)
    return Answer(200, {**shown(subscription), "expirationDateTime": instant(expires)})


def reauthorize(call: Call) -> Answer:
    _found(call)
    call.bring_about(_nothing)
    return Answer(NO_CONTENT)


def delete(call: Call) -> Answer:
    subscription = _found(call)
    call.bring_about(lambda: call.tenant.subscriptions.pop(subscription.id, None))
    return Answer(NO_CONTENT)


def shown(subscription: Subscription) -> Row:
    """Show a subscription; its secret `clientState` is not given back."""
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.application_id,
        "changeType": subscription.change_type,
        "notificationUrl": subscription.notification_url,
        "lifecycleNotificationUrl": subscription.lifecycle_notification_url,
        "expirationDateTime": instant(subscription.expires),
        "clientState": None,
    }


def _mine(call: Call) -> dict[str, Subscription]:
    """Give the app's own subscriptions; those that are over have gone."""
    now = datetime.now(UTC)
    own = {
        id_: one for id_, one in call.tenant.subscriptions.items() if one.application_id == call.caller.app_id
    }
    return {id_: one for id_, one in own.items() if one.expires > now}


def _found(call: Call) -> Subscription:
    found = _mine(call).get(call.values["subscription"])
    if found is None:
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return found


def _judge(call: Call, data: dict[str, Any]) -> Kind:
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not data.get(name):
            raise _invalid(f"{name} is a required property for subscription creation.")
    if len(str(data.get("clientState") or "")) > _LONGEST_CLIENT_STATE:
        raise _invalid(f"clientState must not be longer than {_LONGEST_CLIENT_STATE} characters.")
    kind = kind_of(str(data["resource"]))
    if kind is None:
        raise _invalid(f"Resource '{data['resource']}' is not supported for subscriptions.")
    if not call.has_role(*kind.any_of):
        raise GraphError(
            403, "ExtensionError", "Operation: Create; Exception: [Status Code: Forbidden; Reason: Forbidden]"
        )
    return kind


def _expiry(data: dict[str, Any], kind: Kind) -> datetime:
    try:
        asked = datetime.fromisoformat(str(data["expirationDateTime"]))
    except (KeyError, ValueError):
        raise _invalid("expirationDateTime is not a date and time.") from None
    now = datetime.now(UTC)
    asked = asked if asked.tzinfo else asked.replace(tzinfo=UTC)
    if asked <= now:
        raise _invalid("Subscription expiration must be in the future.")
    if asked - now > timedelta(minutes=kind.longest_minutes):
        raise _invalid(f"Subscription expiration can only be {kind.longest_minutes} minutes in the future.")
    if kind.lifecycle and asked - now > _WITHOUT_LIFECYCLE and not data.get("lifecycleNotificationUrl"):
        raise _invalid(
            "lifecycleNotificationUrl is a required property for subscription creation on this resource when "
            "the expirationDateTime value is set to greater than 1 hour."
        )
    return max(asked, now + _SHORTEST)


async def _validate(url: str) -> None:
    """Ask the address for an echo of a token, in plain text and in time; raises GraphError 400."""
    token = f"Validation: Testing client application reachability for subscription {secrets.token_hex(8)}"
    try:
        async with caller(VALIDATION_SECONDS) as client:
            answer = await client.post(
                url, params={"validationToken": token}, headers={"Content-Type": "text/plain"}
            )
    except httpx.HTTPError:
        raise _unreachable("Subscription validation request timed out.") from None
    plain = answer.headers.get("content-type", "").startswith("text/plain")
    if answer.status_code != 200:
        raise _unreachable("Notification endpoint must respond with 200 OK to validation request.")
    if not plain or answer.text != token:
        raise _unreachable("Notification endpoint must return the validation token as plain text.")


def _unreachable(why: str) -> GraphError:
    return GraphError(400, "ValidationError", f"Subscription validation request failed. {why}")


def _invalid(why: str) -> GraphError:
    return GraphError(400, "InvalidRequest", why)


def _nothing() -> None:
    """The permission is as it was."""


_ONE = "/subscriptions/{subscription}"
_HANDLERS: tuple[tuple[str, str, Callable[[Call], Answer | Awaitable[Answer]]], ...] = (
    ("GET", "/subscriptions", listed),
    ("POST", "/subscriptions", create),
    ("GET", _ONE, one),
    ("PATCH", _ONE, renew),
    ("DELETE", _ONE, delete),
    ("POST", f"{_ONE}/reauthorize", reauthorize),
)
OPERATIONS = tuple(Operation(method, path, handle) for method, path, handle in _HANDLERS)
