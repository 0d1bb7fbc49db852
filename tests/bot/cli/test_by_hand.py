"""Groups no program reaches: a task is listed, confirmed by somebody who may, or left undone for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Shop

REGISTRY = """\
version: 1
groups:
  - {instance: phones, group: فريق المبيعات, owner: E2, deputy: E3, members: [E1, E2, E3]}
"""


@pytest.fixture
def delegated(shop: Shop) -> tuple[Shop, str]:
    """Somebody left a WhatsApp group's company; the task that came of it."""
    (shop.folder / "groups.yaml").write_text(REGISTRY, encoding="utf-8")
    shop.write_settings(REGISTRY=str(shop.folder / "groups.yaml"), MANUAL__PHONES__PLATFORM="whatsapp")
    shop.settle_in(*STAFF)
    shop.bawab("case", "new", "E1", "--now")
    assert shop.run_once().code == 3
    (task,) = shop.bawab("task", "list", "--json").data
    return shop, task["id"]


def test_a_task_is_listed_with_whom_it_asks_and_its_group(delegated: tuple[Shop, str]) -> None:
    shop, task = delegated
    listed = shop.bawab("task", "list").out
    for word in (task, "فريق المبيعات", "Ana Quispe", "نورة القحطاني"):
        assert word in listed
    opened = shop.bawab("audit", "search", "action:task.open", "--json").data["entries"]
    assert opened[0]["group_name"] == "فريق المبيعات", "whoever reads the log reads names"


def test_what_was_confirmed_is_said_with_names_and_no_id(delegated: tuple[Shop, str]) -> None:
    shop, task = delegated
    told = shop.bawab("task", "attest", task, name="E2").err
    assert "Ana Quispe" in told
    assert "فريق المبيعات" in told
    assert task not in told


def test_an_end_that_is_no_moment_is_asked_for_and_no_case_is_spoken_of(delegated: tuple[Shop, str]) -> None:
    shop, task = delegated
    answer = shop.bawab("task", "waive", task, "--reason", "archive", "--until", "soon", name="E2")
    assert answer.code == 2
    assert "--until 2026-12-31T18:00+03:00" in answer.err
    assert "case" not in answer.err


def test_somebody_who_stays_confirms_it_and_the_case_ends(delegated: tuple[Shop, str]) -> None:
    shop, task = delegated
    assert shop.bawab("task", "attest", task, name="a stranger").code == 2
    assert shop.bawab("task", "attest", task, name="E1").code == 2, "not the person it is about"
    assert shop.bawab("task", "attest", task, "--note", "seen", name="E2").code == 0
    assert shop.bawab("task", "attest", task, name="E2").code == 2, "it is confirmed already"
    assert shop.run_once().code == 0
    (case,) = shop.bawab("case", "list", "--all", "--json").data
    assert case["state"] == "completed"
    assert "attested by a person" in shop.bawab("case", "show", case["id"]).out


def test_an_exception_needs_a_reason_and_an_end(delegated: tuple[Shop, str]) -> None:
    shop, task = delegated
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    assert shop.bawab("task", "waive", task, "--reason", "archive", name="E2").code == 2
    assert shop.bawab("task", "waive", task, "--until", until, name="E2").code == 2
    assert shop.bawab("task", "waive", task, "--reason", "archive", "--until", until, name="E2").code == 0
    assert shop.bawab("task", "list", "--json").data == []
    assert [task["state"] for task in shop.bawab("task", "list", "--all", "--json").data] == ["waived"]
