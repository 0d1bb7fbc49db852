"""Builds evidence and results from what the wire recorded: small facts, never a token, never a body."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from connectors.chat.teams.client import Answer
from connectors.chat.teams.refusals import Meaning
from connectors.chat.teams.remedies import remedy_text
from connectors.contract import Evidence, Outcome, Presence, Quality, Result, Sight
from connectors.wire import AnswerLost, Exchange, RateLimited
from policies.model import Refusal


def evidence_of(answer: Answer, quality: Quality, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of one answer, a batch's part too."""
    said = [("status", str(answer.status)), ("ms", str(round(answer.exchange.seconds * 1000)))]
    if answer.exchange.route != answer.route:
        said.append(("within", answer.exchange.route))
    if answer.code:
        said.append(("error", answer.code))
    exchange = answer.exchange
    return Evidence(quality, exchange.at, answer.route, exchange.request_id, (*said, *facts))


def without_call(source: str, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of something decided or failed without an answer."""
    return Evidence(Quality.UNKNOWN, datetime.now(UTC), source, facts=facts)


def observed(source: str, exchange: Exchange | None, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of a state read to its end; `exchange` ended the reading."""
    at, request_id = (exchange.at, exchange.request_id) if exchange else (datetime.now(UTC), "")
    return Evidence(Quality.OBSERVED, at, source, request_id, facts)


def refusal(step_id: str, why: Refusal, remedy: str, proof: Evidence, detail: str = "") -> Result:
    """Give a refused result; `remedy` is a key of `remedies.REMEDIES`."""
    return Result(
        step_id, Outcome.REFUSED, _with(proof, remedy), why, detail=detail, remedy=remedy_text(remedy)
    )


def done(step_id: str, answer: Answer, *facts: tuple[str, str]) -> Result:
    """Give the result of a write that Graph acknowledged."""
    return Result(step_id, Outcome.REVOKED, evidence_of(answer, Quality.ACKNOWLEDGED, *facts))


def by_meaning(step_id: str, answer: Answer, meaning: Meaning, needed: str = "") -> Result:
    """Give the result of a refused write; `needed` names a permission the app lacks."""
    facts = (("needed", needed),) if needed else ()
    proof = evidence_of(answer, Quality.ACKNOWLEDGED, *facts)
    said = f"Graph said {answer.status} {answer.code}" + (f"; it needs {needed}" if needed else "")
    remedy = remedy_text(meaning.remedy)
    return Result(
        step_id,
        meaning.outcome,
        _with(proof, meaning.remedy),
        meaning.refusal,
        detail=said,
        remedy=f"{remedy} ({needed})" if needed else remedy,
    )


def not_answered(step_id: str, source: str, error: Exception) -> Result:
    """Give the result of a write without an answer: lost, refused for now, or surely not sent."""
    if isinstance(error, AnswerLost):
        proof = without_call(source, ("lost", "answer"))
        return Result(step_id, Outcome.UNKNOWN, proof, detail=str(error), remedy=remedy_text("read_back"))
    limited = isinstance(error, RateLimited)
    return Result(
        step_id,
        Outcome.RATE_LIMITED if limited else Outcome.UNAVAILABLE,
        without_call(source, ("sent", "refused" if limited else "no")),
        retry_after=getattr(error, "retry_after", None),
        detail=str(error),
    )


def unreadable(step_id: str, source: str, why: object) -> Presence:
    """Give what a read-back that could not read says."""
    return Presence(step_id, Sight.UNREADABLE, without_call(source), str(why))


def _with(proof: Evidence, remedy: str) -> Evidence:
    return replace(proof, facts=(*proof.facts, ("remedy", remedy))) if remedy else proof
