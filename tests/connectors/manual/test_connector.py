"""What the manual connector makes of the registry, and that nothing it says claims more than is known."""

from dataclasses import replace

import pytest

from connectors.chat.manual import CHECK_ALWAYS, ManualConfig, ManualConnector
from connectors.contract import KnownGroups, Outcome, Quality
from policies.model import Account, Gap, Group, GroupKind, Membership, Person, RegisteredGroup, Role
from tests.connectors.manual.harness import INSTANCE, ManualHarness
from tests.contract.acts import whole

ANA = Person("E7", "Ana Quispe")


def _connector(*rows: RegisteredGroup, language: str = "en") -> ManualConnector:
    return ManualConnector(ManualConfig(INSTANCE, "whatsapp", registry=rows, language=language))


async def _read(
    connector: ManualConnector, person: Person = ANA, known: KnownGroups | None = None
) -> list[Membership | Gap]:
    (account,) = await whole(connector.accounts(person))
    return await whole(connector.memberships(account, known or KnownGroups()))


async def test_a_person_is_named_by_hrs_own_id_and_has_exactly_one_account() -> None:
    accounts = await whole(_connector().accounts(ANA))
    assert accounts == [Account(INSTANCE, "manual:E7", "Ana Quispe")]


async def test_no_account_in_these_groups_is_bawabs_own() -> None:
    assert await _connector().own_account_ids() == frozenset()


async def test_a_row_that_lists_the_person_is_a_membership() -> None:
    (found,) = await _read(_connector(RegisteredGroup(INSTANCE, "Sales", members=("E7", "E8"))))
    assert isinstance(found, Membership)
    assert (found.group.id, found.group.kind, found.role) == ("Sales", GroupKind.GROUP_CHAT, Role.MEMBER)


async def test_a_row_that_lists_others_only_is_neither_membership_nor_gap() -> None:
    assert await _read(_connector(RegisteredGroup(INSTANCE, "Sales", members=("E8",)))) == []


async def test_a_row_without_a_list_is_a_gap_that_says_how_to_close_it() -> None:
    (gap,) = await _read(_connector(RegisteredGroup(INSTANCE, "Sales", owner_id="E1")))
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.group_id) == ("members_unknown", "Sales")
    assert CHECK_ALWAYS in gap.remedy


@pytest.mark.parametrize("members", [(), ("E8",)])
async def test_a_row_tagged_check_always_asks_about_everybody(members: tuple[str, ...]) -> None:
    row = RegisteredGroup(INSTANCE, "Sales", tags=(CHECK_ALWAYS,), members=members)
    (found,) = await _read(_connector(row))
    assert isinstance(found, Membership)


@pytest.mark.parametrize(
    ("owner", "deputy", "role", "sole"),
    [
        ("E7", None, Role.OWNER, True),
        ("E7", "E1", Role.OWNER, False),
        ("E1", "E7", Role.ADMIN, False),
    ],
)
async def test_whoever_answers_for_a_group_is_in_it_with_that_role(
    owner: str, deputy: str | None, role: Role, sole: bool
) -> None:
    (found,) = await _read(_connector(RegisteredGroup(INSTANCE, "Sales", owner_id=owner, deputy_id=deputy)))
    assert isinstance(found, Membership)
    assert (found.role, found.sole_owner) == (role, sole)


async def test_a_known_group_that_left_the_registry_is_a_gap_and_not_forgotten() -> None:
    known = KnownGroups((Group(INSTANCE, "whatsapp", "Old", "Old", GroupKind.GROUP_CHAT),))
    (gap,) = await _read(_connector(), known=known)
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.group_id) == ("not_registered", "Old")


@pytest.mark.parametrize("account", [Account("other", "manual:E7"), Account(INSTANCE, "U7")])
async def test_an_account_of_another_instance_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="not one of its accounts"):
        await whole(_connector().memberships(account, KnownGroups()))


def test_a_group_registered_twice_is_refused_because_a_task_could_mean_either() -> None:
    row = RegisteredGroup(INSTANCE, "Sales")
    with pytest.raises(ValueError, match="registered twice"):
        _connector(row, row)


def test_a_platform_without_a_task_is_refused_at_start() -> None:
    with pytest.raises(LookupError, match="known: whatsapp"):
        ManualConnector(ManualConfig(INSTANCE, "myspace"))


async def test_check_names_each_group_without_owner_or_list_and_an_empty_registry() -> None:
    rows = (
        RegisteredGroup(INSTANCE, "Sales", members=("E7",)),
        RegisteredGroup(INSTANCE, "Drivers", owner_id="E1"),
        RegisteredGroup(INSTANCE, "Night", owner_id="E1", tags=(CHECK_ALWAYS,)),
    )
    findings = await _connector(*rows).check()
    assert [(finding.code, finding.group) for finding in findings] == [
        ("no_owner", "Sales"),
        ("members_unknown", "Drivers"),
    ]
    assert [finding.code for finding in await _connector().check()] == ["no_groups_registered"]


def test_title_and_residual_access_are_the_platforms_own_in_the_chosen_language() -> None:
    assert _connector().capabilities.title == "WhatsApp"
    assert _connector().capabilities.residual_access != _connector(language="ar").capabilities.residual_access
    own = ManualConnector(ManualConfig(INSTANCE, "x", title="X of the press office"))
    assert own.capabilities.title == "X of the press office"


async def test_no_result_claims_more_than_nobody_knows() -> None:
    async with ManualHarness().stage() as stage:
        step = stage.revocation("Sales")
        (result,) = await stage.connector.revoke([step])
        (presence,) = await stage.connector.read_back([step])
        (foreign,) = await stage.connector.revoke(
            [
                replace(
                    step,
                    membership=replace(step.membership, group=replace(step.membership.group, instance="x")),
                )
            ]
        )
    assert {result.evidence.quality, presence.evidence.quality} == {Quality.UNKNOWN}
    assert foreign.outcome is Outcome.REFUSED
