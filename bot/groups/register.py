"""What a person says of groups, written into the registry file and logged: owner, deputy, purpose, review."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.subjects import subjects_for
from bot.groups.registry_file import RegistryProblem, Sheet, alone, read_sheet, write_sheet
from bot.groups.report import GroupEntry, Standing, answerer, catalogue
from bot.people.who import the_person
from connectors.hr.records import person_from_json
from policies.model import RegisteredGroup
from policies.registry_edit import Key, Value, with_fields, with_rows

Fields = Mapping[str, Value]
PEOPLE = ("owner", "deputy", "reviewed_by")
"""Fields that hold an employee id."""
_SOME = 8


class NotOneGroup(LookupError):
    """No group, or more than one, may be meant; says which to choose from."""


@dataclass(frozen=True, slots=True)
class Written:
    """One group whose row was changed or added; `before` and `after` hold the fields concerned."""

    entry: GroupEntry
    before: Fields
    after: Fields


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the file: `diff` is empty where nothing had to be changed."""

    file: str
    diff: str
    written: tuple[Written, ...]
    saved: bool


@dataclass(frozen=True, slots=True)
class By:
    """Who changes it, as the log names them, and whether it is only to be shown."""

    actor: str
    dry_run: bool = False
    id: str = ""
    """Their employee id, where it is known: nobody is told from here that they are going to leave."""
    discreet: bool = False
    """Whether they may not know of anybody who is going to leave: whoever is here counts as staying."""

    def may_know(self, person_id: str) -> bool:
        """Whether they may be told that this person is going to leave."""
        return not self.discreet and person_id != self.id


async def find_group(app: Bawab, wanted: str, instance: str | None = None) -> GroupEntry:
    """Find the one group of this id or exact name; raises NotOneGroup."""
    entries = await catalogue(app, instance)
    found = [one for one in entries if wanted in (one.id, one.row.group if one.row else None)]
    found = found or [one for one in entries if folded(one.name) == folded(wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotOneGroup(
            f"no group {wanted!r} is known; give its id or its whole name. `bawab groups` reads the "
            "platforms and lists what is known"
        )
    some = "; ".join(f"{one.instance} {one.id} ({one.name})" for one in found[:_SOME])
    raise NotOneGroup(f"{wanted!r} may mean {some}. Give the id, or --instance")


async def person_who_stays(app: Bawab, tx: AsyncConnection, who: str, by: By) -> str:
    """Give the employee id of somebody who may answer for a group; raises NotOnePerson, RegistryProblem.

    A refusal would tell that somebody is going to leave: whoever may not know that is not refused.
    """
    person = person_from_json((await the_person(tx, who)).record)
    found = answerer(person, app.now(), app.settings.time_zone or "UTC")
    if found.standing is Standing.GONE:
        raise RegistryProblem(f"{found.id} ({found.name}) has left the company; name somebody who is there")
    if found.standing is Standing.LEAVING and by.may_know(found.id):
        raise RegistryProblem(
            f"{found.id} ({found.name}) leaves soon (last day {found.last_day}); name somebody who stays"
        )
    return found.id


async def set_fields(app: Bawab, wanted: str, fields: Fields, by: By, instance: str | None = None) -> Change:
    """Set fields of one group's row (None takes one out), or add the row; `owner`, `deputy` as `who` takes.

    Nothing was written where it raises: NotOneGroup, NotOnePerson, RegistryProblem, SettingsProblem,
    PolicyError.
    """
    entry = await find_group(app, wanted, instance)
    async with app.store.read() as tx:
        known = {
            name: await person_who_stays(app, tx, str(value), by) if name in PEOPLE and value else value
            for name, value in fields.items()
        }
    return await _write(app, Action.GROUP_REGISTER, [(entry, known)], by)


async def register(
    app: Bawab, wanted: Sequence[str], by: By, instance: str | None = None, *, every: bool = False
) -> Change:
    """Add a row for each of these groups (`every`: for each that has none); raises as `set_fields` does."""
    if every:
        entries = [one for one in await catalogue(app, instance) if one.row is None]
    else:
        entries = await _each(app, wanted, instance)
    already = [one.name for one in entries if one.row is not None]
    if already:
        raise RegistryProblem(f"{', '.join(already)}: registered already; `bawab groups set` changes a row")
    return await _write(app, Action.GROUP_REGISTER, [(one, {}) for one in entries], by)


async def review(app: Bawab, wanted: Sequence[str], who: str, by: By, instance: str | None = None) -> Change:
    """Write down that `who` has looked at these groups today; raises as `set_fields` does."""
    entries = await _each(app, wanted, instance)
    missing = [one.name for one in entries if one.row is None]
    if missing:
        raise RegistryProblem(
            f"{', '.join(missing)}: nobody has registered it; `bawab groups register` first"
        )
    async with app.store.read() as tx:
        reviewer = await person_who_stays(app, tx, who, by)
    fields = {"reviewed": _today(app).isoformat(), "reviewed_by": reviewer}
    return await _write(app, Action.GROUP_REVIEW, [(one, fields) for one in entries], by)


async def _each(app: Bawab, wanted: Sequence[str], instance: str | None) -> list[GroupEntry]:
    """Find each of these groups; one that is named twice is meant once."""
    found = [await find_group(app, one, instance) for one in wanted]
    return list({(one.instance, one.id): one for one in found}.values())


def _today(app: Bawab) -> date:
    return app.now().astimezone(ZoneInfo(app.settings.time_zone or "UTC")).date()


async def _write(app: Bawab, action: Action, wanted: Sequence[tuple[GroupEntry, Fields]], by: By) -> Change:
    with alone(app.settings.data_dir):
        sheet = read_sheet(app.settings.registry)
        text = _edited(sheet, wanted)
        diff = _diff(sheet, text)
        written = tuple(_written(entry, fields) for entry, fields in wanted)
        if by.dry_run or text == sheet.text:
            return Change(str(sheet.path), diff, written, saved=False)
        async with app.store.write() as tx:
            await app.audit.append(tx, *[await _entry(app, tx, action, one, by.actor) for one in written])
            # Last before the commit: only a crash right here could leave a change without its entry.
            write_sheet(sheet, text)
    app.registered.take_up()
    return Change(str(sheet.path), diff, written, saved=True)


def _edited(sheet: Sheet, wanted: Sequence[tuple[GroupEntry, Fields]]) -> str:
    changes: dict[Key, Fields] = {}
    fresh = []
    for entry, fields in wanted:
        if entry.row is not None:
            changes[entry.row.instance, entry.row.group] = fields
        else:
            fresh.append(_new_row(entry) | {name: value for name, value in fields.items() if value})
    text, file = sheet.text, str(sheet.path)
    try:
        text = with_fields(text, file, changes) if changes else text
        return with_rows(text, file, fresh) if fresh else text
    except LookupError as error:
        raise RegistryProblem(f"{sheet.path} no longer has the row {error}; run the command again") from None


def _new_row(entry: GroupEntry) -> dict[str, Value]:
    stated = {"instance": entry.instance, "group": entry.id, "name": entry.name, "platform": entry.platform}
    return {name: value for name, value in stated.items() if value}


def _diff(sheet: Sheet, text: str) -> str:
    before, after = sheet.text.splitlines(keepends=True), text.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, str(sheet.path), str(sheet.path), n=2)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _written(entry: GroupEntry, fields: Fields) -> Written:
    if entry.row is None:
        return Written(entry, {}, _new_row(entry) | dict(fields))
    return Written(entry, {name: _READ[name](entry.row) for name in fields}, fields)


_READ: Mapping[str, Callable[[RegisteredGroup], Value]] = {
    "name": lambda row: row.name,
    "owner": lambda row: row.owner_id,
    "deputy": lambda row: row.deputy_id,
    "purpose": lambda row: row.purpose,
    "sensitivity": lambda row: row.sensitivity.value,
    "tags": lambda row: row.tags,
    "language": lambda row: row.language,
    "url": lambda row: row.url,
    "reviewed": lambda row: row.reviewed.isoformat() if row.reviewed else None,
    "reviewed_by": lambda row: row.reviewed_by or None,
}


async def _entry(app: Bawab, tx: AsyncConnection, action: Action, one: Written, actor: str) -> Entry:
    """Say what changed; people stand in it by their pseudonyms, as everywhere in the log."""
    ids = {str(fields[name]) for fields in (one.before, one.after) for name in PEOPLE if fields.get(name)}
    subjects = await tx.run_sync(subjects_for, sorted(ids), app.now())

    def masked(fields: Fields) -> dict[str, object]:
        return {
            name: subjects[str(value)].pseudonym if name in PEOPLE and value else value
            for name, value in fields.items()
        }

    concerned = one.after.get("owner") or one.after.get("deputy")
    return Entry(
        action=action,
        actor=actor,
        person_id=str(concerned) if concerned else None,
        instance=one.entry.instance,
        platform=one.entry.platform or None,
        group_id=one.entry.id,
        group_name=one.entry.name,
        before=masked(one.before) or None,
        after=masked(one.after),
    )


def folded(name: str) -> str:
    """Give a group's name as it is compared: without its `#` or `@`, in one spelling and one case."""
    return unicodedata.normalize("NFC", name).strip().removeprefix("#").removeprefix("@").casefold()
