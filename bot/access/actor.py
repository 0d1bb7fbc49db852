"""Whoever acts or reads: a person with roles, as every screen hands them to the acts and the views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.locale import Translator, translator
from policies.roles import Permission, Role, may

Via = Literal["web", "api", "slack", "telegram", "teams", "cli"]


class NotAllowed(Exception):
    """The right is missing; names it, so that the screen can say who may."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"this needs the right {permission}")
        self.permission = permission


@dataclass(frozen=True, slots=True)
class Actor:
    """One signed-in person. `id` is their employee id where HR knows them, else the id of their staff row."""

    id: str
    name: str
    roles: frozenset[Role]
    via: Via
    language: str = "en"
    zone: str = "UTC"
    hijri: bool = False
    """Whether they want the Hijri day beside the Gregorian one."""
    known_to_hr: bool = True
    """False for staff without an HR record (an outside auditor, the administrator of the first day)."""
    scopes: frozenset[Permission] | None = None
    """An API token's: it may do no more than these, whatever its owner may. None: no such limit."""

    @property
    def logged(self) -> str:
        """The name the audit log gives them."""
        return f"person:{self.id}"

    @property
    def translator(self) -> Translator:
        """Their language, as they want days to be said."""
        return translator(self.language).with_hijri(self.hijri)

    def may(self, permission: Permission) -> bool:
        """Whether one of their roles, and their token, carries the right."""
        return may(self.roles, permission) and (self.scopes is None or permission in self.scopes)

    def must(self, permission: Permission) -> None:
        """Raise NotAllowed where the right is missing."""
        if not self.may(permission):
            raise NotAllowed(permission)
