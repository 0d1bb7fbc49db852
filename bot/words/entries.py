"""Every entry of the log as one plain sentence, for a reader with no case or run before them."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping

from bot.audit.actions import Action
from bot.audit.tail import Row
from bot.locale import N_, Translator
from bot.locale.keys import hold_text
from bot.states import HoldKind
from bot.words.kinds import EVIDENCE, KINDS, worded
from bot.words.lines import line_of, notice_text, places_of
from bot.words.reader import Reads
from bot.words.timeline import told_of

_CASES = ("case.", "step.", "task.")
_SAID: Mapping[str, str] = {
    Action.ACCESS_SIGN_IN: N_("{by} signed in"),
    Action.ACCESS_SIGN_OUT: N_("{by} signed out"),
    Action.ACCESS_REFUSE: N_("Somebody was turned away: {why}"),
    Action.ACCESS_GRANT: N_("{who} was given roles here"),
    Action.ACCESS_END: N_("The roles, sessions and tokens of {who} ended"),
    Action.TOKEN_CREATE: N_("{by} made an access token: {title}"),
    Action.TOKEN_END: N_("The access token {title} ended"),
    Action.SEAT_HAND_OVER: N_("What {who} was responsible for here is somebody else's now"),
    Action.STAFF_LOAD: N_("The file that names who has roles here was read; people: {people}"),
    Action.FEED_REFUSE: N_("{file}: refused; nothing is changed"),
    Action.RUN_START: N_("A run began: {run}"),
    Action.RUN_FINISH: N_("The run {run} ended"),
    Action.RUN_REVIEW: N_("{by} signed off the run {run}: {note}"),
    Action.RUN_ESCALATE: N_("Nobody reviewed the run {run} in time"),
    Action.HOLD_SIGN: N_("{by} agreed to release {hold}"),
    Action.HOLD_REJECT: N_("{by} refused to release {hold}: {note}"),
    Action.CASE_DECIDE: N_("{who}: the policy was asked, and nothing is to be done"),
    Action.LINK_CREATE: N_("{who}: tied to an account on {instance} ({evidence})"),
    Action.LINK_DOUBT: N_("{who}: whose account it is on {instance} is no longer certain"),
    Action.LINK_REMOVE: N_("{who}: no longer tied to an account on {instance} ({evidence})"),
    Action.LINK_RELEASE: N_("{who}: the account on {instance} was confirmed ({evidence})"),
    Action.LINK_CODE: N_("{who}: was given a one-time code to link an account"),
    Action.LINK_REFUSE: N_("{who}: an account was not linked ({why})"),
    Action.LANE_RESUME: N_("{by} let {instance} try again"),
    Action.WEBHOOK_SEND: N_("A webhook took an entry: {webhook}"),
    Action.WEBHOOK_FAIL: N_("A webhook did not take an entry: {webhook} ({problem})"),
    Action.PREFERENCE_SET: N_("{by} chose how to be met here"),
    Action.NOTICE_FAIL: N_("{who}: could not be told: {problem}"),
    Action.NOTICE_UPDATE: N_("{who}: a message on {instance} was brought up to date"),
    Action.NOTICE_SUPPRESS: N_("{who}: a message was not sent"),
    Action.TASK_CLOSE: N_("{group} ({instance}): the task was closed"),
    Action.POLICY_LOAD: N_("A new version of the policy is in force: {digest}"),
    Action.GROUP_LEARNT: N_("{group} ({instance}): the group became known"),
    Action.GROUP_GONE: N_("{group} ({instance}): the group can no longer be seen"),
    Action.GROUP_MOVED: N_("{group} ({instance}): the group goes by another id now"),
    Action.GROUP_REGISTER: N_("{group} ({instance}): {by} changed who answers for it"),
    Action.GROUP_REVIEW: N_("{group} ({instance}): {by} reviewed it"),
    Action.RECONCILE_START: N_("Everybody who must be out is being compared with every group"),
    Action.CHECK_RUN: N_("What is missing before the day was checked"),
    Action.SETTINGS_CHANGE: N_("Settings were changed"),
    Action.AUDIT_EXPORT: N_("{by} exported entries of this log: {entries} ({filter})"),
    Action.AUDIT_REVEAL: N_("{by} looked at sealed personal fields of this log"),
    Action.AUDIT_ERASE: N_("A person's key was destroyed: what was sealed of them can be read by nobody"),
    Action.BACKUP_MAKE: N_("{by} made a backup: {name}; entries of this log in it: {entries}"),
    Action.BACKUP_RESTORE: N_("{by} restored a backup of {made_at}; this log goes on after entry {entries}"),
    Action.DATABASE_MOVE: N_("{by} moved everything to another database: {gone_to}; entries: {entries}"),
}
_WHEN: Mapping[tuple[str, str], str] = {
    (Action.AUDIT_VERIFY, "ok"): N_("This log was verified and is whole; entries read: {entries}"),
    (Action.AUDIT_VERIFY, "broken"): N_("This log was verified and is NOT whole; problems: {problems}"),
    (Action.NOTICE_SEND, "intended"): N_("{who}: a message is about to be sent on {instance}"),
    (Action.JOIN_APPROVE, "already_handled"): N_("{who}: somebody else answered the wish to join {group}"),
    (Action.JOIN_DECLINE, "already_handled"): N_("{who}: somebody else answered the wish to join {group}"),
}


def entry_text(row: Row, who: str, reader: Reads) -> str:
    """Say an entry in one sentence; an act of a later version is shown by its name, never left out.

    `row` has names where there are any: of the group in `group_name`, of whoever acted in `actor`.
    """
    action, t = row["action"], reader.t
    places = _places(row, who, reader)
    said = _WHEN.get((action, row["outcome"])) or _SAID.get(action)
    if said is not None:
        return _filled(said, places, t)
    if action == Action.NOTICE_SEND:
        return notice_text(row["outcome"], places, reader)
    if action in _SPECIAL:
        return _SPECIAL[action](row, places, t)
    if action.startswith(_CASES):
        what = told_of(row, who, reader)
        return t.text("{who}: {what}", who=places["who"], what=what) if who else what
    return line_of(row, who, reader) or told_of(row, who, reader)


def _filled(said: str, places: Mapping[str, str], t: Translator) -> str:
    wanted = {name for _, name, _, _ in string.Formatter().parse(said) if name}
    # What an entry does not say is a dash: a sentence is never lost for a missing word.
    return t.text(said, **{name: places.get(name) or "-" for name in wanted})


def _places(row: Row, who: str, reader: Reads) -> dict[str, str]:
    known = places_of(row, who, reader)
    evidence = (row["detail"] or {}).get("evidence")
    if isinstance(evidence, str):
        known["evidence"] = worded(EVIDENCE, evidence, reader.t)
    return known | {"run": row["run_id"] or "-"}


def _held(row: Row, places: Mapping[str, str], t: Translator) -> str:
    """Say what a guard stopped, without the command of a terminal."""
    kind, count = (row["detail"] or {}).get("kind"), (row["detail"] or {}).get("count") or 0
    why = hold_text(HoldKind(kind), t) if kind in set(HoldKind) else str(kind)
    return t.text(
        "Held: {why} ({count}); {hold}", why=why, count=t.number(count), hold=places.get("hold", "-")
    )


def _changed(row: Row, places: Mapping[str, str], t: Translator) -> str:
    return t.text("{who}: HR says: {kind}", who=places["who"], kind=worded(KINDS, row["outcome"], t))


_SPECIAL: Mapping[str, Callable[[Row, Mapping[str, str], Translator], str]] = {
    Action.HOLD_RAISE: _held,
    Action.PERSON_CHANGE: _changed,
}
