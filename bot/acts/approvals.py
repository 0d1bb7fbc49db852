"""Approving and rejecting what waits: one person's word, once, and at the last one it is let go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.last_word import name_of, who_cancelled
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.release import Released, Seen, Verdict, find_hold, put_name
from bot.release_faults import CannotRelease
from bot.signers import APPROVE, signer_of
from bot.store.tables import HoldRow
from policies.approvals import NotYours
from policies.roles import Permission, Role


@dataclass(frozen=True, slots=True)
class Signed:
    """What somebody's word came to."""

    hold: HoldRow
    released: bool
    missing: tuple[frozenset[Role], ...]
    """Whose word is still wanted, one place each; empty once it was released, or rejected."""
    count: int = 0
    """How many cases, links or steps were let go, or were put aside."""


async def sign(
    app: Bawab,
    who: Actor,
    digest: str,
    verdict: Literal["approve", "reject"],
    note: str = "",
    seen: Seen | None = None,
) -> Signed:
    """Put somebody's word under what waits; `digest` may be its beginning, of 8 characters at least.

    The last word that is wanted releases it in the same transaction, bound to what was `seen`; a rejection
    withdraws it and cancels its cases, once. Raises NotAllowed, and CannotAct: it names who decided a moment
    ago, or why this person's word is not taken. To whoever it is about nothing is called so.
    """
    who.must(Permission.HOLD_RELEASE)
    word = Verdict(approve=verdict == APPROVE, note=note.strip(), seen=seen)
    try:
        async with app.store.write() as tx:
            row = await find_hold(tx, digest)
            done = await put_name(app, tx, row, await signer_of(tx, who), word)
    except CannotRelease as error:
        raise await _refused(app, error, digest) from error
    return _signed(done, word)


def _signed(done: Released, word: Verdict) -> Signed:
    return Signed(done.hold, word.approve and not done.missing, done.missing, done.count)


async def _refused(app: Bawab, error: CannotRelease, digest: str) -> CannotAct:
    facts = dict(error.facts)
    if error.code == NotYours.IS_SUBJECT:
        # Said as of nothing: whoever it is about must not learn of it by trying.
        return CannotAct("no_hold", what=digest)
    async with app.store.read() as tx:
        if error.code == "withdrawn":
            return await who_cancelled(tx, str(facts["hold"]))
        if "who" in facts:
            facts["who"] = await _named(tx, facts["who"])
    return CannotAct(error.code, **facts)


async def _named(tx: AsyncConnection, actor: object) -> str:
    return await name_of(tx, str(actor))
