"""Whoever arrives from the identity provider: tied to one person for good, with their groups' roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.first_day import retire_local
from bot.access.granting import end_roles, grant
from bot.access.roster import FILE, PROVIDER, has_left, looks_after_groups, roles_of, staff_row
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.locale import N_, Translator
from bot.setting_parts import OidcSettings
from bot.store.access_tables import StaffRow
from bot.store.people import person
from bot.store.query import change, columns, new_id, one, where
from bot.store.tables import PersonRow
from policies.roles import Role

REFUSED: dict[str, str] = {
    "left": N_("Your access to Bawab has ended."),
    "no_role": N_("You have no role in Bawab. Ask IT for one, and tell them the address you signed in with."),
    "unsure_who": N_(
        "It is not certain whose record at HR this sign-in belongs to. Ask IT: the identity provider must "
        "state your employee id, or a verified work e-mail address that is nobody else's."
    ),
    "taken": N_(
        "Somebody else signed in as this person before. Ask IT to look at it: an e-mail address may have "
        "been given to another person."
    ),
    "groups_unread": N_(
        "The identity provider did not say which groups you are in, so your role is not known. Ask IT to add "
        "the groups to what it states."
    ),
}


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Why somebody who signed in elsewhere does not get in; a key of REFUSED."""

    why: str

    def said(self, t: Translator) -> str:
        """Say it, and what to do, to whoever stands at the door."""
        return t.text(REFUSED[self.why])


async def arrived(app: Bawab, issuer: str, subject: str, claims: Mapping[str, Any]) -> StaffRow | TurnedAway:
    """Give the staff row of somebody the provider vouches for, their roles as it says now; or why not.

    `claims` are those of a checked id_token. They are tied to an HR person once, by the claim that carries
    the employee id, or where none is configured by a verified work e-mail address that is one person's alone;
    from then on only `issuer` and `subject` count. An address alone never ties anybody again.
    """
    async with app.store.write() as tx:
        found = await _arrive(app, tx, issuer, subject, claims)
        if isinstance(found, TurnedAway):
            await app.audit.append(tx, await _refusal(tx, issuer, subject, found))
        else:
            await retire_local(app, tx)
    return found


async def _arrive(
    app: Bawab, tx: AsyncConnection, issuer: str, subject: str, claims: Mapping[str, Any]
) -> StaffRow | TurnedAway:
    rows = columns(StaffRow)
    row = await one(tx, StaffRow, rows.issuer == issuer, rows.subject == subject)
    if row is None or not row.known_to_hr:
        found = await _whose(app, tx, row, claims)
        if isinstance(found, TurnedAway):
            return found
        row = found
    known = await person(tx, row.id) if row.known_to_hr else None
    if row.known_to_hr and (known is None or await has_left(app, tx, row.id, known)):
        return TurnedAway("left")
    roles = _roles(app, row, claims)
    if isinstance(roles, TurnedAway):
        return roles
    if not roles and not (known is not None and await looks_after_groups(app, tx, row.id)):
        # What the provider takes back is taken back here too, with every session and token.
        await end_roles(app, tx, row, why="no_group", actor="bawab")
        return TurnedAway("no_role")
    named = known.name if known else _text(claims, "name") or row.name
    email = known.email if known else row.email
    wanted = _wanted(app, row, roles, (issuer, subject), named, email)
    return await grant(app, tx, wanted, actor="bawab") or TurnedAway("left")


async def _whose(
    app: Bawab, tx: AsyncConnection, known: StaffRow | None, claims: Mapping[str, Any]
) -> StaffRow | TurnedAway:
    """Find whose staff row it is of somebody new here, or of an outsider (`known`) whom HR may name by now.

    Once HR names them they are that person, and their outsider's row is none any more: nobody is two.
    """
    tied = await _tie(app, tx, claims)
    if isinstance(tied, TurnedAway):
        return tied
    if known is not None and not tied.known_to_hr:
        return known
    row = await staff_row(tx, tied.id) or _new(app, tied, claims)
    if row.subject is not None:
        return TurnedAway("taken")
    if known is not None:
        await end_roles(app, tx, known, why="known_to_hr", actor="bawab")
        gone = {"issuer": None, "subject": None, "updated_at": app.now()}
        await change(tx, StaffRow, gone, columns(StaffRow).id == known.id)
    return row


def _roles(app: Bawab, row: StaffRow, claims: Mapping[str, Any]) -> Sequence[Role] | TurnedAway:
    """The staff file outranks the provider: whoever it names has exactly the roles it says."""
    if row.source == FILE and row.ended_at is None:
        return sorted(roles_of(row))
    settings = app.settings.oidc
    if settings is None or not settings.groups:
        return ()
    if settings.groups_claim not in claims:
        return TurnedAway("groups_unread")
    return roles_from(settings, claims[settings.groups_claim])


def roles_from(settings: OidcSettings, groups: object) -> Sequence[Role]:
    """Give the roles that the provider's groups stand for; a group nobody mapped stands for none."""
    named = groups if isinstance(groups, list | tuple) else [groups]
    return sorted({role for group in named for role in settings.groups.get(str(group), ())})


@dataclass(frozen=True, slots=True)
class _Tied:
    """Whose staff row it is; `known_to_hr`: the id is their employee id."""

    id: str
    known_to_hr: bool


async def _tie(app: Bawab, tx: AsyncConnection, claims: Mapping[str, Any]) -> _Tied | TurnedAway:
    """Say whose staff row this is: an employee's, an outsider's of the file, or a new outsider's."""
    settings, people = app.settings.oidc, columns(PersonRow)
    claim = settings.person_claim if settings else None
    stated = _text(claims, claim) if claim else ""
    if stated and await one(tx, PersonRow, people.id == stated):
        return _Tied(stated, known_to_hr=True)
    # The database folds both: `casefold` would make one address of straße@ and strasse@.
    email = _text(claims, "email")
    same = await where(tx, PersonRow, func.lower(people.email) == func.lower(email)) if email else []
    if same:
        # With a claim for the id, an address ties nobody: the provider may let people set it themselves.
        sure = claim is None and len(same) == 1 and _verified(claims)
        return _Tied(same[0].id, known_to_hr=True) if sure else TurnedAway("unsure_who")
    rows = columns(StaffRow)
    outside = [func.lower(rows.email) == func.lower(email), rows.known_to_hr.is_(False), rows.source == FILE]
    row = await one(tx, StaffRow, *outside) if email else None
    if row is not None:
        return _Tied(row.id, known_to_hr=False) if _verified(claims) else TurnedAway("unsure_who")
    return _Tied(new_id("staff"), known_to_hr=False)


def _verified(claims: Mapping[str, Any]) -> bool:
    said = claims.get("email_verified")
    return said is True or said == "true"


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _new(app: Bawab, tied: _Tied, claims: Mapping[str, Any]) -> StaffRow:
    return StaffRow(
        id=tied.id,
        name=_text(claims, "name") or _text(claims, "email") or tied.id,
        email=_text(claims, "email") or None,
        roles=[],
        source=PROVIDER,
        known_to_hr=tied.known_to_hr,
        created_at=app.now(),
        updated_at=app.now(),
    )


def _wanted(
    app: Bawab,
    row: StaffRow,
    roles: Sequence[Role],
    provider: tuple[str, str],
    name: str,
    email: str | None,
) -> StaffRow:
    stays = row.source == FILE and row.ended_at is None
    return StaffRow(
        id=row.id,
        name=name,
        email=email,
        roles=sorted(roles),
        source=FILE if stays else PROVIDER,
        issuer=provider[0],
        subject=provider[1],
        known_to_hr=row.known_to_hr,
        created_at=row.created_at,
        updated_at=app.now(),
    )


async def _refusal(tx: AsyncConnection, issuer: str, subject: str, why: TurnedAway) -> Entry:
    """Say who was turned away where that is certain; else only that somebody was."""
    rows = columns(StaffRow)
    row = await one(tx, StaffRow, rows.issuer == issuer, rows.subject == subject)
    detail = {"why": why.why, "via": "web", "issuer": issuer}
    return Entry(
        Action.ACCESS_REFUSE, "bawab", outcome="refused", person_id=row.id if row else None, detail=detail
    )
