"""Evidence and results all connectors give alike: small facts of what the wire recorded, never a body."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from connectors.contract import Evidence, Outcome, Presence, Quality, Result, Sight
from connectors.errors import ConnectorError, HeldBack, Unavailable
from connectors.remedies import READ_BACK
from connectors.wire import AnswerLost, Exchange, RateLimited

Fact = tuple[str, str]
NOTHING = "no"
"""The fact `sent`, where nothing was: neither before nor in answer to anything."""


def evidence_of(exchange: Exchange, quality: Quality, *facts: Fact) -> Evidence:
    """Give the evidence of one exchange."""
    measured = (("status", str(exchange.status)), ("ms", str(round(exchange.seconds * 1000))))
    return Evidence(quality, exchange.at, exchange.route, exchange.request_id, (*measured, *facts))


def without_call(source: str, *facts: Fact) -> Evidence:
    """Give the evidence of something decided or failed without an answer."""
    return Evidence(Quality.UNKNOWN, datetime.now(UTC), source, facts=facts)


def with_remedy(proof: Evidence, remedy: str) -> Evidence:
    """Add the key of a remedy to the facts; an empty key adds nothing."""
    return replace(proof, facts=(*proof.facts, ("remedy", remedy))) if remedy else proof


def not_answered(step_id: str, source: str, error: AnswerLost | ConnectorError, *facts: Fact) -> Result:
    """Give the result of a call that got no usable answer: lost, refused for now, or surely nothing done."""
    if isinstance(error, AnswerLost):
        proof = without_call(source, ("lost", "answer"), *facts)
        return Result(step_id, Outcome.UNKNOWN, proof, detail=str(error), remedy=READ_BACK.en)
    limited = isinstance(error, RateLimited)
    sent = "refused" if limited and not isinstance(error, HeldBack) else NOTHING
    return Result(
        step_id,
        Outcome.RATE_LIMITED if limited else Outcome.UNAVAILABLE,
        without_call(source, ("sent", sent), *facts),
        retry_after=error.retry_after if isinstance(error, Unavailable) else None,
        detail=str(error),
    )


def nothing_sent(result: Result) -> bool:
    """Tell whether a call got no answer because it was never made: our own pace, or no connection.

    Where more is known of it, something was done before it: a demotion before a ban, say.
    """
    return result.evidence.facts == (("sent", NOTHING),)


def unreadable(step_id: str, source: str, why: object) -> Presence:
    """Give what a read-back that could not see says."""
    return Presence(step_id, Sight.UNREADABLE, without_call(source), str(why))
