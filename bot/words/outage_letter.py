"""What IT is told of an outage: since when, what waits, what happens by itself, what IT may have to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.locale import N_
from bot.states import LaneState
from bot.words.findings import said
from bot.words.outages import pace_text, waits_text
from bot.words.reader import Reader
from bot.words.spans import lasting_text

if TYPE_CHECKING:  # words are said where nothing is stored, too
    from bot.outages import Outage

RETRY = "bawab check"
"""The command that tries a connection; one that passes opens it again."""
_DOWN = {
    LaneState.WAITING: N_("{platform} has not answered since {when}."),
    LaneState.PAUSED: N_("{platform} has been paused since {when}: IT must mend the connection."),
}
_GONE = N_(
    "It is not in the settings any more: put it back, or cancel its cases. Until then nothing is done."
)


def outage_lines(outage: Outage, reader: Reader) -> list[str]:
    """Say how an outage stands, one sentence or two to a line; nobody is named in it."""
    match outage.state:
        case LaneState.OPEN:
            return _back(outage, reader)
        case LaneState.PAUSED:
            return [*_down(outage, reader), *_paused(outage, reader)]
        case _:
            return [*_down(outage, reader), *_waiting(outage, reader)]


def _down(outage: Outage, reader: Reader) -> list[str]:
    t, when = reader.t, reader.moment(outage.since)
    first = t.text(_DOWN[outage.state], platform=t.isolate(outage.title), when=when)
    return [" ".join([first, *_falls(outage, reader)]), _waits(outage, reader)]


def _falls(outage: Outage, reader: Reader) -> list[str]:
    """Say how often it fell, where that is more than once."""
    if outage.falls < 2:
        return []
    since = reader.moment(outage.began)
    text = reader.t.plural(
        "{n} interruption since {when}.", "{n} interruptions since {when}.", outage.falls, when=since
    )
    return [text]


def _waits(outage: Outage, reader: Reader) -> str:
    t, what = reader.t, waits_text(outage.waits, reader.t)
    if not what:
        return t.text("Nothing waits there.")
    return t.text("Waiting there, counted {when}: {what}.", when=reader.moment(outage.counted), what=what)


def _waiting(outage: Outage, reader: Reader) -> list[str]:
    t = reader.t
    ahead = [t.text("It is asked again by itself, never more than 15 minutes apart.")]
    if outage.waits.cases:
        ahead += [t.text("What waits goes on by itself once it answers, the urgent first.")]
    ahead += [*_pace(outage, reader), t.text("Nobody is lost.")]
    by_hand = t.text(
        "Nothing need be done. What cannot wait may be done by hand on the platform: Bawab finds it done."
    )
    return [" ".join(ahead), by_hand]


def _paused(outage: Outage, reader: Reader) -> list[str]:
    t = reader.t
    if outage.gone:
        return [t.text(_GONE)]
    why = [t.text("What was refused: {why}.", why=said(outage.reason, t))] if outage.reason else []
    ahead = [
        t.text("What waits goes on by itself once that is done, the urgent first."),
        *_pace(outage, reader),
    ]
    mend = t.text(
        "To do: mend what was refused; a new token takes a restart. Then {command} tries it again at once.",
        command=t.isolate(RETRY),
    )
    return [*why, mend, " ".join([*ahead, t.text("Nobody is lost.")])]


def _pace(outage: Outage, reader: Reader) -> list[str]:
    seconds = outage.waits.seconds
    return [pace_text(seconds, reader.t)] if seconds else []


def _back(outage: Outage, reader: Reader) -> list[str]:
    t = reader.t
    back = t.text(
        "{platform} has answered again since {when}; it was down for {span}.",
        platform=t.isolate(outage.title),
        when=reader.moment(outage.since),
        span=lasting_text(outage.down, t),
    )
    said_first = " ".join([back, *_falls(outage, reader)])
    return [said_first] if outage.refused else [said_first, _caught_up(outage, reader)]


def _caught_up(outage: Outage, reader: Reader) -> str:
    t, what = reader.t, waits_text(outage.waits, reader.t)
    if not what:
        return t.text("Nothing waits there any more. Nothing need be done.")
    if outage.over:
        return _waits(outage, reader)
    going = t.text("Being caught up by itself, the urgent first: {what}.", what=what)
    return " ".join([going, *_pace(outage, reader), t.text("Nothing need be done.")])
