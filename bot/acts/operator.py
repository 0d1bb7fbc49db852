"""Whoever works at the machine, as an actor: who can read the database is asked for no right."""

from __future__ import annotations

from bot.access.actor import Actor
from bot.app import Bawab
from bot.signers import operator
from policies.roles import Role

EVERY_ROLE = frozenset({Role.HR, Role.IT})


async def at_the_machine(app: Bawab, name: str) -> Actor:
    """Give the operator under the name they gave: as the employee it means, where it means one for certain.

    Requester, approver and subject stay different people that way, whichever door each came by.
    """
    async with app.store.read() as tx:
        signer = await operator(tx, f"person:{name}")
    return Actor(signer.by, name, EVERY_ROLE, "cli", known_to_hr=signer.known_to_hr)
