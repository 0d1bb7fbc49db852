"""Every kind of message in both languages, as text files a person can read: golden/KIND.LANGUAGE.txt.

Changed on purpose, a message is written anew with BAWAB_WRITE_GOLDEN=1, and read before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.backlog import Backlog
from bot.locale import Translator, translator
from bot.notices.approval_words import Approval, Emergency, Word, approval, emergency, questions
from bot.notices.compose import GroupLine, OrphanLine, removal, succession
from bot.notices.saying import Means
from bot.notices.task_list import TaskLine, all_done, newer_list, task_list
from bot.outages import Outage
from bot.shown import Shown
from bot.states import HoldKind, LaneState, StepState
from bot.words.outage_letter import outage_lines
from bot.words.reader import Reader
from connectors.chat.manual import fill_steps, task_steps
from connectors.messages import Message, Passage
from policies.model import Refusal, StepAction

GOLDEN = Path(__file__).parent / "golden"
ZONE = "Asia/Riyadh"
NOON = datetime(2026, 11, 22, 9, tzinfo=UTC)
PRESSED = Means(console="https://bawab.example.com")
TYPED = Means(buttons=False)
ANA, HUDA = "Ana Quispe", "هدى العتيبي"
Said = Callable[[Translator], tuple[Passage, ...]]


def _tasks(t: Translator) -> list[TaskLine]:
    guide = fill_steps(task_steps("whatsapp", StepAction.REVOKE, t.language), person=ANA, group="Shift swaps")
    return [
        TaskLine("task_1", ANA, "Shift swaps", NOON, "new", guide=guide),
        TaskLine("task_2", ANA, "السائقون", NOON, "new", second_needed=True),
        TaskLine("task_3", HUDA, "Kitchen", NOON, "reminder"),
        TaskLine("task_4", HUDA, "Board", NOON, "escalation"),
        TaskLine("task_5", HUDA, "Finance", NOON, "second"),
    ]


GROUPS = [
    GroupLine("sales", StepState.VERIFIED_ABSENT),
    GroupLine("المبيعات", StepState.LOCKED_OUT),
    GroupLine("board", StepState.BLOCKED, Refusal.LAST_OWNER),
    GroupLine("drivers", StepState.DELEGATED, Refusal.NO_API),
]
WAITING = Approval("9c2e41d0a7b35f60", HoldKind.APPROVAL, 1, (ANA,), NOON)
READ = Shown(12, (("Slack", 10), ("Telegram", 2)), whole=False, seen={})
WHOLE = Approval("9c2e41d0a7b35f60", HoldKind.APPROVAL, 1, (ANA,), NOON, shown=READ)
MANY = Approval("9c2e41d0a7b35f60", HoldKind.RUN_THRESHOLD, 14, (ANA, HUDA, *["Omar"] * 12), NOON)
LINKS = Approval("9c2e41d0a7b35f60", HoldKind.IDENTITY_LINKS, 12)
FEED = Approval("9c2e41d0a7b35f60", HoldKind.FEED, 1)
HALF = Approval("9c2e41d0a7b35f60", HoldKind.APPROVAL, 1, (ANA,), NOON, (Word(HUDA, True, NOON),), 1)
APPROVED = Approval(
    "9c2e41d0a7b35f60", HoldKind.APPROVAL, 1, (ANA,), None, (Word(HUDA, True, NOON),), 0, "approved"
)
REJECTED = Approval(
    "9c2e41d0a7b35f60", HoldKind.APPROVAL, 1, (ANA,), None, (Word(HUDA, False, NOON),), 1, "rejected"
)
WITHDRAWN = Approval("9c2e41d0a7b35f60", HoldKind.OBSERVE, 3, decided="withdrawn")
URGENT = Emergency("case_1", ANA, HUDA, NOON, NOON)
LATE = Emergency("case_1", ANA, HUDA, NOON, NOON, late=True)
RIGHT = Emergency("case_1", ANA, HUDA, NOON, NOON, "confirmed", "Idris", NOON)
WRONG = Emergency("case_1", ANA, HUDA, NOON, NOON, "disputed", "Idris", NOON)

WAITS = Backlog(steps=1212, groups=3, people=13, cases=14, urgent=1, seconds=720)
DOWN = Outage(
    id="outage_1",
    scope="slack",
    platform="slack",
    state=LaneState.WAITING,
    began=NOON,
    since=NOON,
    counted=NOON + timedelta(minutes=10),
    looked=NOON,
    instances=("acme",),
    title="Slack",
    waits=WAITS,
)
FLAPS = replace(DOWN, falls=3, since=NOON + timedelta(minutes=40), waits=Backlog())
ONE = Backlog(steps=1, groups=1, people=1, cases=1, seconds=2.0)
BACK = replace(DOWN, state=LaneState.OPEN, since=NOON + timedelta(hours=6), down=21_600, waits=ONE)
FOUR = replace(DOWN, title="Slack (acme, apac, emea, +1)", instances=("acme", "apac", "emea", "labs"))
REFUSED = replace(
    DOWN,
    state=LaneState.PAUSED,
    reason="acme: Slack refuses the bot token at auth.test (invalid_auth); give a valid token and restart",
)


def _outage(outage: Outage) -> Said:
    return lambda t: tuple(Passage(line) for line in outage_lines(outage, Reader(t, ZONE)))


MESSAGES: dict[str, Said] = {
    "removal": lambda t: removal(ANA, GROUPS, t, PRESSED, "case_1"),
    "succession": lambda t: succession(ANA, [OrphanLine("board", "creator")], NOON, ZONE, t),
    "succession_settled": lambda t: succession(ANA, [], NOON, ZONE, t),
    "tasks_with_buttons": lambda t: task_list(_tasks(t), ZONE, t, PRESSED),
    "tasks_to_type": lambda t: task_list(_tasks(t), ZONE, t, TYPED),
    "tasks_done": all_done,
    "tasks_replaced": newer_list,
    "approval": lambda t: approval(WAITING, ZONE, t, PRESSED),
    "approval_to_type": lambda t: approval(WAITING, ZONE, t, TYPED),
    "approval_of_groups": lambda t: approval(WHOLE, ZONE, t, PRESSED),
    "approval_of_many": lambda t: approval(MANY, ZONE, t, PRESSED),
    "approval_of_accounts": lambda t: approval(LINKS, ZONE, t, PRESSED),
    "approval_of_a_file": lambda t: approval(FEED, ZONE, t, PRESSED),
    "approval_half_given": lambda t: approval(HALF, ZONE, t, PRESSED),
    "approval_given": lambda t: approval(APPROVED, ZONE, t, PRESSED),
    "approval_refused": lambda t: approval(REJECTED, ZONE, t, PRESSED),
    "approval_withdrawn": lambda t: approval(WITHDRAWN, ZONE, t, PRESSED),
    "emergency": lambda t: emergency(URGENT, ZONE, t, PRESSED),
    "emergency_late": lambda t: emergency(LATE, ZONE, t, PRESSED),
    "emergency_right": lambda t: emergency(RIGHT, ZONE, t, PRESSED),
    "emergency_wrong": lambda t: emergency(WRONG, ZONE, t, PRESSED),
    "questions": lambda t: questions(["acme", "acme", "staff"], t, PRESSED),
    "outage": _outage(DOWN),
    "outage_flapping": _outage(FLAPS),
    "outage_of_many": _outage(FOUR),
    "outage_back": _outage(BACK),
    "outage_back_refused": _outage(replace(BACK, refused=True)),
    "outage_over": _outage(replace(BACK, falls=2, over=True, waits=Backlog())),
    "outage_refused": _outage(REFUSED),
    "outage_gone": _outage(replace(REFUSED, gone=True)),
    "questions_answered": lambda t: questions([], t, PRESSED),
}


def written(passages: tuple[Passage, ...]) -> str:
    """Give a message as a person reads it: buttons in brackets, with what they carry."""
    parts = []
    for passage in Message(passages).passages:
        rows = [f"[{one.label}] → {one.url or f'{one.act}:{one.value}'}" for one in passage.buttons]
        parts.append("\n".join([*([passage.text] if passage.text else []), *rows]))
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("kind", MESSAGES)
def test_each_message_reads_as_it_was_read_and_agreed(kind: str, language: str) -> None:
    said = written(MESSAGES[kind](translator(language)))
    path = GOLDEN / f"{kind}.{language}.txt"
    if os.environ.get("BAWAB_WRITE_GOLDEN"):
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


def test_no_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{kind}.{language}.txt" for kind in MESSAGES for language in ("en", "ar")
    }
