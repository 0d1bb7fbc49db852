"""The API's own description, OpenAPI 3.1: every answer and refusal of every operation, with examples.

`python -m bot.surfaces.api.schema > docs/openapi.json` writes the copy that stands in the repository.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bot.surfaces.api.problems import MEDIA_TYPE, TITLES, Code, ProblemDocument
from bot.surfaces.api.route import PERMISSION

VERSION: Final = version("bawab")
_ABOUT: Final = (
    "Read and do what your rights in Bawab allow, from a program, with a token of yours: "
    "`Authorization: Bearer bwb_…`. Every error is a problem document (RFC 9457) with a stable `code`. "
    "Unsafe requests need an `Idempotency-Key`."
)
_ALWAYS: Final = (Code.TOKEN_REFUSED, Code.FORBIDDEN, Code.INVALID, Code.INTERNAL, Code.UNAVAILABLE)
_OPEN: Final = (Code.INVALID, Code.INTERNAL, Code.UNAVAILABLE)
_WITH_PATH: Final = (Code.NOT_FOUND,)
_WITH_BODY: Final = (
    Code.NOT_JSON,
    Code.NOT_FOUND,
    Code.TOO_SLOW,
    Code.CANNOT,
    Code.TOO_LARGE,
    Code.MEDIA_TYPE,
)
_WITH_KEY: Final = (Code.KEY_MISSING, Code.IN_PROGRESS, Code.KEY_REUSED)
_REQUEST_ID: Final = {"description": "Names this request", "schema": {"type": "string"}}
_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer, and why"},
    503: {"Retry-After": "Seconds to wait"},
}


def describe(api: FastAPI) -> dict[str, Any]:
    """Give the whole document."""
    document: dict[str, Any] = get_openapi(
        title=api.title,
        version=api.version,
        openapi_version="3.1.0",
        summary="Leavers and transferred staff out of every team chat group, proven and logged.",
        description=_ABOUT,
        routes=api.routes,
        servers=[{"url": "/api/v1"}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs")
    schemas["ProblemDocument"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "bwb_…"}
    }
    document["security"] = [{"token": []}]
    shared: dict[str, Any] = {}
    for path, operation in _operations(document):
        _complete(path, operation, shared)
    document["components"]["responses"] = dict(sorted(shared.items()))
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


def _complete(path: str, operation: dict[str, Any], shared: dict[str, Any]) -> None:
    """Add every refusal the road of a request may end with; equal ones are said once, in `shared`."""
    responses = operation["responses"]
    for status in [status for status in responses if int(status) >= 400]:
        del responses[status]
    for response in responses.values():
        response.setdefault("headers", {})["X-Request-Id"] = _REQUEST_ID
    by_status: dict[int, list[Code]] = {}
    for code in _refusals(path, operation):
        codes = by_status.setdefault(TITLES[code][0], [])
        codes += [] if code in codes else [code]
    for status, codes in sorted(by_status.items()):
        name = "_".join(codes)
        shared.setdefault(name, _refusal(status, codes))
        responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    rights = operation.get(PERMISSION)
    if rights:
        needs = " and ".join("`" + right.replace("|", "` or `") + "`" for right in rights)
        operation["description"] = f"{operation.get('description', '')}\n\nNeeds {needs}.".strip()


def _refusals(path: str, operation: Mapping[str, Any]) -> Iterator[Code]:
    yield from _OPEN if operation.get("security") == [] else _ALWAYS
    if "{" in path:
        yield from _WITH_PATH
    if "requestBody" in operation:
        yield from _WITH_BODY
    if any(one["name"].lower() == "idempotency-key" for one in operation.get("parameters", ())):
        yield from _WITH_KEY


def _refusal(status: int, codes: list[Code]) -> dict[str, Any]:
    titles = list(dict.fromkeys(TITLES[code][1] for code in codes))
    headers = {
        name: {"description": told, "schema": {"type": "string"}}
        for name, told in _HEADERS.get(status, {}).items()
    }
    example = {
        "type": f"urn:bawab:problem:{codes[0]}",
        "title": titles[0],
        "status": status,
        "code": codes[0],
        "detail": "what happened, and what to do",
        "request_id": "req_4f2a9c01d3b7",
        "errors": [],
    }
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        "description": ", or ".join(titles),
        "headers": {**headers, "X-Request-Id": _REQUEST_ID},
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }


def _main() -> None:
    from bot.surfaces.api.app import described  # noqa: PLC0415 - the app describes itself by this module

    document = orjson.dumps(described().openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    sys.stdout.buffer.write(document)


if __name__ == "__main__":
    _main()
