"""What a client loses is counted at the stub; a block that does not count says so; a row is judged."""

from __future__ import annotations

import pytest

from bench.clients import Setting, peer
from bench.runs import Block, Run, drift_of, interleave, stub
from bench.slack_limits import KICK
from bench.stubs.limiters import least_seconds
from bench.table import Row, as_markdown, as_text
from bench.work import Work

FEW = Work(1, 16, 16)
FAST, SLOWER = 240.0, 100.0
"""A limit so low that a slow machine does not keep within it by itself."""


def test_a_script_that_gives_up_at_429_is_seen_to_lose_work_and_a_patient_one_not() -> None:
    with stub("slack") as server:
        setting = Setting(server, FEW, speed=FAST, slower=SLOWER)
        hasty = peer(setting, "slack_sequential", "0")
        patient = peer(setting, "slack_sequential")
    assert hasty.seen["effects"] < FEW.removals
    assert hasty.client["errors"] == FEW.removals - hasty.seen["effects"]
    assert (patient.seen["effects"], patient.client["errors"]) == (FEW.removals, 0)
    assert patient.took >= least_seconds("token", FEW.removals, KICK) * SLOWER * 0.99


def test_a_call_that_has_its_effect_and_no_answer_is_known_to_the_stub_only() -> None:
    with stub("slack") as server:
        setting = Setting(server, Work(1, 4, 4), model="none", speed=FAST)
        setting.reset()
        server.steer("fault", kind="dropped", seconds=1e6, **{"in": 0.0})
        from slack_sdk import WebClient  # as the peers do

        client = WebClient(token="xoxb-test", base_url=f"{server.url}/api/", retry_handlers=[])
        for group in setting.work.memberships()["U00000"]:
            with pytest.raises(OSError):  # noqa: PT011 - whatever form the lost answer takes
                client.conversations_kick(channel=group, user="U00000")
        seen = server.steer("report")
    assert (seen["requests"]["conversations.kick"], seen["effects"], seen["while_down"]) == (4, 2, 4)


def test_drift_and_a_busy_client_make_a_block_invalid() -> None:
    seen = {"now": 60.0, "cpu": 0.1, "first": 0.0, "last_effect": 1.0, "effects": 1}
    calm, busy = Run({"cpu": 0.1}, seen, speed=60.0), Run({"cpu": 0.6}, seen, speed=60.0)
    for run in (calm, busy):
        run.judge()
    assert Block({"A": [calm]}, 0.10).doubt_of("A") == ""
    assert (
        Block({"A": [calm]}, drift_of([1.0, 1.2])).doubt_of("A").startswith("INVALID: the calibration loop")
    )
    assert "the client used 60% of a core" in Block({"A": [busy]}, 0.0).doubt_of("A")


def test_clients_take_turns_and_take_them_again_where_the_machine_drifted() -> None:
    order: list[str] = []

    def client(name: str) -> Run:
        order.append(name)
        return Run({}, {"now": 1.0, "cpu": 0.0})

    clients = {"A": lambda: client("A"), "B": lambda: client("B")}
    assert interleave(clients, 2, speed=lambda: 1.0).drift == 0.0
    assert order == ["A", "B", "A", "B"]
    order.clear()
    slower = iter([1.0, 1.0, 1.5, 1.0, 1.0, 1.3, 1.0, 1.0, 1.4])
    assert interleave(clients, 1, speed=lambda: next(slower)).drift == pytest.approx(0.3)
    assert order == ["A", "B"] * 3


def test_a_row_is_met_not_met_or_neither_and_a_better_peer_stays_in_the_table() -> None:
    ours = Row(3, "Bawab", "10 s", "5 s", 2.0, "≤ 1.05")
    peer_row = Row(3, "script", "5 s", "5 s", 1.0)
    assert (ours.met, peer_row.met) == (False, None)
    assert Row(14, "two workers", "1.9", "2", 0.95, "≥ 0.9").met is True
    assert Row(3, "Bawab", "5 s", "5 s", 1.0, "≤ 1.05", "INVALID: drift").met is None
    for shown in (as_text([ours, peer_row]), as_markdown([ours, peer_row])):
        assert "script" in shown
        assert "NOT MET" in shown
