"""What a code and a telephone number prove; decided purely, and never by guessing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.enrolment import Enrolled, hash_of, judge_code, judge_contact
from bot.people.phones import e164, may_be
from bot.store.group_tables import EnrolmentRow
from policies.model import Person, PersonStatus

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ANA = "+966501234567"


def made(**more: Any) -> EnrolmentRow:
    """A code for E1 on `staff`, good for a day."""
    fields: dict[str, Any] = {
        "code_hash": hash_of("code"),
        "person_id": "E1",
        "instance": "staff",
        "created_at": NOW,
        "created_by": "person:noura",
        "expires_at": NOW + timedelta(days=1),
    }
    return EnrolmentRow(**{**fields, **more})


@pytest.mark.parametrize(
    ("code", "holders", "expected"),
    [
        (None, set(), Enrolled.WRONG),
        (made(instance="other"), set(), Enrolled.WRONG),
        (made(), set(), Enrolled.LINKED),
        (made(), {"E1"}, Enrolled.LINKED),
        (made(), {"E2"}, Enrolled.TAKEN),
        (made(), {"E1", "E2"}, Enrolled.TAKEN),
        (made(expires_at=NOW), set(), Enrolled.EXPIRED),
        (made(used_at=NOW, account_id="7"), {"E1"}, Enrolled.ALREADY),
        (made(used_at=NOW, account_id="8"), set(), Enrolled.USED),
        (made(used_at=NOW, account_id="7"), set(), Enrolled.USED),
    ],
)
def test_what_a_code_does(code: EnrolmentRow | None, holders: set[str], expected: Enrolled) -> None:
    assert judge_code(code, "staff", "7", holders, NOW) is expected


@given(st.sets(st.sampled_from(["E1", "E2", "E3"])), st.booleans(), st.integers(-2, 2))
def test_a_code_never_gives_an_account_that_somebody_else_has(
    holders: set[str], used: bool, hours: int
) -> None:
    row = made(expires_at=NOW + timedelta(hours=hours), used_at=NOW if used else None)
    judged = judge_code(row, "staff", "7", holders, NOW)
    if judged is Enrolled.LINKED:
        assert holders <= {"E1"}
        assert not used
        assert hours > 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+966 50 123 4567", ANA),
        ("00966-50-123-4567", ANA),
        ("+٩٦٦٥٠١٢٣٤٥٦٧", ANA),
        ("٠٠٩٦٦٥٠١٢٣٤٥٦٧", ANA),
        ("+966 (50) 123.4567", ANA),
        ("0501234567", None),
        ("966501234567", None),
        ("", None),
        (None, None),
        ("+0501234567", None),
        ("+12", None),
        ("+1234567890123456", None),
        ("no number", None),
    ],
)
def test_a_number_is_read_only_with_its_country(text: str | None, expected: str | None) -> None:
    assert e164(text) == expected


@given(st.text(max_size=30))
def test_whatever_stands_there_reading_a_number_never_fails(text: str) -> None:
    read = e164(text)
    assert read is None or (read.startswith("+") and read[1:].isascii() and read[1:].isdigit())
    assert e164(read) == read


def test_a_number_without_its_country_may_be_this_one() -> None:
    assert may_be("050 123 4567", ANA)
    assert not may_be("050 123 4568", ANA)
    assert not may_be("4567", ANA), "a few digits say nothing"
    assert not may_be(ANA, ANA), "that is no doubt"


def person(id_: str, phone: str | None, status: PersonStatus = PersonStatus.ACTIVE) -> Person:
    """Somebody with a telephone."""
    return Person(id_, id_, status=status, phone=phone)


def test_a_number_is_the_one_persons_who_has_it() -> None:
    ana, badr = person("E1", "+966 50 123 4567"), person("E2", "+966507654321")
    assert judge_contact(ANA, [ana, badr]) == ana
    assert judge_contact("+966500000000", [ana, badr]) is None


@pytest.mark.parametrize(
    "other",
    [
        person("E2", ANA),
        person("E2", "0501234567"),
        person("E2", ANA, PersonStatus.TERMINATED),
    ],
)
def test_a_number_that_may_be_somebody_elses_too_is_nobodys(other: Person) -> None:
    assert judge_contact(ANA, [person("E1", ANA), other]) is None


def test_the_number_of_somebody_who_left_is_nobodys() -> None:
    assert judge_contact(ANA, [person("E1", ANA, PersonStatus.TERMINATED)]) is None
