"""Directory objects as Graph shows them, property by property."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.chat.teams.sandbox.odata import Row
from connectors.chat.teams.sandbox.state import EntraGroup, ServicePrincipal, Tenant, User


def instant(at: datetime | None) -> str | None:
    """Write an instant as Graph does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def shown_user(user: User, *, life_cycle: bool = False) -> Row:
    """Show a user; without the right to it, the last day is null and nothing says so."""
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": user.id,
        "displayName": user.display_name,
        "mail": user.mail,
        "userPrincipalName": user.user_principal_name,
        "otherMails": list(user.other_mails),
        "proxyAddresses": [f"SMTP:{user.mail}"] if user.mail else [],
        "accountEnabled": user.account_enabled,
        "userType": user.user_type,
        "employeeId": user.employee_id,
        "department": user.department,
        "signInSessionsValidFromDateTime": instant(user.sign_in_sessions_valid_from),
        "employeeLeaveDateTime": instant(user.employee_leave) if life_cycle else None,
    }


def shown_group(group: EntraGroup, tenant: Tenant) -> Row:
    """Show a group."""
    return {
        "@odata.type": "#microsoft.graph.group",
        "id": group.id,
        "displayName": group.display_name,
        "mail": f"{group.id}@sandbox.example" if group.mail_enabled else None,
        "groupTypes": list(group.group_types),
        "mailEnabled": group.mail_enabled,
        "securityEnabled": group.security_enabled,
        "onPremisesSyncEnabled": True if group.synced else None,
        "isAssignableToRole": group.role_assignable or None,
        "visibility": "HiddenMembership" if group.hidden_membership else group.visibility,
        "membershipRule": 'user.department -eq "Sales"' if group.dynamic else None,
        "resourceProvisioningOptions": ["Team"] if group.id in tenant.teams else [],
    }


def shown_app(principal: ServicePrincipal) -> Row:
    """Show a service principal."""
    return {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": principal.id,
        "appId": principal.app_id,
        "displayName": principal.display_name,
        "servicePrincipalType": "Application",
    }


def shown(id_: str, tenant: Tenant) -> Row | None:
    """Show whatever has this id; None where nothing has."""
    if id_ in tenant.users:
        return shown_user(tenant.users[id_])
    if id_ in tenant.groups:
        return shown_group(tenant.groups[id_], tenant)
    if id_ in tenant.service_principals:
        return shown_app(tenant.service_principals[id_])
    return None


def all_shown(ids: list[str], tenant: Tenant, cast: str = "") -> list[Row]:
    """Show everything these ids are of; only one type, where the path casts to it (`user`, `group`)."""
    rows = [row for id_ in ids if (row := shown(id_, tenant)) is not None]
    return [row for row in rows if not cast or row["@odata.type"] == f"#microsoft.graph.{cast}"]
