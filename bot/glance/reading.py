"""Where everything stands by plain SQL: the same values as `bot.status` gives, which a test holds it to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from bot.glance.reviews import unreviewed
from bot.glance.rows import (
    CASES,
    CONFIRMATIONS,
    FEEDS,
    GAPS,
    HOLDS,
    LANES,
    META,
    SUCCESSIONS,
    TASKS,
    Ask,
    Stored,
    among,
    stored,
)
from bot.glance.staff import nobody_is_missing
from bot.situation import STANDING, Status, by_deadline, by_due
from bot.states import CASE_NOT_STARTED, CASE_OPEN, CaseState, DriftState, LaneState
from bot.words.troubles import PREFIX as DEAF
from bot.words.troubles import by_instance, trouble_of

STOPPED: Final = "notices_stopped"
SEATS: Final = "open_seats"
OPEN_TASKS: Final = ("open", "half_attested")
WAITING: Final = (CaseState.SCHEDULED, CaseState.AWAITING_APPROVAL)
"""Where a departure has not begun: only then is a successor still asked for."""


class Unusual(Exception):
    """Something stands there that the full reading must judge."""


def situation(ask: Ask, now: datetime) -> Status:
    """Read it all from one snapshot; raises Unusual where more than a look is needed."""
    holds = HOLDS.read(ask, "WHERE released_at IS NULL AND withdrawn_at IS NULL")
    if holds and _count(ask, "notice WHERE hold_digest IS NOT NULL"):
        raise Unusual("whom an approval was asked of decides whether it travels alone")
    if not nobody_is_missing(ask):
        raise Unusual("somebody of the staff may have left")
    meta = {row.key: row.value for row in META.read(ask, "WHERE key IN (?, ?)", (STOPPED, SEATS))}
    read: Any = cast("Any", Status)  # its rows have the same attributes
    found: Status = read(
        **_cases(ask, now),
        holds=tuple(sorted(holds, key=_age)),
        lanes=tuple(LANES.read(ask, "WHERE state <> ?", (LaneState.OPEN,))),
        tasks=tuple(sorted(TASKS.read(ask, f"WHERE state {among(OPEN_TASKS)}", OPEN_TASKS), key=by_deadline)),
        questions=_count(ask, "link_question"),
        feeds=tuple(_last_feeds(ask)),
        deaf=tuple(sorted((trouble_of(row.key, row.value) for row in _deaf(ask)), key=by_instance)),
        gaps=tuple(GAPS.read(ask, "WHERE case_id = ?", (STANDING,))),
        orphans=tuple(_orphans(ask)),
        silenced=str(meta[STOPPED]["by"]) if STOPPED in meta else None,
        unreviewed=unreviewed(ask, now),
        drifts=_count(ask, "drift WHERE state = ?", DriftState.OPEN),
        unconfirmed=tuple(sorted(CONFIRMATIONS.read(ask, "WHERE verdict IS NULL"), key=_due)),
        seats=tuple(meta.get(SEATS, ())),
    )
    return found


def _cases(ask: Ask, now: datetime) -> dict[str, Any]:
    open_ones, unbegun = sorted(CASE_OPEN), sorted(CASE_NOT_STARTED)
    counted = ask(
        f"SELECT state, count(*) FROM lifecycle_case WHERE state {among(open_ones)} GROUP BY state",  # noqa: S608 - our own words
        open_ones,
    )
    late = CASES.read(
        ask,
        f"WHERE state {among(open_ones)} AND (overdue OR (due < ? AND state {among(unbegun)}))",
        [*open_ones, stored(now), *unbegun],
    )
    following = "WHERE state = ? AND due IS NOT NULL ORDER BY due, id LIMIT 1"
    return {
        "cases": dict(sorted((str(state), int(count)) for state, count in counted)),
        "overdue": tuple(sorted(late, key=by_due)),
        "next_due": next(iter(CASES.read(ask, following, (CaseState.SCHEDULED,))), None),
    }


def _last_feeds(ask: Ask) -> list[Stored]:
    newest = "WHERE received_at IN (SELECT max(received_at) FROM feed GROUP BY source) ORDER BY source"
    return list({row.source: row for row in FEEDS.read(ask, newest)}.values())


def _deaf(ask: Ask) -> list[Stored]:
    return META.read(ask, "WHERE substr(key, 1, ?) = ?", (len(DEAF), DEAF))


def _orphans(ask: Ask) -> list[Stored]:
    theirs = f"SELECT id FROM lifecycle_case WHERE state {among(WAITING)}"  # noqa: S608 - our own words
    found = SUCCESSIONS.read(ask, f"WHERE settled_at IS NULL AND case_id IN ({theirs})", WAITING)
    return sorted(found, key=lambda row: row.asked_at)


def _count(ask: Ask, what: str, *given: object) -> int:
    return int(ask(f"SELECT count(*) FROM {what}", given)[0][0])  # noqa: S608 - our own words


def _age(row: Stored) -> str:
    return str(row.created_at.isoformat())


def _due(row: Stored) -> str:
    return str(row.due.isoformat())
