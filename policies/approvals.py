"""Who may put their name to something: requester, approver and subject are different people, each once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from policies.roles import Role


class NotYours(StrEnum):
    """Why somebody's signature is refused: a stable key."""

    IS_REQUESTER = "is_requester"
    IS_SUBJECT = "is_subject"
    HAS_SIGNED = "has_signed"
    """Nobody signs twice, whichever roles they have."""
    WRONG_ROLE = "wrong_role"
    NOTHING_MISSING = "nothing_missing"


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that waits for signatures; people are employee ids (or the ids of staff HR does not know)."""

    requesters: frozenset[str]
    subjects: frozenset[str]
    wanted: tuple[frozenset[Role], ...]
    """One signature for each entry, by somebody with one of its roles."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's name under it, and the role they signed in."""

    by: str
    role: Role


def missing(asked: Asked, signed: Sequence[Signature]) -> tuple[frozenset[Role], ...]:
    """Give what is still wanted, in order; each signature fills the first open place of its role."""
    open_places = list(asked.wanted)
    for signature in signed:
        place = next((index for index, roles in enumerate(open_places) if signature.role in roles), None)
        if place is not None:
            del open_places[place]
    return tuple(open_places)


def sign(asked: Asked, signed: Sequence[Signature], by: str, roles: Collection[Role]) -> Signature | NotYours:
    """Give the signature this person may put under it now, or why they may not."""
    refusal = _personal(asked, signed, by)
    if refusal is not None:
        return refusal
    still = missing(asked, signed)
    if not still:
        return NotYours.NOTHING_MISSING
    # In a fixed order, so that the same question always gives the same answer.
    mine = [role for role in Role if role in roles and any(role in wanted for wanted in still)]
    return Signature(by, mine[0]) if mine else NotYours.WRONG_ROLE


def _personal(asked: Asked, signed: Sequence[Signature], by: str) -> NotYours | None:
    if by in asked.subjects:
        return NotYours.IS_SUBJECT
    if by in asked.requesters:
        return NotYours.IS_REQUESTER
    if any(signature.by == by for signature in signed):
        return NotYours.HAS_SIGNED
    return None
