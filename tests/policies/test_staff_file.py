"""The staff file is read whole, or refused with every complaint at its line and column."""

import pytest

from policies.complaints import PolicyError
from policies.roles import Role
from policies.staff_file import Named, load_staff


def complaints(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_staff(text, "staff.yaml")
    return [str(complaint) for complaint in caught.value.complaints]


def test_a_row_names_somebody_in_hrs_records_or_somebody_from_outside() -> None:
    text = """
version: 1
staff:
  - person: 007
    roles: [it, hr]
  - email: eva@audit.example
    name: Eva, of the auditors
    roles: auditor
"""
    assert load_staff(text, "staff.yaml") == (
        Named("007", None, "", (Role.HR, Role.IT)),
        Named(None, "eva@audit.example", "Eva, of the auditors", (Role.AUDITOR,)),
    )


def test_everything_wrong_is_said_at_its_place_with_what_to_do() -> None:
    text = """\
version: 1
staff:
  - person: E7
    roles: [hrr]
  - person: E8
    email: e8@corp.test
    roles: [it]
  - email: nobody
    roles: []
  - persn: E9
    roles: [hr]
"""
    found = complaints(text)
    assert found[0] == (
        "staff.yaml:4:13: 'hrr' is not one of hr, it, chat_admin, auditor, break_glass; did you mean 'hr'?"
    )
    assert any(
        line.startswith("staff.yaml:10:5: unknown key 'persn'; did you mean 'person'?") for line in found
    )
    assert any(line.startswith("staff.yaml:9:12:") for line in found)


def test_who_is_named_twice_or_two_ways_is_refused() -> None:
    text = """\
version: 1
staff:
  - person: E8
    email: e8@corp.test
    roles: [it]
  - person: e9
    roles: [it]
  - person: E9
    roles: [hr]
  - email: nobody
    roles: [auditor]
  - roles: [auditor]
"""
    assert [line.split(":", 1)[1].split(";")[0] for line in complaints(text)] == [
        "3:5: a row names somebody by 'person' or by 'email', one of the two",
        "8:5: 'e9' has roles at line 6 already",
        "10:12: 'nobody' is no e-mail address",
        "12:5: a row names somebody by 'person' or by 'email', one of the two",
    ]
