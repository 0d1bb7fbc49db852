"""Builds a tenant from a JSON seed, for the demo and for whole runs in a process of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.chat.teams.sandbox.state import (
    Channel,
    Chat,
    EntraGroup,
    ServicePrincipal,
    Team,
    Tenant,
    User,
    base_tenant,
)

_KINDS: tuple[tuple[str, type[Any]], ...] = (
    ("users", User),
    ("service_principals", ServicePrincipal),
    ("groups", EntraGroup),
    ("teams", Team),
    ("channels", Channel),
    ("chats", Chat),
)
_INSTANTS = ("sign_in_sessions_valid_from", "signed_in_at", "employee_leave")


def from_seed(seed: dict[str, Any]) -> Tenant:
    """Build a tenant: `users`, `groups`, `teams`, `channels`, `chats`, `service_principals`, `display_name`.

    `granted`, where given, replaces the permissions of the app; the rest comes from `base_tenant`.
    """
    tenant = base_tenant()
    tenant.display_name = seed.get("display_name", tenant.display_name)
    tenant.app().granted = list(seed.get("granted", tenant.app().granted))
    for key, kind in _KINDS:
        tenant.add(*(kind(**_with_instants(row)) for row in seed.get(key, ())))
    return tenant


def _with_instants(row: dict[str, Any]) -> dict[str, Any]:
    """Read the instants of a row, written in ISO 8601."""
    instants = {name: datetime.fromisoformat(row[name]) for name in _INSTANTS if row.get(name)}
    return row | instants
