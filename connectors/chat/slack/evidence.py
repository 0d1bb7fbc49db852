"""Builds evidence and results from what the wire recorded: small facts, never a token, never a body."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.chat.slack.answers import meaning_of
from connectors.chat.slack.client import Answer
from connectors.chat.slack.remedies import remedy_text
from connectors.contract import Evidence, Outcome, Quality, Result
from connectors.wire import Exchange, NotSent, RateLimited
from policies.model import Refusal


def evidence_of(exchange: Exchange, quality: Quality, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of one exchange."""
    return Evidence(
        quality=quality,
        at=exchange.at,
        source=exchange.route,
        request_id=exchange.request_id,
        facts=(("status", str(exchange.status)), ("ms", str(round(exchange.seconds * 1000))), *facts),
    )


def without_call(source: str, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of something decided or failed without an answer."""
    return Evidence(quality=Quality.UNKNOWN, at=datetime.now(UTC), source=source, facts=facts)


def refusal(step_id: str, why: Refusal, remedy: str, evidence: Evidence, detail: str = "") -> Result:
    """Give a refused result; `remedy` is a key of `remedies.REMEDIES`."""
    return Result(
        step_id=step_id,
        outcome=Outcome.REFUSED,
        evidence=_with_remedy(evidence, remedy),
        refusal=why,
        detail=detail,
        remedy=remedy_text(remedy),
    )


def result_of(step_id: str, answer: Answer) -> Result:
    """Give the result of one write's answer, by the error table."""
    if answer.ok:
        return Result(step_id, Outcome.REVOKED, evidence_of(answer.exchange, Quality.ACKNOWLEDGED))
    return result_of_error(step_id, answer.error, answer)


def result_of_error(step_id: str, error: str, answer: Answer) -> Result:
    """Give the result for an error string, which may be one person's inside a bulk answer."""
    meaning = meaning_of(error)
    facts = [("error", error)]
    facts += [(key, str(answer.data[key])) for key in ("needed", "provided") if answer.data.get(key)]
    evidence = evidence_of(answer.exchange, Quality.ACKNOWLEDGED, *facts)
    detail = ", ".join(f"{key}: {value}" for key, value in facts)
    return Result(
        step_id=step_id,
        outcome=meaning.outcome,
        evidence=_with_remedy(evidence, meaning.remedy),
        refusal=meaning.refusal,
        detail=detail,
        remedy=remedy_text(meaning.remedy),
    )


def lost(step_id: str, source: str, error: Exception) -> Result:
    """Give the result of a write whose answer was lost."""
    return Result(
        step_id,
        Outcome.UNKNOWN,
        without_call(source, ("lost", "answer")),
        detail=str(error),
        remedy=remedy_text("read_back"),
    )


def not_done(step_id: str, source: str, error: NotSent | RateLimited) -> Result:
    """Give the result of a write that surely did nothing, because of load or a missing connection."""
    limited = isinstance(error, RateLimited)
    return Result(
        step_id,
        Outcome.RATE_LIMITED if limited else Outcome.UNAVAILABLE,
        without_call(source, ("sent", "refused" if limited else "no")),
        retry_after=error.retry_after,
        detail=str(error),
    )


def _with_remedy(evidence: Evidence, remedy: str) -> Evidence:
    if not remedy:
        return evidence
    return Evidence(
        quality=evidence.quality,
        at=evidence.at,
        source=evidence.source,
        request_id=evidence.request_id,
        facts=(*evidence.facts, ("remedy", remedy)),
    )


def observed(source: str, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of a state read from the platform, possibly over several requests."""
    return Evidence(quality=Quality.OBSERVED, at=datetime.now(UTC), source=source, facts=facts)


def seen(last: Exchange, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of a state read to its end; `last` is the request that ended the reading."""
    return evidence_of(last, Quality.OBSERVED, *facts)
