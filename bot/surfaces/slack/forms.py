"""The two forms of an offboarding as Slack's modals: whom and when; then what is lost, and the count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from bot.access.actor import Actor
from bot.locale import Translator
from bot.locale.keys import residual_text
from bot.reach import BY_HAND
from bot.surfaces.slack.kit import (
    LONGEST_TITLE,
    MOST_OPTIONS,
    Block,
    asked,
    note,
    option,
    plain,
    section,
)
from bot.surfaces.slack.standing import case_text
from bot.views.losses import Losses, PlatformLosses
from bot.views.offboarding import Candidate, Found, When
from bot.words.exit_types import EXIT_TYPES
from bot.words.kinds import blind_text
from policies.model import StepAction, Verdict
from policies.roles import Permission

ASK, CONFIRM, READ = "offboard_ask", "offboard_confirm", "offboard_read"
PERSON, DAY, TIME, ZONE, EXIT, COUNT = "person", "last_day", "time", "zone", "exit_type", "count"
NAMES_SHOWN = 25
"""Group names of one platform that are spelled out; the rest is counted."""

View = dict[str, Any]


def ask(who: Actor, t: Translator, chosen: Candidate | None = None, among: Sequence[Found] = ()) -> View:
    """Ask for person, day, time, zone and, of whoever may read it, why.

    `chosen` is preset; `among` are those who may be meant, to choose from.
    """
    blocks = [*_notes(chosen, t), _person(chosen, among, t), _day(chosen, t), _time(t), _zone(chosen, t)]
    if who.may(Permission.REASON_READ):
        choices = [option(t.text(said), str(kind)) for kind, said in EXIT_TYPES.items()]
        element = {"type": "static_select", "action_id": EXIT, "options": choices}
        blocks.append(asked(EXIT, t.text("Why they leave"), element, optional=True))
    return _modal(ASK, blocks, t, submit=t.text("Show what is lost"))


def reading(t: Translator) -> View:
    """Show that the platforms are being read."""
    return _modal(READ, [section(t.text("Reading every platform. This takes a moment …"))], t)


def confirm(chosen: Candidate, when: When, lost: Losses, t: Translator) -> View:
    """Show what ends, when and by whom, and ask for the number of groups."""
    head = t.text(
        "{person} loses access on {when}.",
        person=t.isolate(chosen.name),
        when=t.date_time(when.due, when.zone),
    )
    summed = t.plural("{n} group in all", "{n} groups in all", lost.count)
    by_hand = t.plural("{n} of them by hand", "{n} of them by hand", lost.by_hand) if lost.by_hand else ""
    blocks = [section(head), section(t.list([summed, by_hand]) if by_hand else summed), *_notes(chosen, t)]
    if when.past:
        blocks.append(note(t.text("That moment is over: access ends at once.")))
    blocks += [block for platform in lost.platforms for block in _platform(platform, t)]
    blocks += list(_unseen(lost, t))
    element = {"type": "plain_text_input", "action_id": COUNT, "max_length": 10}
    label = t.text("To confirm, type the number of groups: {n}", n=t.number(lost.count))
    blocks.append(asked(COUNT, label, element))
    return _modal(CONFIRM, blocks, t, submit=t.text("Offboard"))


def said(text: str, t: Translator) -> View:
    """Show one sentence in place of a form."""
    return _modal("said", [section(text)], t)


def _modal(name: str, blocks: list[Block], t: Translator, submit: str = "") -> View:
    view: View = {
        "type": "modal",
        "callback_id": name,
        "title": plain(t.text("Offboarding"), LONGEST_TITLE),
        "close": plain(t.text("Close"), LONGEST_TITLE),
        "blocks": blocks[:MOST_OPTIONS],
    }
    return view | ({"submit": plain(submit, LONGEST_TITLE)} if submit else {})


def _notes(chosen: Candidate | None, t: Translator) -> Iterator[Block]:
    if chosen is None:
        return
    if chosen.gone:
        yield note(t.text("HR says that this person has left already."))
    if chosen.observing:
        yield note(t.text("Bawab only observes: it removes nobody before its first run is released."))
    for line in chosen.standing[:3]:
        yield note(t.text("There is a departure already: {case}", case=case_text(line, t)))


def _person(chosen: Candidate | None, among: Sequence[Found], t: Translator) -> Block:
    element: Block = {"action_id": PERSON, "type": "external_select", "min_query_length": 1}
    if among:
        element = {"action_id": PERSON, "type": "static_select", "options": people(among, t)}
    elif chosen is not None:
        element["initial_option"] = option(f"{chosen.id} · {t.isolate(chosen.name)}", chosen.id)
    hint = t.text("Name, employee id or work e-mail address.")
    return asked(PERSON, t.text("Person"), element, hint=hint) | {"dispatch_action": True}


def people(found: Sequence[Found], t: Translator) -> list[Block]:
    """Give people to choose from; an id that Slack would cut cannot be chosen here."""
    return [
        option(" · ".join(filter(None, (one.id, t.isolate(one.name), one.department))), one.id)
        for one in found[:MOST_OPTIONS]
        if len(one.id) <= 150
    ]


def _day(chosen: Candidate | None, t: Translator) -> Block:
    element: Block = {"type": "datepicker", "action_id": DAY}
    known = chosen.last_day if chosen else None
    if isinstance(known, date):
        element["initial_date"] = (known.date() if isinstance(known, datetime) else known).isoformat()
    return asked(DAY, t.text("Last day"), element)


def _time(t: Translator) -> Block:
    element = {"type": "timepicker", "action_id": TIME}
    return asked(TIME, t.text("Time"), element, hint=t.text("Empty: at the end of that day."), optional=True)


def _zone(chosen: Candidate | None, t: Translator) -> Block:
    element: Block = {"type": "external_select", "action_id": ZONE, "min_query_length": 2}
    if chosen is not None and chosen.zone:
        element["initial_option"] = option(chosen.zone, chosen.zone)
    # A name of its own for each person: Slack keeps what stands in a field whose name stays.
    name = f"{ZONE}:{chosen.id}"[:255] if chosen is not None else ZONE
    return asked(name, t.text("In which time zone"), element)


def _platform(platform: PlatformLosses, t: Translator) -> Iterator[Block]:
    ends = [row for row in platform.rows if row.action == StepAction.REVOKE]
    here = [row for row in ends if row.verdict == Verdict.ACT]
    hand = [row for row in ends if row.verdict == BY_HAND]
    stays = len(ends) - len(here) - len(hand)
    lines = [t.isolate(platform.title)]
    if here:
        names = _names([row.group for row in here], t)
        lines.append(
            t.plural(
                "Bawab takes them out of {n} group: {names}",
                "Bawab takes them out of {n} groups: {names}",
                len(here),
                names=names,
            )
        )
    if hand:
        names = _names([f"{row.group} ({row.task_for})" if row.task_for else row.group for row in hand], t)
        lines.append(
            t.plural("By hand, {n} group: {names}", "By hand, {n} groups: {names}", len(hand), names=names)
        )
    if stays:
        lines.append(t.plural("{n} group stays.", "{n} groups stay.", stays))
    yield section("\n".join(lines))
    if platform.residual:
        yield note(residual_text(platform.residual, t))


def _names(names: Sequence[str], t: Translator) -> str:
    shown = [t.isolate(name) for name in names[:NAMES_SHOWN]]
    if len(names) > NAMES_SHOWN:
        shown.append(t.plural("{n} more", "{n} more", len(names) - NAMES_SHOWN))
    return t.list(shown)


def _unseen(lost: Losses, t: Translator) -> Iterator[Block]:
    if not lost.unseen:
        return
    lines = [
        t.text(
            "{where}: {why}",
            where=t.isolate(one.group or one.title),
            why=blind_text(one.reason, one.detail, t),
        )
        for one in lost.unseen[:NAMES_SHOWN]
    ]
    yield section("\n".join([t.text("Not seen, so not counted:"), *lines]))
