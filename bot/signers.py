"""Who puts a name to what waits: requester, approver and subject, told apart by every name they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.access.roster import roles_of, staff_row
from bot.concerns import Concern, concerns_of
from bot.people.who import goes_by, names_of
from bot.release_faults import CannotRelease
from bot.states import HoldKind
from bot.store.access_tables import SignatureRow
from bot.store.query import columns, where
from bot.store.tables import HoldRow, PersonRow
from policies.approvals import Asked, NotYours, Signature, missing, sign
from policies.roles import Role

APPROVE, REJECT = "approve", "reject"
EITHER = frozenset({Role.HR, Role.IT})
WANTED: Mapping[HoldKind, frozenset[Role]] = {
    HoldKind.FEED: EITHER,
    HoldKind.OBSERVE: EITHER,
    HoldKind.POLICY_CHANGE: EITHER,
    HoldKind.FIRST_SEEN: frozenset({Role.HR}),
    HoldKind.RUN_THRESHOLD: EITHER,
    HoldKind.DAY_THRESHOLD: EITHER,
    HoldKind.GROUP_THRESHOLD: EITHER,
    HoldKind.IDENTITY_LINKS: EITHER,
    HoldKind.NO_TIME_ZONE: EITHER,
}
"""Who may release what, where the hold itself does not say; one name is enough."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who gives their word, with everybody they may be."""

    by: str
    """Their employee id; the id of their staff row; or, at the machine, the name they gave."""
    logged: str
    via: str
    names: frozenset[str]
    """Every name they go by, folded."""
    ids: frozenset[str]
    """Every employee id that may be theirs: two people may share a name given at the machine."""
    roles: frozenset[Role] | None = None
    """None: somebody at the machine whom nobody has named; they stand for the role that is wanted."""
    known_to_hr: bool = True

    def is_called(self, name: str) -> bool:
        """Whether a name somebody acted under is theirs."""
        return name.removeprefix("person:").strip().casefold() in self.names

    def roles_for(self, missing: Iterable[frozenset[Role]]) -> frozenset[Role]:
        """Give the roles they may sign in."""
        return frozenset().union(*missing) if self.roles is None else self.roles


async def signer_of(tx: AsyncConnection, who: Actor) -> Signer:
    """Give somebody signed in as a signer: their id is certain, their other names count against them too."""
    rows, row = columns(PersonRow), await staff_row(tx, who.id)
    own = [who.id, *([row.email] if row and row.email else [])]
    # Somebody HR did not know when they signed in may be somebody it knows by now.
    mine = rows.id == who.id if who.known_to_hr else func.lower(rows.email).in_(_folded(own))
    people = await where(tx, PersonRow, mine)
    names = _folded([*own, *[name for person in people for name in names_of(person)]])
    ids = frozenset({who.id, *(person.id for person in people)})
    return Signer(who.id, who.logged, who.via, names, ids, who.roles, who.known_to_hr)


async def operator(tx: AsyncConnection, actor: str) -> Signer:
    """Give somebody at the machine as a signer, by the name they gave; staff keep the roles they have."""
    given = actor.removeprefix("person:").strip()
    people = await _called(tx, given)
    by = people[0].id if len(people) == 1 else given.casefold()
    row = await staff_row(tx, by)
    names = _folded([given, *[name for person in people for name in names_of(person)]])
    ids = frozenset({by, *(person.id for person in people)})
    return Signer(by, actor, "cli", names, ids, roles_of(row) if row else None, len(people) == 1)


async def _called(tx: AsyncConnection, name: str) -> list[PersonRow]:
    rows, folded = columns(PersonRow), name.casefold()
    mailbox = func.lower(rows.email).like(f"{_escaped(folded)}@%", escape="\\")
    same = [func.lower(one) == folded for one in (rows.id, rows.name, rows.email)]
    found = await where(tx, PersonRow, or_(*same, rows.name == name, mailbox))
    return [person for person in found if goes_by(person, name)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def wanted_by(row: HoldRow) -> tuple[frozenset[Role], ...]:
    """Give the signatures a hold wants: as it says itself, else by its kind."""
    if row.wanted:
        return tuple(frozenset(Role(name) for name in roles) for roles in row.wanted)
    if row.kind == HoldKind.APPROVAL:
        return (frozenset({Role(row.role)}) if row.role in set(Role) else EITHER,)
    return (WANTED[HoldKind(row.kind)],)


async def asked_of(tx: AsyncConnection, row: HoldRow, signer: Signer) -> Asked:
    """Give what a hold asks, as this signer must be judged."""
    return asked_as(row, (await concerns_of(tx, [row]))[row.digest], signer)


def asked_as(row: HoldRow, concern: Concern, signer: Signer) -> Asked:
    """Give what a hold asks, of what was read: whoever the signer may be counts as them."""
    asked = frozenset(_as_signer(by, signer) for by in concern.askers if by.startswith("person:"))
    mine = frozenset({signer.by}) if signer.ids & concern.people else frozenset()
    return Asked(asked, concern.people | mine, wanted_by(row))


def _as_signer(asker: str, signer: Signer) -> str:
    name = asker.removeprefix("person:")
    return signer.by if is_theirs(name, signer) else name


def as_signed(words: Sequence[SignatureRow], signer: Signer) -> tuple[Signature, ...]:
    """Read earlier approvals as this signer's where they may be: nobody signs twice under two names."""
    yes = [Signature(word.by, Role(word.role)) for word in words if word.verdict == APPROVE]
    return tuple(replace(one, by=signer.by) if is_theirs(one.by, signer) else one for one in yes)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a signer's word would be taken now, and what is wanted before it."""

    given: Signature | NotYours
    missing: tuple[frozenset[Role], ...]

    @property
    def is_theirs(self) -> bool:
        """Whether it would."""
        return isinstance(self.given, Signature)


def turn_of(asked: Asked, words: Sequence[SignatureRow], signer: Signer) -> Turn:
    """Judge the word a signer would give now, after those that stand there already."""
    signed = as_signed(words, signer)
    still = missing(asked, signed)
    return Turn(sign(asked, signed, signer.by, signer.roles_for(still)), still)


def is_theirs(by: str, signer: Signer) -> bool:
    """Whether a name that stands under something, or asked for it, may be this signer's."""
    return by in signer.ids or signer.is_called(by)


def refusal_of(given: NotYours, wanted: Sequence[frozenset[Role]], signer: Signer) -> CannotRelease:
    """Say why this person's name is not taken."""
    name = signer.logged.removeprefix("person:")
    roles = ", ".join(sorted({role for roles in wanted for role in roles}))
    said = {
        NotYours.IS_REQUESTER: f"{name} asked for this and cannot release it: somebody else must",
        NotYours.IS_SUBJECT: f"{name} is among the people concerned: somebody else must release this",
        NotYours.HAS_SIGNED: f"{name} has given their word already: a second, different person must",
        NotYours.WRONG_ROLE: f"{name} cannot release this: it waits for {roles}",
        NotYours.NOTHING_MISSING: "nothing is missing any more",
    }
    facts = {"wanted": roles} if given is NotYours.WRONG_ROLE else {}
    return CannotRelease(said[given], str(given), **facts)


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in names if name.strip())
