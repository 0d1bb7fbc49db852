"""Cases by hand and releases: the same guards as for feeds, asked for, bound, and never let go twice."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.manual_cases import CannotOpen, read_moment
from tests.bot.cli.conftest import STAFF, company
from tests.bot.cli.shop import Shop, open_shop
from tests.bot.world import POLICY, channel

APPROVED = POLICY.replace("    notify: owner\n", "    approve: hr\n    notify: owner\n", 1)


def _command(shop: Shop, *words: str) -> list[str]:
    return [sys.executable, "-m", "bot.surfaces.cli.main", "--env-file", str(shop.env_file), *words]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "NO_COLOR": "1"}


@pytest.fixture(scope="session")
def asked_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On disk: a company past its first run, and a case that HR must approve; made once, to be copied."""
    folder = tmp_path_factory.mktemp("asked")
    with open_shop(folder, *company()) as shop:
        (folder / "policy.yaml").write_text(APPROVED, encoding="utf-8")
        shop.settle_in(*STAFF)
        assert shop.bawab("case", "new", "E1", "--now").code == 4
    return folder


@pytest.fixture
def asked(shop: Shop, asked_folder: Path) -> tuple[Shop, str]:
    """The company with that case, and the digest of its hold."""
    shop.copy_from(asked_folder)
    (holds,) = shop.bawab("status", "--json").data["holds"]
    return shop, holds["digest"]


def test_who_asked_cannot_approve_and_who_leaves_cannot_either(asked: tuple[Shop, str]) -> None:
    shop, digest = asked
    assert shop.bawab("release", digest, "--yes").code == 2
    assert shop.bawab("release", digest, "--yes", name="E1").code == 2
    assert shop.bawab("release", digest, "--yes", name="omar").code == 0
    again = shop.bawab("release", digest, "--yes", name="omar")
    assert again.code == 2
    assert "released before" in again.err


def test_what_was_shown_binds_and_what_came_since_is_blocked_and_listed(asked: tuple[Shop, str]) -> None:
    shop, digest = asked
    preview = shop.bawab("preview", "--hold", digest, "--json").data["rows"]
    assert len(preview) == 2
    assert shop.bawab("release", digest, "--yes", name="omar").code == 0
    for number in range(4):
        late = channel(f"late-{number}", "ana", "noura", "omar")
        shop.sandbox.workspace.channels[late.id] = late
    assert shop.run_once().code == 3
    case = shop.bawab("case", "list", "--all", "--json").data[0]["id"]
    steps = shop.bawab("case", "show", case, "--json").data["steps"]
    assert {s["group"]["name"] for s in steps if s["state"] == "verified_absent"} >= {"lunch", "sales-riyadh"}
    assert sum(s["refusal"] == "beyond_approved" for s in steps) == 2, "two more than shown are the margin"


def test_without_a_terminal_a_release_wants_yes(asked: tuple[Shop, str]) -> None:
    shop, digest = asked
    answer = shop.bawab("release", digest, name="omar")
    assert answer.code == 2
    assert "--yes" in answer.err
    assert "policy asks for approval" in answer.err, "it shows the cause all the same"


@pytest.mark.parametrize(("typed", "code"), [("7", 2), ("١", 0)], ids=["wrong", "right"])
def test_on_a_terminal_the_count_is_typed(asked: tuple[Shop, str], typed: str, code: int) -> None:
    shop, digest = asked
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        _command(shop, "--as", "omar", "release", digest),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(),
    )
    os.write(ours, f"{typed}\n".encode())
    _, talk = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == code, talk.decode()
    assert "type the count (1)" in talk.decode()


def test_many_cases_by_hand_in_a_day_are_held_like_a_feeds(shop: Shop) -> None:
    staff = [f"E{n},Person {n},p{n}@corp.test,Sales,active,," for n in range(1, 9)]
    shop.settle_in(*staff)
    codes = [shop.bawab("case", "new", f"E{n}", "--last-day", "2099-01-01").code for n in range(1, 7)]
    assert codes == [0, 0, 0, 0, 0, 4], "five a day may go unasked in a company of eight"


def test_the_same_departure_twice_makes_one_case(settled: Shop) -> None:
    assert settled.bawab("case", "new", "E1", "--last-day", "2099-01-01").code == 0
    assert settled.bawab("case", "new", "E1", "--last-day", "2099-01-01").code == 2
    assert len(settled.bawab("case", "list", "--json").data) == 1


def test_a_cancelled_case_takes_nobody_out(settled: Shop) -> None:
    case = settled.bawab("case", "new", "E1", "--now", "--json").data["id"]
    assert settled.bawab("case", "cancel", case, "--reason", "stays").code == 0
    assert settled.bawab("case", "cancel", case).code == 2
    settled.run_once()
    assert "UANA" in settled.members("C-lunch")


def test_revoke_now_makes_a_later_case_due(settled: Shop) -> None:
    case = settled.bawab("case", "new", "E1", "--last-day", "2099-01-01", "--json").data["id"]
    settled.run_once()
    assert "UANA" in settled.members("C-lunch")
    assert settled.bawab("case", "revoke-now", case).code == 0
    settled.run_once()
    assert "UANA" not in settled.members("C-lunch")


def test_an_instant_without_its_offset_is_refused() -> None:
    with pytest.raises(CannotOpen, match="no time zone"):
        read_moment("2026-11-30T18:00")
    with pytest.raises(CannotOpen, match="no day or instant"):
        read_moment("30/11/2026")


def test_a_stop_ends_the_service_after_what_is_under_way(settled: Shop) -> None:
    process = subprocess.Popen(
        _command(settled, "run"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment()
    )
    try:
        deadline = time.monotonic() + 60
        while settled.bawab("audit", "search", "action:run.start", "--json").out.count("run.start") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        second = settled.run_once()
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert second.code == 5, "two cannot work on one folder"
    assert process.returncode == 0, talk.decode()
    assert "once more stops at once" in talk.decode()
    assert settled.bawab("audit", "search", "action:run.finish", "--json").out.count("run.finish") == 2


def test_part_of_a_name_takes_nobody_out(shop: Shop) -> None:
    shop.settle_in("E1,Khalid Omar,ana@corp.test,Sales,active,,", *STAFF[1:])
    for part in ("ali", "Khalid", "", " "):
        answer = shop.bawab("case", "new", part, "--now")
        assert answer.code == 2, part
    assert "E1 (Khalid Omar)" in shop.bawab("case", "new", "ali", "--now").err, "whom to choose from is said"
    assert shop.bawab("case", "new", "khalid omar", "--now").code == 0, "a full name is a name"


def test_an_empty_word_chooses_nothing_even_where_there_is_only_one_choice(settled: Shop) -> None:
    settled.bawab("case", "new", "E1", "--now")
    for word in ("", "c", "case_"):
        assert settled.bawab("case", "cancel", word).code == 2
    settled.drop("E9,Only One,one@corp.test,Sales,active,,")
    settled.drop()
    assert settled.run_once().code == 4, "an empty file waits in quarantine"
    assert settled.bawab("feed", "release", "", "--yes").code == 2


def test_nobody_cancels_the_case_they_are_the_subject_of(settled: Shop) -> None:
    case = settled.bawab("case", "new", "E1", "--last-day", "2099-01-01", "--json").data["id"]
    refused = settled.bawab("case", "cancel", case, name="ana")
    assert refused.code == 2
    assert "somebody else must cancel it" in refused.err
    assert settled.bawab("case", "list", "--json").data[0]["state"] == "scheduled"
