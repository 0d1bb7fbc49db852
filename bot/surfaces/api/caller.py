"""Who calls: a bearer token, looked up by its hash, with its owner's rights as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends
from starlette.requests import Request

from bot.access.actor import Actor
from bot.app import Bawab
from bot.locale.catalogue import LANGUAGES
from bot.locale.translator import Translator, translator
from bot.surfaces.api.problems import Code, Problem

CHALLENGE: Final = 'Bearer realm="bawab"'
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's owner: the actor the acts and views take, and the token they came by."""

    app: Bawab
    who: Actor
    token_id: str
    request_id: str
    t: Translator
    """The language asked for, else the owner's."""
    did: Mapping[str, Any] | None = None
    """The log's entry of this very request, where it was done before its answer was lost."""


def bearer(request: Request) -> str:
    """Read the token from the Authorization header; raises Problem where there is none to read."""
    given = request.headers.getlist("authorization")
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    if not given:
        raise Problem(
            Code.TOKEN_MISSING,
            "send a token: Authorization: Bearer bwb_…",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    if scheme.lower() != "bearer" or not token.strip() or len(token) > _LONGEST:
        raise refused("send one token: Authorization: Bearer bwb_…")
    return token.strip()


def refused(told: str) -> Problem:
    """Make the problem of a token that does not work, whatever the reason: which one is not said."""
    headers = {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'}
    return Problem(Code.TOKEN_REFUSED, told, headers=headers)


def language_of(request: Request, otherwise: str) -> str:
    """Give the language asked for, of those there are; else the owner's."""
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, weight = part.strip().partition(";")
        if tag.partition("-")[0].lower() in LANGUAGES and weight.replace(" ", "") not in ("q=0", "q=0.0"):
            return tag
    return otherwise


def spoken(request: Request, who: Actor) -> Translator:
    """Give the translator of a request."""
    return translator(language_of(request, who.language))


def _of(request: Request) -> Caller:
    found: Caller = request.state.caller
    return found


Called = Annotated[Caller, Depends(_of)]
"""What a resource takes to know who asks."""
