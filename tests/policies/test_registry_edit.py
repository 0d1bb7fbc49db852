"""A row is changed in place: whatever the file looks like, every byte that was not asked about stays."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.complaints import PolicyError
from policies.registry import GroupRow, registry_rows
from policies.registry_edit import CannotEdit, Value, rendered, with_fields, with_rows

FILE = """\
# Who answers for which group. Ask Noura before you change a line.
version: 1
groups:
  - {instance: acme, group: C1, owner: "101", tags: [sales, riyadh]}   # the big one

  # phones
  - instance: phones
    group: 'مبيعات الرياض'   # WhatsApp
    owner:
    deputy: E2 # until spring
    purpose: >
      Daily orders,
      and jokes
    members:
    - E1  # Ana
    - E2
    url:   https://wiki.example.org/groups#sales
  # end
"""
PHONES = ("phones", "مبيعات الرياض")
ACME = ("acme", "C1")


def changed(before: str, after: str) -> list[str]:
    """The lines that went and came."""
    lines = [*difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")][2:]
    return [f"{line[0]} {line[1:]}" for line in lines if line[0] in "-+"]


def test_a_value_is_replaced_and_its_comment_stays() -> None:
    after = with_fields(FILE, "groups.yaml", {PHONES: {"deputy": "E9"}})
    assert changed(FILE, after) == ["-     deputy: E2 # until spring", "+     deputy: E9 # until spring"]


def test_an_empty_field_is_filled() -> None:
    after = with_fields(FILE, "groups.yaml", {PHONES: {"owner": "E7"}})
    assert changed(FILE, after) == ["-     owner:", "+     owner: E7"]


def test_a_new_field_stands_where_such_fields_stand() -> None:
    after = with_fields(FILE, "groups.yaml", {PHONES: {"language": "ar", "sensitivity": "sensitive"}})
    assert "      and jokes\n    sensitivity: sensitive\n    language: ar\n    members:\n" in after


def test_a_row_in_braces_stays_in_braces() -> None:
    after = with_fields(FILE, "groups.yaml", {ACME: {"owner": "E7", "deputy": "019", "tags": None}})
    assert changed(FILE, after)[1] == (
        '+   - {instance: acme, group: C1, owner: E7, deputy: "019"}   # the big one'
    )


def test_a_block_of_text_and_a_list_over_lines_are_replaced_whole() -> None:
    after = with_fields(FILE, "groups.yaml", {PHONES: {"purpose": "Orders", "members": ("E1", "E3")}})
    assert "    purpose: Orders\n    members: [E1, E3]\n    url:" in after


def test_a_field_is_taken_out_with_its_line() -> None:
    after = with_fields(FILE, "groups.yaml", {PHONES: {"deputy": None, "owner": None}})
    assert changed(FILE, after) == ["-     owner:", "-     deputy: E2 # until spring"]


def test_rows_are_added_after_the_last_in_its_style() -> None:
    after = with_rows(FILE, "groups.yaml", [{"instance": "acme", "group": "C2", "name": "a: b"}])
    assert changed(FILE, after) == ["+   - instance: acme", "+     group: C2", '+     name: "a: b"']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1", "version: 1\ngroups:\n  - instance: acme\n    group: C2"),
        (
            "version: 1\r\n# end\r\n",
            "version: 1\r\ngroups:\r\n  - instance: acme\r\n    group: C2\r\n# end\r\n",
        ),
        (
            "version: 1\ngroups: [] # none\n",
            "version: 1\ngroups: # none\n  - instance: acme\n    group: C2\n",
        ),
        ("{version: 1}", "{version: 1, groups: [{instance: acme, group: C2}]}"),
        (
            "version: 1\ngroups:\n- {instance: a, group: b}",
            "version: 1\ngroups:\n- {instance: a, group: b}\n- {instance: acme, group: C2}",
        ),
    ],
)
def test_the_first_row_finds_its_place_in_any_file(text: str, expected: str) -> None:
    assert with_rows(text, "groups.yaml", [{"instance": "acme", "group": "C2"}]) == expected


def test_a_file_with_errors_is_refused_at_line_and_column() -> None:
    broken = FILE.replace("deputy: E2", "deputi: E2")
    with pytest.raises(PolicyError, match=r"groups\.yaml:10:5: unknown key 'deputi'"):
        with_fields(broken, "groups.yaml", {PHONES: {"owner": "E7"}})


def test_what_cannot_be_changed_without_touching_more_is_refused() -> None:
    text = "version: 1\ngroups:\n  - {instance: a, group: b, owner}\n"
    with pytest.raises(CannotEdit, match="change it in an editor"):
        with_fields(text, "groups.yaml", {("a", "b"): {"owner": "E7"}})


def test_an_instance_cannot_be_taken_out_of_its_row() -> None:
    with pytest.raises(ValueError, match="instance"):
        with_fields(FILE, "groups.yaml", {PHONES: {"instance": None}})


# Any registry file


words = st.one_of(
    st.sampled_from(["E7", "019", "null", "no", "2026-11-20", "a: b", "#x", "it's", '"', "-", "مبيعات", "~"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
)
FIELDS = ("owner", "deputy", "purpose", "language", "url", "name", "reviewed_by")
NEVER = st.sampled_from(["", "  # a note", " #"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file as people write them: braces or blocks, any indent, any line ends, comments anywhere."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    indent = " " * draw(st.sampled_from([0, 2, 4]))
    keys = draw(
        st.lists(st.tuples(st.sampled_from(["acme", "phones"]), words), min_size=1, max_size=4, unique=True)
    )
    lines = ["# head", "version: 1", "groups:" + draw(NEVER)]
    for instance, group in keys:
        some = draw(st.lists(st.sampled_from(FIELDS), unique=True, max_size=4))
        fields = {"instance": instance, "group": group} | {name: draw(words) for name in some}
        lines += _row(draw, fields, indent)
    return newline.join(lines) + draw(st.sampled_from(["", newline, newline + "# end" + newline]))


def _row(draw: st.DrawFn, fields: Mapping[str, Value], indent: str) -> Sequence[str]:
    pairs = [
        f"{name}:{draw(st.sampled_from([' ', '   ']))}{rendered(value)}" for name, value in fields.items()
    ]
    order = draw(st.permutations(pairs))
    if draw(st.booleans()):
        return [f"{indent}- {{{', '.join(order)}}}{draw(NEVER)}"]
    rows = [f"{indent}- {order[0]}{draw(NEVER)}"]
    for pair in order[1:]:
        rows += draw(st.sampled_from([[], [f"{indent}  # between"], [""]]))
        rows.append(f"{indent}  {pair}{draw(NEVER)}")
    return rows


@settings(max_examples=50, deadline=None)
@given(files(), st.data())
def test_setting_a_field_changes_one_line_and_taking_a_new_one_out_again_changes_nothing(
    text: str, data: st.DataObject
) -> None:
    rows = registry_rows(text, "f")
    row = data.draw(st.sampled_from(rows))
    name, value = data.draw(st.sampled_from(FIELDS)), data.draw(words)
    after = with_fields(text, "f", {(row.instance, row.group): {name: value}})

    came = [line for line in changed(text, after) if line.startswith("+ ")]
    went = [line for line in changed(text, after) if line.startswith("- ")]
    assert len(came) <= 1
    assert len(went) <= 1
    assert after.count("\r\n") - text.count("\r\n") == (len(came) - len(went)) * ("\r\n" in text)
    if not _stated(row, name):
        key = (row.instance, row.group)
        assert with_fields(after, "f", {key: {name: None}}) == text


def _stated(row: GroupRow, name: str) -> bool:
    return bool(getattr(row, name))


@settings(max_examples=50, deadline=None)
@given(files(), st.data())
def test_taking_a_field_out_leaves_every_other_row_and_comment(text: str, data: st.DataObject) -> None:
    rows = registry_rows(text, "f")
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from(FIELDS))
    after = with_fields(text, "f", {(row.instance, row.group): {name: None}})
    found = registry_rows(after, "f")
    assert [one for one in found if one.group != row.group] == [one for one in rows if one.group != row.group]
    assert after.count("# between") == text.count("# between")
    assert after.startswith("# head")


@settings(max_examples=50, deadline=None)
@given(files(), words)
def test_rows_added_at_the_end_leave_the_beginning_as_it_was(text: str, group: str) -> None:
    after = with_rows(text, "f", [{"instance": "new", "group": group, "name": "x"}])
    assert [one.group for one in registry_rows(after, "f")][-1] == group
    assert not [line for line in changed(text, after) if line.startswith("- ")]


@given(words)
def test_whatever_is_written_reads_back_the_same(word: str) -> None:
    (row,) = registry_rows(f"version: 1\ngroups:\n  - {{instance: a, group: {rendered(word)}}}\n", "f")
    assert row.group == word
