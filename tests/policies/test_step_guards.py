"""Why one removal must not happen, and which reason is named first."""

from dataclasses import replace
from typing import Any

import pytest

from policies.model import Certainty, GroupKind, Membership, Refusal
from policies.step_guards import refusal_for
from tests.policies.builders import ACCOUNT, in_group


def refused(
    membership: Membership,
    *,
    certainty: Certainty = Certainty.CERTAIN,
    protected: frozenset[str] = frozenset(),
    own: frozenset[tuple[str, str]] = frozenset(),
) -> Refusal | None:
    return refusal_for(
        membership,
        person_id="E7",
        certainty=certainty,
        protected=protected,
        own_accounts=own,
    )


def test_an_ordinary_membership_of_a_certain_account_may_be_ended() -> None:
    assert refused(in_group("sales")) is None


@pytest.mark.parametrize("certainty", [Certainty.AMBIGUOUS, Certainty.NONE])
def test_only_a_certain_account_is_acted_on(certainty: Certainty) -> None:
    assert refused(in_group("sales"), certainty=certainty) is Refusal.AMBIGUOUS


def test_protected_people_are_not_touched_and_others_are() -> None:
    assert refused(in_group("sales"), protected=frozenset({"E7"})) is Refusal.PROTECTED
    assert refused(in_group("sales"), protected=frozenset({"E8"})) is None


def test_the_bot_never_removes_itself() -> None:
    assert refused(in_group("sales"), own=frozenset({("acme", "U7")})) is Refusal.BOT_ITSELF
    assert refused(in_group("sales"), own=frozenset({("beta", "U7")})) is None


def test_the_primary_owner_of_a_workspace_is_not_touched() -> None:
    assert refused(in_group("sales", replace(ACCOUNT, primary_owner=True))) is Refusal.OWNER


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"is_default": True}, Refusal.DEFAULT_GROUP),
        ({"managed_elsewhere": "synced"}, Refusal.SYNCED),
        ({"managed_elsewhere": "dynamic"}, Refusal.DYNAMIC),
        ({"managed_elsewhere": "mail_enabled"}, Refusal.MAIL_ENABLED),
        ({"managed_elsewhere": "kept by the identity provider"}, Refusal.GROUP_MANAGED_ELSEWHERE),
        ({"managed_elsewhere": ""}, Refusal.GROUP_MANAGED_ELSEWHERE),
        ({"kind": GroupKind.GROUP_CHAT}, Refusal.FIXED_MEMBERSHIP),
        ({"kind": GroupKind.GROUP_CHAT, "platform": "teams"}, None),
        ({"archived": True}, Refusal.ARCHIVED),
    ],
)
def test_what_a_platform_keeps_closed_is_named(changes: dict[str, Any], expected: Refusal | None) -> None:
    assert refused(in_group("sales", **changes)) is expected


def test_the_last_owner_stays_until_somebody_else_owns_the_group() -> None:
    assert refused(in_group("sales", sole_owner=True)) is Refusal.LAST_OWNER


def test_the_reason_that_would_stand_if_the_others_were_settled_is_named_first() -> None:
    everything = in_group("general", replace(ACCOUNT, primary_owner=True), sole_owner=True, is_default=True)
    own, protected = frozenset({("acme", "U7")}), frozenset({"E7"})
    unsure = Certainty.AMBIGUOUS
    assert refused(everything, certainty=unsure, protected=protected, own=own) is Refusal.BOT_ITSELF
    assert refused(everything, certainty=unsure, protected=protected) is Refusal.PROTECTED
    assert refused(everything, certainty=unsure) is Refusal.AMBIGUOUS
    assert refused(everything) is Refusal.OWNER
