"""A case's timeline for those who read no keys: a sentence for each entry, whole words, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.audit.actions import Action
from bot.locale.keys import RESIDUAL
from bot.store.tables import GapRow
from bot.surfaces.cli.desk import Desk, Options, fitting
from bot.words.lines import line_of
from bot.words.standing import gap_group
from bot.words.timeline import told
from connectors.chat.manual.connector import MANIFEST as MANUAL
from connectors.chat.manual.tasks import all_tasks
from connectors.chat.slack.connector import MANIFEST as SLACK
from connectors.manifest import load_manifest
from tests.bot.cli.shop import Shop

KEY = re.compile(r"\b(case|step|task|notice)\.\w+|awaiting_approval|verified_absent|removed_unverified")


def _row(seq: int, action: str, outcome: str = "ok", **more: Any) -> dict[str, Any]:
    names = ("subject", "case_id", "step_id", "instance", "group_id", "group_name", "detail")
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return {**dict.fromkeys(names), "seq": seq, "at": at, "actor": "bawab", **more} | {
        "action": action,
        "outcome": outcome,
    }


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_whole_departure_reads_without_a_raw_key_or_an_id(settled: Shop, language: str) -> None:
    case = settled.bawab("case", "new", "E2", "--now", "--json", name="omar").data["id"]
    settled.run_once()
    page = settled.bawab("--lang", language, "case", "show", case).out
    assert not KEY.search(page)
    assert "held" not in page, "no guard holds a step that is planned"
    actions = [row["action"] for row in settled.bawab("case", "show", case, "--json").data["timeline"]]
    assert "step.intend" in actions, "programs still get the keys"
    timeline = page.split("2026-", 1)[1]
    assert len(re.findall(r"\d\d:\d\d:\d\d", timeline)) == len(actions) - actions.count("step.intend")


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("action", [one for one in Action if one.startswith(("case.", "step.", "task."))])
def test_an_entry_that_says_little_is_told_all_the_same(action: Action, language: str) -> None:
    ((_, line),) = told([_row(1, action)], {}, {}, Desk(Options(lang=language)))
    assert line.strip()
    assert action not in line


def test_an_intention_is_told_only_while_nothing_is_known_of_what_came_of_it() -> None:
    desk = Desk(Options(lang="en"))
    step: dict[str, Any] = {
        "step_id": "step_1",
        "group_id": "C1",
        "instance": "acme",
        "detail": {"attempt": 1},
    }
    intend = _row(1, Action.STEP_INTEND, "requested", **step)
    record = _row(2, Action.STEP_RECORD, "removed_unverified", **step)
    again = _row(3, Action.STEP_INTEND, "requested", **(step | {"detail": {"attempt": 2}}))
    assert [row["seq"] for row, _ in told([intend], {}, {}, desk)] == [1]
    assert [row["seq"] for row, _ in told([intend, record, again], {}, {}, desk)] == [2, 3]


def test_a_group_and_the_one_who_acted_are_called_by_name() -> None:
    row = _row(1, Action.STEP_ATTEST, "attested", step_id="step_1", group_id="C2", actor="person:7")
    ((_, line),) = told([row], {"7": "Omar"}, {"step_1": "lunch"}, Desk(Options(lang="en")))
    assert "lunch" in line
    assert "Omar" in line
    assert "C2" not in line


def test_columns_shrink_to_whole_words_and_no_further() -> None:
    rows = [["a", "several words here"], ["unbreakable", "x"]]
    assert fitting(rows, 80) == [11, 18]
    assert fitting(rows, 20) == [11, 7]
    assert fitting(rows, 17) is None


def test_what_remains_is_known_in_words_for_every_platform() -> None:
    manifests = SLACK.parents[1].glob("*/manifest.toml")
    lines = {load_manifest(path).residual_access for path in manifests if path.parent.name != "manual"}
    lines.add(MANUAL.residual_access)
    lines |= {task.residual["en"] for task in all_tasks().values()}
    assert lines == set(RESIDUAL)


@pytest.mark.parametrize(
    ("group", "detail", "name"),
    [
        ("C9", "private channel 'board-room': the bot is not in it", "board-room"),
        ("C9", "an invitation to #partners this person sent is still open", "partners"),
        ("فريق", "the registry lists no members", "فريق"),
        ("", "Slack shows a bot only the private channels it is in", ""),
    ],
)
def test_a_gap_is_called_by_its_groups_name_and_no_foreign_sentence(
    group: str, detail: str, name: str
) -> None:
    gap = GapRow(case_id="case_1", instance="acme", reason="x", group_id=group, detail=detail)
    assert gap_group(gap) == name


def test_arabic_lists_are_parted_as_arabic_is() -> None:
    row = _row(1, Action.FEED_RECEIVE, detail={"changes": {"events": {"leaver": 2}, "cases": 2}})
    line = line_of(row, "", Desk(Options(lang="ar")))
    assert ";" not in str(line)
    assert "؛" in str(line)
