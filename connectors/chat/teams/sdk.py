"""Microsoft's SDK over our wire: the one module that loads it, imported when the first call is made."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, cast

import aiohttp
import httpx
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from yarl import URL

from connectors.chat.teams.tokens import Tokens
from connectors.errors import Forbidden
from connectors.wire import Wire

# What else an SDK may send (a method override, cookies) does not leave.
_SENT = frozenset({"accept", "authorization", "consistencylevel", "content-type", "prefer", "user-agent"})
# The body comes decoded and whole; and a challenge would make the SDK repeat the request by itself.
_HELD_BACK = frozenset(
    {"connection", "content-encoding", "content-length", "transfer-encoding", "www-authenticate"}
)


class WireTransport(httpx.AsyncBaseTransport):
    """Sends httpx's requests through the wire's session, whose exceptions pass the SDK unharmed."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request once; raises what the wire raises."""
        async with self._wire.session.request(
            request.method,
            # The path exactly as it stands, so that what is judged is what is sent.
            URL(str(request.url), encoded=True),
            headers={name: value for name, value in request.headers.items() if name.lower() in _SENT},
            data=await request.aread() or None,
            allow_redirects=False,
        ) as response:
            kept = (
                (name, value) for name, value in response.headers.items() if name.lower() not in _HELD_BACK
            )
            body = await response.read()
            return httpx.Response(response.status, headers=list(kept), content=body, request=request)


class _TokenProvider(AuthenticationProvider):
    """Puts the app's token on every request, a fresh one on a request sent again."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def authenticate_request(
        self,
        request: RequestInformation,
        additional_authentication_context: dict[str, Any] = {},  # noqa: ARG002, B006 - the SDK's form
    ) -> None:
        token = await self._tokens.token()
        request.headers.remove(aiohttp.hdrs.AUTHORIZATION)
        request.headers.add(aiohttp.hdrs.AUTHORIZATION, f"Bearer {token.value}")


class Sdk:
    """Microsoft's client, without its middleware: no retry, no redirect, no time limit but the wire's."""

    def __init__(self, base_url: str, wire: Wire, tokens: Tokens) -> None:
        self._http = httpx.AsyncClient(transport=WireTransport(wire), trust_env=False, timeout=None)  # noqa: S113 - the wire's
        self._adapter = GraphRequestAdapter(_TokenProvider(tokens), client=self._http)
        self._adapter.base_url = base_url
        self.graph = GraphServiceClient(request_adapter=self._adapter)

    async def send(self, ask: RequestInformation) -> httpx.Response:
        """Send one request and give the answer as it came, whatever its status."""
        self.url(ask)
        ask.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        answer = await self._adapter.send_no_response_content_async(ask, None)
        return cast("httpx.Response", answer)

    def url(self, ask: RequestInformation) -> str:
        """Give the whole address of a request, to which no option can be added from then on.

        It is asked for several times a request, and to fill in the SDK's template costs more than all else
        in a batch: the address is kept with the request.
        """
        self._adapter.set_base_url_for_request_information(ask)
        ask.url = ask.url
        return ask.url

    def ask(self, method: str, pick: Callable[[Any], Any]) -> RequestInformation:
        """Give the request of the builder that `pick` takes out of the SDK's client: its address and ids."""
        with warnings.catch_warnings():
            # Each builder, when first loaded, warns of the SDK's own generated code: nothing we could mend.
            warnings.simplefilter("ignore", DeprecationWarning)
            builder = pick(self.graph)
        ask = RequestInformation(Method[method], builder.url_template, dict(builder.path_parameters))
        ask.headers.add("Accept", "application/json")
        return ask

    def at(self, url: str, method: str = "GET") -> RequestInformation:
        """Give a request to a whole address, such as the link to a next page."""
        if not url.startswith(self._adapter.base_url + "/"):
            raise Forbidden("a link of Graph leads to another server; nothing was sent")
        ask = RequestInformation()
        ask.http_method = Method[method]
        ask.url = url
        ask.headers.add("Accept", "application/json")
        return ask

    async def aclose(self) -> None:
        """Close the SDK's client; the wire is closed by its owner."""
        await self._http.aclose()
