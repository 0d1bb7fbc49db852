"""Putting a name to what a run guard held: once every name it wants is there it is let go, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.letting_go import let_go, put_aside
from bot.release_faults import CannotRelease, StillUndecided
from bot.signers import APPROVE, REJECT, Signer, as_signed, asked_of, operator, refusal_of, turn_of
from bot.store.access_tables import SignatureRow
from bot.store.query import add, change, columns, where
from bot.store.tables import CaseRow, HoldRow
from policies.approvals import NotYours, Signature, missing
from policies.roles import Role

__all__ = [
    "CannotRelease",
    "Released",
    "Seen",
    "StillUndecided",
    "Verdict",
    "find_hold",
    "put_name",
    "release",
    "signatures_of",
]

SHORTEST_DIGEST = 8
Seen = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Released:
    """What one person's word came to; `count` is what a release let go, or a rejection cancelled."""

    hold: HoldRow
    count: int
    missing: tuple[frozenset[Role], ...] = ()
    """Whose word is still wanted; while any is, nothing was let go."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One person's word under a hold."""

    approve: bool = True
    note: str = ""
    seen: Seen | None = None
    """What they were shown: case id → instance → group ids. It binds."""


async def find_hold(tx: AsyncConnection, digest: str) -> HoldRow:
    """Find the one open hold whose digest starts so; raises CannotRelease saying why there is none."""
    if len(digest) < SHORTEST_DIGEST:
        said = f"{digest!r} is too short: give at least {SHORTEST_DIGEST} characters"
        raise CannotRelease(said, "no_hold", what=digest)
    found = await where(tx, HoldRow, columns(HoldRow).digest.startswith(digest.lower(), autoescape=True))
    if len(found) != 1:
        code = "ambiguous_digest" if found else "no_hold"
        said = f"no hold begins with {digest!r}; `bawab status` lists what is held"
        raise CannotRelease(said, code, what=digest)
    await _must_wait(tx, found[0], digest)
    return found[0]


async def _must_wait(tx: AsyncConnection, row: HoldRow, digest: str) -> None:
    if row.released_at is not None:
        said = f"{digest} was released before, by {row.released_by}; a digest is released once"
        raise CannotRelease(said, "released", who=row.released_by or "", when=row.released_at)
    if row.withdrawn_at is None:
        return
    signed = columns(SignatureRow)
    no = await where(tx, SignatureRow, signed.digest == row.digest, signed.verdict == REJECT)
    if no:
        said = f"{digest} was rejected before, by person:{no[0].by}; nothing of it is carried out"
        raise CannotRelease(said, "rejected", who=f"person:{no[0].by}", when=no[0].at)
    gone = f"{digest} no longer applies: something newer replaced it"
    raise CannotRelease(gone, "withdrawn", hold=row.digest)


async def release(
    app: Bawab, digest: str, *, actor: str, note: str = "", seen: Seen | None = None
) -> Released:
    """Put an operator's name to a hold, and let it go once no name is missing; raises CannotRelease.

    For whoever works at the machine: their name is taken as it is given (`person:noura`), under the same
    rules as on every screen. `seen` is what they were shown; it binds: what a case finds beyond it (and a
    small margin) when due is blocked and listed.
    """
    async with app.store.write() as tx:
        row = await find_hold(tx, digest)
        signer = await operator(tx, actor)
        return await put_name(app, tx, row, signer, Verdict(note=note, seen=seen))


async def put_name(
    app: Bawab, tx: AsyncConnection, row: HoldRow, signer: Signer, verdict: Verdict
) -> Released:
    """Store one person's word under an open hold, and in the same transaction do what it comes to.

    The last word that is wanted releases it; one rejection withdraws it and cancels its cases. Raises
    CannotRelease where this person may not, or where the cause of the hold is not mended.
    """
    asked = await asked_of(tx, row, signer)
    earlier = await signatures_of(tx, row.digest)
    turn = turn_of(asked, earlier, signer)
    given = turn.given
    if isinstance(given, NotYours):
        raise refusal_of(given, turn.missing, signer)
    await add(tx, _signature(app, row, signer, given, verdict))
    still = missing(asked, [*as_signed(earlier, signer), given])
    await app.audit.append(tx, _entry(row, signer, given, verdict, still))
    if not verdict.approve:
        return Released(row, await _reject(app, tx, row, signer))
    if still:
        return Released(row, 0, still)
    await _bind(tx, row, [*[one.seen for one in earlier], verdict.seen])
    return Released(row, await _release(app, tx, row, signer, verdict.note))


async def signatures_of(tx: AsyncConnection, *digests: str) -> list[SignatureRow]:
    """Give the names under a hold (or under several), the first first."""
    found = await where(tx, SignatureRow, columns(SignatureRow).digest.in_(digests))
    return sorted(found, key=_when)


async def _release(app: Bawab, tx: AsyncConnection, row: HoldRow, signer: Signer, note: str) -> int:
    holds = columns(HoldRow)
    values = {"released_at": app.now(), "released_by": signer.logged}
    waiting = [holds.digest == row.digest, holds.released_at.is_(None), holds.withdrawn_at.is_(None)]
    if not await change(tx, HoldRow, values, *waiting):
        raise CannotRelease(f"{row.digest} was decided a moment ago by somebody else", "moved_meanwhile")
    detail = {"hold": row.digest, "kind": row.kind, "count": row.count, "note": note, "via": signer.via}
    entry = Entry(
        action=Action.HOLD_RELEASE,
        actor=signer.logged,
        outcome="released",
        person_id=(row.cause or {}).get("person"),
        run_id=row.run_id,
        detail=detail,
    )
    await app.audit.append(tx, entry)
    return await let_go(app, tx, row, signer.logged)


async def _reject(app: Bawab, tx: AsyncConnection, row: HoldRow, signer: Signer) -> int:
    holds = columns(HoldRow)
    waiting = [holds.digest == row.digest, holds.released_at.is_(None), holds.withdrawn_at.is_(None)]
    if not await change(tx, HoldRow, {"withdrawn_at": app.now()}, *waiting):
        raise CannotRelease(f"{row.digest} was decided a moment ago by somebody else", "moved_meanwhile")
    return await put_aside(app, tx, row, signer.logged)


async def _bind(tx: AsyncConnection, row: HoldRow, seen: Sequence[Seen | None]) -> None:
    """A release binds its own cases only, and to what every signer who was shown something was shown."""
    cases = columns(CaseRow)
    for case_id, approved in _seen_by_all([one for one in seen if one]).items():
        await change(
            tx, CaseRow, {"approved": approved}, cases.id == case_id, cases.hold_digest == row.digest
        )


def _seen_by_all(seen: Sequence[Seen]) -> dict[str, dict[str, list[str]]]:
    if not seen:
        return {}
    bound = {case: {at: list(groups) for at, groups in where_.items()} for case, where_ in seen[0].items()}
    for other in seen[1:]:
        for case, where_ in bound.items():
            shown = other.get(case, where_)
            bound[case] = {
                at: [g for g in groups if g in shown.get(at, groups)] for at, groups in where_.items()
            }
    return bound


def _signature(app: Bawab, row: HoldRow, signer: Signer, given: Signature, verdict: Verdict) -> SignatureRow:
    seen = {case: {at: list(groups) for at, groups in found.items()} for case, found in _shown(verdict)}
    return SignatureRow(
        digest=row.digest,
        by=given.by,
        role=given.role,
        verdict=APPROVE if verdict.approve else REJECT,
        via=signer.via,
        note=verdict.note[:1000],
        seen=seen if verdict.seen is not None else None,
        at=app.now(),
    )


def _shown(verdict: Verdict) -> list[tuple[str, Mapping[str, Sequence[str]]]]:
    return list((verdict.seen or {}).items())


def _entry(
    row: HoldRow,
    signer: Signer,
    given: Signature,
    verdict: Verdict,
    still: Sequence[frozenset[Role]],
) -> Entry:
    detail: dict[str, object] = {"hold": row.digest, "kind": row.kind, "role": given.role, "via": signer.via}
    detail |= {"note": verdict.note, "missing": [sorted(roles) for roles in still]}
    action = Action.HOLD_SIGN if verdict.approve else Action.HOLD_REJECT
    return Entry(
        action=action,
        actor=signer.logged,
        outcome="signed" if verdict.approve else "rejected",
        person_id=(row.cause or {}).get("person"),
        run_id=row.run_id,
        detail=detail,
    )


def _when(row: SignatureRow) -> str:
    return row.at.isoformat()
