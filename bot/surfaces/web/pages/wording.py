"""Words for the pages of IT: what their templates need beside the shared parts, bound to one reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.groups.by_whom import Way
from bot.groups.report import Answerer
from bot.hearing import trouble_text
from bot.locale import N_, Translator
from bot.locale.keys import gap_text, reason_text, refusal_text, remedy_text, residual_text, step_text
from bot.states import LaneState, StepState
from bot.store.group_tables import DriftRow
from bot.surfaces.web.visitor import Visitor
from bot.views.connectors import LaneView
from bot.views.groups import GroupGap
from bot.words import groups
from bot.words.drifts import WHYS, drift_group, drift_state
from bot.words.findings import finding_said, needed_for, said
from bot.words.holds import kind_text
from bot.words.kinds import ACTIONS, EVIDENCE, FEEDS, KINDS, TASKS, VERDICTS, worded
from bot.words.outages import ahead_text, help_text, pace_text, since_text, slower_text, waits_text
from bot.words.permissions import permission_text
from bot.words.questions import QUESTIONS
from bot.words.reader import Reader
from bot.words.roles import role_text
from bot.words.rules import rule_said, selected
from connectors.contract import Finding, Severity
from policies.model import Refusal, StepAction
from policies.roles import Permission, Role
from policies.rules import Rule, Selector

GAPS: Mapping[GroupGap, str] = {
    GroupGap.NO_OWNER: N_("no owner"),
    GroupGap.OWNER_LEAVES: N_("the owner has left or is leaving"),
    GroupGap.FORMER_STAFF: N_("former staff inside"),
    GroupGap.UNREGISTERED: N_("not registered"),
    GroupGap.OUTSIDERS: N_("outsiders inside"),
    GroupGap.NO_DEPUTY: N_("no deputy who stays"),
    GroupGap.REVIEW_OVERDUE: N_("not reviewed for a year"),
}
BAD = frozenset({GroupGap.NO_OWNER, GroupGap.OWNER_LEAVES, GroupGap.FORMER_STAFF})
LANES: Mapping[LaneState, str] = {
    LaneState.OPEN: N_("working"),
    LaneState.WAITING: N_("the platform does not answer; Bawab tries again by itself"),
    LaneState.PAUSED: N_("paused: somebody must mend it"),
}
SEVERITIES: Mapping[Severity, str] = {
    Severity.OK: N_("in order"),
    Severity.WARNING: N_("to be looked at"),
    Severity.ERROR: N_("to be mended"),
}
NUMBERS: Mapping[str, str] = {
    "rows": N_("Rows"),
    "terminated": N_("Terminated people"),
    "size": N_("Size in bytes"),
}
ABLE: Mapping[str, str] = {
    "revokes": N_("removes people by itself"),
    "reads_back": N_("checks afterwards that they are gone"),
    "lists_memberships": N_("can list what somebody is in"),
    "lists_accounts": N_("can list every account"),
    "lists_groups": N_("can list every group"),
}
DIFFERENCES: Mapping[str, str] = {
    "loses": N_("would newly lose it"),
    "keeps": N_("would no longer lose it"),
    "otherwise": N_("judged otherwise"),
}
SOURCES: Mapping[str, str] = {
    "file": N_("the settings"),
    "oidc": N_("the identity provider"),
    "local": N_("made here"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Everything a template says that is more than one fixed sentence."""

    t: Translator
    zone: str

    def person(self, who: Answerer | None) -> str:
        return groups.person_text(who, self.t)

    def kind(self, kind: str | None) -> str:
        return groups.said(groups.KINDS, kind, self.t)

    def sensitivity(self, of: str | None) -> str:
        return groups.said(groups.SENSITIVITIES, of, self.t)

    def day(self, day: date | None) -> str:
        if day is None:
            return "–"
        return self.t.day(day.date() if isinstance(day, datetime) else day)

    def way(self, way: Way | None, refusal: Refusal | None) -> str:
        return groups.way_text(way, refusal, self.t)

    def group_gap(self, gap: GroupGap) -> str:
        return self.t.text(GAPS[gap])

    def gap_tone(self, gap: GroupGap) -> str:
        return "bad" if gap in BAD else "ask"

    def feed(self, state: str) -> str:
        return worded(FEEDS, state, self.t)

    def event(self, kind: str) -> str:
        return worded(KINDS, kind, self.t)

    def number_name(self, what: str) -> str:
        return self.t.text(NUMBERS[what])

    def number(self, value: int | None) -> str:
        return self.t.number(value) if value is not None else "–"

    def age(self, age: timedelta) -> str:
        """Say how long ago, in the largest unit that fits."""
        hours = int(age.total_seconds() // 3600)
        if hours < 1:
            return self.t.plural("{n} minute", "{n} minutes", int(age.total_seconds() // 60))
        if hours < 48:
            return self.t.plural("{n} hour", "{n} hours", hours)
        return self.t.plural("{n} day", "{n} days", hours // 24)

    def lane(self, state: LaneState) -> str:
        return self.t.text(LANES[state])

    def since(self, lane: LaneView, now: datetime) -> str:
        return since_text(lane.since, now, Reader(self.t, self.zone))

    def waits(self, lane: LaneView) -> str:
        return waits_text(lane.waits, self.t)

    def ahead(self, lane: LaneView, now: datetime) -> str:
        return ahead_text(lane, now, Reader(self.t, self.zone))

    def help(self, lane: LaneView) -> str:
        return help_text(lane, self.t)

    def pace(self, lane: LaneView) -> str:
        return pace_text(lane.waits.seconds, self.t) if lane.waits.seconds is not None else ""

    def slower(self, method: str, times: float) -> str:
        return slower_text(method, times, self.t)

    def severity(self, of: Severity) -> str:
        return self.t.text(SEVERITIES[of])

    def severity_tone(self, of: Severity) -> str:
        return {Severity.OK: "good", Severity.WARNING: "ask", Severity.ERROR: "bad"}[of]

    def step(self, state: StepState) -> str:
        return step_text(StepAction.REVOKE, state, self.t)

    def unseen(self, reason: str) -> str:
        return gap_text(reason, self.t)

    def said(self, sentence: str) -> str:
        """Say a connector's or the gate's own sentence."""
        return said(sentence, self.t)

    def finding(self, finding: Finding) -> Finding:
        return finding_said(finding, self.t)

    def needed_for(self, purpose: str) -> str:
        return needed_for(purpose, self.t)

    def residual(self, line: str) -> str:
        return residual_text(line, self.t)

    def trouble(self, key: str) -> str:
        return trouble_text(key, self.t)

    def able(self, capabilities: Any) -> list[tuple[str, bool]]:
        """Say what a manifest says the platform can do, and cannot."""
        return [(self.t.text(word), bool(getattr(capabilities, name))) for name, word in ABLE.items()]

    def task(self, state: str) -> str:
        return worded(TASKS, state, self.t)

    def remedy(self, refusal: Refusal) -> str:
        return remedy_text(refusal, self.t)

    def refusal(self, refusal: str | None) -> str:
        return refusal_text(Refusal(refusal), self.t) if refusal else ""

    def hold(self, kind: str, cause: dict[str, Any]) -> str:
        return kind_text(kind, cause, self.t)

    def roles(self, these: Sequence[Role] | frozenset[Role]) -> str:
        return self.t.list([role_text(role, self.t) for role in Role if role in these])

    def either(self, these: frozenset[Role]) -> str:
        said = [role_text(role, self.t) for role in Role if role in these]
        if len(said) < 2:
            return "".join(said)
        return self.t.text("{some} or {last}", some=self.t.text(", ").join(said[:-1]), last=said[-1])

    def evidence(self, of: str) -> str:
        return worded(EVIDENCE, of, self.t)

    def question(self, why: str) -> str:
        return worded(dict(QUESTIONS), why, self.t)

    def action(self, action: str) -> str:
        return worded(ACTIONS, action, self.t)

    def verdict(self, verdict: str) -> str:
        return self.t.text("by hand") if verdict == "by_hand" else worded(VERDICTS, verdict, self.t)

    def difference(self, kind: str) -> str:
        return self.t.text(DIFFERENCES[kind])

    def undecided(self, reason: str) -> str:
        return reason_text(reason, self.t)

    def rule(self, rule: Rule) -> list[str]:
        return rule_said(rule, self.t)

    def selected(self, selectors: Sequence[Selector]) -> str:
        return selected(selectors, self.t)

    def source(self, source: str) -> str:
        return worded(dict(SOURCES), source, self.t)

    def permission(self, permission: Permission | str) -> str:
        return permission_text(Permission(permission), self.t)

    def drift_how(self, row: DriftRow) -> str:
        return worded(WHYS, row.why, self.t)

    def drift_group(self, row: DriftRow) -> str:
        return drift_group(Reader(self.t, self.zone), row)

    def drift_state(self, row: DriftRow) -> str:
        reader = Reader(self.t, self.zone)
        return drift_state(reader, row, reader.moment(row.accepted_until))


def words(v: Visitor) -> Words:
    """Give the words for a visitor."""
    return Words(v.t, v.who.zone)
