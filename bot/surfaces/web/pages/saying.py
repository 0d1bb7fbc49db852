"""Words for the pages about people and cases: what their templates need beside the shared parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.acts.refusals import CannotAct
from bot.locale import N_, Translator
from bot.locale.keys import gap_text, refusal_text, remedy_text, residual_text, step_text
from bot.reach import BY_HAND
from bot.surfaces.web.visitor import Visitor
from bot.views.case_acts import NextAct
from bot.views.case_lines import CaseLine
from bot.views.case_steps import StepLine
from bot.views.hold_lines import HoldLine
from bot.views.losses import Loss, Unseen
from bot.views.person import PersonView, PlaceLine
from bot.views.platforms import PlatformTrouble
from bot.views.waiting import QuestionLine
from bot.words.cases import headline, next_text, why_text
from bot.words.exit_types import EXIT_TYPES
from bot.words.findings import said
from bot.words.groups import CERTAINTIES, ROLES, exit_text
from bot.words.groups import KINDS as GROUP_KINDS
from bot.words.holds import kind_text
from bot.words.kinds import ACTIONS, EVIDENCE, KINDS, QUALITIES, VERDICTS, blind_text, reason_text, worded
from bot.words.outages import ahead_text, down_text, goes_on_text
from bot.words.reader import Reader
from bot.words.roles import role_text
from policies.model import Certainty, PersonStatus, Refusal, StepAction
from policies.roles import Role

_ENDS = {
    "act": N_("removed by Bawab"),
    BY_HAND: N_("removed by hand"),
}
_TONES = {"act": "wait", BY_HAND: "ask", "held": "ask", "blocked": "bad", "ask_owner": "ask"}


@dataclass(frozen=True, slots=True)
class Say:
    """The sentences of one page, for one reader."""

    t: Translator
    zone: str

    @property
    def reader(self) -> Reader:
        """The reader, as the shared sentence makers know them."""
        return Reader(self.t, self.zone)

    def headline(self, line: CaseLine) -> str:
        """Who leaves when."""
        return headline(line, self.reader)

    def next(self, found: NextAct, line: CaseLine) -> str:
        """What happens next and who acts."""
        return next_text(found, line, self.reader)

    def why(self, line: CaseLine) -> str:
        """Why it is held, called off, or ended so."""
        return why_text(line, self.t)

    def kind(self, kind: str) -> str:
        """What happened to the person."""
        return worded(KINDS, kind, self.t)

    def exit_type(self, key: str | None) -> str:
        """Why somebody leaves, in HR's words; empty for who may not know."""
        return worded(EXIT_TYPES, key, self.t) if key else ""

    def hold(self, hold: HoldLine) -> str:
        """Why something is held."""
        return kind_text(hold.kind, hold.cause, self.t)

    def why_not(self, hold: HoldLine) -> str:
        """Why the reader's word is not taken."""
        if hold.why_not is None:
            return ""
        wanted = self.t.text("; ").join(self.wanted(roles) for roles in hold.missing)
        return CannotAct(str(hold.why_not), wanted=wanted).said(self.t, self.zone)

    def evidence(self, key: str) -> str:
        """By what an account is tied to somebody."""
        return worded(EVIDENCE, key, self.t)

    def wanted(self, roles: frozenset[Role]) -> str:
        """Whose word is wanted."""
        named = sorted(role_text(role, self.t) for role in roles)
        return self.t.text(" or ").join(named)

    def trouble(self, found: PlatformTrouble, now: datetime) -> str:
        """What does not work, since when, and that nobody is lost by it."""
        return down_text(found.title, found, now, self.reader)

    def goes_on(self, found: PlatformTrouble) -> str:
        """That what waits goes on by itself."""
        return goes_on_text(found, self.t)

    def ahead(self, found: PlatformTrouble, now: datetime) -> str:
        """What will happen by itself, for whoever looks after connectors."""
        return ahead_text(found, now, self.reader)

    def people(self, question: QuestionLine) -> str:
        """Whose account it may be."""
        named = [self.t.isolate(name) for _, name in question.people]
        return self.t.list(named) if named else self.t.text("nobody HR knows")

    def day(self, day: date | datetime | None, zone: str) -> str:
        """A last day as HR gave it: a day, or an instant."""
        if isinstance(day, datetime):
            return self.t.date_time(day, zone or self.zone)
        return self.t.day(day) if day else ""

    def step(self, step: StepLine) -> str:
        """Where a step stands."""
        return step_text(StepAction(step.action), step.state, self.t)

    def refusal(self, key: str | None) -> str:
        """Why it is not done by the bot."""
        return refusal_text(Refusal(key), self.t) if key in set(Refusal) else ""

    def remedy(self, key: str | None) -> str:
        """What to do about it, and who does it."""
        return remedy_text(Refusal(key), self.t) if key in set(Refusal) else ""

    def said(self, sentence: str) -> str:
        """A connector's own sentence, which is stored in English."""
        return said(sentence, self.t)

    def act(self, action: str) -> str:
        """What a step does."""
        return worded(ACTIONS, action, self.t)

    def quality(self, key: str) -> str:
        """How good the evidence is."""
        return worded(QUALITIES, key, self.t)

    def role(self, role: str) -> str:
        """What somebody is in a group."""
        return worded(ROLES, role, self.t) if role else ""

    def group_kind(self, kind: str) -> str:
        """What kind of group it is."""
        return worded(GROUP_KINDS, kind, self.t) if kind else ""

    def gap(self, reason: str) -> str:
        """What could not be seen."""
        return gap_text(reason, self.t)

    def residual(self, line: str) -> str:
        """What the person keeps after everything is done."""
        return residual_text(line, self.t)

    def verdict(self, loss: Loss) -> str:
        """What becomes of a membership."""
        if loss.action == StepAction.REVOKE and loss.verdict in _ENDS:
            return self.t.text(_ENDS[loss.verdict])
        return worded({**VERDICTS, BY_HAND: _ENDS[BY_HAND]}, loss.verdict, self.t)

    def verdict_tone(self, loss: Loss) -> str:
        """The tone it is shown in."""
        return _TONES.get(loss.verdict, "quiet")

    def loss_why(self, loss: Loss) -> str:
        """Why, and by whom: a task's assignee, a successor, a refusal with its remedy."""
        t = self.t
        if loss.verdict == BY_HAND:
            whom = t.text("a task for {person}", person=t.isolate(loss.task_for)) if loss.task_for else ""
            asked = whom or t.text("a task, and nobody is named to do it: name an owner in the registry")
            return t.text("{task} ({why})", task=asked, why=self.refusal(loss.refusal))
        said = reason_text(loss.why, loss.refusal, t)
        heir = t.isolate(loss.successor)
        return t.text("to {person}: {why}", person=heir, why=said) if loss.successor else said

    def approval(self, role: str) -> str:
        """Whose approval the rule asks for."""
        return role_text(Role(role), self.t) if role in set(Role) else self.t.text("HR or IT")

    def standing(self, known: PersonView) -> str:
        """Where somebody stands with the company."""
        if known.status is PersonStatus.TERMINATED:
            return self.t.text("has left the company")
        if known.last_day is not None:
            return self.t.text("leaves on {day}", day=self.day(known.last_day, known.zone))
        return self.t.text("with the company")

    def certainty(self, certainty: Certainty) -> str:
        """How surely an account is theirs."""
        return worded(CERTAINTIES, certainty, self.t)

    def exit(self, place: PlaceLine) -> str:
        """By whom they can be taken out."""
        return exit_text(place.exit, self.t)

    def unseen(self, found: Unseen) -> str:
        """What is not in the list, because nobody could see it."""
        return blind_text(found.reason, found.detail, self.t)


def say_for(v: Visitor) -> Say:
    """Give the sentences for a visitor."""
    return Say(v.t, v.who.zone)
