"""What a guard holds in one line, as every list shows it: whom it concerns, who signed, whose turn it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.concerns import Concern, concerns_of
from bot.holds import open_holds
from bot.release import signatures_of
from bot.shown import Shown, shown_of
from bot.signers import Signer, asked_as, signer_of, turn_of
from bot.states import HoldKind
from bot.store.access_tables import SignatureRow
from bot.store.query import columns, table
from bot.store.tables import HoldRow, LinkRow, PersonRow
from bot.views.waiting import names
from policies.approvals import NotYours
from policies.roles import Permission, Role


@dataclass(frozen=True, slots=True)
class Signed:
    """One person's word under a hold."""

    by: str
    name: str
    verdict: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class HoldLine:
    """Something a guard holds, whom it concerns, who has signed, and whether the reader may."""

    digest: str
    kind: HoldKind
    cause: dict[str, Any]
    count: int
    """How many people, links or steps a release lets through; what is typed to confirm."""
    created_at: datetime
    people: tuple[str, ...]
    """Names, for those the reader may know of; in the order of their names."""
    cases: tuple[str, ...]
    signed: tuple[Signed, ...]
    missing: tuple[frozenset[Role], ...]
    may_sign: bool
    why_not: NotYours | None
    shown: Shown | None
    """What a departure that waits for an approval would end, as it was read; a pressed button binds it."""


async def hold_lines(tx: AsyncConnection, who: Actor) -> tuple[HoldLine, ...]:
    """Give every open hold but those about the reader, oldest first; nothing without the right."""
    return await _lines(tx, who, await open_holds(tx)) if who.may(Permission.HOLD_READ) else ()


async def hold_line(tx: AsyncConnection, who: Actor, row: HoldRow) -> HoldLine | None:
    """Give one hold for this reader; None where they are among those it concerns."""
    return next(iter(await _lines(tx, who, [row])), None)


async def _lines(tx: AsyncConnection, who: Actor, rows: Sequence[HoldRow]) -> tuple[HoldLine, ...]:
    """Read what stands behind all of them at once: every page counts them for its badge."""
    concerns = await concerns_of(tx, rows)
    # Whose account waits to be confirmed is not leaving: they read it, and may sign it, like anybody.
    shown = [row for row in rows if who.id not in concerns[row.digest].people]
    words: dict[str, list[SignatureRow]] = defaultdict(list)
    for word in await signatures_of(tx, *[row.digest for row in shown]):
        words[word.digest].append(word)
    tied = await _tied(tx, [row.digest for row in shown if row.kind == HoldKind.IDENTITY_LINKS])
    signers = [word.by for under in words.values() for word in under]
    by_step = [id_ for row in shown for id_, name in concerns[row.digest].names.items() if not name]
    known = await names(tx, [*signers, *by_step])
    signer = await signer_of(tx, who)
    return tuple(
        _line(who, row, concerns[row.digest], words[row.digest], signer, known, tied[row.digest])
        for row in shown
    )


def _line(
    who: Actor,
    row: HoldRow,
    concern: Concern,
    words: Sequence[SignatureRow],
    signer: Signer,
    known: Mapping[str, str],
    tied: Sequence[str],
) -> HoldLine:
    turn = turn_of(asked_as(row, concern, signer), words, signer)
    people = [name or known.get(id_, id_) for id_, name in concern.names.items()]
    return HoldLine(
        digest=row.digest,
        kind=HoldKind(row.kind),
        cause=dict(row.cause or {}),
        count=row.count,
        created_at=row.created_at,
        people=tuple(sorted([*people, *tied])),
        cases=tuple(sorted(concern.cases)),
        signed=tuple(
            Signed(one.by, known.get(one.by, one.by), one.verdict, one.at, one.note) for one in words
        ),
        missing=turn.missing,
        may_sign=who.may(Permission.HOLD_RELEASE) and turn.is_theirs,
        why_not=turn.given if isinstance(turn.given, NotYours) else None,
        shown=shown_of(row),
    )


async def _tied(tx: AsyncConnection, digests: Sequence[str]) -> Mapping[str, list[str]]:
    """Give the names of those whose accounts wait to be confirmed, each once for each hold."""
    links, people = columns(LinkRow), columns(PersonRow)
    both = table(LinkRow).outerjoin(table(PersonRow), people.id == links.person_id)
    wanted = select(links.hold_digest, links.person_id, people.name).select_from(both).distinct()
    found: dict[str, list[str]] = defaultdict(list)
    for digest, id_, name in await tx.execute(wanted.where(links.hold_digest.in_(digests))):
        found[digest].append(name or id_)
    return found
