"""Microsoft's samples of batches, limits, errors, locking out and subscriptions mean what their pages say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.contract import Outcome, Sight
from connectors.errors import ConnectorError, MissingScope, Unavailable
from policies.model import Account, GroupKind, Refusal
from tests.connectors.teams.documented import INSTANCE, Documented, Reply, documented, error
from tests.connectors.teams.test_documented_samples import (
    GROUP,
    IN_GROUP,
    NO_CONTENT,
    TEAM,
    USER,
    a_group,
    a_user,
    found,
    listed,
    seeing,
    step,
)

ANA = Account(INSTANCE, USER)
REMOVE = f"DELETE /groups/{GROUP}/members/{USER}/$ref"
VALID_FROM = "signInSessionsValidFromDateTime"
TOO_MANY: Reply = (429, error("TooManyRequests", "Please retry again later."), {"Retry-After": "10"})
DENIED: Reply = (
    403,
    error("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
)


async def test_a_throttled_part_waits_as_long_as_it_says_and_the_others_count() -> None:
    """throttling, "Throttling and batching": the batch is 200, the part 429 with its own Retry-After."""
    member = f"DELETE /groups/{TEAM}/members/{USER}/$ref"
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"GET /groups/{TEAM}/owners", listed(a_user("third")))
        server.shows(REMOVE, TOO_MANY)
        server.shows(member, NO_CONTENT)
        limited, done = await teams.revoke([IN_GROUP, step(TEAM, GroupKind.TEAM)])
    assert (limited.outcome, done.outcome) == (Outcome.RATE_LIMITED, Outcome.REVOKED)
    assert limited.retry_after is not None
    assert limited.retry_after >= 9.0


async def test_a_refused_part_without_any_code_is_still_a_refusal() -> None:
    """json-batching: a 403 part whose code is empty."""
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"GET /groups/{GROUP}", (200, a_group(GROUP, "All Users")))
        server.shows(f"GET /users/{USER}", (200, a_user(USER)))
        server.shows(
            REMOVE, (403, error("", "You do not have the required permissions to access this item."))
        )
        (result,) = await teams.revoke([IN_GROUP])
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.NO_RIGHT)


async def test_a_status_written_as_text_is_read() -> None:
    """OData writes it as a number; a gateway in between may not."""
    async with documented() as (server, teams):
        seeing(server)
        steps = [IN_GROUP, step(TEAM, GroupKind.TEAM)]
        server.shows(f"GET /groups/{TEAM}/owners", listed(a_user("third")))
        server.batches = [[server.replies[f"GET /groups/{id_}/owners"][0] for id_ in (GROUP, TEAM)]]
        server.batches.append([("204", None), ("204", None)])  # type: ignore[list-item]
        assert {one.outcome for one in await teams.revoke(steps)} == {Outcome.REVOKED}


async def test_a_member_who_is_none_is_absent_only_where_the_listing_says_so_too() -> None:
    """group-delete-members: 404 names the group, the person or the membership alike."""
    missing = error(
        "Request_ResourceNotFound",
        f"Resource '{USER}' does not exist or one of its queried reference-property objects are not present.",
    )
    async with documented() as (server, teams):
        seeing(server)
        server.shows(REMOVE, (404, missing))
        server.shows(f"GET /groups/{GROUP}", (200, a_group(GROUP, "All Users")))
        server.shows(f"GET /users/{USER}", (200, a_user(USER)))
        (listed_still,) = await teams.revoke([IN_GROUP])
        server.shows(f"GET /users/{USER}/memberOf", listed())
        (gone,) = await teams.revoke([IN_GROUP])
    assert (listed_still.outcome, gone.outcome) == (Outcome.UNKNOWN, Outcome.SAID_ABSENT)


@pytest.mark.parametrize("body", [True, None])
async def test_ended_sessions_are_proved_by_their_instant_whatever_the_answer_holds(
    body: bool | None,
) -> None:
    """user-revokesigninsessions: `value: true`, or by a known issue an empty answer."""
    before, after = "2023-05-01T10:00:00Z", "2023-05-02T10:00:00Z"
    async with documented() as (server, teams):
        rows: list[Reply] = [(200, {"id": USER, VALID_FROM: at}) for at in (before, after)]
        server.shows(f"GET /users/{USER}", *rows)
        shown = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean", "value": True}
        server.shows(f"POST /users/{USER}/revokeSignInSessions", (200, shown) if body else NO_CONTENT)
        result = await teams.end_sessions("s", ANA)
        seen = await teams.sessions_open("s", ANA)
    assert (result.outcome, seen.sight) == (Outcome.REVOKED, Sight.ABSENT)


async def test_an_account_is_disabled_by_one_property_and_read_back() -> None:
    """user-update: 204, and an administrator's account refused with 403."""
    async with documented() as (server, teams):
        server.shows(f"PATCH /users/{USER}", NO_CONTENT, DENIED)
        server.shows(f"GET /users/{USER}", (200, {"id": USER, "accountEnabled": False}))
        done = await teams.deactivate("d", ANA)
        seen = await teams.account_active("d", ANA)
        refused = await teams.deactivate("d", ANA)
    (first, _) = [one for one in server.asked if one.name.startswith("PATCH")]
    assert first.body == {"accountEnabled": False}
    assert (done.outcome, seen.sight) == (Outcome.REVOKED, Sight.ABSENT)
    assert (refused.outcome, refused.refusal) == (Outcome.REFUSED, Refusal.NO_RIGHT)


async def test_a_listing_without_value_is_not_an_empty_one() -> None:
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"GET /users/{USER}/memberOf", (200, {"@odata.context": "x"}))
        with pytest.raises(Unavailable, match="value"):
            await found(teams)


async def test_a_subscription_is_asked_for_renewed_and_ended_as_shown() -> None:
    """subscription-post-subscriptions 201, subscription-update 200, subscription-delete 204."""
    made = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
    until = datetime(2030, 11, 20, 18, 23, 45, 935691, tzinfo=UTC)
    row = {"id": made, "resource": "/groups", "expirationDateTime": "2030-11-20T18:23:45.9356913Z"}
    async with documented() as (server, teams):
        server.shows("POST /subscriptions", (201, row))
        server.shows(f"PATCH /subscriptions/{made}", (200, row))
        server.shows(f"DELETE /subscriptions/{made}", NO_CONTENT)
        assert await teams.subscribe("/groups", "https://bawab.example/graph", "word", until) == made
        assert await teams.renew(made, until)
        await teams.unsubscribe(made)
        assert not await teams.renew("removed-meanwhile", until)
        _silent(server)
        with pytest.raises(ConnectorError, match="400"):
            await teams.subscribe("/groups", "https://bawab.example/graph", "word", until)
    asked = server.asked[[one.name for one in server.asked].index("POST /subscriptions")].body
    assert asked["lifecycleNotificationUrl"] == asked["notificationUrl"]
    assert asked["expirationDateTime"] == "2030-11-20T18:23:45Z"


def _silent(server: Documented) -> None:
    said = error("ValidationError", "Subscription validation request failed. Response must exactly match.")
    server.shows("POST /subscriptions", (400, said))


async def test_a_permission_that_teams_names_is_what_the_operator_reads() -> None:
    """errors: 403 of Teams says which role its API wants."""
    needed = "Missing role permissions on the request. API requires one of 'ChannelMember.Read.All, X'."
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"GET /users/{USER}/memberOf", (403, error("Forbidden", needed)))
        with pytest.raises(MissingScope, match=r"ChannelMember\.Read\.All"):
            await found(teams)


async def test_owned_objects_refused_to_apps_are_a_gap_and_owners_tell_who_owns() -> None:
    """user-list-ownedobjects: the permissions table names none for an app."""
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"GET /users/{USER}/ownedObjects", DENIED)
        members, gaps = await found(teams)
    assert [gap.reason for gap in gaps] == ["owned_groups_unseen"]
    assert members[TEAM].sole_owner
