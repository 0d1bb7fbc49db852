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
