"""The one door for a pressed button, on whichever platform: the act by its name, and what is then said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.access.actor import Actor
from bot.acts.approvals import sign
from bot.acts.emergencies import confirm_emergency
from bot.acts.passing_on import cannot
from bot.acts.refusals import CannotAct
from bot.acts.tasks import done
from bot.app import Bawab
from bot.locale import N_, Translator
from bot.release import Seen
from bot.shown import shown_of
from bot.store.query import columns, one
from bot.store.tables import HoldRow
from bot.words.roles import role_text
from connectors.messages import Message, Passage

SHORTEST_VALUE = 12


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of it: `said` to whoever pressed; `message`: what now stands in the place of the buttons."""

    message: Message | None
    said: str


async def press(app: Bawab, who: Actor, act: str, value: str) -> Pressed:
    """Do what a button stands for. Raises NotAllowed, CannotAct.

    `ok` and `no` approve and reject a hold (value: the first 16 of its digest, or more), `done` and `cant`
    answer a task (its id), `conf` and `disp` confirm and dispute an emergency (the case's id).
    """
    do = _ACTS.get(act)
    if do is None:
        raise CannotAct("no_button")
    t = who.translator
    said = await do(app, who, value, t)
    return Pressed(Message((Passage(said),), language=t.language), said)


async def _approve(app: Bawab, who: Actor, value: str, t: Translator) -> str:
    signed = await sign(app, who, _digest(value), "approve", seen=await _shown(app, value))
    if signed.released:
        return t.text(N_("Approved and released. Bawab carries it out when it is due."))
    wanted = [role_text(role, t) for roles in signed.missing for role in sorted(roles)]
    return t.text(N_("Approved. It still waits for: {wanted}."), wanted=t.list(wanted))


async def _reject(app: Bawab, who: Actor, value: str, t: Translator) -> str:
    await sign(app, who, _digest(value), "reject")
    return t.text(N_("Rejected. Nothing of it is carried out."))


async def _done(app: Bawab, who: Actor, value: str, t: Translator) -> str:
    task = await done(app, who, value)
    if task.state == "half_attested":
        return t.text(N_("Thank you. A second person is asked to confirm it, too."))
    return t.text(N_("Thank you. It is noted as done."))


async def _cant(app: Bawab, who: Actor, value: str, t: Translator) -> str:
    await cannot(app, who, value)
    return t.text(N_("Thank you for saying so. The next in line is asked."))


async def _confirm(app: Bawab, who: Actor, value: str, t: Translator) -> str:
    await confirm_emergency(app, who, value, "confirmed")
    return t.text(N_("Confirmed. It is in the log with your name."))


async def _dispute(app: Bawab, who: Actor, value: str, t: Translator) -> str:
    await confirm_emergency(app, who, value, "disputed")
    return t.text(N_("Disputed. What had not begun is stopped; IT looks at what was done."))


def _digest(value: str) -> str:
    """A button carries the beginning of a digest; too short a beginning could be chosen by a stranger."""
    if len(value) < SHORTEST_VALUE:
        raise CannotAct("no_hold", what=value)
    return value


async def _shown(app: Bawab, value: str) -> Seen | None:
    """Give what the messages with this button show: it binds, as a page's preview does."""
    async with app.store.read() as tx:
        hold = await one(tx, HoldRow, columns(HoldRow).digest.startswith(value, autoescape=True))
    shown = shown_of(hold) if hold is not None else None
    return shown.seen if shown is not None else None


_ACTS: Mapping[str, Callable[[Bawab, Actor, str, Translator], Awaitable[str]]] = {
    "ok": _approve,
    "no": _reject,
    "done": _done,
    "cant": _cant,
    "conf": _confirm,
    "disp": _dispute,
}
