"""A rule of the policy in plain words: whom it meets, what it does, when, who must agree, who is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from bot.locale import N_, Translator
from policies.model import Employment, EventKind, ExitType, StepAction
from policies.rules import After, Approval, Notify, PostPart, Rule, RuleAction, Selector

EVENTS: dict[EventKind, str] = {
    EventKind.JOINER: N_("somebody joins"),
    EventKind.MOVER: N_("somebody moves to another post"),
    EventKind.LEAVER: N_("somebody leaves"),
    EventKind.CONTRACTOR_END: N_("a contractor's contract ends"),
    EventKind.LEAVE_OF_ABSENCE: N_("somebody goes on leave"),
    EventKind.RETURN: N_("somebody returns from leave"),
    EventKind.REHIRE: N_("somebody is hired again"),
    EventKind.RESCINDED: N_("a departure is taken back"),
    EventKind.VANISHED: N_("somebody is no longer in the HR file"),
}
DOES: dict[RuleAction, str] = {
    RuleAction.REMOVE: N_("They are removed from {groups}."),
    RuleAction.REMOVE_AND_BAR: N_("They are removed from {groups}, and cannot come back by a link."),
    RuleAction.KEEP: N_("They stay in {groups}."),
    RuleAction.ASK_OWNER: N_("The owners of {groups} are asked whether they stay."),
}
EXITS: dict[ExitType, str] = {
    ExitType.RESIGNATION: N_("resignation"),
    ExitType.DISMISSAL: N_("dismissal"),
    ExitType.RETIREMENT: N_("retirement"),
    ExitType.CONTRACT_END: N_("end of contract"),
    ExitType.DEATH: N_("death"),
    ExitType.UNSTATED: N_("not stated"),
}
PARTS: dict[PostPart, str] = {
    PostPart.DEPARTMENT: N_("department"),
    PostPart.TEAM: N_("team of people"),
    PostPart.LOCATION: N_("location"),
    PostPart.MANAGER: N_("manager"),
}
SELECTED: dict[str, str] = {
    "platform": N_("on {value}"),
    "instance": N_("of {value}"),
    "name": N_("named like {value}"),
    "tag": N_("tagged {value}"),
    "owner": N_("owned by {value}"),
    "sensitivity": N_("whose sensitivity is {value}"),
    "kind": N_("of the kind {value}"),
}
ACCOUNT: dict[StepAction, str] = {
    StepAction.END_SESSIONS: N_("They are signed out everywhere."),
    StepAction.DEACTIVATE: N_("Their account is closed."),
}

APPROVALS: dict[Approval, str] = {
    Approval.HR: N_("Only after HR has approved it."),
    Approval.IT: N_("Only after IT has approved it."),
    Approval.BOTH: N_("Only after HR and IT, two people, have approved it."),
}


def rule_said(rule: Rule, t: Translator) -> list[str]:
    """Say what a rule means, one sentence after the other."""
    return list(_sentences(rule, t))


def _sentences(rule: Rule, t: Translator) -> Iterator[str]:
    yield t.text(
        "When {what}{whom}.", what=_either([t.text(EVENTS[kind]) for kind in rule.on], t), whom=_whom(rule, t)
    )
    yield t.text(DOES[rule.action], groups=_groups(rule, t))
    yield from _of_movers(rule, t)
    if not _only_moves(rule):
        yield from (t.text(ACCOUNT[action]) for action in rule.account)
    yield _when(rule, t)
    if rule.approve in APPROVALS:
        yield t.text(APPROVALS[rule.approve])
    if rule.urgent:
        yield t.text("It goes before other work.")
    yield t.text("The groups' owners are told.") if rule.notify is Notify.OWNER else t.text("Nobody is told.")
    if rule.join_to_act:
        yield t.text("Bawab may join a public channel to do it.")


def _only_moves(rule: Rule) -> bool:
    return set(rule.on) == {EventKind.MOVER}


def _of_movers(rule: Rule, t: Translator) -> Iterator[str]:
    """Say what a move does not end: no platform tells why somebody is in a group."""
    if _only_moves(rule):
        yield t.text("The owners of their other groups are asked whether they stay.")
    elif EventKind.MOVER in rule.on:
        yield t.text(
            "Whoever moves loses only groups of the old post that are not the new one's; "
            "the owners of the others are asked."
        )


def _whom(rule: Rule, t: Translator) -> str:
    said = []
    if rule.exit_type:
        said.append(t.text("by {ways}", ways=_either([t.text(EXITS[kind]) for kind in rule.exit_type], t)))
    if rule.employment is Employment.CONTRACTOR:
        said.append(t.text("contractors only"))
    elif rule.employment is Employment.EMPLOYEE:
        said.append(t.text("employees only"))
    if rule.changed:
        said.append(
            t.text("with another {parts}", parts=_either([t.text(PARTS[part]) for part in rule.changed], t))
        )
    if rule.match:
        stated = rule.match.model_dump(exclude_none=True)
        said += [
            t.text("{part} {value}", part=t.text(PARTS[PostPart(part)]), value=t.isolate(str(value)))
            for part, value in stated.items()
        ]
    return f" ({t.text('; ').join(said)})" if said else ""


def _groups(rule: Rule, t: Translator) -> str:
    taken = t.text("every group") if rule.groups == "all" else selected(rule.groups, t)
    if _only_moves(rule):
        taken = t.text("{groups} that belonged to the old post and not to the new one", groups=taken)
    if not rule.except_:
        return taken
    return t.text("{groups} except {excepted}", groups=taken, excepted=selected(rule.except_, t))


def selected(selectors: Sequence[Selector], t: Translator) -> str:
    """Say which groups selectors take."""
    return _either([t.text("groups {which}", which=_selector(one, t)) for one in selectors], t)


def _selector(one: Selector, t: Translator) -> str:
    stated = one.model_dump(mode="json", exclude_none=True)
    return " ".join(
        t.text(SELECTED[name], value=t.isolate(str(value).replace("_", " ")))
        if name in ("kind", "sensitivity")
        else t.text(SELECTED[name], value=t.isolate(str(value)))
        for name, value in stated.items()
    )


def _when(rule: Rule, t: Translator) -> str:
    if isinstance(rule.when, After):
        return t.text(
            "It is done {time} after the last day ends.", time=_span(rule.when.after.total_seconds(), t)
        )
    if rule.when == "now":
        return t.text("It is done at once.")
    return t.text(
        "It is done at the end of the last day, {clock} where they are.",
        clock=t.clock(datetime.combine(date.min, rule.end_of_day, UTC), "UTC"),
    )


def _span(seconds: float, t: Translator) -> str:
    if seconds % 86_400 == 0:
        return t.plural("{n} day", "{n} days", int(seconds // 86_400))
    if seconds % 3_600 == 0:
        return t.plural("{n} hour", "{n} hours", int(seconds // 3_600))
    return t.plural("{n} minute", "{n} minutes", int(seconds // 60))


def _either(parts: Sequence[str], t: Translator) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return t.text("{some} or {last}", some=t.text(", ").join(parts[:-1]), last=parts[-1])
