"""Words for somebody who is in a group again: how they got in, and what becomes of it."""

from __future__ import annotations

from bot.drift.record import DriftState, Why
from bot.locale import N_
from bot.locale.keys import REFUSALS, STEP_STATES, refusal_text, state_text
from bot.states import StepState
from bot.store.group_tables import DriftRow
from bot.words.kinds import ACTIONS, worded
from bot.words.reader import Reads
from policies.model import Refusal

WHYS: dict[str, str] = {
    Why.CAME_BACK: N_("came back"),
    Why.SECOND_ACCOUNT: N_("by a second account"),
    Why.NEW_GROUP: N_("in a group they were not in before"),
    Why.OLD_POST: N_("in a group of the old post"),
}
STATES: dict[str, str] = {
    DriftState.OPEN: N_("waits for a decision"),
    DriftState.REMOVING: N_("is being removed again"),
    DriftState.REMOVED: N_("removed again, and checked"),
    DriftState.GONE: N_("left again by themselves"),
    DriftState.ACCEPTED: N_("accepted for a while"),
    DriftState.CLOSED: N_("rightly in by now"),
}
NOTES: dict[str, str] = {
    "asked_by_policy": N_("the rule says to ask"),
    "later_last_day": N_("HR has since announced a later last day"),
    "not_in_plan": N_("today's plan could not confirm it"),
    "run_threshold": N_("more people at once than a run may remove unasked"),
    "day_threshold": N_("more people than a day may remove unasked"),
    "exception_over": N_("the exception has run out"),
    "hired_again": N_("hired again"),
    "returned": N_("back from leave"),
    "case_cancelled": N_("the case was cancelled"),
    "no_longer_planned": N_("the rule leaves them in this group by now"),
}
_QUIET = frozenset({"", "read_back", "left_again"})


def drift_group(reader: Reads, row: DriftRow) -> str:
    """Name the group, or the act where the drift is about the account itself."""
    if row.group_id in ACTIONS:
        return worded(ACTIONS, row.group_id, reader.t)
    return reader.t.isolate(row.group_name or row.group_id)


def drift_state(reader: Reads, row: DriftRow, until: str) -> str:
    """Say where a drift stands; `until` is the end of an exception, as this screen writes instants."""
    t, said = reader.t, worded(STATES, row.state, reader.t)
    if row.state == DriftState.ACCEPTED and row.accepted_until:
        return t.text("{state}, until {until}: {why}", state=said, until=until, why=t.isolate(row.note))
    why = "" if row.note in _QUIET else _why(reader, row.note)
    return t.text("{state}: {why}", state=said, why=why) if why else said


def _why(reader: Reads, note: str) -> str:
    if note in {refusal.value for refusal in REFUSALS}:
        return refusal_text(Refusal(note), reader.t)
    if note in {state.value for state in STEP_STATES}:
        return state_text(StepState(note), reader.t)
    return worded(NOTES, note, reader.t)
