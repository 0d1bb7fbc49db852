"""Who takes over a group whose last owner goes: chosen by rule from people of whom everything is certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies.model import Account
from policies.rules import Successor

SUCCESSION_WHYS = frozenset(
    {
        "successor_deputy",
        "successor_manager",
        "hand_over_not_wanted",
        "nobody_registered",
        "successor_not_present",
        "successor_without_account",
    }
)
"""Every `why` that `choose` can give; surfaces hold their texts."""
_WORSE = ("successor_without_account", "successor_not_present", "nobody_registered")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could take a group over, and what is known of them; in the order they would be asked."""

    part: Successor
    person_id: str
    present: bool
    """In the directory, working, and not about to leave or to be taken out themselves."""
    account: Account | None
    """Their one account on the platform that is certainly theirs and active; None where there is not one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The successor, or None; `why` is one of SUCCESSION_WHYS."""

    candidate: Candidate | None
    why: str


def choose(order: Sequence[Successor], candidates: Sequence[Candidate], leaver_id: str) -> Choice:
    """Take the first part of the order for which somebody can; never the person who goes.

    Where nobody can, the answer names what comes nearest to a successor: that is what is to be mended.
    """
    if not order:
        return Choice(None, "hand_over_not_wanted")
    reasons = {"nobody_registered"}
    for part in order:
        for candidate in candidates:
            if candidate.part is not part or candidate.person_id == leaver_id:
                continue
            problem = _problem(candidate)
            if problem is None:
                return Choice(candidate, f"successor_{part.value}")
            reasons.add(problem)
    return Choice(None, min(reasons, key=_WORSE.index))


def _problem(candidate: Candidate) -> str | None:
    if not candidate.present:
        return "successor_not_present"
    account = candidate.account
    return "successor_without_account" if account is None or not account.active else None
