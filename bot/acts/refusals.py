"""Why an act is refused: a stable key, and a sentence in the reader's language that says what to do."""

from __future__ import annotations

from datetime import datetime

from bot.locale import N_, Translator, translator

Fact = str | int | datetime

SENTENCES: dict[str, str] = {
    # Which one is meant
    "no_hold": N_("Nothing that waits is called {what}. Open the list again: it may be decided by now."),
    "no_case": N_("No case is called {what}. Open the list again."),
    "no_task": N_("No task is called {what}. The message that asked for it may be old."),
    "no_run": N_("No run is called {what}. Open the list again."),
    "no_person": N_("HR has named nobody {what}. Give an employee id, an e-mail address or the whole name."),
    "ambiguous_digest": N_("More than one thing that waits begins with {what}. Open the list and choose."),
    "no_button": N_("This button is not known any more. Open Bawab and look there."),
    # Somebody was there before
    "released": N_("{who} released this at {when}; nothing more is needed."),
    "rejected": N_("{who} rejected this at {when}; nothing of it is carried out."),
    "withdrawn": N_("This no longer applies: its cases were cancelled, or something newer replaced it."),
    "withdrawn_by": N_("This no longer applies: {who} cancelled it at {when}."),
    "changed_meanwhile": N_("{who} changed this at {when}, a moment before you. Look again, then decide."),
    "moved_meanwhile": N_("This changed a moment before you. Look again, then decide."),
    "confirmed_already": N_("{who} has answered this at {when}; nothing changed."),
    # Whose it is
    "is_requester": N_("You asked for this yourself, so somebody else must decide it."),
    "is_subject": N_("You are among the people concerned, so somebody else must decide it."),
    "has_signed": N_("You have given your word already. A second, different person must."),
    "wrong_role": N_("This waits for somebody with another role than yours: {wanted}."),
    "nothing_missing": N_("Everything it waited for is there; nothing more is needed."),
    "own_case": N_("This is about yourself. Somebody else must do it."),
    "not_yours": N_("This task is not yours. It is done by whoever was asked, or by IT."),
    # What stands in the way
    "undecided": N_("It still cannot be decided: {why}. Mend the cause first, then release it again."),
    "feed_gone": N_("This file is no longer in quarantine; a newer one may have replaced it."),
    "reason_missing": N_("Say why, in a few words: it is kept in the log."),
    "until_missing": N_("Say until when: a day or an hour in the future."),
    "no_moment": N_("{what} is no day or hour. Write a day such as 2026-11-30."),
    "no_zone": N_("{what} is no time zone. Choose one such as Asia/Riyadh."),
    "count_differs": N_("You typed {typed}, but {counted} groups were shown. Look at the list again."),
    "has_case": N_("{person} leaves by {case} already. Open that case to change it."),
    "has_begun": N_("{case} has begun, so its hour cannot be changed. It can still be cancelled."),
    "has_ended": N_("{case} has ended; nothing changed."),
    "under_way": N_("{case} is being carried out already; nothing more is needed."),
    "had_case": N_(
        "{person} was taken out by {case} already. What is left or has come back is decided there."
    ),
    "not_a_departure": N_("{case} is no departure, so it has no last day to change."),
    "puts_off": N_("{person} leaves by {case} before that day. To put it off, reschedule that case."),
    "later_needs_reason": N_("This puts the departure off. Say why: it is kept in the log."),
    "nothing_to_do": N_("No rule of the policy does anything when this person leaves. Ask IT to look at it."),
    "not_decidable": N_("It cannot be decided when this person leaves: {why}. Ask IT to look at it."),
    "same_moment": N_("That is when it is due already; nothing changed."),
    "observe_only": N_(
        "Bawab only observes until its first run is released, so it takes nobody out yet. Remove this person "
        "by hand on each platform now, or have the first run released."
    ),
    "no_released_policy": N_(
        "No policy has been released yet, so nothing may be carried out by it. Remove this person by hand "
        "now, or have the policy released."
    ),
    "not_an_emergency": N_("{case} was no emergency, so nobody has to confirm it."),
    "nothing_undone": N_("{case} has left nothing undone that could be tried again."),
    "task_ended": N_("This task has ended already; nothing changed."),
    "task_refused": N_("The task was not changed: {why}"),
    "nobody_else": N_("There is nobody else to ask. IT sees this task and will look at it."),
    "not_known_to_hr": N_("Only somebody HR knows can do this. Ask a colleague who is in HR's records."),
    "drift_refused": N_("Nothing was decided: {why}"),
    "group_refused": N_("The group was not changed: {why}"),
    "link_refused": N_("Nothing was tied or untied: {why}"),
    "no_lane": N_("No platform connection is called {what}."),
    "lane_open": N_("{what} is not paused; nothing changed."),
    "lane_gone": N_("{what} is not configured any more. Put it back into the settings first."),
    "run_not_ended": N_("This run has not ended yet. Sign it off once it has."),
    "reviewed_already": N_("{who} signed this run off at {when}; nothing changed."),
    "no_language": N_("{what} is none of the languages Bawab speaks."),
    "no_channel": N_("{what} is no channel that is set up here. Choose among: {known}."),
    "no_scope": N_("{what} is no right that a token can have, or you do not have it yourself."),
    "no_token": N_("No token of yours is called {what}."),
    "token_time": N_("A token lasts a day at least and 366 days at most."),
    "token_title": N_("Give the token a name, so that it is known later what it is for."),
    "no_staff": N_("Nobody called {what} has roles here."),
    "provider_signs_in": N_("People sign in with the identity provider here, so no link is made."),
    "admin_not_needed": N_(
        "{who} has the role of IT already, so no one-time administrator is needed. Sign in as they do."
    ),
}


class CannotAct(Exception):
    """An act that somebody may do, but not now or not so; nothing was changed.

    `code` is a key of SENTENCES; `facts` fill its places: names, numbers, and instants (said in the reader's
    zone).
    """

    def __init__(self, code: str, **facts: Fact) -> None:
        self.code = code
        self.facts = facts
        super().__init__(self.said(translator("en")))

    def said(self, t: Translator, zone: str = "UTC") -> str:
        """Say what stands in the way and what to do, in one sentence."""
        return t.text(
            SENTENCES[self.code], **{name: _told(fact, t, zone) for name, fact in self.facts.items()}
        )


def _told(fact: Fact, t: Translator, zone: str) -> str:
    if isinstance(fact, datetime):
        return t.date_time(fact, zone)
    return t.number(fact) if isinstance(fact, int) else t.isolate(fact)
