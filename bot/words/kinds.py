"""Words that every screen says beside the shared keys: what a row of a plan does, and how findings read."""

from __future__ import annotations

from bot.locale import N_, Translator
from bot.locale.keys import GAPS, gap_text, refusal_text, remedy_text, why_text
from bot.words.standing import FEEDS, worded
from connectors.contract import Severity
from policies.model import EventKind, Refusal, StepAction, Verdict

__all__ = ["FEEDS", "worded"]
"""What is found here too, beside what stands below."""

ACTIONS: dict[str, str] = {
    StepAction.REVOKE: N_("remove from the group"),
    StepAction.END_SESSIONS: N_("end all sessions"),
    StepAction.HAND_OVER: N_("hand the group over"),
    StepAction.CLOSE_WAY_BACK: N_("close the way back"),
    StepAction.DEACTIVATE: N_("deactivate the account"),
    StepAction.ADD: N_("join"),
}
VERDICTS: dict[str, str] = {
    Verdict.ACT: N_("will be done"),
    Verdict.KEEP: N_("stays"),
    Verdict.ASK_OWNER: N_("ask the owner"),
    Verdict.BLOCKED: N_("will not be done"),
    Verdict.PREVIEW_ONLY: N_("only shown"),
    "held": N_("held"),
}
KINDS: dict[str, str] = {
    EventKind.JOINER: N_("joins"),
    EventKind.MOVER: N_("moves"),
    EventKind.LEAVER: N_("leaves"),
    EventKind.CONTRACTOR_END: N_("contract ends"),
    EventKind.LEAVE_OF_ABSENCE: N_("goes on leave"),
    EventKind.RETURN: N_("returns"),
    EventKind.REHIRE: N_("is hired again"),
    EventKind.RESCINDED: N_("stays after all"),
    EventKind.VANISHED: N_("is no longer in the HR file"),
}
SEVERITIES: dict[str, str] = {
    Severity.OK: N_("ok"),
    Severity.WARNING: N_("warning"),
    Severity.ERROR: N_("ERROR"),
}
QUALITIES: dict[str, str] = {
    "observed": N_("observed"),
    "acknowledged": N_("acknowledged by the platform"),
    "attested": N_("attested by a person"),
    "waived": N_("waived"),
    "unknown": N_("no evidence yet"),
}
EVIDENCE: dict[str, str] = {
    "sso": N_("single sign-on"),
    "hr_record": N_("HR record"),
    "self_link": N_("linked with a code"),
    "shared_contact": N_("shared telephone number"),
    "admin": N_("confirmed by an admin"),
    "directory_email": N_("same e-mail address"),
}
TASKS: dict[str, str] = {
    "open": N_("open"),
    "half_attested": N_("confirmed once; a second person must confirm"),
    "attested": N_("confirmed"),
    "waived": N_("waived"),
    "cancelled": N_("cancelled"),
}
_UNREADABLE = {
    "unreadable": N_("could not be read, so nothing is known of it"),
    "undecided": N_("is not decided yet"),
}


def reason_text(why: str, refusal: str | None, t: Translator) -> str:
    """Say why a row of a plan stands as it does; a refusal comes with its remedy."""
    if refusal is None:
        return why_text(why, t)
    known = Refusal(refusal)
    return f"{refusal_text(known, t)}. {remedy_text(known, t)}"


def blind_text(reason: str, detail: str, t: Translator) -> str:
    """Say what could not be seen; the platform's own words follow."""
    said = t.text(_UNREADABLE[reason]) if reason in _UNREADABLE else gap_text(reason, t)
    return f"{said} ({t.isolate(detail)})" if detail and reason not in GAPS else said
