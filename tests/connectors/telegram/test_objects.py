"""Ids are numbers in one form; names, telephone numbers and other digits are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.chat.telegram.objects import is_basic, is_group_id, is_supergroup_id, is_user_id
from policies.model import Group, GroupKind


@given(st.integers(1, 10**15))
def test_a_number_is_an_account_or_a_group_by_its_sign(number: int) -> None:
    assert is_user_id(str(number))
    assert is_group_id(str(-number))
    assert not is_group_id(str(number))
    assert not is_user_id(str(-number))


@given(st.text())
def test_only_what_python_writes_as_a_number_is_an_id(text: str) -> None:
    if is_user_id(text) or is_group_id(text):
        assert str(int(text)) == text


@pytest.mark.parametrize("text", ["0", "-0", "01", "+1", " 1", "1\n", "1_0", "٧", "@a", "", "9" * 17])
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    assert not is_user_id(text)
    assert not is_group_id(text)


@pytest.mark.parametrize(
    ("id_", "kind", "basic"),
    [
        ("-102", GroupKind.BASIC_GROUP, True),
        ("-999999999999", GroupKind.BASIC_GROUP, True),
        ("-1000000000000", GroupKind.BASIC_GROUP, False),
        ("-1001234567890", GroupKind.BASIC_GROUP, False),
        ("-102", GroupKind.SUPERGROUP, False),
    ],
)
def test_a_group_is_basic_only_where_kind_and_id_agree(id_: str, kind: GroupKind, basic: bool) -> None:
    assert is_basic(Group("tg", "telegram", id_, "", kind)) is basic
    assert is_supergroup_id(id_) is (int(id_) <= -(10**12))
