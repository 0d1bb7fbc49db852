"""Data on stdout, talk on stderr: JSON where asked, tables that hold Arabic, no colour, no secret."""

from __future__ import annotations

import csv
import io

import pytest
from rich.cells import cell_len

from connectors.chat.slack.sandbox import BOT_TOKEN
from tests.bot.cli.shop import Shop

PRINTING = [
    "status",
    "preview",
    "check",
    "case list",
    "feed list",
    "task list",
    "policy check",
    "policy schema",
    "audit search",
    "audit verify",
    "explain E1 lunch",
]


@pytest.fixture
def leaving(settled: Shop) -> Shop:
    """Somebody with an Arabic name leaves now."""
    assert settled.bawab("case", "new", "E2", "--now", name="omar").code == 0
    return settled


@pytest.mark.parametrize("words", PRINTING)
def test_json_is_one_document_and_all_of_stdout(leaving: Shop, words: str) -> None:
    before = leaving.bawab(*words.split(), "--json")
    assert before.code == 0, before.err
    assert before.data is not None
    assert leaving.bawab("--json", *words.split()).code == 0, "before the command's name, too"


def test_a_table_stays_straight_under_arabic_names(leaving: Shop) -> None:
    leaving.bawab("case", "new", "E1", "--now")
    head, *rows = leaving.bawab("case", "list").out.splitlines()
    column = cell_len(head[: head.index("What")])
    for row in rows:
        assert cell_len(row[: row.index("leaves")]) == column
    assert any("نورة القحطاني" in row for row in rows)
    assert "\u2068" not in "".join(rows), "a program that reads a pipe wants names, not fences"


def test_the_same_page_in_arabic(leaving: Shop) -> None:
    page = leaving.bawab("--lang", "ar", "case", "list").out
    assert "الشخص" in page
    assert "مغادرة" in page
    leaving.write_settings(LANGUAGE="ar")
    assert leaving.bawab("case", "list").out == page, "the setting says it as well as the option"


def test_the_preview_as_csv_opens_in_a_spreadsheet(leaving: Shop) -> None:
    out = leaving.bawab("preview", "--format", "csv").out
    assert out.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"))))
    assert {row["group"] for row in rows} == {"sales-riyadh", "lunch"}
    assert {row["person"] for row in rows} == {"نورة القحطاني"}


def test_a_preview_writes_nothing_anywhere(leaving: Shop) -> None:
    entries = leaving.bawab("audit", "verify", "--json").data["entries"]
    calls = len(leaving.sandbox.journal)
    leaving.bawab("preview")
    leaving.bawab("explain", "E2", "lunch")
    after = leaving.bawab("audit", "verify", "--json").data["entries"]
    assert after == entries + 1, "that somebody verified the log is the one thing in it"
    asked = {entry.method for entry in leaving.sandbox.journal[calls:]}
    assert not {method for method in asked if "kick" in method or "update" in method}
    assert asked, "it did ask the platform"


def test_no_colour_and_no_spinner_where_nobody_watches(leaving: Shop) -> None:
    for words in ("check", "preview", "audit verify", "status"):
        answer = leaving.bawab(*words.split())
        assert "\x1b" not in answer.out + answer.err


def test_no_token_is_ever_printed(leaving: Shop) -> None:
    for words in ("check --all", "check --json", "--debug status", "run --once --quiet-seconds 0 --json"):
        answer = leaving.bawab(*words.split())
        assert BOT_TOKEN not in answer.out + answer.err
    assert "**********" in leaving.bawab("check").out


def test_check_names_a_misspelt_variable_and_the_source_of_each_setting(shop: Shop) -> None:
    shop.write_settings(TIME_ZONNE="Asia/Dubai")
    found = shop.bawab("check", "--json").data
    codes = {finding["code"]: finding for finding in found["findings"]}
    assert "BAWAB_TIME_ZONE" in codes["unknown_setting"]["remedy"]
    sources = {one["variable"]: one["source"] for one in found["settings"]}
    assert sources["BAWAB_TIME_ZONE"] == "env_file"
    assert sources["BAWAB_TICK_SECONDS"] == "default"


def test_check_names_what_is_missing_with_its_remedy(shop: Shop) -> None:
    shop.sandbox.workspace.tokens[BOT_TOKEN].scopes.remove("groups:write")
    (shop.folder / "groups.yaml").write_text(
        "version: 1\ngroups:\n  - {instance: acme, group: C-gone}\n  - {instance: acne, group: C-lunch}\n",
        encoding="utf-8",
    )
    shop.write_settings(REGISTRY=str(shop.folder / "groups.yaml"), HR__MAIN__PATH=str(shop.folder / "no"))
    answer = shop.bawab("check", "--json")
    assert answer.code == 5
    said = {(finding["instance"], finding["code"]) for finding in answer.data["findings"]}
    assert {("acme", "missing_scope"), ("acne", "registry_row"), ("main", "hr_source")} <= said
    assert all(one["remedy"] for one in answer.data["findings"] if one["severity"] == "error")


def test_check_counts_what_is_managed_and_keeps_the_standing_gaps(settled: Shop) -> None:
    found = settled.bawab("check", "--json").data
    assert found["coverage"] == [
        {"instance": "acme", "groups": 3, "unmanaged": 0, "unmapped": 2, "gaps": 1},
    ]
    gaps = settled.bawab("status", "--json").data["gaps"]
    assert [gap["reason"] for gap in gaps] == ["private_channels_unseen"]


def test_check_explains_its_counts_and_names_the_groups_of_its_findings(settled: Shop) -> None:
    registry = "version: 1\ngroups:\n  - {instance: acme, group: C-gone, name: old-sales}\n"
    (settled.folder / "groups.yaml").write_text(registry, encoding="utf-8")
    settled.write_settings(REGISTRY=str(settled.folder / "groups.yaml"))
    told = settled.bawab("check").out
    assert "mapped to no post: 2" in told
    assert "asks their owners" in told
    assert "old-sales" in told
    settled.write_settings(SLACK__ACME__BASE_URL="http://127.0.0.1:9/api/")
    down = settled.bawab("check", "--json").data["findings"]
    (error,) = [one for one in down if one["severity"] == "error" and one["instance"] == "acme"]
    assert "network" in error["remedy"]
    assert "cannot be reached" in error["message"]


def test_a_run_tells_no_name_where_nobody_watches_and_json_lines_hold_the_log(leaving: Shop) -> None:
    told = leaving.run_once("--json")
    actions = [line["action"] for line in told.lines if "action" in line]
    logged = leaving.bawab("audit", "search", "--limit", "1000", "--json").data["entries"]
    by_number = {entry["seq"]: entry["action"] for entry in logged}
    assert actions == [by_number[line["seq"]] for line in told.lines if "seq" in line]
    assert told.lines[-1] == {
        "summary": {"steps": {"verified_absent": 2}, "exceptions": 0, "held": 0, "operator": 0, "refused": 0},
        "exit": 0,
    }
    assert "نورة" not in told.out + told.err


def test_a_search_shows_a_name_only_when_it_is_asked_to_and_logs_that(leaving: Shop) -> None:
    assert "نورة" not in leaving.bawab("audit", "search", "person:E2").out
    shown = leaving.bawab("audit", "search", "person:E2", "action:case", "--reveal", "--reason", "audit")
    assert "نورة" in shown.out
    reveal = leaving.bawab("audit", "search", "action:audit.reveal", "--json").data["entries"]
    assert reveal[0]["actor"] == "person:noura"


def test_an_export_is_written_logged_and_proven(leaving: Shop) -> None:
    path = leaving.folder / "log.jsonl"
    answer = leaving.bawab("audit", "export", "--to", str(path), "--json")
    assert answer.code == 0, answer.err
    assert len(path.read_text(encoding="utf-8").splitlines()) == answer.data["entries"] + 1
    assert leaving.bawab("audit", "search", "action:audit.export").out.count("audit.export") == 1


def test_an_export_overwrites_nothing_unasked_and_names_the_folder_that_is_missing(leaving: Shop) -> None:
    path = leaving.folder / "log.csv"
    path.write_text("mine", encoding="utf-8")
    refused = leaving.bawab("audit", "export", "--format", "csv", "--to", str(path))
    assert (refused.code, path.read_text(encoding="utf-8")) == (2, "mine")
    assert "--force" in refused.err
    assert leaving.bawab("audit", "export", "--to", str(path), "--force").code == 0
    assert path.read_text(encoding="utf-8") != "mine"
    lost = leaving.bawab("audit", "export", "--to", str(leaving.folder / "no" / "e.csv"))
    assert lost.code == 2
    assert "Errno" not in lost.err
    assert ".partial" not in lost.err


def test_a_revealed_entry_names_the_person_and_not_the_account(leaving: Shop) -> None:
    leaving.run_once()
    shown = leaving.bawab("audit", "search", "action:step", "--reveal").out
    assert shown.count("نورة القحطاني") == len(shown.splitlines()) - 1


def test_one_entry_and_one_head_are_counted_as_one(shop: Shop) -> None:
    shop.bawab("audit", "verify")
    assert "1 entry read, 1 signed head fits." in shop.bawab("audit", "verify").err


def test_a_run_tells_names_where_it_is_asked_to(leaving: Shop) -> None:
    told = leaving.run_once("--names").err
    assert "\u2068نورة القحطاني\u2069: \u2068lunch\u2069 (\u2068acme\u2069): removed, and checked" in told


def test_a_refused_file_is_told_at_its_line_and_column(settled: Shop) -> None:
    settled.drop("E1,Ana Quispe,ana@corp.test,Sales,active,03/04/2026,")
    ran = settled.run_once()
    assert ran.code == 4
    assert "export-002.csv:2:6" in ran.err
    assert settled.bawab("feed", "list", "--json").data[0]["state"] == "refused"


def test_a_quarantined_file_is_let_in_by_its_name(settled: Shop) -> None:
    settled.drop()
    assert settled.run_once().code == 4
    assert settled.bawab("feed", "release", "export-002.csv", "--yes").code == 0
    settled.run_once()
    assert settled.bawab("feed", "list", "--json").data[0]["state"] == "accepted"
    assert len(settled.members("C-lunch")) == 4, "who vanished is not taken out"


def test_a_language_nobody_speaks_here_is_refused(shop: Shop) -> None:
    assert shop.bawab("--lang", "fr", "status").code == 2
