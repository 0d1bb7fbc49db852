"""A platform that is down, in words: since when, what waits, what will happen, what people can do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from bot.locale import N_, Translator
from bot.states import LaneState
from bot.words.reader import Reader
from bot.words.spans import lasting_text, percent_text, span_text

if TYPE_CHECKING:  # sentences are said where nothing is counted, too
    from bot.backlog import Backlog


class Circuit(Protocol):
    """All that is said of one lane."""

    @property
    def state(self) -> LaneState:
        """Whether it waits for the platform or for a person."""

    @property
    def since(self) -> datetime | None:
        """When it stopped."""

    @property
    def next_probe(self) -> datetime | None:
        """When the platform is asked again; None where it never is by itself."""

    @property
    def waits(self) -> Backlog:
        """What waits for it."""


_DOWN = {
    LaneState.WAITING: N_("{platform} has not answered since {when}."),
    LaneState.PAUSED: N_("{platform} has been paused since {when}: IT must mend the connection."),
}
_GOES_ON = {
    LaneState.WAITING: N_("What waits goes on by itself once it answers, the urgent first."),
    LaneState.PAUSED: N_("What waits goes on by itself once that is done, the urgent first."),
}
_HELP = {
    LaneState.WAITING: N_(
        "Nothing need be done. What cannot wait may be done by hand on the platform: Bawab finds it done."
    ),
    LaneState.PAUSED: N_(
        "IT mends what is named above (a new token takes a restart), then lets it try again. What cannot "
        "wait may be done by hand on the platform: Bawab finds it done."
    ),
}
_GONE = N_(
    "It is not in the settings any more: put it back, or cancel its cases. Until then nothing is done."
)


def down_text(title: str, found: Circuit, now: datetime, reader: Reader) -> str:
    """Say for anybody that a platform is down, since when, and that nobody is lost by it."""
    t, since = reader.t, _when(found.since, now, reader)
    said = [t.text(_DOWN[found.state], platform=t.isolate(title), when=since)]
    if found.waits.people:
        said.append(t.plural("{n} person waits.", "{n} people wait.", found.waits.people))
    return " ".join([*said, t.text("Nobody is lost.")])


def goes_on_text(found: Circuit, t: Translator) -> str:
    """Say for anybody that what waits goes on by itself."""
    return t.text(_GOES_ON[found.state])


def _when(instant: datetime | None, now: datetime, reader: Reader) -> str:
    """Write an instant of today as the time of day alone; its zone stands under every page."""
    if instant is None:
        return "–"
    zone = ZoneInfo(reader.zone)
    today = instant.astimezone(zone).date() == now.astimezone(zone).date()
    return reader.t.clock(instant, reader.zone) if today else reader.moment(instant)


def since_text(since: datetime | None, now: datetime, reader: Reader) -> str:
    """Say since when, and how long that is."""
    if since is None:
        return "–"
    span = span_text(now - since, reader.t)
    return reader.t.text("{when} ({span})", when=_when(since, now, reader), span=span)


def waits_text(waits: Backlog, t: Translator) -> str:
    """Count what waits: steps and people, the urgent cases apart; empty where nothing does."""
    if not waits.cases:
        return ""
    steps = t.plural("{n} step", "{n} steps", waits.steps)
    people = t.plural("for {n} person", "for {n} people", waits.people)
    cases = t.plural("in {n} case", "in {n} cases", waits.cases)
    said = [t.text("{steps} {people} {cases}", steps=steps, people=people, cases=cases)]
    if waits.urgent:
        said.append(t.plural("{n} case is urgent", "{n} cases are urgent", waits.urgent))
    if waits.unread:
        said.append(
            t.plural(
                "{n} case could not be read there yet",
                "{n} cases could not be read there yet",
                waits.unread,
            )
        )
    return t.text("; ").join(said)


def ahead_text(found: Circuit, now: datetime, reader: Reader) -> str:
    """Say what will happen by itself: when it is asked again, and what goes on then for how long."""
    t, at = reader.t, found.next_probe
    if at is None:
        return t.text(_GONE)
    again = t.text("It is asked again by itself at {when}.", when=_when(at, now, reader))
    asked = again if at > now else t.text("It is asked again now.")
    return f"{asked} {_goes_on(found.waits, t)}"


def _goes_on(waits: Backlog, t: Translator) -> str:
    if not waits.cases:
        return t.text("Nothing waits there.")
    if not waits.steps:
        return t.text("When it answers, what waits goes on by itself, the urgent first.")
    then = t.plural(
        "When it answers, {n} step goes on by itself.",
        "When it answers, {n} steps go on by themselves, the urgent first.",
        waits.steps,
    )
    return then if waits.seconds is None else f"{then} {pace_text(waits.seconds, t)}"


def pace_text(seconds: float, t: Translator) -> str:
    """Say about how long the steps take."""
    return t.text("That takes about {time} at its pace.", time=lasting_text(seconds, t))


def help_text(found: Circuit, t: Translator) -> str:
    """Say what people can do, or that they need not; empty where it is in no settings any more."""
    return t.text(_HELP[found.state]) if found.next_probe is not None else ""


def slower_text(method: str, times: float, t: Translator) -> str:
    """Say that a platform was found to allow less than it publishes."""
    more = percent_text(round(times * 100), t)
    return t.text("{method}: takes {percent} of the published time", method=t.isolate(method), percent=more)


def opened_text(detail: Mapping[str, Any], instance: str, t: Translator) -> str:
    """Say that a platform works again, after how long and how many questions, where the entry knows."""
    seconds, probes = detail.get("seconds"), detail.get("probes")
    if not isinstance(seconds, int | float):
        return t.text("{instance} works again", instance=instance)
    span = lasting_text(seconds, t)
    if not isinstance(probes, int) or not probes:
        return t.text("{instance} works again, after {span}", instance=instance, span=span)
    return t.plural(
        "{instance} works again, after {span}; it was asked once in vain",
        "{instance} works again, after {span}; it was asked {n} times in vain",
        probes,
        instance=instance,
        span=span,
    )
