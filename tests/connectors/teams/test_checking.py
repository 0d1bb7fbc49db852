"""What is missing is said before the day: app, tenant, each permission, silent ones too, blocked groups."""

from __future__ import annotations

import pytest

from connectors.chat.teams.sandbox import CLIENT_SECRET, FaultKind
from connectors.contract import Finding, Severity
from tests.connectors.teams.stage import SCOPES, Stage, staged, tenant


async def found(stage: Stage) -> dict[str, list[Finding]]:
    """Give the findings by code."""
    by_code: dict[str, list[Finding]] = {}
    for finding in await stage.teams.check():
        by_code.setdefault(finding.code, []).append(finding)
        assert finding.remedy or finding.severity is Severity.OK, finding
    return by_code


async def test_a_sound_app_is_told_so_with_its_tenant() -> None:
    async with staged() as stage:
        findings = await found(stage)
        assert stage.sandbox.tenant.id in findings["token"][0].message
        assert not [one for row in findings.values() for one in row if one.severity is Severity.ERROR]
        assert stage.writes() == []


async def test_blocked_groups_are_counted_by_reason_with_an_example_and_the_remedy() -> None:
    async with staged() as stage:
        findings = await found(stage)
    for why, name in (
        ("synced", "synced"),
        ("dynamic", "dynamic"),
        ("mail_enabled", "list"),
        ("role_assignable", "roles"),
    ):
        (finding,) = findings[f"blocked_{why}"]
        assert name in finding.message
        assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("name", SCOPES)
async def test_each_missing_permission_is_named_with_what_it_is_for(name: str) -> None:
    world = tenant()
    # A wider one would include a narrower one, so those go too.
    wider = {"Group.ReadWrite.All"} if name == "GroupMember.ReadWrite.All" else set()
    world.app().granted = [scope for scope in SCOPES if scope not in {name, *wider}]
    async with staged(world) as stage:
        findings = await found(stage)
        required = {scope.name for scope in stage.teams.capabilities.scopes if scope.required}
    named = [finding for finding in findings["missing_scope"] if f"lacks {name}," in finding.message]
    assert len(named) == 1
    assert (named[0].severity is Severity.ERROR) == (name in required)
    assert "admin consent" in named[0].remedy


async def test_a_permission_that_fails_silently_is_said_to_do_so() -> None:
    world = tenant()
    world.app().granted.remove("User-LifeCycleInfo.Read.All")
    async with staged(world) as stage:
        (finding,) = (await found(stage))["missing_scope"]
    assert "no error or warning" in finding.message


async def test_a_consent_that_was_never_given_or_withdrawn_is_said_as_such() -> None:
    world = tenant()
    world.app().granted.clear()
    async with staged(world) as stage:
        findings = await found(stage)
    assert findings["no_consent"][0].severity is Severity.ERROR
    assert len(findings["missing_scope"]) == len(SCOPES)


async def test_a_consent_withdrawn_since_the_last_check_shows_at_once() -> None:
    async with staged() as stage:
        assert "missing_scope" not in await found(stage)
        stage.sandbox.withdraw_consent("Channel.ReadBasic.All")
        findings = await found(stage)
    assert "Channel.ReadBasic.All" in findings["missing_scope"][0].message


@pytest.mark.parametrize(
    ("on", "permission"),
    [
        ("GET /users/*/chats", "Chat.ReadBasic.All"),
        ("GET /teams/*/members", "TeamMember.ReadWrite.All"),
        ("GET /teams/*/channels/*/members", "ChannelMember.ReadWrite.All"),
        ("GET /teams", "Team.ReadBasic.All"),
        ("GET /groups/*/owners", "GroupMember.ReadWrite.All"),
    ],
)
async def test_a_door_that_stays_shut_though_it_was_granted_is_found_by_trying(
    on: str, permission: str
) -> None:
    async with staged() as stage:
        stage.fault(FaultKind.REFUSED, on, times=0)
        findings = await found(stage)
    assert any(permission in finding.message for finding in findings["probe_refused"])


async def test_a_wrong_secret_ends_the_check_in_one_finding_that_names_the_place() -> None:
    async with staged(client_secret="wrong-secret-wrong") as stage:
        (finding,) = await stage.teams.check()
    assert (finding.code, finding.severity) == ("bad_credentials", Severity.ERROR)
    assert "Certificates & secrets" in finding.remedy
    assert CLIENT_SECRET not in finding.message


async def test_a_network_that_is_down_is_not_blamed_on_the_app() -> None:
    async with staged(
        base_url="http://127.0.0.1:9/v1.0", login_url="http://127.0.0.1:9", read_tries=1
    ) as stage:
        (finding,) = await stage.teams.check()
    assert finding.code == "unavailable"
    assert "firewall" in finding.remedy


async def test_a_listing_that_breaks_off_is_said_and_the_permissions_all_the_same() -> None:
    async with staged(read_tries=1) as stage:
        stage.fault(FaultKind.HTTP_500, "GET /groups", times=0)
        findings = await found(stage)
    assert {"token", "listing_failed"} <= set(findings)


async def test_a_wider_permission_counts_for_the_narrower_ones_it_includes() -> None:
    world = tenant()
    world.app().granted = [scope for scope in SCOPES if scope != "GroupMember.ReadWrite.All"]
    async with staged(world) as stage:
        assert "missing_scope" not in await found(stage)
