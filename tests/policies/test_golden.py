"""Runs every sentence in golden/: HR's record before and after, the groups, and what must come of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from policies.lifecycle import change
from policies.loader import combine, load
from policies.model import (
    Account,
    AccountKind,
    Certainty,
    Employment,
    ExitType,
    Group,
    GroupKind,
    LifecycleEvent,
    Membership,
    Person,
    PersonStatus,
    PlannedStep,
    Post,
    RegisteredGroup,
    Sensitivity,
    StepAction,
    UpcomingPost,
    Verdict,
)
from policies.plan import Case, Decision, InstanceFacts, PlanContext, decide, plan
from policies.rules import Policy, Successor
from policies.succession import Candidate
from policies.yaml_text import read

HERE = Path(__file__).resolve().parent / "golden"
LIBRARY = HERE.parents[2] / "policies" / "library"
SENTENCES = sorted(HERE.glob("*.yaml"))

Data = Mapping[str, Any]

WORDS = {
    Verdict.KEEP: "kept",
    Verdict.ASK_OWNER: "the owner is asked",
    Verdict.BLOCKED: "not touched",
    Verdict.PREVIEW_ONLY: "would be joined",
}
FACTS = InstanceFacts(
    "slack",
    (StepAction.REVOKE, StepAction.END_SESSIONS),
    (StepAction.END_SESSIONS, StepAction.REVOKE),
)
ACCOUNT = Account("acme", "U7")


@pytest.mark.parametrize("file", SENTENCES, ids=lambda file: file.stem)
def test_what_hr_was_promised(file: Path) -> None:
    told = read(file.read_text(encoding="utf-8"), file.name).data
    expected = told["expect"]
    assert isinstance(expected, dict)
    assert outcome(told) == expected


@pytest.mark.parametrize("ready", sorted(LIBRARY.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_ready_policy_has_a_sentence(ready: Path) -> None:
    told = [file.read_text(encoding="utf-8") for file in SENTENCES]
    assert any(f"policy: {ready.name}" in text or f"rule: {ready.stem}/" in text for text in told)


def outcome(told: Data) -> dict[str, object]:
    """Say in the words of the file what the policy makes of it."""
    now = datetime.fromisoformat(told["now"])
    events = change(_person(told, "before"), _person(told, "after"), now)
    if not events:
        return {"happened": "nothing"}
    policy = _policy(told["policy"])
    said: list[dict[str, object]] = [_decided(event, policy, told, now) for event in events]
    return said[0] if len(said) == 1 else {"events": said}


def _decided(event: LifecycleEvent, policy: Policy, told: Data, now: datetime) -> dict[str, object]:
    decision = decide(event, policy, now=now, default_zone=told.get("default_zone"))
    if not isinstance(decision, Decision):
        return {"happened": event.kind.value, "decided": decision.reason}
    found = plan(
        Case("golden", event, decision.rule, decision.due),
        policy,
        [_membership(row) for row in told.get("in_groups", ())],
        (),
        _context(told),
    )
    said: dict[str, object] = {
        "happened": event.kind.value,
        "rule": decision.rule,
        "due": decision.due.astimezone(ZoneInfo(decision.zone)).strftime("%A %Y-%m-%d %H:%M"),
        "groups": [_sentence(step) for step in found.steps],
    }
    marks = {"approval": decision.approval, "overdue": decision.overdue, "urgent": decision.urgent}
    return said | {name: str(mark).lower() for name, mark in marks.items() if mark}


def _sentence(step: PlannedStep) -> str:
    if step.action is StepAction.END_SESSIONS:
        return f"signed out everywhere ({step.refusal or step.why})"
    if step.action is StepAction.HAND_OVER:
        return f"{step.group.name if step.group else ''}: handed over to {step.successor_id} ({step.why})"
    done = {"kick": "removed", "bar": "removed and barred"}[step.manner]
    what = WORDS.get(step.verdict, done)
    return f"{step.group.name if step.group else ''}: {what} ({step.refusal or step.why})"


def _policy(names: str) -> Policy:
    files = (
        sorted(LIBRARY.glob("*.yaml"))
        if names == "everything"
        else [LIBRARY / name for name in names.split()]
    )
    return combine([load(file.read_text(encoding="utf-8"), file.name) for file in files])


def _person(told: Data, which: str) -> Person | None:
    """Read a record; `after` says only what changed."""
    if told.get(which) is None:
        return None
    record: Data = {**(told.get("before") or {}), **told[which]} if which == "after" else told[which]
    upcoming = record.get("upcoming")
    person = Person(
        record["id"],
        record["name"],
        status=PersonStatus(record.get("status", "active")),
        employment=Employment(record.get("employment", "employee")),
        post=_post(record),
        last_day=_day(record.get("last_day")),
        time_zone=record.get("time_zone"),
        exit_type=ExitType(record.get("exit_type", "unstated")),
    )
    if upcoming is None:
        return person
    effective = _day(upcoming["from"])
    assert effective is not None
    return replace(person, upcoming=UpcomingPost(effective, _post({**record, **upcoming})))


def _post(record: Data) -> Post:
    return Post(record.get("department"), record.get("team"), record.get("location"), record.get("manager"))


def _day(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _group(row: Data) -> Group:
    name = row["group"]
    return Group(
        "acme",
        "slack",
        f"C-{name}",
        name,
        GroupKind(row.get("kind", "public_channel")),
        is_default=row.get("default") == "true",
    )


def _membership(row: Data) -> Membership:
    account = replace(ACCOUNT, kind=AccountKind(row.get("as", "member")))
    return Membership(account, _group(row), sole_owner=row.get("only_owner") == "true")


def _context(told: Data) -> PlanContext:
    rows = [*told.get("in_groups", ()), *told.get("other_groups", ())]
    registry = [
        RegisteredGroup(
            "acme",
            f"C-{row['group']}",
            sensitivity=Sensitivity(row.get("sensitivity", "normal")),
            tags=tuple(row.get("tags", ())),
        )
        for row in rows
    ]
    return PlanContext(
        certainty={("acme", "U7"): (Certainty(told.get("account", "certain")), "hr_record")},
        accounts=[ACCOUNT],
        protected=frozenset(told.get("protected", ())),
        own_accounts=frozenset(),
        registry=registry,
        groups=[_group(row) for row in rows],
        instances={"acme": _facts(told)},
        candidates={("acme", f"C-{row['group']}"): _takers(row) for row in rows},
    )


def _facts(told: Data) -> InstanceFacts:
    """A platform that can make owners, only where the sentence speaks of one."""
    if not any("could_take_over" in row for row in told.get("in_groups", ())):
        return FACTS
    order = (StepAction.END_SESSIONS, StepAction.HAND_OVER, StepAction.REVOKE)
    return replace(FACTS, actions=order, lockout_order=order)


def _takers(row: Data) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            Successor(one["as"]),
            one["id"],
            one.get("present", "true") == "true",
            Account("acme", f"U-{one['id']}") if one.get("account", "true") == "true" else None,
        )
        for one in row.get("could_take_over", ())
    )
