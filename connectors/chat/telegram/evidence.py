"""What Telegram's answers prove, as evidence and results; what every connector gives alike comes along."""

from __future__ import annotations

from typing import Any

from connectors.chat.telegram.answers import meaning_of
from connectors.chat.telegram.client import Answer
from connectors.chat.telegram.remedies import remedy_text
from connectors.contract import Evidence, Outcome, Quality, Result
from connectors.evidence import Fact, evidence_of, not_answered, unreadable, with_remedy, without_call
from connectors.wire import AnswerLost
from policies.model import Refusal

__all__ = [
    "Fact",
    "evidence_of",
    "local_refusal",
    "not_answered",
    "refusal",
    "result_of_error",
    "unreadable",
    "without_call",
]


def refusal(step_id: str, why: Refusal, remedy: str, proof: Evidence, detail: str = "") -> Result:
    """Give a refused result; `remedy` is a key of `remedies.REMEDIES`."""
    return Result(
        step_id,
        Outcome.REFUSED,
        with_remedy(proof, remedy),
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
        return not_answered(step_id, answer.method, odd, *facts)
    meaning = meaning_of(answer.error)
    proof = evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("error", answer.error), *facts)
    return Result(
        step_id,
        meaning.outcome,
        with_remedy(proof, meaning.remedy),
        refusal=meaning.refusal,
        detail=f"{answer.method}: {answer.error}",
        remedy=remedy_text(meaning.remedy),
    )


def _moved(step_id: str, answer: Answer[Any], *facts: Fact) -> Result:
    proof = evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("moved_to", str(answer.moved_to)), *facts)
    return Result(
        step_id,
        Outcome.MOVED,
        with_remedy(proof, "group_moved"),
        detail=f"{answer.method}: the group was upgraded to a supergroup; nothing was done",
        remedy=remedy_text("group_moved"),
        new_group_id=answer.moved_to,
    )
