"""A request's JSON body, read to a bound and refused where no program could mean it."""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.requests import Request

from bot.surfaces.api.problems import Code, Problem
from bot.surfaces.bodies import BodyRefused, with_body

MOST_BYTES: Final = 64 * 1024
MOST_DEPTH: Final = 12
_REFUSED: Final = {
    408: (Code.TOO_SLOW, "send the whole body at once"),
    413: (Code.TOO_LARGE, f"a body has at most {MOST_BYTES} bytes"),
    411: (Code.TOO_LARGE, "the Content-Length is no number of bytes"),
}


class JsonRequest(Request):
    """A request whose JSON is read by orjson: no lone surrogates, no NaN, no endless numbers or depth."""

    async def json(self) -> Any:
        """Give the body as a value; raises Problem."""
        try:
            value = orjson.loads(await self.body())
        except orjson.JSONDecodeError as error:
            raise Problem(Code.NOT_JSON, f"the body is not JSON in UTF-8: {error.msg}"[:200]) from None
        if _depth(value) > MOST_DEPTH:
            raise Problem(Code.NOT_JSON, f"the body is nested more than {MOST_DEPTH} deep")
        return value


async def read_json(request: Request) -> JsonRequest:
    """Give the request with its body read; raises Problem for what is too large, too slow or no JSON."""
    media, _, _ = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() != "application/json":
        raise Problem(Code.MEDIA_TYPE, "send the body as Content-Type: application/json")
    try:
        read = await with_body(request, MOST_BYTES, length_said=False)
    except BodyRefused as error:
        raise Problem(*_REFUSED[error.status]) from None
    whole = JsonRequest(request.scope, request.receive)
    whole._body = await read.body()  # noqa: SLF001 - what Starlette itself keeps a body in
    return whole


def _depth(value: Any) -> int:
    """Count how deep lists and objects lie in each other."""
    depth, layer = 0, [value]
    while layer:
        layer = [
            inner
            for one in layer
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        depth += 1
    return depth
