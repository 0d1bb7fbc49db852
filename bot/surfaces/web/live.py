"""Parts of pages that ask for themselves again: what tells them apart from a person who opens a page."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response

_POLLED: Final = "hx-request"
_NOBODY: Final = 401


def is_fragment(headers: Headers) -> bool:
    """Whether htmx asks for a part of a page, and not a person for a page.

    Such a part does not keep a session alive, shows no message of its own, and never becomes a whole page.
    """
    return headers.get(_POLLED) == "true"


def leave(way: str) -> Response:
    """Have the whole window go elsewhere: the sign-in page inside a part of a page would be no use."""
    return Response(status_code=_NOBODY, headers={"hx-redirect": way})
