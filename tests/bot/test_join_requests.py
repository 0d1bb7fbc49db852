"""Who is let in, who is turned away, and what is left to the group's admins."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.join_requests import Applicant, Decision, decide
from policies.identity import TO_BE_RELEASED
from policies.model import Account, IdentityLink, LinkEvidence, Person, PersonStatus

ACCOUNT = Account("staff", "7")
LINK = IdentityLink("E1", "staff", "7", LinkEvidence.SELF_LINK, released=True)
ANA = Person("E1", "Ana Quispe")
PRESENT = Applicant(ACCOUNT, (LINK,), ANA)


@pytest.mark.parametrize(
    ("applicant", "expected"),
    [
        (PRESENT, (Decision.APPROVE, "present")),
        (replace(PRESENT, links=(), person=None), (Decision.ASK, "unknown_account")),
        (
            replace(PRESENT, links=(LINK, replace(LINK, person_id="E2")), person=None),
            (Decision.ASK, "doubtful_account"),
        ),
        (
            replace(PRESENT, links=(replace(LINK, evidence=LinkEvidence.SHARED_CONTACT, released=False),)),
            (Decision.ASK, "doubtful_account"),
        ),
        (
            replace(PRESENT, person=replace(ANA, status=PersonStatus.TERMINATED)),
            (Decision.DECLINE, "departed"),
        ),
        (replace(PRESENT, leaving=True), (Decision.ASK, "leaving")),
        (replace(PRESENT, moved_out=True), (Decision.ASK, "moved_out")),
        (replace(PRESENT, not_theirs="sensitive_group"), (Decision.ASK, "sensitive_group")),
        (replace(PRESENT, person=replace(ANA, status=PersonStatus.ON_LEAVE)), (Decision.ASK, "on_leave")),
    ],
)
def test_who_is_let_in(applicant: Applicant, expected: tuple[Decision, str]) -> None:
    assert decide(applicant) == expected


_links = st.builds(
    IdentityLink,
    st.sampled_from(["E1", "E2"]),
    st.just("staff"),
    st.just("7"),
    st.sampled_from(LinkEvidence),
    st.booleans(),
)
_applicants = st.builds(
    Applicant,
    st.just(ACCOUNT),
    st.lists(_links, max_size=3).map(tuple),
    st.none() | st.builds(Person, st.just("E1"), st.just("Ana"), st.sampled_from(PersonStatus)),
    st.booleans(),
    st.booleans(),
)


@given(_applicants)
def test_nobody_is_let_in_who_is_not_certainly_present(applicant: Applicant) -> None:
    decision, _ = decide(applicant)
    if decision is not Decision.APPROVE:
        return
    assert applicant.person is not None
    assert applicant.person.status is PersonStatus.ACTIVE
    assert {link.person_id for link in applicant.links} == {"E1"}
    assert any(link.released or link.evidence not in TO_BE_RELEASED for link in applicant.links)
    assert not applicant.leaving
    assert not applicant.moved_out


@given(_applicants)
def test_nobody_is_turned_away_who_has_not_certainly_left(applicant: Applicant) -> None:
    decision, _ = decide(applicant)
    if decision is Decision.DECLINE:
        assert applicant.person is not None
        assert applicant.person.status is PersonStatus.TERMINATED
        assert {link.person_id for link in applicant.links} == {"E1"}
