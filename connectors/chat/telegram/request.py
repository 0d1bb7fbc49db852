"""Carries what python-telegram-bot asks for over the wire, so that the SDK never opens a socket itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from telegram.request import BaseRequest, RequestData

from connectors.chat.telegram.routes import NEVER_TRUE
from connectors.chat.telegram.spelling import spelt
from connectors.errors import Forbidden


class WireRequest(BaseRequest):
    """Posts through the wire's session; what the wire raises reaches the caller as `__cause__`.

    The SDK is never told the token: it asks for `…/getMe`, and the address with the token is put
    together here.
    """

    __slots__ = ("_base", "_session")

    def __init__(self, base: str, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._base = base
        self._session = session

    def __repr__(self) -> str:
        return "WireRequest()"

    @property
    def read_timeout(self) -> float | None:
        """None: the wire bounds every request."""
        return None

    async def initialize(self) -> None:
        """Nothing to open: the wire opens what it needs."""

    async def shutdown(self) -> None:
        """Nothing to close: the connector closes the wire."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = None,  # noqa: ARG002 - the SDK's form; the wire bounds time
        write_timeout: object = None,  # noqa: ARG002
        connect_timeout: object = None,  # noqa: ARG002
        pool_timeout: object = None,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """Post once and give (status, body); raises what the wire raises."""
        endpoint = url.rpartition("/")[2]
        if method != "POST" or (request_data is not None and request_data.contains_files):
            raise Forbidden(f"{endpoint}: files are neither sent nor fetched; nothing was sent")
        form = request_data.json_parameters if request_data is not None else {}
        _refuse_harmful(endpoint, request_data.parameters if request_data is not None else {})
        async with self._session().post(
            f"{self._base}{endpoint}", data=form or None, allow_redirects=False
        ) as response:
            return response.status, spelt(endpoint, await response.read())


def _refuse_harmful(endpoint: str, parameters: Mapping[str, Any]) -> None:
    for name in NEVER_TRUE & set(parameters):
        # The SDK hands booleans on as they are; text is judged too, so that no other form slips by.
        if str(parameters[name]).casefold() not in ("false", "0", ""):
            raise Forbidden(f"{endpoint}: {name} would delete what is not the person's; nothing was sent")
