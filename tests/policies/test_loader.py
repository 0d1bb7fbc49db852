"""A policy file is read whole, or refused with every complaint at its line and column and a way out."""

import json
from datetime import time, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.loader import PolicyComplaint, PolicyError, combine, from_text, json_schema, load, to_text
from policies.model import EventKind, ExitType, Sensitivity, StepAction
from policies.rules import After, Policy, canonical
from policies.yaml_text import MAX_CHARACTERS, read

LIBRARY = Path(__file__).resolve().parents[2] / "policies" / "library"
FILES = sorted(LIBRARY.glob("*.yaml"))
RULE = "version: 1\nrules:\n  - id: r\n    on: leaver\n    action: remove\n"


def complaints(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(text, "p.yaml")
    return [str(complaint) for complaint in caught.value.complaints]


# What is read


def test_a_rule_is_known_by_its_file_and_its_id() -> None:
    policy = load(RULE, "/etc/bawab/leaver.yaml")
    assert [rule.id for rule in policy.rules] == ["leaver/r"]
    assert policy.rule("leaver/r") is policy.rules[0]
    assert policy.rule("r") is None


def test_what_is_not_said_has_its_cautious_default() -> None:
    (rule,) = load(RULE, "p.yaml").rules
    assert (rule.groups, rule.except_, rule.account) == ("all", (), ())
    assert (rule.when, rule.end_of_day, rule.approve, rule.urgent) == (
        "end_of_last_day",
        time(18),
        "none",
        False,
    )
    assert (rule.notify, rule.notify_creator, rule.join_to_act) == ("owner", False, False)


def test_everything_can_be_said_and_is_read_as_meant() -> None:
    text = """
version: 1
rules:
  - id: full
    on: [leaver, contractor_end]
    exit_type: dismissal
    employment: contractor
    match: {department: "Fin*", location: الرياض}
    groups:
      - {platform: slack, instance: acme, name: "#fin-*", tag: money, owner: 019002, sensitivity: sensitive}
      - kind: private_channel
    except:
      - tag: alumni
    action: remove_and_bar
    account: [end_sessions, deactivate]
    when: {after: 3 days}
    end_of_day: 17:30
    approve: hr
    urgent: yes
    notify: nobody
    notify_creator: true
    join_to_act: on
posts:
  - {department: Sales, manager: 007, groups: [{tag: sales}]}
protected: [019002, E1]
"""
    policy = load(text, "p.yaml")
    (rule,) = policy.rules
    assert rule.on == (EventKind.LEAVER, EventKind.CONTRACTOR_END)
    assert rule.exit_type == (ExitType.DISMISSAL,)
    assert rule.groups[0].owner == "019002"  # type: ignore[union-attr] # a list, as written above
    assert rule.groups[0].sensitivity is Sensitivity.SENSITIVE  # type: ignore[union-attr]
    assert rule.account == (StepAction.END_SESSIONS, StepAction.DEACTIVATE)
    assert rule.when == After(after=timedelta(days=3))
    assert (rule.end_of_day, rule.urgent, rule.join_to_act) == (time(17, 30), True, True)
    assert policy.posts[0].manager == "007"
    assert policy.protected == ("019002", "E1")
    assert from_text(to_text(policy)) == policy


@pytest.mark.parametrize(
    ("written", "meant"),
    [("30 minutes", 1_800), ("12 hours", 43_200), ("1 day", 86_400), ("2 weeks", 1_209_600), ("0 days", 0)],
)
def test_a_grace_period_is_a_number_and_a_unit_and_is_written_back_so(written: str, meant: int) -> None:
    policy = load(f"{RULE}    when: {{after: {written}}}\n", "p.yaml")
    when = policy.rules[0].when
    assert isinstance(when, After)
    assert when.after == timedelta(seconds=meant)
    assert from_text(to_text(policy)).rules[0].when == when


def test_a_rule_can_be_made_in_code_from_the_values_themselves() -> None:
    made = Policy.model_validate(
        {
            "version": 1,
            "rules": [
                {
                    "id": "r",
                    "on": [EventKind.LEAVER],
                    "action": "remove",
                    "end_of_day": time(17, 30),
                    "when": {"after": timedelta(days=1)},
                }
            ],
        }
    )
    (written,) = load(f"{RULE}    end_of_day: 17:30\n    when: {{after: 1 day}}\n", "p.yaml").rules
    assert made.rules[0] == written.model_copy(update={"id": "r"})


def test_a_byte_order_mark_and_windows_line_ends_are_no_obstacle() -> None:
    assert load("\ufeff" + RULE.replace("\n", "\r\n"), "p.yaml") == load(RULE, "p.yaml")


# What is refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "p.yaml:1:1: the file is empty; start it with 'version: 1'"),
        ("- a\n", "p.yaml:1:1: the file is not a mapping (`key: value` lines); start it with 'version: 1'"),
        ("version: 1\nrules:\n\t- id: r\n", "p.yaml:3:1: a tab cannot indent YAML; use spaces"),
        ("version: 1\nrules: [\n", "p.yaml:3:1: not YAML: "),
        (
            "version: 1\n---\nversion: 1\n",
            "p.yaml:2:1: a second document begins here; write one file for each",
        ),
        ("version: 1\nx: \x07\n", "p.yaml:2:4: character 7 is not allowed; remove it"),
        ("version: 1\nversion: 1\n", "p.yaml:2:1: 'version' is written twice; keep one of them"),
        ("version: 1\nrules: !x []\n", "p.yaml:2:8: the tag !x is refused; write the plain value"),
        ("version: 1\nprotected: [!x E1]\n", "p.yaml:2:13: the tag !x is refused; write the plain value"),
        ("version: 1\n? [a]\n: b\n", "p.yaml:2:3: a key must be one word"),
        ("version: 2\n", "p.yaml:1:10: '2' is not one of 1"),
        ("rules: []\n", "p.yaml:1:1: 'version' is missing; add it"),
        ("version: 1\nrule: []\n", "p.yaml:2:1: unknown key 'rule'; did you mean 'rules'?"),
        (
            "version: 1\nqqq: []\n",
            "p.yaml:2:1: unknown key 'qqq'; known here: version, rules, posts, protected",
        ),
        ("version: 1\nrules: 5\n", "p.yaml:2:8: '5' is not a list; write a list"),
        ("version: 1\nrules:\n", "p.yaml:3:1: an empty value is not a list; write a list"),
        ("version: 1\nrules: [5]\n", "p.yaml:2:9: '5' is not a block of `key: value` lines"),
        ("version: 1\nprotected: [[E1]]\n", "p.yaml:2:13: a list is not a text; write a text"),
        ("version: 1\nprotected: [{a: b}]\n", "p.yaml:2:13: a block of keys is not a text; write a text"),
    ],
)
def test_a_file_that_is_not_a_policy_is_refused_at_its_place(text: str, expected: str) -> None:
    assert any(found.startswith(expected) for found in complaints(text))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("acton: keep", "6:5: unknown key 'acton'; did you mean 'action'?"),
        ("exit_type: dismisal", "6:16: 'dismisal' is not one of resignation, dismissal, "),
        ("exit_type: []", "6:16: a list is not a list with at least one entry"),
        ("groups: every", "6:13: 'every' is not one of all"),
        ("groups: []", "6:13: a list is not a list with at least one entry"),
        ("groups: [{}]", "6:14: a selector must say something; write 'groups: all' for every group"),
        ("except: [{}]", "6:14: a selector must say something"),
        ("groups: [{nme: a}]", "6:15: unknown key 'nme'; did you mean 'name'?"),
        ("groups: [{name: 'a[b'}]", "6:21: 'a[b': a '[' in a pattern needs its ']'"),
        ("groups: [{name: ' '}]", "6:21: ' ': a pattern cannot be empty"),
        ("groups: [{kind: channel}]", "6:21: 'channel' is not one of public_channel, "),
        ("except: all", "6:13: 'all' is not a list; write a list"),
        ("account: erase", "6:14: 'erase' is not one of end_sessions, deactivate"),
        ("when: later", "6:11: 'later' is not one of now, end_of_last_day"),
        ("when: {after: 3 dys}", "6:19: '3 dys': a duration is a number and a unit"),
        ("when: {after: ٣ days}", "6:19: '٣ days': a duration is a number and a unit"),
        ("when: {aftr: 3 days}", "6:12: unknown key 'aftr'; did you mean 'after'?"),
        ("end_of_day: 25:00", "6:17: '25:00': a time of day is written as '18:00'"),
        ("approve: boss", "6:14: 'boss' is not one of none, hr, it"),
        ("urgent: perhaps", "6:13: 'perhaps' is not true or false; write true or false"),
        ("urgent: [a]", "6:13: a list is not true or false"),
        ("match: {}", "6:12: 'match' says nothing; remove it, or name a department"),
        ("match: {departement: a}", "6:13: unknown key 'departement'; did you mean 'department'?"),
        ("changed: team", "6:14: 'changed' is for movers only; set 'on: mover'"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_at_its_place(line: str, expected: str) -> None:
    assert any(found.startswith(f"p.yaml:{expected}") for found in complaints(f"{RULE}    {line}\n"))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("id: a/b\n    on: leaver\n    action: remove", "3:9: 'a/b': a rule id has no slash"),
        (
            "id: a b\n    on: leaver\n    action: remove",
            "3:9: 'a b' is not one word without spaces or slashes",
        ),
        ("id: a\n    on: leavr\n    action: remove", "4:9: 'leavr' is not one of joiner, "),
        ("id: a\n    on: leaver", "3:5: 'action' is missing; add it"),
        (
            "id: a\n    on: mover\n    exit_type: dismissal\n    action: remove",
            "5:16: 'exit_type' is for leavers",
        ),
        (
            "id: a\n    on: mover\n    account: deactivate\n    action: remove",
            "5:14: only who leaves or is on leave",
        ),
        (
            "id: a\n    on: rehire\n    action: remove",
            "5:13: on rehire nothing is removed; set 'action: keep'",
        ),
        ("id: a\n    on: vanished\n    action: remove", "5:13: on vanished nothing is removed"),
    ],
)
def test_a_rule_for_the_wrong_event_is_refused_at_its_place(rule: str, expected: str) -> None:
    text = f"version: 1\nrules:\n  - {rule}\n"
    assert any(found.startswith(f"p.yaml:{expected}") for found in complaints(text))


def test_all_complaints_come_at_once_in_reading_order() -> None:
    text = "versio: 1\nrules:\n  - id: a\n    on: leavr\n    acton: remove\n    groups:\n      - {}\n"
    assert [line.split(": ")[0] for line in complaints(text)] == [
        "p.yaml:1:1",
        "p.yaml:1:1",
        "p.yaml:3:5",
        "p.yaml:4:9",
        "p.yaml:5:5",
        "p.yaml:7:9",
    ]


def test_two_rules_with_one_id_are_refused() -> None:
    twice = RULE + RULE.split("rules:\n")[1]
    assert complaints(twice) == ["p.yaml:6:9: rule id 'r' is used twice; rename one"]


def test_a_post_without_a_department_team_location_or_manager_is_refused() -> None:
    found = complaints("version: 1\nposts:\n  - groups: [{tag: a}]\n")
    assert found == ["p.yaml:3:5: a post needs a department, team, location or manager; add one"]


def test_anchors_and_aliases_are_refused_before_they_can_grow() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    found = complaints(bomb)
    assert "p.yaml:1:4: anchor &a is refused; write values out" in found
    assert "p.yaml:2:8: alias *a is refused; write the value out" in found


def test_deep_nesting_and_huge_files_are_refused_at_once() -> None:
    assert complaints("version: " + "[" * 100_000)[-1].endswith("nested more than 20 deep")
    assert complaints("#" * (MAX_CHARACTERS + 1)) == [
        f"p.yaml:1:1: longer than {MAX_CHARACTERS:,} characters"
    ]


def refusals(text: str) -> tuple[PolicyComplaint, ...]:
    """Load, and give the complaints; any other error than a PolicyError fails the test."""
    try:
        load(text, "p.yaml")
    except PolicyError as error:
        return error.complaints or (PolicyComplaint("p.yaml", 0, 0, "a refusal without a complaint"),)
    return ()


@given(st.text(max_size=80) | st.text(alphabet="ab:-[]{}&*!|>'\"#,\n\t ?%@", max_size=40))
def test_any_text_is_a_policy_or_is_refused_at_a_place(text: str) -> None:
    assert all(complaint.line >= 1 and complaint.column >= 1 for complaint in refusals(text))


@given(st.sampled_from(FILES), st.integers(0, 1_200), st.text(alphabet="ab:-[]{}&*!'\"#,\n\t ", max_size=6))
def test_a_ready_policy_with_a_slip_of_the_pen_is_read_or_refused_inside_the_file(
    file: Path, at: int, slip: str
) -> None:
    text = file.read_text(encoding="utf-8")
    written = text[:at] + slip + text[at:]
    assert all(1 <= complaint.line <= written.count("\n") + 2 for complaint in refusals(written))


# Many files, and back


def test_a_folder_of_files_is_one_policy_in_the_order_given() -> None:
    one = load(RULE + "protected: [E1, E2]\n", "one.yaml")
    two = load(RULE + "protected: [E2, E3]\n", "two.yaml")
    both = combine([one, two])
    assert [rule.id for rule in both.rules] == ["one/r", "two/r"]
    assert both.protected == ("E1", "E2", "E3")
    assert both.digest != combine([two, one]).digest


def test_two_files_of_one_name_cannot_give_the_same_rule() -> None:
    with pytest.raises(PolicyError, match="two files give rule 'a/r'; rename one file"):
        combine([load(RULE, "x/a.yaml"), load(RULE, "y/a.yml")])


def test_the_digest_names_the_content_and_not_the_spelling() -> None:
    spelled = "# a comment\nversion: '1'\nrules:\n  - {action: remove, on: [leaver], id: r, urgent: false}\n"
    assert load(spelled, "p.yaml").digest == load(RULE, "p.yaml").digest
    assert load(spelled.replace("false", "true"), "p.yaml").digest != load(RULE, "p.yaml").digest


def test_the_digest_leaves_defaults_out_so_that_a_later_release_does_not_rename_old_policies() -> None:
    named = canonical(load(RULE, "p.yaml"), full=False)
    assert json.loads(named) == {"rules": [{"action": "remove", "id": "p/r", "on": ["leaver"]}], "version": 1}


def test_a_stored_policy_keeps_its_digest_and_says_what_was_default() -> None:
    policy = load(RULE, "p.yaml")
    stored = to_text(policy)
    assert json.loads(stored)["rules"][0]["end_of_day"] == "18:00"
    assert from_text(stored).digest == policy.digest
    assert to_text(from_text(stored)) == stored


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1, "rules": [{"id": "r"}]}'])
def test_a_stored_text_that_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="stored policy"):
        from_text(text)


# The library and the schema


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_ready_policy_loads_matches_the_schema_and_tells_the_editor_so(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert load(text, file.name).rules
    assert text.startswith("# yaml-language-server: $schema=./policy.schema.json\n")
    data = {**read(text, file.name).data, "version": 1}
    jsonschema.Draft202012Validator(json_schema()).validate(_typed(data))


def test_the_ready_policies_make_one_policy_that_survives_storing() -> None:
    whole = combine([load(file.read_text(encoding="utf-8"), file.name) for file in FILES])
    assert from_text(to_text(whole)) == whole
    assert isinstance(whole, Policy)


def test_the_schema_for_editors_is_current() -> None:
    stored = json.loads((LIBRARY / "policy.schema.json").read_text(encoding="utf-8"))
    assert stored == json_schema()
    jsonschema.Draft202012Validator.check_schema(stored)


@pytest.mark.parametrize(
    "change", [{"on": "leavr"}, {"when": "later"}, {"acton": "x"}, {"end_of_day": "25:00"}]
)
def test_the_schema_shows_an_editor_what_is_wrong(change: dict[str, str]) -> None:
    rule = {"id": "r", "on": "leaver", "action": "remove", **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate({"version": 1, "rules": [rule]})


def test_a_complaint_is_a_place_a_message_and_a_way_out() -> None:
    assert str(PolicyComplaint("a.yaml", 3, 5, "wrong")) == "a.yaml:3:5: wrong"
    assert str(PolicyComplaint("a.yaml", 3, 5, "wrong", "mend it")) == "a.yaml:3:5: wrong; mend it"


def _typed(value: object) -> object:
    """Give booleans back their type: our reader keeps scalars as text, an editor does not."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return {"true": True, "false": False}.get(str(value), value)
