"""Which groups a selector takes, and which post a match holds for."""

import pytest

from policies.model import GroupKind, Post, RegisteredGroup, Sensitivity
from policies.rules import PostMatch, Selector
from policies.selectors import covers, holds, registered, registry_of
from tests.policies.builders import group

ROW = RegisteredGroup(
    "acme", "C-sales", owner_id="E1", sensitivity=Sensitivity.SENSITIVE, tags=("money", "sales")
)


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        (Selector(name="sales"), True),
        (Selector(name="SALES"), True),
        (Selector(name="#sales"), True),
        (Selector(name="sal*"), True),
        (Selector(name="s?les"), True),
        (Selector(name="[rs]ales"), True),
        (Selector(name="ales"), False),
        (Selector(platform="slack"), True),
        (Selector(platform="teams"), False),
        (Selector(instance="acme"), True),
        (Selector(instance="beta"), False),
        (Selector(kind=GroupKind.PUBLIC_CHANNEL), True),
        (Selector(kind=GroupKind.USER_GROUP), False),
        (Selector(tag="money"), True),
        (Selector(tag="mon"), False),
        (Selector(owner="E1"), True),
        (Selector(owner="E2"), False),
        (Selector(sensitivity=Sensitivity.SENSITIVE), True),
        (Selector(sensitivity=Sensitivity.NORMAL), False),
        (Selector(name="sal*", tag="money", platform="slack"), True),
        (Selector(name="sal*", tag="other"), False),
    ],
)
def test_a_selector_takes_what_matches_everything_it_says(selector: Selector, *, taken: bool) -> None:
    assert covers([selector], group("sales"), ROW) is taken


@pytest.mark.parametrize(
    "selector", [Selector(tag="money"), Selector(owner="E1"), Selector(sensitivity=Sensitivity.NORMAL)]
)
def test_what_only_a_registry_knows_never_matches_an_unregistered_group(selector: Selector) -> None:
    assert covers([selector], group("sales"), None) is False


def test_a_list_of_selectors_takes_what_any_of_them_takes_and_no_selector_takes_nothing() -> None:
    assert covers([Selector(name="x"), Selector(name="sales")], group("sales"), None)
    assert not covers([], group("sales"), None)


def test_an_arabic_name_matches_however_it_was_composed() -> None:
    composed, decomposed = "المبيعات-آسيا", "المبيعات-ا\u0653سيا"
    assert composed != decomposed
    assert covers([Selector(name=composed)], group(decomposed), None)


def test_a_group_is_found_by_its_id_before_its_name() -> None:
    by_name = RegisteredGroup("acme", "sales")
    assert registered(group("sales"), registry_of([by_name, ROW])) is ROW
    assert registered(group("sales"), registry_of([by_name])) is by_name
    assert registered(group("sales", instance="beta"), registry_of([by_name, ROW])) is None


@pytest.mark.parametrize(
    ("match", "held"),
    [
        (PostMatch(department="sales"), True),
        (PostMatch(department="S*", team="EMEA"), True),
        (PostMatch(department="Sales", location="Riyadh"), False),
        (PostMatch(manager="E1"), True),
        (PostMatch(manager="E2"), False),
        (PostMatch(), True),
    ],
)
def test_a_post_holds_when_every_part_that_is_said_matches(match: PostMatch, *, held: bool) -> None:
    assert holds(match, Post("Sales", "EMEA", None, "E1")) is held
