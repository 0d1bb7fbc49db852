"""Builds evidence and results from what the wire recorded: small facts, never a token, link or body."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from connectors.chat.telegram.answers import meaning_of
from connectors.chat.telegram.client import Answer
from connectors.chat.telegram.remedies import remedy_text
from connectors.contract import Evidence, Outcome, Presence, Quality, Result, Sight
from connectors.errors import ConnectorError, Unavailable
from connectors.wire import AnswerLost, Exchange, RateLimited
from policies.model import Refusal

Fact = tuple[str, str]


def evidence_of(exchange: Exchange, quality: Quality, *facts: Fact) -> Evidence:
    """Give the evidence of one exchange."""
    measured = (("status", str(exchange.status)), ("ms", str(round(exchange.seconds * 1000))))
    return Evidence(quality, exchange.at, exchange.route, exchange.request_id, (*measured, *facts))


def without_call(source: str, *facts: Fact) -> Evidence:
    """Give the evidence of something decided or failed without an answer."""
    return Evidence(quality=Quality.UNKNOWN, at=datetime.now(UTC), source=source, facts=facts)


def refusal(step_id: str, why: Refusal, remedy: str, proof: Evidence, detail: str = "") -> Result:
    """Give a refused result; `remedy` is a key of `remedies.REMEDIES`."""
    return Result(
        step_id,
        Outcome.REFUSED,
        _with_remedy(proof, remedy),
        refusal=why,
        detail=detail,
        remedy=remedy_text(remedy),
    )


def local_refusal(step_id: str, why: Refusal, remedy: str) -> Result:
    """Refuse before anything leaves."""
    return refusal(step_id, why, remedy, without_call("local", ("sent", "nothing")))


def result_of_error(step_id: str, answer: Answer[Any], *facts: Fact) -> Result:
    """Give the result of a refusal, by the table; an upgraded group has moved and nothing was done."""
    if answer.moved_to is not None:
        return _moved(step_id, answer, *facts)
    if not answer.error:
        odd = AnswerLost(f"{answer.method}: Telegram answered ok and `false`; it may have had its effect")
        return failed(step_id, answer.method, odd, *facts)
    meaning = meaning_of(answer.error)
    proof = evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("error", answer.error), *facts)
    return Result(
        step_id,
        meaning.outcome,
        _with_remedy(proof, meaning.remedy),
        refusal=meaning.refusal,
        detail=f"{answer.method}: {answer.error}",
        remedy=remedy_text(meaning.remedy),
    )


def _moved(step_id: str, answer: Answer[Any], *facts: Fact) -> Result:
    proof = evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("moved_to", str(answer.moved_to)), *facts)
    return Result(
        step_id,
        Outcome.MOVED,
        _with_remedy(proof, "group_moved"),
        detail=f"{answer.method}: the group was upgraded to a supergroup; nothing was done",
        remedy=remedy_text("group_moved"),
        new_group_id=answer.moved_to,
    )


def failed(step_id: str, source: str, error: AnswerLost | ConnectorError, *facts: Fact) -> Result:
    """Give the result of a call that got no usable answer: lost, limited, or surely nothing done by it."""
    if isinstance(error, AnswerLost):
        proof = without_call(source, ("lost", "answer"), *facts)
        return Result(step_id, Outcome.UNKNOWN, proof, detail=str(error), remedy=remedy_text("read_back"))
    limited = isinstance(error, RateLimited)
    return Result(
        step_id,
        Outcome.RATE_LIMITED if limited else Outcome.UNAVAILABLE,
        without_call(source, ("sent", "refused" if limited else "no"), *facts),
        retry_after=error.retry_after if isinstance(error, Unavailable) else None,
        detail=str(error),
    )


def unreadable(step_id: str, source: str, why: str) -> Presence:
    """Give the presence of a read-back that could not see."""
    return Presence(step_id, Sight.UNREADABLE, without_call(source), why)


def _with_remedy(proof: Evidence, remedy: str) -> Evidence:
    return dataclasses.replace(proof, facts=(*proof.facts, ("remedy", remedy))) if remedy else proof
