"""What Slack's answers prove, as evidence and results; what every connector gives alike comes along."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.chat.slack.answers import meaning_of
from connectors.chat.slack.client import Answer
from connectors.chat.slack.remedies import remedy_text
from connectors.contract import Evidence, Outcome, Quality, Result
from connectors.evidence import evidence_of, not_answered, unreadable, with_remedy, without_call
from connectors.wire import Exchange
from policies.model import Refusal

__all__ = [
    "evidence_of",
    "not_answered",
    "observed",
    "refusal",
    "result_of",
    "result_of_error",
    "seen",
    "unreadable",
    "without_call",
]


def refusal(step_id: str, why: Refusal, remedy: str, evidence: Evidence, detail: str = "") -> Result:
    """Give a refused result; `remedy` is a key of `remedies.REMEDIES`."""
    return Result(
        step_id=step_id,
        outcome=Outcome.REFUSED,
        evidence=with_remedy(evidence, remedy),
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
        evidence=with_remedy(evidence, meaning.remedy),
        refusal=meaning.refusal,
        detail=detail,
        remedy=remedy_text(meaning.remedy),
    )


def observed(source: str, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of a state read from the platform, possibly over several requests."""
    return Evidence(quality=Quality.OBSERVED, at=datetime.now(UTC), source=source, facts=facts)


def seen(last: Exchange, *facts: tuple[str, str]) -> Evidence:
    """Give the evidence of a state read to its end; `last` is the request that ended the reading."""
    return evidence_of(last, Quality.OBSERVED, *facts)
