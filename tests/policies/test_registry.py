"""The group registry is read whole, or refused with every complaint at its line and column."""

import pytest

from policies.complaints import PolicyError
from policies.model import RegisteredGroup, Sensitivity
from policies.registry import load_registry


def complaints(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_registry(text, "groups.yaml")
    return [str(complaint) for complaint in caught.value.complaints]


def test_a_row_says_who_answers_for_a_group_and_what_no_api_can_say() -> None:
    text = """
version: 1
groups:
  - instance: whatsapp
    group: Sales Riyadh
    platform: whatsapp
    owner: 007
    deputy: E2
    purpose: Daily orders
    sensitivity: sensitive
    tags: [sales, riyadh]
    language: ar
    members: [E7, 019002]
    url: https://wiki.example.org/groups/sales
  - instance: acme
    group: C0123
    name: sales-emea
    tags: sales
"""
    assert load_registry(text, "groups.yaml") == (
        RegisteredGroup(
            "whatsapp",
            "Sales Riyadh",
            "Sales Riyadh",
            "whatsapp",
            "007",
            "E2",
            "Daily orders",
            Sensitivity.SENSITIVE,
            ("sales", "riyadh"),
            "ar",
            ("E7", "019002"),
            "https://wiki.example.org/groups/sales",
        ),
        RegisteredGroup("acme", "C0123", "sales-emea", tags=("sales",)),
    )


def test_a_registry_may_be_empty_but_not_missing() -> None:
    assert load_registry("version: 1\n", "groups.yaml") == ()
    assert complaints("") == ["groups.yaml:1:1: the file is empty; start it with 'version: 1'"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{group: C1}", "3:5: 'instance' is missing; add it"),
        ("{instance: acme, group: ''}", "3:29: '' is not a text of at least one character"),
        ("{instance: acme, group: C1, owner_id: E1}", "3:33: unknown key 'owner_id'; did you mean 'owner'?"),
        (
            "{instance: acme, group: C1, sensitivity: sensitve}",
            "3:46: 'sensitve' is not one of normal, sensitive",
        ),
        ("{instance: acme, group: C1, tags: {a: b}}", "3:39: a block of keys is not a list"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_at_its_place(row: str, expected: str) -> None:
    found = complaints(f"version: 1\ngroups:\n  - {row}\n")
    assert any(complaint.startswith(f"groups.yaml:{expected}") for complaint in found)


def test_a_group_registered_twice_is_refused_and_the_first_row_is_named() -> None:
    rows = "".join(f"  - {{instance: {instance}, group: C1}}\n" for instance in ("a", "b", "a"))
    text = f"version: 1\ngroups:\n{rows}"
    assert complaints(text) == [
        "groups.yaml:5:5: group 'C1' of 'a' is already registered at line 3; keep one of the two rows"
    ]


def test_all_complaints_come_at_once() -> None:
    assert len(complaints("version: 2\ngroups:\n  - {group: C1}\n  - {instance: a}\n")) == 3
