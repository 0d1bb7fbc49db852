"""How a request is read: the form of tokens, and parameters from query, form or JSON, all as strings."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

TOKEN_FORM = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{10,}")


async def params_of(request: Request) -> dict[str, str]:
    """Read parameters from the query string and a form or JSON body; nested values stay JSON text."""
    params = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    body = await request.body()
    if "json" in kind and body:
        params |= _from_json(body)
    elif "x-www-form-urlencoded" in kind:
        params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    elif "multipart/form-data" in kind:
        params |= {name: str(value) for name, value in (await request.form()).items()}
    return params


def _from_json(body: bytes) -> dict[str, str]:
    try:
        sent = json.loads(body)
    except ValueError:
        return {}
    return {name: _text(value) for name, value in sent.items()} if isinstance(sent, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
