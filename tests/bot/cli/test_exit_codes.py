"""What the shell is told: each code, for each thing it stands for, and never a traceback."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from filelock import FileLock

from bot.run_result import RunResult
from bot.surfaces.cli.exit_codes import ExitCode
from bot.surfaces.cli.run import code_of
from connectors.chat.slack.sandbox import BOT_ID, BOT_TOKEN, Fault, FaultKind
from tests.bot.cli.shop import Answer, Shop, run_main


def _told(answer: Answer, code: ExitCode, *words: str) -> None:
    assert answer.code == code, answer.err
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


def test_nothing_due_is_done(settled: Shop) -> None:
    _told(settled.run_once(), ExitCode.DONE)


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["preview", "--format", "xml"],
        ["case", "show", "case_nobody"],
        ["preview", "--case", "case_nobody"],
        ["preview", "--hold", "0123456789"],
        ["release", "0123456789", "--yes"],
        ["feed", "release", "nothing.csv", "--yes"],
        ["explain", "nobody", "lunch"],
        ["case", "new", "nobody", "--now"],
        ["case", "new", "E1"],
        ["task", "attest", "task_nobody"],
        ["task", "waive", "task_nobody", "--until", "2026-12-31T18:00"],
        ["audit", "search", "persn:E1"],
        ["audit", "export"],
    ],
    ids=" ".join,
)
def test_what_is_not_understood_or_does_not_exist_is_usage(settled: Shop, words: list[str]) -> None:
    answer = settled.bawab(*words)
    _told(answer, ExitCode.USAGE)
    assert answer.err.strip(), "it says what is wrong"
    assert not answer.out


def test_a_file_that_cannot_be_read_waits_for_a_new_file_and_for_no_release(settled: Shop) -> None:
    path = settled.folder / "hr" / "broken.csv"
    path.write_text("nothing,that,is,asked\n1,2,3,4\n", encoding="utf-8")
    path.with_name(path.name + ".done").touch()
    answer = settled.run_once("--json")
    assert (answer.code, answer.lines[-1]["summary"]["refused"]) == (ExitCode.HELD, 1)
    assert answer.lines[-1]["summary"]["held"] == 0
    path.with_name("broken-2.csv").write_text("nothing,to,see\n1,2,3\n", encoding="utf-8")
    path.with_name("broken-2.csv.done").touch()
    told = settled.run_once()
    _told(told, ExitCode.HELD, "a new file is needed")
    assert "waits for a release" not in told.err


def test_a_step_that_waits_for_a_person_is_done_with_exceptions(settled: Shop) -> None:
    settled.sandbox.workspace.channels["C-lunch"].members.remove(BOT_ID)
    settled.bawab("case", "new", "E1", "--now")
    _told(settled.run_once(), ExitCode.EXCEPTIONS, "to be done by hand")


def test_a_quarantined_feed_is_held_and_says_its_digest_once(settled: Shop) -> None:
    settled.drop()
    ran = settled.run_once()
    _told(ran, ExitCode.HELD, "nobody in it", "bawab feed release")
    _told(settled.run_once(), ExitCode.DONE)
    listed = settled.bawab("feed", "list", "--json").data
    assert [feed["state"] for feed in listed] == ["quarantined", "accepted"]


def test_a_revoked_token_needs_an_operator_and_check_lets_the_lane_work_again(settled: Shop) -> None:
    settled.bawab("case", "new", "E1", "--now")
    token = settled.sandbox.workspace.tokens[BOT_TOKEN]
    token.revoked = True
    _told(settled.run_once(), ExitCode.OPERATOR, "paused", "bawab check")
    _told(settled.bawab("check"), ExitCode.OPERATOR)
    assert "UANA" in settled.members("C-lunch")

    token.revoked = False
    answer = settled.bawab("check", "--json")
    assert answer.code == ExitCode.DONE, answer.out
    assert answer.data["reopened"] == ["acme"]
    assert settled.bawab("status", "--json").data["lanes"] == []
    _told(settled.run_once(), ExitCode.DONE)
    assert "UANA" not in settled.members("C-lunch"), "what waited goes on at once"


def test_a_token_revoked_in_mid_run_loses_no_step(settled: Shop) -> None:
    settled.bawab("case", "new", "E1", "--now")
    settled.sandbox.faults.append(Fault(FaultKind.ERROR, method="conversations.kick", error="token_revoked"))
    _told(settled.run_once(), ExitCode.OPERATOR)
    assert settled.bawab("check").code == ExitCode.DONE
    _told(settled.run_once(), ExitCode.DONE)
    assert "UANA" not in settled.members("C-lunch") + settled.members("C-sales-riyadh")


@pytest.mark.sqlite_only("on a server, several processes may run")
def test_a_second_run_needs_an_operator_and_names_the_folder(settled: Shop) -> None:
    with FileLock(settled.folder / "data" / "bawab.lock"):
        _told(settled.run_once(), ExitCode.OPERATOR, str(settled.folder / "data"))


@pytest.mark.sqlite_only("it changes the log in the file")
def test_a_changed_log_needs_an_operator_and_the_entry_is_named(settled: Shop) -> None:
    with sqlite3.connect(settled.folder / "data" / "bawab.db") as database:
        database.execute("DROP TRIGGER audit_entry_no_update")
        database.execute("UPDATE audit_entry SET outcome = 'fine' WHERE seq = 3")
    database.close()
    answer = settled.bawab("audit", "verify")
    _told(answer, ExitCode.OPERATOR, "NOT whole")
    assert "entry 3" in answer.out


@pytest.mark.sqlite_only("it changes the log in the file")
def test_a_run_on_a_log_whose_tail_was_cut_says_so_at_once_and_still_works(settled: Shop) -> None:
    with sqlite3.connect(settled.folder / "data" / "bawab.db") as database:
        database.execute("DROP TRIGGER audit_entry_no_delete")
        database.execute("DROP TRIGGER audit_head_no_delete")
        database.execute("DELETE FROM audit_head")
        database.execute("DELETE FROM audit_entry WHERE seq > 5")
    database.close()
    _told(settled.run_once(), ExitCode.OPERATOR, "not whole")


def test_a_missing_signing_key_needs_an_operator(settled: Shop) -> None:
    (settled.folder / "data" / "audit-signing.key").unlink()
    _told(settled.bawab("status"), ExitCode.OPERATOR, "audit-signing.key", "backup")


def test_a_wrong_setting_is_named_with_its_variable(shop: Shop) -> None:
    shop.write_settings(TIME_ZONE="Asia/Riad")
    _told(shop.bawab("status"), ExitCode.OPERATOR, "BAWAB_TIME_ZONE", "IANA")


def test_a_settings_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    _told(run_main("--env-file", str(tmp_path / "none.env"), "status"), ExitCode.OPERATOR, "none.env")


def test_a_broken_policy_is_told_at_file_line_and_column(shop: Shop) -> None:
    (shop.folder / "policy.yaml").write_text("version: 1\nrules:\n  - id: a\n    onn: leaver\n", "utf-8")
    _told(shop.bawab("policy", "check"), ExitCode.OPERATOR, "policy.yaml:4:5")
    complaints = shop.bawab("policy", "check", "--json").data["complaints"]
    assert (4, 5) in [(one["line"], one["column"]) for one in complaints]


@pytest.mark.sqlite_only("the file itself is no database")
def test_a_database_that_is_none_is_told_without_a_traceback(shop: Shop) -> None:
    (shop.folder / "data").mkdir(mode=0o700)
    (shop.folder / "data" / "bawab.db").write_bytes(b"this is no database, whatever its name" * 40)
    answer = shop.bawab("status")
    _told(answer, ExitCode.OPERATOR, "database")
    _told(shop.bawab("check"), ExitCode.OPERATOR)


def test_the_worst_that_applies_is_told() -> None:
    def of(exceptions: int, held: int, operator: int) -> ExitCode:
        return code_of(RunResult({}, exceptions, held, operator))

    assert [of(0, 0, 0), of(1, 0, 0), of(1, 1, 0), of(1, 1, 1)] == [0, 3, 4, 5]


def test_debug_shows_where_an_unexpected_error_comes_from(shop: Shop) -> None:
    shop.write_settings(TIME_ZONE="Asia/Riad")
    assert "Traceback" in shop.bawab("--debug", "status").err


def test_a_policy_named_on_the_line_and_not_there_is_not_blamed_on_a_setting(settled: Shop) -> None:
    answer = settled.bawab("policy", "check", "nowhere.yaml")
    _told(answer, ExitCode.USAGE, "nowhere.yaml")
    assert "BAWAB_POLICIES" not in answer.err


def test_a_policy_that_is_not_utf_8_is_told_at_its_line_and_column(settled: Shop) -> None:
    path = settled.folder / "latin.yaml"
    path.write_bytes("version: 1\n# café ".encode() + b"caf\xe9\n")
    _told(settled.bawab("policy", "check", str(path)), ExitCode.OPERATOR, "latin.yaml:2:11")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["case", "show", "case_nobody"], 2), (["preview", "--format", "xml"], 2), (["nonsense"], 2)],
)
def test_a_program_that_asked_for_json_gets_its_error_as_json_too(
    settled: Shop, words: list[str], code: int
) -> None:
    answer = settled.bawab("--json", *words)
    assert answer.code == code
    assert answer.data["exit"] == code
    assert answer.data["error"].splitlines()[0] in answer.err
    assert not settled.bawab(*words).out


def test_a_search_that_excludes_is_told_how_it_is_written(settled: Shop) -> None:
    _told(settled.bawab("audit", "search", "-outcome:ok"), ExitCode.USAGE, "write -- before")
    assert settled.bawab("audit", "search", "--", "-outcome:ok").code == 0
    assert "write --" not in settled.bawab("audit", "search", "--nothing").err
