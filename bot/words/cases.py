"""A case in plain words: who leaves when, what happens next, and who must act."""

from __future__ import annotations

from collections.abc import Mapping

from bot.locale import N_, Translator
from bot.locale.keys import reason_text
from bot.states import CaseState
from bot.views.case_acts import Next, NextAct, Turn
from bot.views.case_lines import CaseLine
from bot.words.kinds import KINDS, worded
from bot.words.reader import Reader
from policies.model import EventKind

AHEAD: Mapping[str, str] = {
    EventKind.LEAVER: N_("{who} leaves {when}"),
    EventKind.CONTRACTOR_END: N_("The contract of {who} ends {when}"),
    EventKind.MOVER: N_("{who} moves {when}"),
    EventKind.LEAVE_OF_ABSENCE: N_("{who} goes on leave {when}"),
}
BEHIND: Mapping[str, str] = {
    EventKind.LEAVER: N_("{who} left {when}"),
    EventKind.CONTRACTOR_END: N_("The contract of {who} ended {when}"),
    EventKind.MOVER: N_("{who} moved {when}"),
    EventKind.LEAVE_OF_ABSENCE: N_("{who} went on leave {when}"),
}
TURNS: Mapping[Turn, str] = {
    Turn.BOT: N_("Bawab"),
    Turn.HR: N_("HR"),
    Turn.IT: N_("IT"),
    Turn.HR_OR_IT: N_("HR or IT"),
    Turn.TASKS: N_("the people asked below"),
    Turn.NOBODY: N_("nobody"),
}
_NEXT: Mapping[Next, str] = {
    Next.STARTS: N_("Bawab begins by itself {when}."),
    Next.SIGNATURE: N_("{who} must approve it. Until then nothing happens."),
    Next.RELEASE: N_("{who} must look at why it is held, and let it go or reject it."),
    Next.DECISION: N_("It cannot be decided yet. {who} must mend the cause; then it goes on."),
    Next.WORKS: N_("Bawab is at work on it now."),
    Next.BY_HAND: N_("Some groups are out of Bawab's reach: the people asked must act by hand."),
    Next.CHECKS: N_("Everything is done; Bawab is checking that it shows."),
    Next.UNDONE: N_("It has ended, but not everything could be done. IT looks at what is left."),
    Next.OVER: N_("Nothing more: everything was done, and checked."),
    Next.CALLED_OFF: N_("Nothing more: it was called off. What had been done before stays done."),
}
_AT_ONCE = N_("Bawab begins within moments.")
_AGAIN = N_("Bawab waits for a platform and tries again {when}.")


def headline(line: CaseLine, reader: Reader) -> str:
    """Say who leaves (moves, …) and when; names fenced off, the instant in the zone HR meant."""
    t = reader.t
    said = _happens(line, reader)
    return t.text("Called off: {what}", what=said) if line.state is CaseState.CANCELLED else said


def _happens(line: CaseLine, reader: Reader) -> str:
    t, who = reader.t, reader.t.isolate(line.person)
    instant = line.effective or line.due
    if instant is None:
        return t.text("{who}: {what}; when is not certain yet", who=who, what=worded(KINDS, line.kind, t))
    when = reader.moment(instant, line.zone)
    said = (BEHIND if line.past else AHEAD).get(line.kind)
    if said is None:
        return t.text("{who}: {what} {when}", who=who, what=worded(KINDS, line.kind, t), when=when)
    return t.text(said, who=who, when=when)


def next_text(found: NextAct, line: CaseLine, reader: Reader) -> str:
    """Say what happens next and who acts."""
    t = reader.t
    if found.what is Next.STARTS and (found.at is None or line.past):
        return t.text(_AT_ONCE)
    if found.what is Next.OVER and line.reason:
        return t.text("Nothing more: {why}.", why=why_text(line, t))
    if found.what is Next.WORKS and found.at is not None:
        return t.text(_AGAIN, when=reader.moment(found.at))
    places = {"who": t.text(TURNS[found.by]), "when": reader.moment(found.at, line.zone)}
    return t.text(_NEXT[found.what], **places)


def why_text(line: CaseLine, t: Translator) -> str:
    """Say why a case is held, was called off or ended as it did; empty where nothing needs saying."""
    return reason_text(line.reason, t) if line.reason else ""
