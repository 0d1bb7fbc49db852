"""What one answer means for one step: a part alone, a person in a bulk answer, two roles together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from connectors.chat.teams import evidence
from connectors.chat.teams.batches import Said
from connectors.chat.teams.client import Answer, Row
from connectors.chat.teams.refusals import Meaning, meaning_of, status_of
from connectors.contract import Outcome, Result, Revocation
from connectors.wire import AnswerLost

_LOST = AnswerLost("the bulk answer leaves this person out; it may have had its effect")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result as far as one answer tells; `meaning` where Graph refused, with the answer to judge by."""

    step: Revocation
    result: Result
    meaning: Meaning | None = None
    answer: Answer | None = None
    bulk_lacking: bool = False
    """Whether the whole bulk request was unknown to the server, so that it may be asked of each alone."""
    half_done: bool = False
    """Whether the ownership ended, though the membership did not."""


def of_part(step: Revocation, said: Said) -> Verdict:
    """Judge one request's answer."""
    if not isinstance(said, Answer):
        return Verdict(step, evidence.not_answered(step.step_id, "revoke", said))
    if said.ok and said.status != HTTPStatus.MULTI_STATUS:
        return Verdict(step, evidence.done(step.step_id, said))
    return _refused(step, said, meaning_of(said.status, said.message))


def of_bulk(step: Revocation, said: Said) -> Verdict:
    """Judge one person inside the answer to `members/remove`."""
    if isinstance(said, Answer) and (said.not_offered or said.status == HTTPStatus.NOT_FOUND):
        return replace(of_part(step, said), bulk_lacking=True)
    if not isinstance(said, Answer) or not said.ok or said.status == HTTPStatus.NO_CONTENT:
        return of_part(step, said)
    rows = said.data.get("value")
    mine = _row_of(step.account_id, rows if isinstance(rows, list) else [])
    if mine is None:
        return Verdict(step, evidence.not_answered(step.step_id, said.route, _LOST))
    error = mine.get("error")
    if not error:
        return Verdict(step, evidence.done(step.step_id, said))
    status = status_of(str(error.get("code") or "") if isinstance(error, dict) else "")
    own = Answer(said.route, status, {"error": error}, said.exchange)
    return _refused(step, own, meaning_of(own.status, own.message))


def joined(verdicts: Sequence[Verdict]) -> Verdict:
    """Judge both roles of one person: done only where nothing is left undone or unknown."""
    done = [one for one in verdicts if one.result.outcome is Outcome.REVOKED]
    absent = [one for one in verdicts if one.result.outcome is Outcome.SAID_ABSENT]
    others = [one for one in verdicts if one not in done and one not in absent]
    # The first that is neither done nor absent decides: what follows it only says that it was not tried.
    return replace((others or done or absent)[0], half_done=bool(others and done))


def _refused(step: Revocation, answer: Answer, meaning: Meaning) -> Verdict:
    return Verdict(step, evidence.by_meaning(step.step_id, answer, meaning), meaning, answer)


def _row_of(account_id: str, rows: Sequence[Row]) -> Row | None:
    return next((row for row in rows if isinstance(row, dict) and row.get("userId") == account_id), None)
