"""An entry of the log as one line for people, or no line where it only repeats what another one says."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.audit.actions import Action
from bot.audit.tail import Row
from bot.hearing import trouble_text
from bot.locale import N_, Translator
from bot.locale.keys import reason_text, refusal_text, state_text, step_text
from bot.states import CaseState, StepState
from bot.words.holds import held_line, short
from bot.words.kinds import ACTIONS, KINDS, worded
from bot.words.outages import opened_text
from bot.words.reader import Reads
from policies.model import Refusal, StepAction

STYLES: Mapping[str, str] = {
    Action.FEED_QUARANTINE: "yellow",
    Action.FEED_REFUSE: "red",
    Action.FEED_UNREACHABLE: "red",
    Action.HOLD_RAISE: "yellow",
    Action.LANE_PAUSE: "red",
    Action.LANE_WAIT: "yellow",
    Action.CHECK_DRIFT: "red",
    Action.LISTEN_FAIL: "yellow",
    StepState.VERIFIED_ABSENT: "green",
    StepState.ALREADY_ABSENT: "green",
    StepState.FAILED: "red",
    StepState.STILL_PRESENT: "red",
    StepState.BLOCKED: "yellow",
    StepState.DELEGATED: "yellow",
}
_ON_THE_WAY = frozenset({StepState.REQUESTED, StepState.REMOVED_UNVERIFIED})
"""The read-back that follows says more."""
_REPEATED = frozenset(
    {
        (Action.NOTICE_SEND, "intended"),
        (Action.JOIN_APPROVE, "already_handled"),
        (Action.JOIN_DECLINE, "already_handled"),
    }
)
"""Stored before the message leaves: the entry after it says what became of it. Or somebody else answered."""
_PLAIN: Mapping[str, str] = {
    Action.FEED_REPEAT: N_("{file}: the same as the last one; nothing to do"),
    Action.FEED_REFUSE: N_("{file}: refused; nothing is changed"),
    Action.FEED_QUARANTINE: N_("{file}: in quarantine; nothing is changed"),
    Action.FEED_UNREACHABLE: N_("HR {source} cannot be read: {problem}"),
    Action.FEED_RELEASE: N_("{file}: released by {by}; read next"),
    Action.HOLD_RELEASE: N_("Released by {by}: {hold}"),
    Action.HOLD_WITHDRAW: N_("No longer held: {hold} ({why})"),
    Action.CASE_PLAN: N_("{who}: planned on {instance}; memberships found: {memberships}"),
    Action.CASE_REVOKE_NOW: N_("{who}: due at once, asked for by {by}"),
    Action.CASE_RETRY: N_("{who}: what was left undone is tried again, asked for by {by}"),
    Action.CASE_CANCEL: N_("{who}: cancelled ({reason})"),
    Action.CASE_RESCIND: N_("{who}: called off ({reason})"),
    Action.JOIN_APPROVE: N_("{who}: asked to join {group} ({instance}) and was let in"),
    Action.JOIN_DECLINE: N_("{who}: asked to join {group} ({instance}) and was turned away"),
    Action.JOIN_ASK: N_("{who}: asks to join {group} ({instance}); the group's admins decide"),
    Action.LISTEN_RESUME: N_("{instance} is heard again"),
    Action.LANE_WAIT: N_("{instance} does not answer and is tried again: {reason}"),
    Action.LANE_PAUSE: N_("{instance} is paused until an operator helps: {reason}"),
    Action.DRIFT_REMOVE: N_("{who}: is to be removed from {group} again ({instance})"),
    Action.DRIFT_ACCEPT: N_("{who}: may stay in {group} for a while ({instance})"),
    Action.DRIFT_CLOSE: N_("{who}: {group} ({instance}): settled, nothing is asked any more"),
    Action.RECONCILE_FINISH: N_("Everybody who must be out was compared: {people}; found again: {found}"),
    Action.PERSON_VANISH: N_("{who}: is no longer in the HR file; nothing follows from that"),
    Action.TASK_OPEN: N_("{who}: {group} ({instance}) is now a task for a person; see `bawab task list`"),
    Action.SUCCESSION_ASK: N_("{group} ({instance}): nobody takes it over when {who} goes; IT is asked"),
    Action.SUCCESSION_SETTLE: N_("{group} ({instance}): no longer hangs on {who} alone"),
    Action.NOTICE_FAIL: N_("A group owner could not be told: {problem} ({case})"),
}


def line_of(row: Row, who: str, reader: Reads) -> str | None:
    """Say an entry in one line; None for what needs no line of its own."""
    action, outcome = row["action"], row["outcome"]
    places = places_of(row, who, reader)
    if (action, outcome) in _REPEATED:
        return None
    if action in _PLAIN:
        return _filled(reader, action, places)
    special = _SPECIAL.get(action)
    if special is not None:
        return special(reader, row, places)
    if action.startswith("step.") and action in _TOLD_STEPS and outcome not in _ON_THE_WAY:
        return _step(reader, row, places)
    return None


def _filled(reader: Reads, action: str, places: dict[str, str]) -> str:
    wanted = {name for _, name, _, _ in string.Formatter().parse(_PLAIN[action]) if name}
    # What an entry does not say is a dash: a line is never lost for a missing word.
    return reader.t.text(_PLAIN[action], **{name: places.get(name, "-") for name in wanted})


def places_of(row: Row, who: str, reader: Reads) -> dict[str, str]:
    """Give what the places of a sentence may take from an entry, names fenced off."""
    t, detail = reader.t, row["detail"] or {}
    named = {name: t.isolate(str(value)) for name, value in detail.items() if isinstance(value, str | int)}
    known = named | {
        "who": t.isolate(who or t.text("somebody")),
        "case": row["case_id"] or "-",
        "problem": _problem(reader, row),
        "by": t.isolate(row["actor"].removeprefix("person:")),
        "instance": t.isolate(row["instance"] or "-"),
        "group": t.isolate(row["group_name"] or row["group_id"] or "-"),
    }
    if "hold" in detail:
        known["hold"] = short(str(detail["hold"]))
    if "reason" in detail and row["action"].startswith("case."):
        known["reason"] = reason_text(str(detail["reason"]), t)
    return known


def _problem(reader: Reads, row: Row) -> str:
    detail = row["detail"] or {}
    if detail.get("why") == "no_owner":
        return reader.t.text("the registry names no owner for the group")
    return reader.t.isolate(str(detail.get("problem") or detail.get("detail") or row["outcome"]))


def _accepted(reader: Reads, row: Row, places: dict[str, str]) -> str:
    changes: dict[str, Any] = row["detail"].get("changes") or {}
    events = [
        f"{worded(KINDS, kind, reader.t)}: {reader.t.number(count)}"
        for kind, count in (changes.get("events") or {}).items()
    ]
    cases = reader.t.plural("{n} new case", "{n} new cases", int(changes.get("cases", 0)))
    return reader.t.text(
        "{file}: accepted; {news}",
        file=places.get("file", "-"),
        news=reader.t.text("; ").join([*events, cases]),
    )


def _deaf(reader: Reads, row: Row, places: dict[str, str]) -> str:
    why = trouble_text(row["outcome"], reader.t)
    return reader.t.text("{instance} is not heard: {why}", instance=places["instance"], why=why)


def _opened(reader: Reads, row: Row, places: dict[str, str]) -> str:
    return opened_text(row["detail"] or {}, places["instance"], reader.t)


def _held(reader: Reads, row: Row, places: dict[str, str]) -> str:
    detail = row["detail"]
    return held_line(places["hold"], detail["kind"], detail["count"], detail.get("cause") or {}, reader.t)


def _drift(reader: Reads, row: Row, places: dict[str, str]) -> str:
    """Say who is in again; that IT must look only where no rule takes them out by itself."""
    detail = row["detail"] or {}
    said = N_("{who}: is in {group} again ({instance})")
    if detail.get("asked") or detail.get("because") or "drift" not in detail:
        said = N_("{who}: is in {group} again ({instance}); IT must look")
    return reader.t.text(said, who=places["who"], group=places["group"], instance=places["instance"])


def _case(reader: Reads, row: Row, places: dict[str, str]) -> str | None:
    if row["case_id"] is None:
        return None  # a release of steps already says so itself
    due = (row["detail"] or {}).get("due")
    said = state_text(CaseState(row["outcome"]), reader.t)
    if due:
        when = reader.moment(datetime.fromisoformat(due), (row["detail"] or {}).get("zone"))
        return reader.t.text("{who}: {state}; due {due}", who=places["who"], state=said, due=when)
    return reader.t.text("{who}: {state}", who=places["who"], state=said)


NOTICES: Mapping[str, str] = {
    "sent": N_("{who} was told on {instance}"),
    "retry": N_("{who} could not be told on {instance}; it is tried again"),
    "resend": N_("Whether {who} was told on {instance} cannot be known; it is said once more"),
    "unknown": N_("Whether {who} was told on {instance} is not known yet"),
}
"""What became of a message: only the first is a success."""


def notice_text(outcome: str, places: Mapping[str, str], reader: Reads) -> str:
    """Say what became of a message; an outcome of a later version is no success."""
    said = NOTICES.get(outcome, NOTICES["unknown"])
    return reader.t.text(said, who=places["who"], instance=places["instance"])


def _notice(reader: Reads, row: Row, places: dict[str, str]) -> str:
    said = notice_text(row["outcome"], places, reader)
    return reader.t.text("{what} ({case})", what=said, case=places["case"])


def _registry(reader: Reads, row: Row, places: dict[str, str]) -> str:
    kept = N_("{file}: the group registry cannot be read; the last one stays in force: see `bawab status`")
    taken = N_("{file}: the group registry has changed; rows: {groups}")
    said = kept if row["outcome"] == "refused" else taken
    return reader.t.text(said, file=places.get("file", "-"), groups=places.get("groups", "-"))


def _step(reader: Reads, row: Row, places: dict[str, str]) -> str:
    return reader.t.text(
        "{who}: {group} ({instance}): {state}",
        who=places["who"],
        group=places["group"] if row["group_name"] or row["group_id"] else act_text(row, reader.t),
        instance=places["instance"],
        state=step_state(row, reader.t),
    )


def act_text(row: Row, t: Translator) -> str:
    """Name what a step does, for those that are about an account and no group."""
    return worded(ACTIONS, str((row["detail"] or {}).get("do", "-")), t)


def step_state(row: Row, t: Translator) -> str:
    """Say where an entry leaves its step, and the refusal where there is one."""
    act = StepAction((row["detail"] or {}).get("do", StepAction.REVOKE))
    said = step_text(act, StepState(row["outcome"]), t)
    refusal = (row["detail"] or {}).get("refusal")
    return f"{said}: {refusal_text(Refusal(refusal), t)}" if refusal in set(Refusal) else said


_TOLD_STEPS = frozenset(
    {
        Action.STEP_BLOCK,
        Action.STEP_RECORD,
        Action.STEP_READ_BACK,
        Action.STEP_RETRY,
        Action.STEP_RECHECK,
        Action.STEP_ATTEST,
        Action.STEP_WAIVE,
    }
)
_SPECIAL: Mapping[str, Callable[[Reads, Row, dict[str, str]], str | None]] = {
    Action.FEED_RECEIVE: _accepted,
    Action.HOLD_RAISE: _held,
    Action.CHECK_DRIFT: _drift,
    Action.CASE_OPEN: _case,
    Action.CASE_SCHEDULE: _case,
    Action.CASE_EXECUTE: _case,
    Action.CASE_VERIFY: _case,
    Action.CASE_COMPLETE: _case,
    Action.NOTICE_SEND: _notice,
    Action.REGISTRY_LOAD: _registry,
    Action.LISTEN_FAIL: _deaf,
    Action.LANE_OPEN: _opened,
}
