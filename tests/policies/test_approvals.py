"""Requester, approver and subject are different people, and nobody counts twice: by any sequence of tries."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.approvals import Asked, NotYours, Signature, missing, sign
from policies.roles import Role

PEOPLE = st.sampled_from(["E1", "E2", "E3", "E4", "E5"])
SOME = st.frozensets(PEOPLE, max_size=3)
ROLES = st.frozensets(st.sampled_from(list(Role)), min_size=1)
ASKED = st.builds(
    Asked,
    requesters=SOME,
    subjects=SOME,
    wanted=st.lists(
        st.frozensets(st.sampled_from([Role.HR, Role.IT]), min_size=1), min_size=1, max_size=3
    ).map(tuple),
)
TRIES = st.lists(st.tuples(PEOPLE, ROLES), max_size=12)


def signed_by(asked: Asked, tries: Sequence[tuple[str, frozenset[Role]]]) -> list[Signature]:
    signed: list[Signature] = []
    for by, roles in tries:
        given_ = sign(asked, signed, by, roles)
        if isinstance(given_, Signature):
            signed.append(given_)
    return signed


@given(ASKED, TRIES)
def test_no_sequence_of_tries_makes_a_requester_or_subject_a_signer(
    asked: Asked, tries: Sequence[tuple[str, frozenset[Role]]]
) -> None:
    by = {signature.by for signature in signed_by(asked, tries)}
    assert not by & (asked.requesters | asked.subjects)


@given(ASKED, TRIES)
def test_no_sequence_of_tries_lets_anybody_sign_twice(
    asked: Asked, tries: Sequence[tuple[str, frozenset[Role]]]
) -> None:
    by = [signature.by for signature in signed_by(asked, tries)]
    assert len(by) == len(set(by))


@given(ASKED, TRIES)
def test_what_is_complete_has_as_many_people_as_it_wanted_each_in_a_role_of_theirs(
    asked: Asked, tries: Sequence[tuple[str, frozenset[Role]]]
) -> None:
    signed = signed_by(asked, tries)
    assert len(missing(asked, signed)) == len(asked.wanted) - len(signed)
    if not missing(asked, signed):
        assert len({signature.by for signature in signed}) == len(asked.wanted)
    theirs: dict[str, frozenset[Role]] = {}
    for by, roles in tries:
        theirs[by] = theirs.get(by, frozenset()) | roles
    assert all(signature.role in theirs[signature.by] for signature in signed)


BOTH = Asked(frozenset({"E9"}), frozenset({"E1"}), (frozenset({Role.HR}), frozenset({Role.IT})))


@pytest.mark.parametrize(
    ("by", "roles", "why"),
    [
        ("E1", {Role.HR}, NotYours.IS_SUBJECT),
        ("E9", {Role.HR}, NotYours.IS_REQUESTER),
        ("E2", {Role.HR, Role.IT}, NotYours.HAS_SIGNED),
        ("E3", {Role.HR}, NotYours.WRONG_ROLE),
        ("E3", {Role.CHAT_ADMIN, Role.AUDITOR}, NotYours.WRONG_ROLE),
    ],
)
def test_why_a_name_is_refused_under_a_half_signed_question(by: str, roles: set[Role], why: NotYours) -> None:
    half = [Signature("E2", Role.HR)]
    assert sign(BOTH, half, by, roles) is why


def test_somebody_with_both_roles_fills_one_place_and_a_second_person_the_other() -> None:
    first = sign(BOTH, [], "E2", {Role.HR, Role.IT})
    assert first == Signature("E2", Role.HR)
    second = sign(BOTH, [Signature("E2", Role.HR)], "E3", {Role.IT})
    assert second == Signature("E3", Role.IT)
    done = [Signature("E2", Role.HR), Signature("E3", Role.IT)]
    assert missing(BOTH, done) == ()
    assert sign(BOTH, done, "E4", {Role.HR}) is NotYours.NOTHING_MISSING
