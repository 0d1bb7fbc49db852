"""Rows of everything that `bawab status` shows, as a working installation has them, from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from sqlmodel import SQLModel

from bot.run_terms import SINCE
from bot.states import CaseState, FeedState, HoldKind
from bot.store.access_tables import ConfirmationRow, ReviewRow
from bot.store.group_tables import DriftRow, SuccessionRow
from bot.store.tables import (
    CaseRow,
    FeedRow,
    GapRow,
    HoldRow,
    LaneRow,
    LinkQuestionRow,
    MetaRow,
    RunRow,
    TaskRow,
)

Moments = Callable[..., datetime]
RUNS = ("service", "once", "feed", "manual", "command")


def rows(seed: int, now: datetime) -> list[Sequence[SQLModel]]:
    """Make them, each table's together, in an order in which they can be stored."""
    chance = Random(seed)  # noqa: S311 - no secret

    def moment(days: float = 10.0) -> datetime:
        return now + timedelta(days=chance.uniform(-days, days))

    return [
        _runs(chance, now),
        _reviews(chance, now),
        [_case(chance, n, moment) for n in range(40)],
        [_hold(chance, n, moment) for n in range(8)],
        [
            LaneRow(
                instance=name,
                platform="slack",
                state=state,
                reason="down",
                since=moment(),
                pace={"learnt": [1, 2.5]},
                failures=chance.randrange(9),
            )
            for name, state in (("acme", "open"), ("beta", "waiting"), ("gamma", "paused"))
        ],
        [
            TaskRow(
                id=f"task_{n}",
                step_id=f"step_{n}",
                case_id="case_1",
                instance="wa",
                state=chance.choice(["open", "half_attested", "attested", "waived"]),
                deadline=moment(),
                created_at=now,
            )
            for n in range(12)
        ],
        [_feed(chance, n, moment) for n in range(6)],
        [
            GapRow(
                case_id="case_2" if n % 3 else "",
                instance="acme",
                reason="private_channels_unseen",
                group_id=f"G{n}",
                detail=f"#geheim-{n} قناة",
                seen_at=moment(),
            )
            for n in range(6)
        ],
        [
            SuccessionRow(
                case_id=f"case_{n}",
                instance="acme",
                group_id="G1",
                group_name="مبيعات",
                why="creator",
                asked_at=moment(),
                settled_at=chance.choice([None, None, now]),
            )
            for n in range(20)
        ],
        [
            ConfirmationRow(
                case_id=f"case_{n}",
                requested_by="noura",
                requested_at=now,
                due=moment(),
                escalated_at=chance.choice([None, now]),
                verdict=chance.choice([None, None, "confirmed"]),
            )
            for n in range(5)
        ],
        [_drift(chance, n, now) for n in range(7)],
        [
            LinkQuestionRow(id=f"q{n}", instance="acme", people=["E1"], accounts=[], why="two", asked_at=now)
            for n in range(3)
        ],
        [
            MetaRow(key="notices_stopped", value={"by": "person:omar", "at": now.isoformat()}),
            MetaRow(key="open_seats", value=["acme: sales", "acme: بحوث"]),
            MetaRow(key="deaf:acme", value={"key": "bad_token", "since": now.isoformat(), "detail": ""}),
            MetaRow(
                key="deaf:corp/missed",
                value={"key": "events_missed", "since": now.isoformat(), "detail": "x"},
            ),
            MetaRow(key="deafness", value="none of it"),
            *([MetaRow(key=SINCE, value=moment(40).isoformat())] if chance.random() < 0.5 else []),
        ],
    ]


def _runs(chance: Random, now: datetime) -> list[SQLModel]:
    found: list[SQLModel] = []
    for n in range(30):
        begun = now - timedelta(days=chance.uniform(0, 70))
        ended = begun + timedelta(hours=chance.uniform(0, 30)) if chance.random() < 0.7 else None
        run = RunRow(
            id=f"run_{n}",
            kind=chance.choice(RUNS),
            actor="bawab",
            started_at=begun,
            ended_at=ended,
            summary=None,
        )
        found.append(run)
    return found


def _reviews(chance: Random, now: datetime) -> list[SQLModel]:
    return [
        ReviewRow(run_id=f"run_{n}", signed_at=chance.choice([None, now]), escalated_at=None)
        for n in range(0, 30, 3)
    ]


def _case(chance: Random, n: int, moment: Moments) -> SQLModel:
    state = chance.choice(list(CaseState))
    return CaseRow(
        id=f"case_{n}",
        event_key=f"leaver/{n}",
        person_id=f"E{n}",
        kind="leaver",
        exit_type="resignation",
        event={"person": {"name": f"نورة {n}"}},
        state=state,
        due=chance.choice([None, moment(), moment()]),
        zone=chance.choice([None, "Asia/Riyadh"]),
        overdue=chance.random() < 0.2,
        run_id=f"run_{chance.randrange(30)}" if chance.random() < 0.5 else None,
        created_at=moment(),
        updated_at=moment(),
        finished_at=moment() if state is CaseState.COMPLETED else None,
    )


def _hold(chance: Random, n: int, moment: Moments) -> SQLModel:
    return HoldRow(
        digest=f"{n:064x}",
        kind=HoldKind.RUN_THRESHOLD,
        cause={"kind": "run", "count": n, "directory": 0},
        count=n,
        run_id=f"run_{n}",
        wanted=[["hr"]],
        created_at=moment(),
        released_at=chance.choice([None, None, moment()]),
        withdrawn_at=chance.choice([None, None, None, moment()]),
    )


def _feed(chance: Random, n: int, moment: Moments) -> SQLModel:
    return FeedRow(
        id=f"feed_{n}",
        source=chance.choice(["hr", "موارد"]),
        name=f"export-{n}.csv",
        sha256=f"{n:064x}",
        size=2**40 + n,
        modified=moment(),
        received_at=moment(),
        state=chance.choice(list(FeedState)),
        facts={"rows": n},
        findings=None,
    )


def _drift(chance: Random, n: int, now: datetime) -> SQLModel:
    return DriftRow(
        id=f"drift_{n}",
        case_id="case_1",
        person_id="E1",
        instance="acme",
        account_id=f"U{n}",
        group_id="G1",
        group_name="sales",
        role="member",
        found_by="event",
        why="came_back",
        state=chance.choice(["open", "removed"]),
        found_at=now,
    )
