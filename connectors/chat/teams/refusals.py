"""What Graph's refusals mean: its codes, and the words that alone tell them apart, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from connectors.chat.teams.routes import ROUTES, GraphRoute
from connectors.chat.teams.tokens import Token
from connectors.contract import Outcome
from connectors.errors import ConnectorError
from policies.model import Refusal

# Teams names what it misses; the directory does not.
_NAMED = re.compile(
    r"missing (?:role|scope) permissions.*?requires one of '([^']*)'", re.IGNORECASE | re.DOTALL
)


# What a server says that lacks a function, in its code or its words; Graph's own for an unknown address is
# "Resource not found for the segment 'x'." with HTTP 400.
_NOT_OFFERED = re.compile(
    r"not[ _-]?(?:supported|implemented|offered|allowed for the request target)|unsupported|unimplemented"
    r"|(?:not[ _-]?found for the|unknown|no such)[ _-]?(?:segment|function|endpoint|route|method|path)"
    r"|(?:segment|function|endpoint|route|method|path)[ _-]?not[ _-]?(?:found|known)",
    re.IGNORECASE,
)
_MAY_MEAN_NOT_OFFERED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


class GraphRefused(ConnectorError):
    """A read that Graph refused; `code` is its error code."""

    def __init__(self, route: str, status: int, code: str, *, not_offered: bool = False) -> None:
        super().__init__(f"Graph refused {route}: HTTP {status} {code}".rstrip())
        self.status = status
        self.code = code
        self.not_offered = not_offered
        """Whether the server says that it lacks the function, whomever it is asked about."""


class PageRefused(GraphRefused):
    """A later page that Graph refused: the listing is not whole, and whose it is was there a moment ago.

    Its own status is not kept apart: a 404 here (microsoft-graph-docs issue 15973) means no missing group.
    """

    def __init__(self, first: GraphRefused) -> None:
        ConnectorError.__init__(self, f"{first}, for a later page: the listing is not whole")
        self.status = 0
        self.code = first.code
        self.not_offered = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a refused write means; `remedy` is a key of `remedies.REMEDIES`.

    `doubtful`: the words fit a missing group, person and membership alike, so all three are read.
    """

    outcome: Outcome
    refusal: Refusal | None = None
    remedy: str = ""
    doubtful: bool = False


def _refused(refusal: Refusal, remedy: str) -> Meaning:
    return Meaning(Outcome.REFUSED, refusal, remedy)


_ABSENT = Meaning(Outcome.SAID_ABSENT, doubtful=True)
_UNFORESEEN = _refused(Refusal.UNEXPECTED, "unexpected")
NO_RIGHT = _refused(Refusal.NO_RIGHT, "no_right")
MISSING_SCOPE = _refused(Refusal.MISSING_SCOPE, "missing_permission")
ALREADY_THERE = "one or more added object references already exist"

# Parts of Graph's messages, in lower case; nothing but the words tells these 400s and 403s apart.
# Sources: API reference (group-delete-members, group-delete-owners), answers recorded by others'
# synchronisers, and the known issues of learn.microsoft.com/graph.
MESSAGES: tuple[tuple[str, Meaning], ...] = (
    ("must have at least one owner", _refused(Refusal.LAST_OWNER, "last_owner")),
    ("one or more removed object references do not exist", _ABSENT),
    ("on-premises mastered directory sync objects", _refused(Refusal.SYNCED, "synced")),
    ("mail-enabled security groups and or distribution list", _refused(Refusal.MAIL_ENABLED, "mail_enabled")),
    ("dynamic membership", _refused(Refusal.DYNAMIC, "dynamic")),
    ("dynamic group", _refused(Refusal.DYNAMIC, "dynamic")),
    ("assignable to role", _refused(Refusal.ROLE_ASSIGNABLE, "role_assignable")),
    ("missing role permissions", MISSING_SCOPE),
    ("missing scope permissions", MISSING_SCOPE),
    # A membership just given has not spread yet: it is tried again.
    ("user is not a member of the team", Meaning(Outcome.UNAVAILABLE)),
    ("team is archived", _refused(Refusal.ARCHIVED, "archived")),
)
_BY_STATUS: dict[int, Meaning] = {
    HTTPStatus.FORBIDDEN: NO_RIGHT,
    HTTPStatus.NOT_FOUND: _ABSENT,
    HTTPStatus.GONE: _ABSENT,
    # Another part had to succeed first: this one was surely not tried.
    HTTPStatus.FAILED_DEPENDENCY: Meaning(Outcome.UNAVAILABLE),
    # Somebody else changes the group at this moment.
    HTTPStatus.CONFLICT: Meaning(Outcome.UNAVAILABLE),
    HTTPStatus.PRECONDITION_FAILED: Meaning(Outcome.UNAVAILABLE),
    HTTPStatus.LOCKED: Meaning(Outcome.UNAVAILABLE),
}
# Inside a 207 each person has a code instead of a status.
_BY_CODE: dict[str, int] = {
    "notfound": HTTPStatus.NOT_FOUND,
    "forbidden": HTTPStatus.FORBIDDEN,
    "conflict": HTTPStatus.CONFLICT,
}


def meaning_of(status: int, message: str) -> Meaning:
    """What a refused write means; words nobody foresaw are a refusal, never a success."""
    said = message.lower()
    for words, meaning in MESSAGES:
        if words in said:
            return meaning
    return _BY_STATUS.get(status, _UNFORESEEN)


def status_of(code: str) -> int:
    """Give the status that one person's code inside a 207 stands for; 207 where nobody foresaw it."""
    return _BY_CODE.get(code.lower(), HTTPStatus.MULTI_STATUS)


def is_not_offered(status: int, code: str, message: str) -> bool:
    """Whether a refusal says that the server lacks the function: waiting would not mend it."""
    if status in (HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.METHOD_NOT_ALLOWED):
        return True
    return status in _MAY_MEAN_NOT_OFFERED and any(_NOT_OFFERED.search(said) for said in (code, message))


def permissions_of(route: str) -> tuple[str, ...]:
    """Give the application permissions of a route, any of which is enough."""
    return next((one.permissions for one in ROUTES if one.name == route and isinstance(one, GraphRoute)), ())


def missing_permission(route: str, message: str, token: Token | None) -> str:
    """Name the permission a 403 is about; empty where the app has it, so that something else forbids it."""
    if named := _NAMED.search(message):
        return named[1]
    wanted = permissions_of(route)
    if not wanted or token is None or token.may(*wanted):
        return ""
    return wanted[0]
