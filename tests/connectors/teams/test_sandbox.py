"""The sandbox's directory, asked by Microsoft's own SDK: pages, both roles, refusals in the exact words."""

from __future__ import annotations

from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.reference_create import ReferenceCreate

from connectors.chat.teams.sandbox import EntraGroup, m365_group
from connectors.chat.teams.sandbox.engine import OPERATIONS
from connectors.chat.teams.sandbox.operations import Operation
from tests.connectors.teams.sandboxed import (
    ANA,
    APP,
    BADR,
    CARLA,
    LIST,
    OUTER,
    PRIVATE,
    SALES,
    SECURITY,
    TEAM,
    Stage,
    object_id,
    small_tenant,
    staged,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NOT_THERE = "Resource '{}' does not exist or one of its queried reference-property objects are not present."
NOT_AMONG = (
    "One or more removed object references do not exist for the following modified properties: 'members'."
)
LAST_OWNER = "The group must have at least one owner, hence this owner cannot be removed."
DUPLICATE = (
    "One or more added object references already exist for the following modified properties: 'members'."
)
SYNCED = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
    "currently undergoing migration."
)
MAIL_ENABLED = "Cannot Update a mail-enabled security groups and or distribution list."
DENIED = "Insufficient privileges to complete the operation."
DATABASE = "https://graph.microsoft.com/v1.0/directoryObjects/"


def said(error: pytest.ExceptionInfo[ODataError]) -> tuple[int | None, str | None, str | None]:
    assert error.value.error is not None
    return error.value.response_status_code, error.value.error.code, error.value.error.message


async def test_every_user_comes_once_over_all_pages_whose_links_are_followed_as_they_are() -> None:
    async with staged(page_cap=2) as stage:
        page = await stage.graph.users.get()
        found: list[Any] = []
        while page is not None:
            found += [user.id for user in page.value or []]
            if not page.odata_next_link:
                break
            page = await stage.graph.users.with_url(page.odata_next_link).get()
        assert sorted(found) == sorted(stage.sandbox.tenant.users)


async def test_a_link_whose_query_was_changed_is_refused() -> None:
    async with staged(page_cap=2) as stage:
        link = (await stage.ask("GET", "/users?$select=id")).json()["@odata.nextLink"]
        answer = await stage.http.get(link.replace("$select=id", "$select=mail"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Directory_ExpiredPageToken")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("mail eq 'ANA@example.com'", [ANA]),
        ("employeeId eq 'E7'", [ANA]),
        ("userPrincipalName eq 'badr@example.com'", [BADR]),
        ("mail eq 'x' or otherMails/any(o:o eq 'ana@home.example')", [ANA]),
        ("proxyAddresses/any(p:p eq 'smtp:carla@example.com')", [CARLA]),
        ("accountEnabled eq false", []),
    ],
)
async def test_users_are_filtered_as_documented(wanted: str, found: list[str]) -> None:
    async with staged() as stage:
        query = stage.graph.users.UsersRequestBuilderGetQueryParameters(filter=wanted, select=["id"])
        page = await stage.graph.users.get(RequestConfiguration(query_parameters=query))
        assert [user.id for user in (page.value if page else None) or []] == found


async def test_a_filter_the_sandbox_does_not_know_is_refused_and_never_ignored() -> None:
    async with staged() as stage:
        answer = await stage.ask("GET", "/users?$filter=city gt 'B'")
        assert answer.status_code == 400


async def test_both_forms_of_a_key_and_the_principal_name_give_the_same_user() -> None:
    async with staged() as stage:
        forms = (f"/users/{ANA}", f"/users('{ANA}')", "/users/ana%40example.com")
        assert {(await stage.ask("GET", form)).json()["id"] for form in forms} == {ANA}


async def test_direct_nested_and_owned_groups_are_told_apart() -> None:
    async with staged() as stage:
        stage.sandbox.world.remove_member(TEAM, BADR)
        ana, badr = (stage.graph.users.by_user_id(id_) for id_ in (ANA, BADR))
        direct, nested, owned = await ana.member_of.get(), await ana.transitive_member_of.get(), None
        owned = await badr.owned_objects.get()
        assert direct is not None
        assert nested is not None
        assert owned is not None
        assert {one.id for one in direct.value or []} == {SALES, TEAM, SECURITY, LIST}
        assert {one.id for one in nested.value or []} == {SALES, TEAM, SECURITY, LIST, OUTER}
        # Owner of the team's group without being in it.
        assert {one.id for one in owned.value or []} == {SALES, TEAM}


async def test_members_owners_and_nested_members_are_given_with_their_types() -> None:
    async with staged() as stage:
        outer = stage.graph.groups.by_group_id(OUTER)
        inside = await outer.transitive_members.get()
        assert inside is not None
        assert [one.odata_type for one in inside.value or []] == [
            "#microsoft.graph.group",
            "#microsoft.graph.user",
        ]
        owners = (await stage.ask("GET", f"/groups/{SALES}/owners")).json()["value"]
        assert [row["@odata.type"] for row in owners] == [
            "#microsoft.graph.user",
            "#microsoft.graph.servicePrincipal",
        ]
        people = (await stage.ask("GET", f"/groups/{SALES}/owners/microsoft.graph.user")).json()["value"]
        assert [row["id"] for row in people] == [BADR]


async def test_the_role_of_owner_stays_behind_when_the_membership_ends() -> None:
    async with staged() as stage:
        team = stage.graph.groups.by_group_id(TEAM)
        await team.members.by_directory_object_id(ANA).ref.delete()
        group = stage.sandbox.tenant.groups[TEAM]
        assert (ANA in group.members, ANA in group.owners) == (False, True)
        await team.owners.by_directory_object_id(ANA).ref.delete()
        assert ANA not in group.owners


async def test_the_last_user_among_the_owners_stays_though_an_app_is_owner_too() -> None:
    async with staged() as stage:
        with pytest.raises(ODataError) as error:
            await stage.graph.groups.by_group_id(SALES).owners.by_directory_object_id(BADR).ref.delete()
        assert said(error) == (400, "Request_BadRequest", LAST_OWNER)
        assert stage.sandbox.tenant.groups[SALES].owners == [BADR, APP]


async def test_one_text_means_a_missing_member_user_or_group() -> None:
    async with staged() as stage:
        nobody = object_id(77)
        for group, user, named in ((SALES, CARLA, CARLA), (SALES, nobody, nobody), (nobody, ANA, nobody)):
            with pytest.raises(ODataError) as error:
                await stage.graph.groups.by_group_id(group).members.by_directory_object_id(user).ref.delete()
            assert said(error) == (404, "Request_ResourceNotFound", NOT_THERE.format(named))


async def test_a_removal_just_done_shows_late_in_reads_and_at_once_in_writes() -> None:
    async with staged() as stage:
        stage.sandbox.world.lag_seconds = 60.0
        members = stage.graph.groups.by_group_id(SECURITY).members
        await members.by_directory_object_id(ANA).ref.delete()
        late = await members.get()
        assert late is not None
        assert [one.id for one in late.value or []] == [ANA]
        with pytest.raises(ODataError) as error:
            await members.by_directory_object_id(ANA).ref.delete()
        assert said(error) == (400, "Request_BadRequest", NOT_AMONG)
        stage.sandbox.settle()
        after = await members.get()
        assert after is not None
        assert after.value == []


async def test_who_is_there_already_is_not_added_again() -> None:
    async with staged() as stage:
        with pytest.raises(ODataError) as error:
            await stage.graph.groups.by_group_id(SALES).members.ref.post(
                ReferenceCreate(odata_id=DATABASE + ANA)
            )
        assert said(error) == (400, "Request_BadRequest", DUPLICATE)
        await stage.graph.groups.by_group_id(SALES).members.ref.post(
            ReferenceCreate(odata_id=DATABASE + CARLA)
        )
        assert CARLA in stage.sandbox.tenant.groups[SALES].members


@pytest.mark.parametrize(
    ("group", "status", "code", "message"),
    [
        (EntraGroup("g", members=[ANA], synced=True), 400, "Request_BadRequest", SYNCED),
        (EntraGroup("g", members=[ANA], mail_enabled=True), 400, "Request_BadRequest", MAIL_ENABLED),
        (EntraGroup("g", members=[ANA], role_assignable=True), 403, "Authorization_RequestDenied", DENIED),
        (
            EntraGroup("g", members=[ANA], group_types=["DynamicMembership"]),
            403,
            "Authorization_RequestDenied",
            DENIED,
        ),
    ],
)
async def test_what_keeps_members_elsewhere_is_refused_in_its_own_words(
    group: EntraGroup, status: int, code: str, message: str
) -> None:
    async with staged(small_tenant().add(group)) as stage:
        with pytest.raises(ODataError) as error:
            await stage.graph.groups.by_group_id("g").members.by_directory_object_id(ANA).ref.delete()
        assert said(error) == (status, code, message)
        assert group.members == [ANA]


async def test_a_group_has_at_most_a_hundred_owners() -> None:
    full = m365_group("g", "full", [], [object_id(number) for number in range(200, 300)])
    async with staged(small_tenant().add(full)) as stage:
        answer = await stage.ask("POST", "/groups/g/owners/$ref", {"@odata.id": DATABASE + ANA})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Directory_QuotaExceeded")


async def test_a_removal_without_its_ref_deletes_the_user_itself_where_the_app_may() -> None:
    async with staged() as stage:
        refused = await stage.ask("DELETE", f"/groups/{SALES}/members/{ANA}")
        assert (refused.status_code, ANA in stage.sandbox.tenant.users) == (403, True)
        # Refused or not, it was asked for.
        assert len(stage.sandbox.destructive()) == 1
    tenant = small_tenant()
    tenant.app().granted += ["User.ReadWrite.All", "Channel.Delete.All"]
    async with staged(tenant) as stage:
        done = await stage.ask("DELETE", f"/groups/{SALES}/members/{ANA}")
        assert (done.status_code, ANA in stage.sandbox.tenant.users) == (204, False)
        (seen,) = stage.sandbox.destructive()
        assert (seen.name, seen.effect) == ("DELETE /groups/{group}/members/{id}", "done")
        await stage.graph.users.by_user_id(BADR).delete()
        await stage.graph.groups.by_group_id(OUTER).delete()
        await stage.ask("DELETE", f"/directoryObjects/{CARLA}")
        await stage.ask("DELETE", f"/teams/{TEAM}/channels/{PRIVATE}")
        assert PRIVATE not in stage.sandbox.tenant.channels
        assert not {BADR, CARLA} & set(stage.sandbox.tenant.users)
        assert OUTER not in stage.sandbox.tenant.groups


async def test_sessions_end_and_accounts_are_disabled() -> None:
    async with staged() as stage:
        ana = stage.sandbox.tenant.users[ANA]
        before = ana.sign_in_sessions_valid_from
        answer = await stage.graph.users.by_user_id(ANA).revoke_sign_in_sessions.post()
        assert answer is not None
        assert answer.value is True
        assert ana.sign_in_sessions_valid_from > before
        assert not ana.signed_in
        assert (await stage.ask("PATCH", f"/users/{ANA}", {"accountEnabled": False})).status_code == 204
        assert not ana.account_enabled
        assert (await stage.ask("PATCH", f"/users/{ANA}", {"displayName": "x"})).status_code == 403


async def test_the_last_day_is_null_without_its_permission_and_nothing_says_so() -> None:
    tenant = small_tenant()
    tenant.users[ANA].employee_leave = tenant.users[ANA].sign_in_sessions_valid_from
    path = f"/users/{ANA}?$select=employeeLeaveDateTime"
    async with staged(tenant) as stage:
        assert (await stage.ask("GET", path)).json()["employeeLeaveDateTime"] == "2020-01-01T00:00:00Z"
        stage.sandbox.withdraw_consent("User-LifeCycleInfo.Read.All")
        answer = await stage.ask("GET", path)
        assert (answer.status_code, answer.json()["employeeLeaveDateTime"]) == (200, None)


async def test_nothing_is_open_to_an_app_without_permissions() -> None:
    tenant = small_tenant()
    tenant.app().granted.clear()
    async with staged(tenant) as stage:
        said = {operation.name: await _refusal(stage, operation) for operation in OPERATIONS}
    # One's own subscriptions are there for every app; there are none.
    open_to_all = {name for name in said if "/subscriptions" in name and name != "POST /subscriptions"}
    assert {said.pop(name)[0] for name in open_to_all} == {200, 404}
    assert said.pop("POST /subscriptions") == (403, "ExtensionError")
    teams = {operation.name for operation in OPERATIONS if operation.teams}
    assert said == {
        name: (403, "Forbidden" if name in teams else "Authorization_RequestDenied") for name in said
    }


async def _refusal(stage: Stage, operation: Operation) -> tuple[int, str]:
    values = {"{user}": ANA, "{group}": SALES, "{id}": ANA, "{team}": TEAM, "{cast}": "microsoft.graph.group"}
    path = "/".join(values.get(part, part) for part in operation.template.split("/"))
    body = {"accountEnabled": False} if operation.method == "PATCH" else _subscription()
    answer = await stage.ask(operation.method, path, body if operation.writes or operation.reads else None)
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def _subscription() -> dict[str, str]:
    return {
        "changeType": "updated",
        "notificationUrl": "http://127.0.0.1:9/",
        "resource": "users",
        "expirationDateTime": "2099-01-01T00:00:00Z",
    }


async def test_by_ids_gives_what_there_is_and_leaves_out_the_rest_unsaid() -> None:
    async with staged() as stage:
        body = {"ids": [ANA, SALES, object_id(77)], "types": ["user", "group"]}
        rows = (await stage.ask("POST", "/directoryObjects/getByIds", body)).json()["value"]
        assert [row["id"] for row in rows] == [ANA, SALES]


async def test_the_journal_names_every_request_and_holds_no_secret() -> None:
    async with staged() as stage:
        await stage.ask("GET", f"/groups/{SALES}/members")
        journal = (await stage.http.get(f"{stage.url}/_sandbox/journal")).text
        assert '"template":"/groups/{group}/members"' in journal
        assert "sandbox~app~secret" not in journal
        assert stage.http.headers["Authorization"].partition(" ")[2] not in journal


async def test_a_group_that_hides_its_members_is_in_nobodys_list_and_nothing_says_so() -> None:
    hidden = EntraGroup("g", "Hidden", [ANA], hidden_membership=True)
    async with staged(small_tenant().add(hidden)) as stage:
        assert (await stage.ask("GET", "/groups/g/members")).status_code == 403
        rows = (await stage.ask("GET", f"/users/{ANA}/memberOf")).json()["value"]
        assert "g" not in {row["id"] for row in rows}
        assert (await stage.ask("GET", "/groups/g")).json()["visibility"] == "HiddenMembership"
    tenant = small_tenant().add(hidden)
    tenant.app().granted.append("Member.Read.Hidden")
    async with staged(tenant) as stage:
        assert [row["id"] for row in (await stage.ask("GET", "/groups/g/members")).json()["value"]] == [ANA]
        assert "g" in {
            row["id"] for row in (await stage.ask("GET", f"/users/{ANA}/memberOf")).json()["value"]
        }
