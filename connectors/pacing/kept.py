"""What was learnt, as JSON and back: a successor starts from it and is not refused to learn it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from connectors.pacing.learning import SLOWEST, Learnt, Model
from connectors.pacing.meter import Meter

MOST_KEPT = 256
"""Keys kept at most, the last used first."""
_LONGEST_BLOCK_SECONDS = 3600.0


def kept(meters: Mapping[str, tuple[str, Meter]], now: float, wall: float) -> dict[str, object]:
    """Give what differs from the published limits, by key; `wall` is the hour, in seconds since 1970."""
    news = [
        (key, limit, meter)
        for key, (limit, meter) in list(meters.items())  # asked in the store's thread, while calls go on
        if meter.learnt.is_news or meter.blocked_until > now
    ]
    news.sort(key=lambda one: one[2].last_sent, reverse=True)
    return {"at": wall, "keys": {key: _one(limit, meter, now) for key, limit, meter in news[:MOST_KEPT]}}


def _one(limit: str, meter: Meter, now: float) -> dict[str, object]:
    learnt = meter.learnt
    return {
        "limit": limit,
        "model": learnt.model.value,
        "stretch": round(learnt.slowdown, 4),
        "burst": learnt.burst,
        "cap": learnt.cap,
        "blocked": round(max(0.0, meter.blocked_until - now), 3),
    }


def restore(state: object, meter_of: Callable[[str, str], Meter | None], now: float, wall: float) -> None:
    """Take up what `kept` gave; what is not understood is left out, and nothing gets faster than published.

    `meter_of` gives the meter of (key, limit), or None where there is no such limit any more.
    """
    keys = state.get("keys") if isinstance(state, dict) else None
    if not isinstance(state, dict) or not isinstance(keys, dict):
        return
    passed = max(0.0, wall - _number(state.get("at"), wall))
    for key, one in list(keys.items())[:MOST_KEPT]:
        meter = meter_of(str(key), str(one.get("limit"))) if isinstance(one, dict) else None
        if meter is not None and isinstance(one, dict):
            _take_up(meter, one, now, passed)


def _take_up(meter: Meter, one: Mapping[str, object], now: float, passed: float) -> None:
    learnt = meter.learnt
    try:
        learnt.model = Model(str(one.get("model")))
    except ValueError:
        learnt.model = Model.UNKNOWN
    if learnt.model is not Model.WINDOW:  # there the cap says it
        learnt.stretch = min(SLOWEST, max(1.0, _number(one.get("stretch"), 1.0)))
    learnt.burst = _calls(one.get("burst"), learnt)
    learnt.cap = _calls(one.get("cap"), learnt)
    learnt.proved = min(learnt.proved, float(learnt.burst))
    blocked = min(_LONGEST_BLOCK_SECONDS, _number(one.get("blocked"), 0.0)) - passed
    if blocked > 0.0:
        meter.blocked_until = max(meter.blocked_until, now + blocked)
    # The predecessor may just have spent its burst: it is earned again.
    begin = max(now, meter.blocked_until)
    meter.due = max(meter.due, begin + (learnt.burst - 1) * meter.pace(now))


def _calls(value: object, learnt: Learnt) -> int:
    return int(min(learnt.most, max(1.0, _number(value, float(learnt.most)))))


def _number(value: object, otherwise: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return otherwise
    return float(value)
