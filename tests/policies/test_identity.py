"""Accounts are tied to people by recorded links and immutable ids; every doubt is a question."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.identity import IDENTITY_WHYS, IdentityQuestion, match, propose
from policies.model import Account, AccountKind, Certainty, IdentityLink, LinkEvidence, Person
from tests.policies.builders import ACCOUNT, ANA

BASEL = Person("E8", "باسل", email="basel@example.org")
BY_EMAIL = IdentityLink("E7", "acme", "U7", LinkEvidence.DIRECTORY_EMAIL)
BY_HR = IdentityLink("E7", "acme", "U7", LinkEvidence.HR_RECORD)
BOT = replace(ACCOUNT, id="B1", kind=AccountKind.BOT)
STATED = replace(ANA, account_ids=(("acme", "U7"),))


def certainty_of(*links: IdentityLink, account: Account = ACCOUNT) -> tuple[Certainty, str]:
    (found,) = match(ANA, [account], links)
    assert found.account == account
    return found.certainty, found.why


def question(
    why: str, people: tuple[str, ...] = ("E7",), accounts: tuple[str, ...] = ("U7",)
) -> IdentityQuestion:
    return IdentityQuestion(why, "acme", people, accounts)


# Match


@pytest.mark.parametrize(
    "evidence", [LinkEvidence.SSO, LinkEvidence.HR_RECORD, LinkEvidence.SELF_LINK, LinkEvidence.ADMIN]
)
def test_a_link_that_rests_on_more_than_an_address_is_certain(evidence: LinkEvidence) -> None:
    assert certainty_of(replace(BY_HR, evidence=evidence)) == (Certainty.CERTAIN, evidence.value)


def test_an_email_link_counts_only_once_it_is_released() -> None:
    assert certainty_of(BY_EMAIL) == (Certainty.AMBIGUOUS, "link_not_released")
    assert certainty_of(replace(BY_EMAIL, released=True)) == (Certainty.CERTAIN, "directory_email")


def test_the_strongest_link_speaks() -> None:
    assert certainty_of(BY_EMAIL, BY_HR) == (Certainty.CERTAIN, "hr_record")
    assert certainty_of(BY_EMAIL, replace(BY_EMAIL, released=True)) == (Certainty.CERTAIN, "directory_email")


@pytest.mark.parametrize("evidence", LinkEvidence)
def test_an_account_claimed_by_two_people_is_ambiguous_whatever_the_claims_rest_on(
    evidence: LinkEvidence,
) -> None:
    other = IdentityLink("E8", "acme", "U7", evidence)
    assert certainty_of(BY_HR, other) == (Certainty.AMBIGUOUS, "claimed_by_two")


def test_a_bot_is_never_a_person_even_where_a_link_says_so() -> None:
    assert certainty_of(replace(BY_HR, account_id="B1"), account=BOT) == (Certainty.AMBIGUOUS, "bot_account")


def test_the_same_name_and_the_same_address_without_a_link_are_nothing() -> None:
    assert match(ANA, [replace(ACCOUNT, name="Ana")], []) == ()


def test_the_same_id_on_another_instance_is_another_account() -> None:
    assert match(ANA, [replace(ACCOUNT, instance="other")], [BY_HR]) == ()


def test_somebody_with_two_accounts_has_both_in_the_order_given() -> None:
    second = replace(ACCOUNT, id="U8")
    links = [replace(BY_HR, account_id="U8", evidence=LinkEvidence.ADMIN), BY_HR]
    assert [found.account.id for found in match(ANA, [ACCOUNT, second], links)] == ["U7", "U8"]


# Propose


def test_an_id_that_hr_states_and_the_platform_knows_becomes_a_link() -> None:
    assert propose([STATED], [ACCOUNT], []).new == (BY_HR,)


def test_a_stated_id_makes_a_weaker_email_link_stronger_and_nothing_else() -> None:
    assert propose([STATED], [ACCOUNT], [BY_EMAIL]).new == (BY_HR,)
    assert propose([STATED], [ACCOUNT], [replace(BY_HR, evidence=LinkEvidence.SSO)]).new == ()


def test_an_address_that_is_unique_on_both_sides_becomes_a_link_that_waits_for_release() -> None:
    shouting = replace(ACCOUNT, email=" ANA@Example.ORG ")
    assert propose([ANA, BASEL], [shouting], []).new == (BY_EMAIL,)


@pytest.mark.parametrize("email", [None, "", "  "])
def test_people_and_accounts_without_an_address_are_never_matched_with_each_other(email: str | None) -> None:
    proposals = propose([replace(ANA, email=email)], [replace(ACCOUNT, email=email)], [])
    assert (proposals.new, proposals.questions) == ((), ())


def test_what_is_linked_already_is_not_proposed_again() -> None:
    for link in (BY_EMAIL, BY_HR):
        proposals = propose([ANA], [ACCOUNT], [link])
        assert (proposals.new, proposals.questions) == ((), ())


def test_a_stated_id_nobody_has_is_a_question() -> None:
    unknown = replace(ANA, email=None, account_ids=(("acme", "U99"),))
    assert propose([unknown], [ACCOUNT], []).questions == (question("hr_id_unknown", accounts=("U99",)),)


def test_a_stated_id_on_an_instance_that_was_not_read_is_left_alone() -> None:
    elsewhere = replace(ANA, email=None, account_ids=(("tg", "1"),))
    proposals = propose([elsewhere], [ACCOUNT], [])
    assert (proposals.new, proposals.questions) == ((), ())


def test_one_id_stated_for_two_people_is_a_question_and_no_link() -> None:
    also = replace(BASEL, account_ids=STATED.account_ids)
    proposals = propose([STATED, also], [ACCOUNT], [])
    assert proposals.new == ()
    assert proposals.questions == (question("stated_for_two_people", ("E7", "E8")),)


def test_a_stated_id_that_is_somebody_elses_account_is_a_question() -> None:
    linked = IdentityLink("E8", "acme", "U7", LinkEvidence.SELF_LINK)
    assert propose([STATED], [ACCOUNT], [linked]).questions == (
        question("linked_to_another_person", ("E7", "E8")),
    )


def test_a_stated_id_of_a_bot_is_a_question() -> None:
    stated = replace(ANA, email=None, account_ids=(("acme", "B1"),))
    assert propose([stated], [BOT], []).questions == (question("bot_account", accounts=("B1",)),)


def test_an_address_that_belongs_to_a_bot_is_a_question() -> None:
    proposals = propose([ANA], [BOT], [])
    assert (proposals.new, proposals.questions) == ((), (question("bot_account", accounts=("B1",)),))


def test_an_address_on_two_accounts_is_a_question() -> None:
    twice = [ACCOUNT, replace(ACCOUNT, id="U8", email="ANA@example.org")]
    proposals = propose([ANA], twice, [])
    assert proposals.new == ()
    assert proposals.questions == (question("email_on_two_accounts", accounts=("U7", "U8")),)


def test_an_address_of_two_people_is_one_question_about_both() -> None:
    proposals = propose([ANA, replace(BASEL, email="Ana@example.org")], [ACCOUNT], [])
    assert proposals.new == ()
    assert proposals.questions == (question("email_of_two_people", ("E7", "E8")),)


def test_a_reused_address_whose_account_is_somebody_elses_is_a_question() -> None:
    linked = IdentityLink("E8", "acme", "U7", LinkEvidence.SSO)
    proposals = propose([ANA, BASEL], [ACCOUNT], [linked])
    assert (proposals.new, proposals.questions) == ((), (question("linked_to_another_person", ("E7", "E8")),))


def test_an_address_on_an_account_that_hr_gives_to_somebody_else_is_a_question() -> None:
    stated = replace(BASEL, account_ids=(("acme", "U7"),))
    proposals = propose([ANA, stated], [ACCOUNT], [])
    assert proposals.new == (replace(BY_HR, person_id="E8"),)
    assert proposals.questions == (question("linked_to_another_person", ("E7", "E8")),)


def test_a_second_account_with_the_address_of_somebody_who_is_tied_already_is_a_question() -> None:
    second = replace(ACCOUNT, id="U8")
    old = replace(ACCOUNT, email="old@example.org")
    expected = question("person_has_another_account", accounts=("U8",))
    assert propose([ANA], [old, second], [BY_HR]).questions == (expected,)
    assert propose([STATED], [old, second], []).questions == (expected,)


def test_a_second_account_with_the_very_address_of_the_first_is_a_question_and_not_overlooked() -> None:
    second = replace(ACCOUNT, id="U8")
    expected = question("person_has_another_account", accounts=("U8",))
    assert propose([ANA], [ACCOUNT, second], [BY_HR]).questions == (expected,)
    assert propose([STATED], [ACCOUNT, second], []).questions == (expected,)


def test_the_same_address_on_two_instances_is_two_links() -> None:
    elsewhere = replace(ACCOUNT, instance="beta", id="U1")
    assert propose([ANA], [ACCOUNT, elsewhere], []).new == (
        BY_EMAIL,
        replace(BY_EMAIL, instance="beta", account_id="U1"),
    )


# For all directories

emails = st.sampled_from([None, "", "a@x", "A@x", "b@x"])
ids = st.sampled_from(["U1", "U2", "U3"])
directory = st.lists(
    st.builds(
        Person,
        id=st.sampled_from(["E1", "E2", "E3"]),
        name=st.just("Ana"),
        email=emails,
        account_ids=st.lists(st.tuples(st.just("acme"), ids), max_size=2).map(tuple),
    ),
    unique_by=lambda person: person.id,
)
accounts = st.lists(
    st.builds(
        Account,
        instance=st.just("acme"),
        id=ids,
        name=st.just("Ana"),
        email=emails,
        kind=st.sampled_from([AccountKind.MEMBER, AccountKind.BOT]),
    ),
    unique_by=lambda account: account.id,
)
links = st.lists(
    st.builds(
        IdentityLink,
        person_id=st.sampled_from(["E1", "E2", "E3"]),
        instance=st.just("acme"),
        account_id=ids,
        evidence=st.sampled_from(LinkEvidence),
    ),
    unique=True,
    max_size=3,
)


@given(directory, accounts, links)
def test_a_proposal_never_ties_a_bot_or_gives_one_account_to_two_people(
    people: list[Person], all_accounts: list[Account], known: list[IdentityLink]
) -> None:
    new = propose(people, all_accounts, known).new
    kinds = {account.id: account.kind for account in all_accounts}
    assert all(kinds[link.account_id] is not AccountKind.BOT for link in new)
    for link in new:
        owners = {other.person_id for other in (*known, *new) if other.account_id == link.account_id}
        assert owners == {link.person_id}


@given(directory, accounts, links)
def test_a_proposal_settles_proposing_again_gives_nothing_new(
    people: list[Person], all_accounts: list[Account], known: list[IdentityLink]
) -> None:
    new = propose(people, all_accounts, known).new
    assert propose(people, all_accounts, [*known, *new]).new == ()


@given(directory, accounts, links)
def test_nobody_is_certain_of_an_account_that_another_person_claims(
    people: list[Person], all_accounts: list[Account], known: list[IdentityLink]
) -> None:
    for person in people:
        for found in match(person, all_accounts, known):
            assert found.why in IDENTITY_WHYS
            if found.certainty is Certainty.CERTAIN:
                owners = {link.person_id for link in known if link.account_id == found.account.id}
                assert owners == {person.id}
