"""Every request the connector makes, built by the SDK's own builders from immutable ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from connectors.chat.teams.client import GraphClient, with_body, with_query
from connectors.chat.teams.routes import NEWER_VALUES

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

USER = "id,displayName,mail,userPrincipalName,accountEnabled,userType"
GROUP = (
    "id,displayName,mailEnabled,securityEnabled,groupTypes,onPremisesSyncEnabled,isAssignableToRole,"
    "visibility,resourceProvisioningOptions"
)
_Pick = Callable[[Any], Any]
"""Takes a builder out of the SDK's `GraphServiceClient`."""
_MEMBER = "#microsoft.graph.aadUserConversationMember"
# Graph's longest page of directory objects, for readings of which only ids are wanted.
LONGEST = 999
# Clauses joined by `or` that Graph takes in one filter.
MOST_NAMED = 15
USUAL_PAGE = 100


class Asks:
    """The requests of one tenant; nothing is sent here."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def _get(self, pick: _Pick, **options: object) -> RequestInformation:
        return with_query(self._client.sdk.ask("GET", pick), **options)

    def _send(self, method: str, pick: _Pick, body: dict[str, Any] | None = None) -> RequestInformation:
        ask = self._client.sdk.ask(method, pick)
        return ask if body is None else with_body(ask, body)

    @property
    def _page(self) -> int:
        return self._client.config.page_size

    @property
    def _longest(self) -> int:
        """Graph's longest page, unless somebody configured other ones than the usual."""
        return LONGEST if self._page == USUAL_PAGE else self._page

    # What is read.

    def organization(self) -> RequestInformation:
        return self._get(lambda g: g.organization, select="id,displayName")

    def users(self, mail: str | None = None, top: int | None = None) -> RequestInformation:
        wanted = None if mail is None else "mail eq '{}'".format(mail.replace("'", "''"))
        return self._get(lambda g: g.users, select=USER, top=top or self._page, filter=wanted)

    def user(self, user_id: str, select: str = USER) -> RequestInformation:
        return self._get(lambda g: g.users.by_user_id(user_id), select=select)

    def known_ids(self, user_ids: Sequence[str]) -> RequestInformation:
        """Ask which of at most `MOST_NAMED` accounts there are: a deleted one is not given."""
        wanted = " or ".join("id eq '{}'".format(id_.replace("'", "''")) for id_ in user_ids)
        return self._get(lambda g: g.users, select="id", top=self._page, filter=wanted)

    def member_of(self, user_id: str) -> RequestInformation:
        return self._get(lambda g: g.users.by_user_id(user_id).member_of, top=self._page)

    def transitive_member_of(self, user_id: str) -> RequestInformation:
        return self._get(lambda g: g.users.by_user_id(user_id).transitive_member_of, top=self._page)

    def owned_objects(self, user_id: str) -> RequestInformation:
        return self._get(lambda g: g.users.by_user_id(user_id).owned_objects, top=self._page)

    def member_of_ids(self, user_id: str) -> RequestInformation:
        return self._get(lambda g: g.users.by_user_id(user_id).member_of, select="id", top=self._page)

    def transitive_ids(self, user_id: str) -> RequestInformation:
        return self._get(
            lambda g: g.users.by_user_id(user_id).transitive_member_of, select="id", top=self._page
        )

    def owned_ids(self, user_id: str) -> RequestInformation:
        return self._get(lambda g: g.users.by_user_id(user_id).owned_objects, select="id", top=self._page)

    def associated_teams(self, user_id: str) -> RequestInformation:
        return self._get(lambda g: g.users.by_user_id(user_id).teamwork.associated_teams)

    def group_chats(self, user_id: str, top: int | None = None) -> RequestInformation:
        # At most 50 a page.
        top = min(top or self._page, 50)
        return self._get(lambda g: g.users.by_user_id(user_id).chats, filter="chatType eq 'group'", top=top)

    def groups(self, top: int | None = None) -> RequestInformation:
        return self._get(lambda g: g.groups, select=GROUP, top=top or self._page)

    def group(self, group_id: str) -> RequestInformation:
        return self._get(lambda g: g.groups.by_group_id(group_id), select=GROUP)

    def group_members(self, group_id: str, select: str = "id") -> RequestInformation:
        return self._get(lambda g: g.groups.by_group_id(group_id).members, select=select, top=self._page)

    def transitive_members(self, group_id: str) -> RequestInformation:
        return self._get(
            lambda g: g.groups.by_group_id(group_id).transitive_members, select=USER, top=self._page
        )

    def transitive_member_ids(self, group_id: str) -> RequestInformation:
        return self._get(
            lambda g: g.groups.by_group_id(group_id).transitive_members, select="id", top=self._longest
        )

    def group_owners(self, group_id: str, select: str = "id") -> RequestInformation:
        return self._get(lambda g: g.groups.by_group_id(group_id).owners, select=select, top=self._page)

    def teams(self, top: int | None = None) -> RequestInformation:
        return self._get(lambda g: g.teams, top=top or self._page)

    def team_members(self, team_id: str, top: int | None = None) -> RequestInformation:
        return self._get(lambda g: g.teams.by_team_id(team_id).members, top=min(top or self._page, LONGEST))

    def channels(self, team_id: str) -> RequestInformation:
        # Not `allChannels`, which also gives channels that another team hosts and shares.
        ask = self._get(lambda g: g.teams.by_team_id(team_id).channels)
        # Without this Graph says `unknownFutureValue` of shared channels.
        ask.headers.add("Prefer", NEWER_VALUES)
        return ask

    def channel_members(self, team_id: str, channel_id: str) -> RequestInformation:
        return self._get(lambda g: _channel(g, team_id, channel_id).members)

    def chat_members(self, chat_id: str) -> RequestInformation:
        return self._get(lambda g: g.chats.by_chat_id(chat_id).members)

    # What is changed.

    def remove_member(self, group_id: str, user_id: str) -> RequestInformation:
        return self._send(
            "DELETE", lambda g: g.groups.by_group_id(group_id).members.by_directory_object_id(user_id).ref
        )

    def remove_owner(self, group_id: str, user_id: str) -> RequestInformation:
        return self._send(
            "DELETE", lambda g: g.groups.by_group_id(group_id).owners.by_directory_object_id(user_id).ref
        )

    def add_member(self, group_id: str, user_id: str) -> RequestInformation:
        return self._send(
            "POST", lambda g: g.groups.by_group_id(group_id).members.ref, self._reference(user_id)
        )

    def add_owner(self, group_id: str, user_id: str) -> RequestInformation:
        return self._send(
            "POST", lambda g: g.groups.by_group_id(group_id).owners.ref, self._reference(user_id)
        )

    def remove_from_team(self, team_id: str, user_ids: Sequence[str]) -> RequestInformation:
        values = [{"@odata.type": _MEMBER[1:], "user@odata.bind": self._bind(id_)} for id_ in user_ids]
        return self._send("POST", lambda g: g.teams.by_team_id(team_id).members.remove, {"values": values})

    def remove_from_channel(self, team_id: str, channel_id: str, membership_id: str) -> RequestInformation:
        return self._send("DELETE", lambda g: _membership(_channel(g, team_id, channel_id), membership_id))

    def remove_from_chat(self, chat_id: str, membership_id: str) -> RequestInformation:
        return self._send("DELETE", lambda g: _membership(g.chats.by_chat_id(chat_id), membership_id))

    def add_channel_owner(self, team_id: str, channel_id: str, user_id: str) -> RequestInformation:
        return self._send("POST", lambda g: _channel(g, team_id, channel_id).members, self._as_owner(user_id))

    def make_channel_owner(
        self, team_id: str, channel_id: str, membership_id: str, user_id: str
    ) -> RequestInformation:
        def pick(g: Any) -> Any:
            return _membership(_channel(g, team_id, channel_id), membership_id)

        return self._send("PATCH", pick, self._as_owner(user_id))

    def disable(self, user_id: str) -> RequestInformation:
        return self._send("PATCH", lambda g: g.users.by_user_id(user_id), {"accountEnabled": False})

    def end_sessions(self, user_id: str) -> RequestInformation:
        return self._send("POST", lambda g: g.users.by_user_id(user_id).revoke_sign_in_sessions)

    def subscribe(self, body: dict[str, Any]) -> RequestInformation:
        return self._send("POST", lambda g: g.subscriptions, body)

    def renew(self, subscription_id: str, expires: str) -> RequestInformation:
        body = {"expirationDateTime": expires}
        return self._send("PATCH", lambda g: g.subscriptions.by_subscription_id(subscription_id), body)

    def unsubscribe(self, subscription_id: str) -> RequestInformation:
        return self._send("DELETE", lambda g: g.subscriptions.by_subscription_id(subscription_id))

    def _bind(self, user_id: str) -> str:
        return f"{self._client.config.base_url.rstrip('/')}/users('{user_id}')"

    def _as_owner(self, user_id: str) -> dict[str, Any]:
        return {"@odata.type": _MEMBER, "roles": ["owner"], "user@odata.bind": self._bind(user_id)}

    def _reference(self, user_id: str) -> dict[str, Any]:
        return {"@odata.id": f"{self._client.config.base_url.rstrip('/')}/directoryObjects/{user_id}"}


def _channel(g: Any, team_id: str, channel_id: str) -> Any:
    return g.teams.by_team_id(team_id).channels.by_channel_id(channel_id)


def _membership(conversation: Any, membership_id: str) -> Any:
    return conversation.members.by_conversation_member_id(membership_id)
