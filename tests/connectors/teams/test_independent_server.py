"""The connector on a Graph that offers less than Microsoft's: people still leave, and gaps are said."""

from __future__ import annotations

import pytest

from connectors.chat.teams import TeamsConnector
from connectors.contract import Finding, KnownGroups, Outcome, Revocation, Severity, Sight
from connectors.errors import BadCredentials, Unavailable
from policies.model import Account, Gap, Membership, Role
from tests.connectors.teams.lesser import (
    ANA,
    BOSS,
    INNER,
    OMAR,
    OUTER,
    OWNED,
    PLAIN,
    TEAM,
    Answer,
    lesser,
)

OPTIONAL = ("transitiveMemberOf", "ownedObjects", "associatedTeams", "chats", "channels")
EVERYTHING = (*OPTIONAL, "organization", "$batch", "remove")
SEGMENT = {"error": {"code": "BadRequest", "message": "Resource not found for the segment 'chats'."}}
MANNERS: list[Answer] = [
    (404, {"error": {"code": "UnknownSegment", "message": "no such function here"}}),
    (404, {"error": {"code": "NotFound", "message": "nothing here"}}),
    (400, SEGMENT),
    (501, {"error": {"code": "NotImplemented", "message": ""}}),
    (405, {"error": {"code": "MethodNotAllowed", "message": ""}}),
]


async def found(teams: TeamsConnector, account_id: str = ANA) -> tuple[dict[str, Membership], set[str]]:
    items = [item async for item in teams.memberships(Account("less", account_id), KnownGroups())]
    members = {item.group.id: item for item in items if isinstance(item, Membership)}
    gaps = [item for item in items if isinstance(item, Gap)]
    assert all(gap.detail and gap.remedy for gap in gaps)
    return members, {gap.reason for gap in gaps}


async def leave(teams: TeamsConnector, account_id: str, *group_ids: str) -> list[Outcome]:
    members, _ = await found(teams, account_id)
    steps = [Revocation(f"{account_id}/{id_}", account_id, members[id_]) for id_ in group_ids]
    outcomes = [one.outcome for one in await teams.revoke(steps)]
    assert {one.sight for one in await teams.read_back(steps)} == {Sight.ABSENT}
    return outcomes


async def test_a_whole_server_leaves_no_gap() -> None:
    async with lesser() as (_, teams):
        members, gaps = await found(teams)
    assert set(members) == {PLAIN, TEAM, OWNED, INNER, OUTER}
    assert gaps == set()


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: str(manner[0]))
async def test_without_what_is_optional_people_leave_groups_and_teams_and_are_seen_gone(
    manner: Answer,
) -> None:
    async with lesser(*OPTIONAL, manner=manner) as (server, teams):
        members, gaps = await found(teams)
        assert set(members) == {PLAIN, TEAM, OWNED, INNER}
        assert gaps >= {
            "nested_groups_unseen",
            "owned_groups_unseen",
            "chats_unreadable",
            "channels_unreadable",
        }
        assert (members[TEAM].role, members[OWNED].sole_owner) == (Role.OWNER, True), "by each group's owners"
        assert await leave(teams, ANA, PLAIN, TEAM) == [Outcome.REVOKED, Outcome.REVOKED]
    assert (server.members[PLAIN], server.members[TEAM], server.owners[TEAM]) == (
        [OMAR],
        [OMAR, BOSS],
        [BOSS],
    )


async def test_a_person_who_still_owns_a_group_is_seen_there_where_ownership_cannot_be_listed() -> None:
    async with lesser("ownedObjects") as (server, teams):
        members, _ = await found(teams)
        server.members[TEAM].remove(ANA)
        (seen,) = await teams.read_back([Revocation("s", ANA, members[TEAM])])
    assert seen.sight is Sight.PRESENT


@pytest.mark.parametrize("lacking", OPTIONAL)
async def test_one_thing_lacking_costs_one_gap_and_nothing_else(lacking: str) -> None:
    async with lesser(lacking) as (_, teams):
        members, gaps = await found(teams)
    assert len(gaps) == 1
    assert set(members) >= {PLAIN, TEAM, OWNED, INNER}


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_what_may_pass_by_itself_is_no_gap(status: int) -> None:
    later = {"error": {"code": "notSupported", "message": "not supported"}}
    async with lesser("ownedObjects", manner=(status, later), read_tries=1) as (_, teams):
        with pytest.raises(Unavailable):
            await found(teams)


async def test_what_somebody_is_in_must_be_readable() -> None:
    async with lesser("memberOf") as (_, teams):
        with pytest.raises(Exception, match="memberOf"):
            await found(teams)


async def test_a_plain_not_found_is_asked_again_beside_the_person() -> None:
    async with lesser("ownedObjects", manner=MANNERS[1]) as (server, teams):
        _, gaps = await found(teams)
    assert gaps == {"owned_groups_unseen"}
    assert server.asked.count(f"GET /users/{ANA}/ownedObjects") == 2
    assert f"GET /users/{ANA}" in server.asked


async def test_without_batches_everything_goes_one_by_one_and_an_owner_first() -> None:
    async with lesser("$batch") as (server, teams):
        assert await leave(teams, ANA, PLAIN, TEAM) == [Outcome.REVOKED, Outcome.REVOKED]
    writes = [one for one in server.asked if one.startswith("DELETE")]
    assert writes.index(f"DELETE /groups/{TEAM}/owners/{ANA}/$ref") < writes.index(
        f"DELETE /groups/{TEAM}/members/{ANA}/$ref"
    )
    assert server.asked.count("POST /$batch") == 1, "asked once, and remembered"


async def test_a_membership_is_not_touched_where_its_ownership_could_not_be_ended() -> None:
    async with lesser("$batch") as (server, teams):
        members, _ = await found(teams)
        server.lacks |= {f"owners/{ANA}/$ref"}
        (result,) = await teams.revoke([Revocation("s", ANA, members[TEAM])])
    assert result.outcome is not Outcome.REVOKED
    assert ANA in server.members[TEAM]


async def test_without_the_bulk_removal_each_member_leaves_alone() -> None:
    async with lesser("remove") as (server, teams):
        steps = []
        for person in (OMAR, BOSS):
            members, _ = await found(teams, person)
            steps.append(Revocation(person, person, members[TEAM]))
        server.owners[TEAM] = [ANA]
        assert {one.outcome for one in await teams.revoke(steps)} == {Outcome.REVOKED}
    assert server.members[TEAM] == [ANA]
    assert server.asked.count(f"POST /teams/{TEAM}/members/remove") == 1


async def test_objects_without_a_type_are_looked_up_and_none_is_lost() -> None:
    async with lesser(typed=False) as (_, teams):
        members, gaps = await found(teams)
    assert set(members) == {PLAIN, TEAM, OWNED, INNER, OUTER}
    assert gaps == set()


async def checked(teams: TeamsConnector) -> dict[str, list[Finding]]:
    findings: dict[str, list[Finding]] = {}
    for one in await teams.check():
        findings.setdefault(one.code, []).append(one)
        assert one.remedy or one.severity is Severity.OK, one
    return findings


async def test_check_says_what_is_lacking_and_blames_no_permission_for_it() -> None:
    async with lesser(*EVERYTHING) as (_, teams):
        findings = await checked(teams)
    said = " ".join(one.message for one in findings["not_offered"])
    assert "what somebody owns" in said
    assert "group chats" in said
    assert {one.severity for one in findings["not_offered"]} == {Severity.WARNING}
    assert not {"probe_refused", "listing_failed"} & set(findings)
    assert "permissions_unknown" in findings


async def test_a_tenant_that_nothing_tells_is_a_warning_and_work_goes_on() -> None:
    async with lesser("organization", manner=(403, {"error": {"code": "Authorization_RequestDenied"}})) as (
        _,
        teams,
    ):
        (finding,) = (await checked(teams))["tenant_unseen"]
        assert await leave(teams, ANA, PLAIN) == [Outcome.REVOKED]
    assert finding.severity is Severity.WARNING
    assert "Organization.Read.All" in finding.remedy


async def test_a_tenant_given_by_its_domain_is_not_called_another_one() -> None:
    async with lesser(tenant_id="contoso.onmicrosoft.com") as (_, teams):
        members, _ = await found(teams)
        assert "tenant_unseen" not in await checked(teams)
    assert TEAM in members


async def test_another_tenant_is_still_refused() -> None:
    async with lesser(tenant_id="99999999-2222-4333-8444-555555555555") as (server, teams):
        with pytest.raises(BadCredentials, match="tenant"):
            await found(teams)
    assert not [one for one in server.asked if "memberOf" in one]
