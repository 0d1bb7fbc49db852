"""Graph's refusals: status, code and the exact words of its servers, in one place."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any


class GraphError(Exception):
    """An answer that refuses; `headers` go with it."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def body_of(error: GraphError, request_id: str, client_request_id: str = "") -> dict[str, Any]:
    """Give the error in Graph's form."""
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id or request_id,
    }
    return {"error": {"code": error.code, "message": error.message, "innerError": inner}}


def new_request_id() -> str:
    """Give the id by which Graph names a request."""
    return str(uuid.uuid4())


def bad_request(message: str) -> GraphError:
    """The directory's word for what it will not do."""
    return GraphError(400, "Request_BadRequest", message)


def no_such(id_: str) -> GraphError:
    """The same words whether the group, the user or the membership is missing."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_segment(path: str) -> GraphError:
    """No such interface at all."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{path.rsplit('/', 1)[-1]}'.")


def denied() -> GraphError:
    """The directory's refusal of a right: it never says which one is missing."""
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def missing_roles(any_of: tuple[str, ...], roles: tuple[str, ...]) -> GraphError:
    """Teams' refusal of a right, which does say."""
    return GraphError(
        403,
        "Forbidden",
        f"Missing role permissions on the request. API requires one of '{', '.join(any_of)}'. "
        f"Roles on the request '{', '.join(roles)}'.",
    )


def last_owner() -> GraphError:
    return bad_request("The group must have at least one owner, hence this owner cannot be removed.")


def not_among(property_: str) -> GraphError:
    """What the directory also says of somebody who is not there."""
    return bad_request(
        "One or more removed object references do not exist for the following modified properties: "
        f"'{property_}'."
    )


def already_among(property_: str) -> GraphError:
    return bad_request(
        "One or more added object references already exist for the following modified properties: "
        f"'{property_}'."
    )


def synced() -> GraphError:
    return bad_request(
        "Unable to update the specified properties for on-premises mastered Directory Sync objects or "
        "objects currently undergoing migration."
    )


def mail_enabled() -> GraphError:
    return bad_request("Cannot Update a mail-enabled security groups and or distribution list.")


def dynamic() -> GraphError:
    """The words are not documented: nothing may rest on them."""
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def quota() -> GraphError:
    return GraphError(
        403,
        "Directory_QuotaExceeded",
        "The directory object quota limit for the Principal has been exceeded.",
    )


def not_found(what: str) -> GraphError:
    """Teams' own 404."""
    return GraphError(404, "NotFound", what)


def unauthenticated(message: str) -> GraphError:
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        message,
        {"WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common"'},
    )
