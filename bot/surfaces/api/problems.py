"""Problems as RFC 9457 says them: a stable code, an English title, a sentence, and the fields concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"


class Code(StrEnum):
    """What went wrong, for programs; a code never changes its meaning."""

    NOT_JSON = "not_json"
    KEY_MISSING = "idempotency_key_missing"
    TOKEN_MISSING = "token_missing"  # noqa: S105 - the name of a problem
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - the name of a problem
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD = "method_not_allowed"
    TOO_SLOW = "too_slow"
    CANNOT = "cannot_act"
    IN_PROGRESS = "in_progress"
    TOO_LARGE = "too_large"
    MEDIA_TYPE = "media_type"
    INVALID = "invalid"
    KEY_REUSED = "idempotency_key_reused"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


TITLES: Final[Mapping[Code, tuple[int, str]]] = {
    Code.NOT_JSON: (400, "The body is not JSON"),
    Code.KEY_MISSING: (400, "An Idempotency-Key is missing"),
    Code.TOKEN_MISSING: (401, "A token is missing"),
    Code.TOKEN_REFUSED: (401, "The token does not work"),
    Code.FORBIDDEN: (403, "The right is missing"),
    Code.NOT_FOUND: (404, "There is no such thing"),
    Code.METHOD: (405, "This cannot be done here"),
    Code.TOO_SLOW: (408, "The body took too long"),
    Code.CANNOT: (409, "This cannot be done now"),
    Code.IN_PROGRESS: (409, "The same request is still being done"),
    Code.TOO_LARGE: (413, "The body is too large"),
    Code.MEDIA_TYPE: (415, "The body must be application/json"),
    Code.INVALID: (422, "The request does not fit"),
    Code.KEY_REUSED: (422, "The Idempotency-Key belongs to another request"),
    Code.INTERNAL: (500, "Bawab met a fault of its own"),
    Code.UNAVAILABLE: (503, "Bawab cannot answer now"),
}
"""Code → status and title; titles are English, whoever asks."""


class FieldProblem(BaseModel):
    """One field that does not fit."""

    model_config = ConfigDict(extra="forbid")

    place: str = Field(description="body, query, path or header", examples=["body"])
    pointer: str = Field(description="Where in it, as a JSON pointer", examples=["/last_day"])
    code: str = Field(description="A stable key", examples=["missing"])
    detail: str = Field(examples=["Field required"])


class ProblemDocument(BaseModel):
    """An error, as every refusal of this API says it (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["urn:bawab:problem:forbidden"])
    title: str = Field(examples=["The right is missing"])
    status: int = Field(ge=400, le=599, examples=[403])
    code: Code = Field(examples=[Code.FORBIDDEN])
    detail: str = Field(
        description="What happened and what to do; about the matter itself, in the language asked for",
        examples=["this token lacks the right case.open"],
    )
    request_id: str = Field(
        description="Stands in X-Request-Id too, and in the log where something was done",
        examples=["req_4f2a9c01d3b7"],
    )
    reason: str | None = Field(
        None, description="Of `cannot_act`: why, as a stable key", examples=["is_requester"]
    )
    permission: str | None = Field(None, description="The right that is missing", examples=["case.open"])
    errors: list[FieldProblem] = Field(default_factory=list)


class Problem(HTTPException):
    """A refusal, raised anywhere while a request is answered."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        permission: str | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(TITLES[code][0], detail, dict(headers or {}))
        self.code = code
        self.errors = tuple(errors)
        self.told = {"permission": permission, "reason": reason}

    def response(self, request_id: str) -> Response:
        """Spell it as the answer."""
        status, title = TITLES[self.code]
        document: dict[str, Any] = {
            "type": f"urn:bawab:problem:{self.code}",
            "title": title,
            "status": status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
            "errors": [error.model_dump() for error in self.errors],
            **{name: value for name, value in self.told.items() if value is not None},
        }
        return Response(orjson.dumps(document), status, dict(self.headers or {}), MEDIA_TYPE)
