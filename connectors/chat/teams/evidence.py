"""What Graph's answers prove, as evidence and results; what every connector gives alike comes along."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.chat.teams.client import Answer
from connectors.chat.teams.refusals import Meaning
from connectors.chat.teams.remedies import remedy_text
from connectors.contract import Evidence, Outcome, Quality, Result
from connectors.evidence import not_answered, unreadable, with_remedy, without_call
from connectors.wire import Exchange
from policies.model import Refusal

__all__ = [
    "by_meaning",
    "done",
    "evidence_of",
    "not_answered",
    "observed",
    "refusal",
    "unreadable",
    "without_call",
]


def evidence_of(answer: Answer, quality: Quality, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of one answer, a batch's part too."""
    said = [("status", str(answer.status)), ("ms", str(round(answer.exchange.seconds * 1000)))]
    if answer.exchange.route != answer.route:
        said.append(("within", answer.exchange.route))
    if answer.code:
        said.append(("error", answer.code))
    exchange = answer.exchange
    return Evidence(quality, exchange.at, answer.route, exchange.request_id, (*said, *facts))


def observed(source: str, exchange: Exchange | None, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of a state read to its end; `exchange` ended the reading."""
    at, request_id = (exchange.at, exchange.request_id) if exchange else (datetime.now(UTC), "")
    return Evidence(Quality.OBSERVED, at, source, request_id, facts)


def refusal(step_id: str, why: Refusal, remedy: str, proof: Evidence, detail: str = "") -> Result:
    """Give a refused result; `remedy` is a key of `remedies.REMEDIES`."""
    return Result(
        step_id, Outcome.REFUSED, with_remedy(proof, remedy), why, detail=detail, remedy=remedy_text(remedy)
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
        with_remedy(proof, meaning.remedy),
        meaning.refusal,
        detail=said,
        remedy=f"{remedy} ({needed})" if needed else remedy,
    )
