"""Groups whose registered owner or deputy leaves: the deputy becomes owner, in the registry file itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.roster import LEAVING
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.subjects import subjects_for
from bot.casework import PAST
from bot.groups.registry_file import RegistryProblem, alone, read_sheet, write_sheet
from bot.groups.successors import stays
from bot.settings import SettingsProblem
from bot.states import CASE_RUNNING, CaseState
from bot.store.query import add, change, columns, one, where
from bot.store.tables import CaseRow, MetaRow
from policies.complaints import PolicyError
from policies.model import RegisteredGroup
from policies.registry import load_registry
from policies.registry_edit import Key, Value, with_fields

KEY = "open_seats"
"""Under which the store remembers the seats that could not be handed over, and why."""
_DONE = frozenset({CaseState.COMPLETED, CaseState.COMPLETED_WITH_EXCEPTIONS})


@dataclass(frozen=True, slots=True)
class Seat:
    """One row of the registry in which somebody who leaves is named, and what is to stand there instead."""

    row: RegisteredGroup
    leaver_id: str
    case_id: str
    fields: Mapping[str, Value]
    """Empty where there is nobody to hand it to."""

    @property
    def key(self) -> Key:
        """How the registry names the row."""
        return self.row.instance, self.row.group


async def hand_over_registry(app: Bawab) -> int:
    """Write successors into the registry for everybody whose departure has begun; gives how many rows.

    What cannot be written, or has nobody to go to, is remembered as a finding and logged once. Safe to
    repeat, and after a crash it goes on from what the file says. To be called each tick.
    """
    leavers = await _leavers(app)
    if not leavers and not await _remembered(app):
        return 0
    if not any(_names(row) & leavers.keys() for row in app.registry):
        await _remember(app, [], "")
        return 0
    seats = await _seats(app, app.registry, leavers)
    if not any(seat.fields for seat in seats):  # the file need not be read again at every tick
        await _remember(app, seats, "nobody")
        return 0
    try:
        return await _write(app, leavers)
    except (RegistryProblem, SettingsProblem, PolicyError, OSError) as problem:
        await _remember(app, seats, type(problem).__name__)
        return 0


async def _leavers(app: Bawab) -> dict[str, CaseRow]:
    """Give those whose departure has begun, each with its case."""
    cases = columns(CaseRow)
    named = sorted({one_ for row in app.registry for one_ in _names(row)})
    begun = [cases.person_id.in_(named), cases.kind.in_(LEAVING), cases.state.in_(CASE_RUNNING | _DONE)]
    async with app.store.read() as tx:
        found = await where(tx, CaseRow, *begun) if named else []
    return {case.person_id: case for case in found if not case.event_key.startswith(PAST)}


def _names(row: RegisteredGroup) -> set[str]:
    return {one_ for one_ in (row.owner_id, row.deputy_id) if one_}


async def _seats(app: Bawab, rows: Sequence[RegisteredGroup], leavers: Mapping[str, CaseRow]) -> list[Seat]:
    seats = []
    async with app.store.read() as tx:
        for row in rows:
            for leaver in sorted(_names(row) & leavers.keys()):
                if _may_change(app, row, leavers[leaver]):
                    fields = await _instead(app, tx, row, leaver)
                    seats.append(Seat(row, leaver, leavers[leaver].id, fields))
    return seats


def _may_change(app: Bawab, row: RegisteredGroup, case: CaseRow) -> bool:
    """Without an interface only the row says that the leaver is in the group: it waits for the case's end."""
    connector = app.chat.get(row.instance)
    by_hand = connector is None or not connector.capabilities.revokes
    return not by_hand or case.state in _DONE


async def _instead(app: Bawab, tx: AsyncConnection, row: RegisteredGroup, leaver: str) -> dict[str, Value]:
    if row.owner_id != leaver:
        return {"deputy": None}
    heir = row.deputy_id
    if heir is None or heir == leaver or not await stays(app, tx, heir):
        return {}
    return {"owner": heir, "deputy": None}


async def _write(app: Bawab, leavers: Mapping[str, CaseRow]) -> int:
    with alone(app.settings.data_dir, patience=0.0):
        sheet = read_sheet(app.settings.registry)
        seats = await _seats(app, load_registry(sheet.text, str(sheet.path)), leavers)
        handed = {seat.key: seat for seat in seats if seat.fields}
        open_ones = [seat for seat in seats if not seat.fields]
        if handed:
            changes = {key: seat.fields for key, seat in handed.items()}
            text = with_fields(sheet.text, str(sheet.path), changes)
            async with app.store.write() as tx:
                await app.audit.append(tx, *[await _entry(app, tx, seat) for seat in handed.values()])
                # Last before the commit: only a crash right here could leave a change without its entry.
                write_sheet(sheet, text)
    await _remember(app, open_ones, "nobody")
    return len(handed)


async def _entry(app: Bawab, tx: AsyncConnection, seat: Seat, *, failed: str = "") -> Entry:
    """Say whose seat went to whom; people stand in it by their pseudonyms, as everywhere in the log."""
    row, heir = seat.row, seat.fields.get("owner")
    subjects = await tx.run_sync(subjects_for, [str(heir)], app.now()) if heir else {}
    what = "owner" if row.owner_id == seat.leaver_id else "deputy"
    return Entry(
        action=Action.SEAT_HAND_OVER,
        actor="bawab",
        outcome="open" if failed else "handed_over",
        person_id=seat.leaver_id,
        case_id=seat.case_id,
        instance=row.instance,
        platform=row.platform or None,
        group_id=row.group,
        group_name=row.name,
        after={"owner": subjects[str(heir)].pseudonym} if heir else None,
        detail={"seat": what} | ({"why": failed} if failed else {}),
    )


async def open_seats(tx: AsyncConnection) -> Sequence[str]:
    """Give the seats of people who leave that nobody has taken over, as `instance: group`."""
    found = await one(tx, MetaRow, columns(MetaRow).key == KEY)
    return tuple(found.value) if found else ()


async def _remembered(app: Bawab) -> Sequence[str]:
    async with app.store.read() as tx:
        return await open_seats(tx)


async def _remember(app: Bawab, seats: Sequence[Seat], why: str) -> None:
    """Keep what is open for whoever looks, and log each once."""
    named = {f"{seat.row.instance}: {seat.row.name or seat.row.group}": seat for seat in seats}
    known = await _remembered(app)
    if sorted(named) == sorted(known):
        return
    meta = columns(MetaRow)
    async with app.store.write() as tx:
        if await one(tx, MetaRow, meta.key == KEY) is None:
            await add(tx, MetaRow(key=KEY, value=sorted(named)))
        else:
            await change(tx, MetaRow, {"value": sorted(named)}, meta.key == KEY)
        fresh = [seat for name, seat in sorted(named.items()) if name not in known]
        await app.audit.append(tx, *[await _entry(app, tx, seat, failed=why or "nobody") for seat in fresh])
