"""The report of which checks ran for which connector."""

from tests.contract.__main__ import HARNESSES, report
from tests.contract.checks import CHECKS


def test_the_report_names_every_check_of_every_connector_and_why_one_is_left_out() -> None:
    lines = report()
    assert len(lines) == len(CHECKS) * len(HARNESSES) + len(HARNESSES)
    assert "telegram a_user_group_loses_one_member_and_keeps_all_others: left out: needs user_groups" in lines
    assert "toy      the_last_owner_is_never_removed: runs" in lines
    assert f"manual: 17 of {len(CHECKS)} checks run" in lines
