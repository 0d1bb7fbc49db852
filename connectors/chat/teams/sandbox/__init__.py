"""An Entra tenant to try things on: real state, Graph's wire format and refusals, faults as data."""

from connectors.chat.teams.sandbox.app import Sandbox, create_sandbox
from connectors.chat.teams.sandbox.changes import Change, World
from connectors.chat.teams.sandbox.faults import Fault, FaultKind
from connectors.chat.teams.sandbox.journal import JournalEntry
from connectors.chat.teams.sandbox.limits import Limits, Rate
from connectors.chat.teams.sandbox.state import (
    ADMIN_ID,
    APP_OBJECT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    PERMISSIONS,
    TENANT_ID,
    App,
    Channel,
    Chat,
    EntraGroup,
    ServicePrincipal,
    Team,
    Tenant,
    User,
    base_tenant,
    distribution_list,
    m365_group,
)
from connectors.sandboxing import running_sandbox

__all__ = [
    "ADMIN_ID",
    "APP_OBJECT_ID",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "PERMISSIONS",
    "TENANT_ID",
    "App",
    "Change",
    "Channel",
    "Chat",
    "EntraGroup",
    "Fault",
    "FaultKind",
    "JournalEntry",
    "Limits",
    "Rate",
    "Sandbox",
    "ServicePrincipal",
    "Team",
    "Tenant",
    "User",
    "World",
    "base_tenant",
    "create_sandbox",
    "distribution_list",
    "m365_group",
    "running_sandbox",
    "server_for",
]
