"""A case's entries of the log, each as one plain sentence: what its timeline shows in place of raw keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from bot.audit.actions import Action
from bot.audit.tail import Row
from bot.locale import N_
from bot.locale.keys import state_text
from bot.states import CaseState, StepState
from bot.words.kinds import KINDS, TASKS, worded
from bot.words.lines import act_text, line_of, notice_text, places_of, step_state
from bot.words.reader import Reads

_BOOKKEEPING = frozenset(
    {(Action.TASK_ATTEST, "attested"), (Action.TASK_WAIVE, "waived"), (Action.NOTICE_SEND, "intended")}
)
"""The step's own entry, written with it, or the notice's next one says the same and more."""
_SAID: Mapping[str, str] = {
    Action.CASE_QUARANTINE: N_("Stopped by a guard, and {state}; hold {hold}"),
    Action.CASE_PLAN: N_("Planned on {instance}; memberships found: {memberships}"),
    Action.CASE_REVOKE_NOW: N_("Due at once"),
    Action.CASE_RETRY: N_("What was left undone is tried again"),
    Action.CASE_CANCEL: N_("Cancelled: {reason}"),
    Action.CASE_RESCIND: N_("Called off: {reason}"),
    Action.TASK_OPEN: N_("{group} ({instance}): now a task for a person"),
    Action.TASK_REMIND: N_("{group} ({instance}): a reminder was sent"),
    Action.TASK_ESCALATE: N_("{group} ({instance}): passed on to the next person who answers for it"),
    Action.NOTICE_FAIL: N_("A group owner could not be told: {problem}"),
    Action.NOTICE_SUPPRESS: N_("A message was not sent"),
}

_VERDICTS: Mapping[str, str] = {
    "confirmed": N_("The emergency was confirmed: it was right"),
    "disputed": N_("The emergency was disputed; what had not begun is stopped"),
    "escalated": N_("Nobody has confirmed the emergency in time"),
}
"""What a second person said of an emergency, or that none did."""


def told(
    rows: Sequence[Row], names: Mapping[str, str], groups: Mapping[str, str], reader: Reads
) -> Iterator[tuple[Row, str]]:
    """Give each entry that says something of its own, with its sentence, in the order of the log.

    `names` maps pseudonyms and employee ids to names; `groups` maps steps to the names of their groups.
    """
    answered = {(row["step_id"], _attempt(row)) for row in rows if row["action"] == Action.STEP_RECORD}
    for row in rows:
        intended = row["action"] == Action.STEP_INTEND
        if intended and (row["step_id"], _attempt(row)) in answered:
            continue
        line = sentence(_named(row, names, groups), names.get(row["subject"] or "", ""), reader)
        if line is not None:
            yield row, line


def sentence(row: Row, who: str, reader: Reads) -> str | None:
    """Say an entry of a case in one sentence; None for what another entry says again."""
    action, t = row["action"], reader.t
    if (action, row["outcome"]) in _BOOKKEEPING:
        return None
    line = told_of(row, who, reader)
    if not row["actor"].startswith("person:"):
        return line
    return t.text("{what} (by {by})", what=line, by=t.isolate(row["actor"].removeprefix("person:")))


def told_of(row: Row, who: str, reader: Reads) -> str:
    """Say what an entry of a case tells, without who did it or of whom."""
    action: str = row["action"]
    places = places_of(row, who, reader)
    if action == Action.NOTICE_SEND:
        return notice_text(row["outcome"], places, reader)
    if action in _SAID:
        return reader.t.text(_SAID[action], **_filled(row, places, reader))
    for beginning, say in _KINDS.items():
        if action.startswith(beginning):
            return say(row, places, reader)
    # What has no sentence yet is still shown: nothing of a case is left out unseen.
    known = line_of(row, who, reader)
    return known or reader.t.text(
        "Noted in the log: {what}", what=reader.t.isolate(f"{action} {row['outcome']}")
    )


def _filled(row: Row, places: Mapping[str, str], reader: Reads) -> dict[str, str]:
    state = state_text(CaseState(row["outcome"]), reader.t) if row["outcome"] in set(CaseState) else "-"
    return {"state": state, "hold": "-", "memberships": "-", "reason": "-", **places}


def _case(row: Row, _places: Mapping[str, str], reader: Reads) -> str:
    t, detail = reader.t, row["detail"] or {}
    if row["action"] == Action.CASE_OPEN:
        said = t.text("The case was opened: {kind}", kind=worded(KINDS, str(detail.get("kind", "-")), t))
    elif row["action"] == Action.CASE_RESCHEDULE:
        said = t.text("It has another last day")
    elif row["action"] == Action.CASE_CONFIRM:
        said = t.text(_VERDICTS.get(row["outcome"], _VERDICTS["escalated"]))
    else:
        state = state_text(CaseState(row["outcome"]), t) if row["outcome"] in set(CaseState) else "-"
        said = t.text("The case is now {state}", state=state)
    if not detail.get("due"):
        return said
    due = reader.moment(datetime.fromisoformat(detail["due"]), detail.get("zone"))
    return t.text("{what}; due {due}", what=said, due=due)


def _step(row: Row, places: Mapping[str, str], reader: Reads) -> str:
    t, act = reader.t, act_text(row, reader.t)
    # HR is spared the group's id, and told its name.
    in_group = bool(row["group_id"] or row["group_name"])
    where = places["group"] if in_group else act
    said = step_state(row, t) if row["outcome"] in set(StepState) else "-"
    if row["action"] == Action.STEP_PLAN:
        said = t.text("planned") + (f": {act}" if in_group else "")
    if row["action"] == Action.STEP_RECHECK:
        said = t.text("looked at again: {state}", state=said)
    return t.text("{group} ({instance}): {state}", group=where, instance=places["instance"], state=said)


def _task(row: Row, places: Mapping[str, str], reader: Reads) -> str:
    said = worded(TASKS, row["outcome"], reader.t)
    return reader.t.text(
        "{group} ({instance}): {state}", group=places["group"], instance=places["instance"], state=said
    )


_KINDS: Mapping[str, Callable[[Row, Mapping[str, str], Reads], str]] = {
    "case.": _case,
    "step.": _step,
    "task.": _task,
}


def _named(row: Row, names: Mapping[str, str], groups: Mapping[str, str]) -> Row:
    """Put names where the entry holds ids."""
    person = row["actor"].removeprefix("person:")
    actor = f"person:{names.get(person, person)}" if row["actor"].startswith("person:") else row["actor"]
    return {**row, "actor": actor, "group_name": row["group_name"] or groups.get(row["step_id"] or "")}


def _attempt(row: Row) -> int:
    return int((row["detail"] or {}).get("attempt", 0))
