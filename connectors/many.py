"""What some connectors can do for many accounts in one request: optional Protocols beside the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connectors.contract import Presence, Result
from policies.model import Account


@dataclass(frozen=True, slots=True)
class AccountStep:
    """One account among many to be shut out."""

    step_id: str
    account: Account


@runtime_checkable
class ReadsManyAccounts(Protocol):
    """Can read many accounts with few requests, or side by side; per step as `DeactivatesAccounts`."""

    async def accounts_active(self, steps: Sequence[AccountStep]) -> Sequence[Presence]:
        """Read any number of accounts again; one presence per step, same order."""
        ...


@runtime_checkable
class DeactivatesManyAccounts(ReadsManyAccounts, Protocol):
    """Can close many accounts with few requests, too."""

    async def deactivate_all(self, steps: Sequence[AccountStep]) -> Sequence[Result]:
        """Close at most `bulk_accounts`; one result per step, in order; raises where nothing left."""
        ...


@runtime_checkable
class EndsManySessions(Protocol):
    """Can sign many people out with few requests; per step as `EndsSessions`."""

    async def end_sessions_of(self, steps: Sequence[AccountStep]) -> Sequence[Result]:
        """Sign out at most `bulk_sessions`; one result per step, in order; raises where nothing left."""
        ...

    async def sessions_open_of(self, steps: Sequence[AccountStep]) -> Sequence[Presence]:
        """Read any number of people's sessions again; one presence per step, same order."""
        ...
