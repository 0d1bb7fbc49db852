"""What the roles are called, in either language."""

from __future__ import annotations

from bot.locale import N_, Translator
from policies.roles import Role

ROLES: dict[Role, str] = {
    Role.HR: N_("HR"),
    Role.IT: N_("IT"),
    Role.CHAT_ADMIN: N_("chat admin"),
    Role.AUDITOR: N_("auditor"),
    Role.BREAK_GLASS: N_("break-glass"),
}


def role_text(role: Role, t: Translator) -> str:
    """Give the name of a role."""
    return t.text(ROLES[role])


def vacant_text(role: Role, t: Translator) -> str:
    """Say that nobody carries a role without which nothing is decided."""
    return t.text("Nobody has the role of {role} any more: name somebody.", role=role_text(role, t))
