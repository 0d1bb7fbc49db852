"""What those who may sign are told: what waits, how much, who decided; never why somebody leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.locale import Translator
from bot.locale.keys import hold_text
from bot.notices.saying import LONGEST_ON_BUTTON, Means, named
from bot.shown import Shown
from bot.states import HoldKind
from bot.words.approvals import ends_lines
from connectors.messages import Button, Passage

MOST_NAMES = 10
SHORT = 16
"""Digits of a digest a button carries: `ok:` and these are far below Telegram's 64 bytes."""
_COUNTED: Mapping[HoldKind, Callable[[Translator, int], str]] = {
    HoldKind.FEED: lambda t, n: t.plural("Let {n} HR file in", "Let {n} HR files in", n),
    HoldKind.IDENTITY_LINKS: lambda t, n: t.plural("Confirm {n} account", "Confirm {n} accounts", n),
    HoldKind.GROUP_THRESHOLD: lambda t, n: t.plural("Let {n} removal go on", "Let {n} removals go on", n),
    HoldKind.OBSERVE: lambda t, n: t.plural(
        "End the first run: {n} person", "End the first run: {n} people", n
    ),
    HoldKind.POLICY_CHANGE: lambda t, n: t.plural(
        "Release the policy: {n} person", "Release the policy: {n} people", n
    ),
}
"""By the kind of a hold: its act with its count, where it is not people who are approved."""


@dataclass(frozen=True, slots=True)
class Word:
    """One person's word under it."""

    name: str
    approves: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """Something that waits for signatures, as one reader sees it."""

    digest: str
    kind: HoldKind
    count: int
    people: tuple[str, ...] = ()
    """Whom it is about, by name."""
    due: datetime | None = None
    """When the first of it takes effect."""
    words: tuple[Word, ...] = ()
    missing: int = 1
    """Signatures still wanted; none once it is decided."""
    decided: str = ""
    """"", approved, rejected or withdrawn."""
    mine: bool = True
    """Whether the reader may sign; not once they have."""
    shown: Shown | None = None
    """What it would end, as it was read; it binds."""


def approval(asked: Approval, zone: str, t: Translator, means: Means) -> tuple[Passage, ...]:
    """Say what waits and let it be decided; once it is, who decided and when, without buttons."""
    said = [t.text("Waiting for an approval: {why}.", why=hold_text(asked.kind, t)), *_about(asked, zone, t)]
    said += [_word(word, zone, t) for word in asked.words]
    if asked.decided:
        said[0] = t.text("No longer waiting: {why}.", why=hold_text(asked.kind, t))
        if asked.decided == "withdrawn":
            said.append(t.text("It no longer applies: something newer replaced it."))
        return (Passage("\n".join(said)),)
    if asked.words:
        said.append(t.plural("{n} more approval is needed.", "{n} more approvals are needed.", asked.missing))
    if asked.mine and not means.buttons and not means.console:
        command = t.isolate(f"bawab release {asked.digest[:12]}")
        said.append(t.text("To decide: {command}", command=command))
    return (Passage("\n".join(said), (*_buttons(asked, t, means), *_link(asked, t, means))),)


def _about(asked: Approval, zone: str, t: Translator) -> list[str]:
    lines = []
    if asked.people:
        names = [named(name, t) for name in asked.people[:MOST_NAMES]]
        if rest := len(asked.people) - len(names):
            names.append(t.plural("{n} more", "{n} more", rest))
        lines.append(t.text("It is about {people}.", people=t.list(names)))
    elif asked.count:
        lines.append(t.plural("It is about {n} entry.", "It is about {n} entries.", asked.count))
    if asked.due is not None:
        lines.append(t.text("The first of it takes effect {when}.", when=t.date_time(asked.due, zone)))
    return [*lines, *ends_lines(asked.shown, t)]


def _word(word: Word, zone: str, t: Translator) -> str:
    name, when = named(word.name, t), t.date_time(word.at, zone)
    if word.approves:
        return t.text("{name} approved it: {when}.", name=name, when=when)
    return t.text("{name} rejected it: {when}.", name=name, when=when)


def _buttons(asked: Approval, t: Translator, means: Means) -> tuple[Button, ...]:
    if not (asked.mine and means.buttons):
        return ()
    value = asked.digest[:SHORT]
    return (
        Button(act_label(asked, t), "ok", value, "primary"),
        Button(t.text("Reject"), "no", value, "danger"),
    )


def act_label(asked: Approval, t: Translator) -> str:
    """Name the act and how much it lets go."""
    if asked.kind is HoldKind.APPROVAL and asked.shown is not None and asked.shown.groups:
        return t.plural("Approve: {n} group", "Approve: {n} groups", asked.shown.groups)
    if asked.kind is HoldKind.APPROVAL and len(asked.people) == 1:
        return t.text("Approve: {person}", person=named(asked.people[0], t, LONGEST_ON_BUTTON))
    counted = _COUNTED.get(asked.kind)
    if counted is not None:
        return counted(t, asked.count)
    return t.plural("Approve for {n} person", "Approve for {n} people", asked.count)


def _link(asked: Approval, t: Translator, means: Means) -> tuple[Button, ...]:
    return means.link(f"/holds/{asked.digest[:SHORT]}", t.text("Look at it first"))


@dataclass(frozen=True, slots=True)
class Emergency:
    """Access that was ended at once, and that a second person must speak about."""

    case_id: str
    person: str
    by: str
    at: datetime
    due: datetime
    verdict: str | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    late: bool = False


def emergency(asked: Emergency, zone: str, t: Translator, means: Means) -> tuple[Passage, ...]:
    """Ask a second person whether an emergency was one; once answered, say by whom."""
    person, by = named(asked.person, t), named(asked.by, t)
    opening = t.text(
        "Emergency: {by} had the access of {person} ended at once: {when}.",
        by=by,
        person=person,
        when=t.date_time(asked.at, zone),
    )
    if asked.verdict is not None and asked.decided_at is not None:
        return (Passage("\n".join([opening, _answered(asked, zone, t)])),)
    due = t.date_time(asked.due, zone)
    ask = t.text("Please say whether that was right, until {due}. You must be a second person.", due=due)
    lines = [opening, ask]
    if asked.late:
        lines.append(t.text("Nobody has answered in time."))
    buttons: tuple[Button, ...] = ()
    if means.buttons:
        buttons = (
            Button(t.text("It was right"), "conf", asked.case_id, "primary"),
            Button(t.text("It was wrong"), "disp", asked.case_id, "danger"),
        )
    link = means.link(f"/cases/{asked.case_id}", t.text("Look at it first"))
    return (Passage("\n".join(lines), (*buttons, *link)),)


def _answered(asked: Emergency, zone: str, t: Translator) -> str:
    name, when = named(asked.decided_by, t), t.date_time(asked.decided_at or asked.at, zone)
    if asked.verdict == "confirmed":
        return t.text("{name} said that it was right: {when}.", name=name, when=when)
    return t.text("{name} said that it was wrong: {when}.", name=name, when=when)


def questions(platforms: Sequence[str], t: Translator, means: Means) -> tuple[Passage, ...]:
    """Ask IT and HR to say whose accounts are whose; `platforms` names the instance of each question."""
    if not platforms:
        return (Passage(t.text("Whose accounts these are is known now. Nothing is left to do.")),)
    said = t.plural(
        "{n} account needs a person's word on whose it is, in {platforms}. Until then nothing is done to it.",
        "{n} accounts need a person's word on whose they are, in {platforms}. Until then nothing is done to "
        "them.",
        len(platforms),
        platforms=t.list([t.isolate(one) for one in sorted(set(platforms))]),
    )
    if means.console is None:
        said = "\n".join([said, t.text("To look: {command}", command=t.isolate("bawab link list"))])
    return (Passage(said, means.link("/links", t.text("Answer"))),)
