"""Many requests in one: Graph's `$batch`, each part with its own answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from connectors.chat.teams.client import Answer, GraphClient, Row, with_body
from connectors.chat.teams.refusals import GraphRefused
from connectors.chat.teams.routes import BATCH, GRAPH, MOST_PARTS, route_of
from connectors.chat.teams.signals import seconds_of
from connectors.errors import BadCredentials, ConnectorError, Forbidden, Unavailable
from connectors.pooling import Pool
from connectors.together import abreast
from connectors.wire import AnswerLost, Exchange, HeldBack, RateLimited

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

MOST_OF_ONE = 4
"""Requests of one team or chat in one batch: Graph's limit for a second (graph/throttling-limits, Teams)."""
ABREAST = 8
"""Batches under way at once: enough to hide the way there and back, the pace does the rest."""
Said = Answer | AnswerLost | Unavailable
"""What became of one request: an answer, a lost one, or surely nothing."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of one read, among others that left with it."""

    said: Answer | ConnectorError
    given_up: bool
    """Whether asking again would not help."""
    exchanges: list[Exchange]
    """All that were made for them together."""


class Batches:
    """Sends requests together, at most twenty at a time; one alone goes by itself."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._pool: Pool[RequestInformation, _Read] = Pool(self._read, self._same)
        self._offered = True
        """Whether the server takes batches at all; Graph does, others may not."""

    async def write(
        self, asks: Sequence[RequestInformation], after: Mapping[int, int] | None = None
    ) -> list[Said]:
        """Send writes once, in as many batches as it takes, side by side.

        `after`: part → the part that must have succeeded before it. Raises ConnectorError only while
        nothing was sent; what else befalls all of them is said of each.
        """
        after = after or {}
        said: dict[int, Said] = {}
        held_back = self._held_back(range(len(asks)), asks, self._client.config.longest_write_wait_seconds)
        for index, first in after.items():
            if first in held_back:
                held_back.setdefault(index, held_back[first])
        unsent: dict[int, ConnectorError] = {}

        async def send(chunk: Sequence[int]) -> None:
            if unsent:  # what one batch could not send, the next could not either
                unsent.update(dict.fromkeys(chunk, next(iter(unsent.values()))))
                return
            try:
                found = await self._write([asks[index] for index in chunk], _within(chunk, after))
            except ConnectorError as error:
                unsent.update(dict.fromkeys(chunk, error))
            else:
                said.update(zip(chunk, found, strict=True))

        packs = self._packed([i for i in range(len(asks)) if i not in held_back], asks, after)
        await abreast([partial(send, chunk) for chunk in packs], ABREAST)
        if unsent and not said:
            raise next(iter(unsent.values()))
        # Something was sent, so what was not is said of each.
        said |= {index: Unavailable(str(error)) for index, error in unsent.items()}
        return [held_back.get(index) or said[index] for index in range(len(asks))]

    def _held_back(
        self, indexes: Iterable[int], asks: Sequence[RequestInformation], longest: float
    ) -> dict[int, Unavailable]:
        """Give what would still be refused for longer than one waits: it must not hold up the rest."""
        held_back: dict[int, Unavailable] = {}
        for index in indexes:
            method, path = self._place(asks[index])
            if (wait := self._client.wire.refused_for(method, GRAPH, path)) > longest:
                route = route_of(method, path)
                said = f"{route.name if route else method}: still limited for {wait:.1f} s; nothing was sent"
                held_back[index] = HeldBack(said, retry_after=wait)
        return held_back

    def _place(self, ask: RequestInformation) -> tuple[str, str]:
        method = ask.http_method.value if ask.http_method else ""
        return method, self._client.relative(ask).partition("?")[0]

    async def _write(self, asks: Sequence[RequestInformation], after: Mapping[int, int]) -> list[Said]:
        try:
            if len(asks) == 1:
                return [await self._client.call(asks[0])]
            return await self._together(asks, after)
        except (AnswerLost, Unavailable) as error:
            return [error] * len(asks)

    def _packed(
        self, indexes: Iterable[int], asks: Sequence[RequestInformation], after: Mapping[int, int]
    ) -> list[list[int]]:
        """Share requests out to batches of at most twenty, and four of any one team or chat.

        Graph takes four a second of one team, inside a batch too; a fifth would come back refused. A part
        that waits for another goes with it.
        """
        packs: list[list[int]] = []
        taken: list[int] = []
        """Places in each batch, those kept for parts that wait for another included."""
        counts: list[Counter[str]] = []
        place: dict[int, int] = {}
        waiting = Counter(after.values())
        for index in indexes:
            if (at := place.get(after.get(index, -1))) is None:
                keys, size = self._own_limits(asks[index]), 1 + waiting[index]
                at = _room(taken, counts, keys, size)
                if at == len(packs):
                    packs.append([])
                    taken.append(0)
                    counts.append(Counter())
                taken[at] += size
                counts[at].update(keys)
            packs[at].append(index)
            place[index] = at
        return packs

    def _own_limits(self, ask: RequestInformation) -> list[str]:
        """Name the limits of single teams and chats a request counts against."""
        method, path = self._place(ask)
        route = route_of(method, path)
        return [key for key, limit in route.paces(path) if key != route.name] if route else []

    async def read(self, asks: Sequence[RequestInformation]) -> list[Answer | ConnectorError]:
        """Send reads, in as many batches as it takes; a part that is refused for now is asked again.

        What others ask for in the same moment goes along, so that many people planned side by side share
        their batches. Raises BadCredentials, Forbidden, and Unavailable where nothing at all was answered.
        """
        found = await self._pool.read(asks)
        if found:
            self._client.wire.noted(found[0].exchanges)
        results = [one.said for one in found]
        if results and all(one.given_up for one in found) and isinstance(results[0], Unavailable):
            raise results[0]
        return results

    async def _read(self, asks: Sequence[RequestInformation]) -> list[_Read]:
        said: dict[int, Answer | ConnectorError] = {}
        given_up: set[int] = set()
        waiting = list(range(len(asks)))
        with self._client.wire.recording() as exchanges:
            for attempt in range(1, self._client.config.read_tries + 1):
                given_up |= await self._round(waiting, asks, said)
                waiting = [i for i in waiting if i not in given_up and isinstance(said[i], Unavailable)]
                if not waiting:
                    break
                if attempt < self._client.config.read_tries:
                    await asyncio.sleep(self._client.config.backoff_seconds * attempt)
        return [_Read(said[index], index in given_up, exchanges) for index in range(len(asks))]

    def _same(self, ask: RequestInformation) -> tuple[str, str]:
        """Tell the same read by its address, and by what it prefers."""
        return self._client.relative(ask), str(sorted(ask.headers.get("Prefer") or ()))

    async def _round(
        self,
        waiting: Sequence[int],
        asks: Sequence[RequestInformation],
        said: dict[int, Answer | ConnectorError],
    ) -> set[int]:
        """Ask once for all that waits, into `said`; gives what asking again would not help."""
        held_back = self._held_back(waiting, asks, self._client.config.longest_read_wait_seconds)
        said |= held_back
        given_up = set(held_back)

        async def ask(chunk: Sequence[int]) -> None:
            try:
                answers = await self._once([asks[index] for index in chunk])
            except Unavailable as error:
                # The wire has tried it often enough; what others said stays said.
                answers = [error] * len(chunk)
                given_up.update(chunk)
            said.update(zip(chunk, answers, strict=True))

        packs = self._packed([i for i in waiting if i not in held_back], asks, {})
        await abreast([partial(ask, chunk) for chunk in packs], ABREAST)
        return given_up

    async def listings(self, asks: Sequence[RequestInformation]) -> list[list[Row] | ConnectorError]:
        """Read listings whole, their first pages together; what cannot be read is said in its place."""
        firsts = await self.read(asks)
        return await abreast([partial(self.rest, first) for first in firsts], ABREAST)

    async def rest(self, first: Answer | ConnectorError) -> list[Row] | ConnectorError:
        """Read a listing to its end from its first page on; what cannot be read is said in its place."""
        if isinstance(first, ConnectorError):
            return first
        try:
            return [row async for page, _ in self._client.pages_from(first) for row in page]
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return error

    async def _once(self, asks: Sequence[RequestInformation]) -> list[Answer | ConnectorError]:
        if len(asks) == 1:
            said: list[Said] = [await self._client.call(asks[0])]
        else:
            said = await self._together(asks, {})
        return [await self._read_of(part) for part in said]

    async def _read_of(self, said: Said) -> Answer | ConnectorError:
        if isinstance(said, AnswerLost):
            return Unavailable(str(said))
        if isinstance(said, Unavailable):
            return said
        return said if said.ok else await self._client.refusal(said)

    async def _together(self, asks: Sequence[RequestInformation], after: Mapping[int, int]) -> list[Said]:
        """Send one batch; where its token died before any part was done, once more with a fresh one."""
        if not self._offered:
            return await self._one_by_one(asks, after)
        token = await self._client.tokens.token()
        try:
            said = await self._sent(asks, after)
        except GraphRefused as refusal:
            if not (refusal.not_offered or refusal.status == HTTPStatus.NOT_FOUND):
                raise
            # The address names nobody, so it is the server that has no batches; no part was looked at.
            self._offered = False
            return await self._one_by_one(asks, after)
        if not (refused := _refused_tokens(said)):
            return said
        self._client.tokens.forget(token)
        if _nothing_done(said):
            said = await self._sent(asks, after)
            refused = _refused_tokens(said)
            if refused and _nothing_done(said):
                raise self._client.token_refused(refused[0])
        return [_dead(part) for part in said]

    async def _one_by_one(self, asks: Sequence[RequestInformation], after: Mapping[int, int]) -> list[Said]:
        """Send each by itself, in order; what waits for one that failed is not sent."""
        said: list[Said] = []
        for index, ask in enumerate(asks):
            before = said[after[index]] if index in after else None
            if before is not None and not (isinstance(before, Answer) and before.ok):
                said.append(Unavailable("not sent: what it waits for was not done"))
                continue
            try:
                said.append(await self._client.call(ask))
            except (AnswerLost, Unavailable) as error:
                said.append(error)
            except (BadCredentials, Forbidden) as error:
                if not said:
                    raise
                said.append(Unavailable(f"not sent: {error}"))
        return said

    async def _sent(self, asks: Sequence[RequestInformation], after: Mapping[int, int]) -> list[Said]:
        requests = [self._request(index, ask, after.get(index)) for index, ask in enumerate(asks)]
        url = f"{self._client.config.base_url.rstrip('/')}/{BATCH}"
        carrier = with_body(self._client.sdk.at(url, "POST"), {"requests": requests})
        answer = await self._client.call(carrier)
        if not answer.ok:
            raise await self._client.refusal(answer)
        parts = {str(part.get("id")): part for part in answer.data["responses"] if isinstance(part, dict)}
        return [
            self._said(request["method"], request["url"], parts.get(request["id"]), answer)
            for request in requests
        ]

    def _request(self, index: int, ask: RequestInformation, after: int | None) -> dict[str, Any]:
        method = ask.http_method.value if ask.http_method else ""
        request: dict[str, Any] = {"id": str(index), "method": method, "url": self._client.relative(ask)}
        # Inside a batch Graph refuses a POST that says nothing, which by itself it takes.
        body = orjson.loads(ask.content) if ask.content else ({} if method == "POST" else None)
        if headers := _part_headers(ask, has_body=body is not None):
            request["headers"] = headers
        if body is not None:
            request["body"] = body
        if after is not None:
            request["dependsOn"] = [str(after)]
        return request

    def _said(self, method: str, url: str, part: Row | None, carrier: Answer) -> Said:
        found = route_of(method, url)
        name = found.name if found else f"{method} ?"
        status = _status_of(part)
        if part is None or status is None:
            return AnswerLost(f"{name}: the batch's answer leaves it out; it may have had its effect")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._limited(name, method, url, part)
        if status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED:
            return AnswerLost(f"{name}: HTTP {status} inside a batch; it may have had its effect")
        body = part.get("body")
        return Answer(name, status, body if isinstance(body, dict) else {}, carrier.exchange)

    def _limited(self, name: str, method: str, url: str, part: Row) -> RateLimited:
        headers = part.get("headers")
        given = headers.items() if isinstance(headers, dict) else ()
        said = next((value for key, value in given if str(key).lower() == "retry-after"), None)
        wait = self._client.wire.part_refused(method, GRAPH, url.partition("?")[0], seconds_of(said))
        return RateLimited(
            f"{name}: refused inside a batch for {wait:.1f} s; nothing was done",
            retry_after=wait,
        )


def _room(taken: Sequence[int], counts: Sequence[Counter[str]], keys: Sequence[str], size: int) -> int:
    """Give the first batch that has room for a request and what waits for it; one more where none has."""
    for at, (places, count) in enumerate(zip(taken, counts, strict=True)):
        if places + size <= MOST_PARTS and all(count[key] < MOST_OF_ONE for key in keys):
            return at
    return len(taken)


def _within(chunk: Sequence[int], after: Mapping[int, int]) -> dict[int, int]:
    """Give the dependencies of one batch by the places in it."""
    places = {index: place for place, index in enumerate(chunk)}
    return {places[index]: places[after[index]] for index in chunk if index in after}


def _part_headers(ask: RequestInformation, *, has_body: bool) -> dict[str, str]:
    """Give the headers a part has of its own; all others are the carrier's."""
    headers = {"Content-Type": "application/json"} if has_body else {}
    prefer = ask.headers.get("Prefer") or ()
    return headers | ({"Prefer": ", ".join(prefer)} if prefer else {})


def _status_of(part: Row | None) -> int | None:
    """Read a part's status; some servers give it as text."""
    status = part.get("status") if part is not None else None
    if isinstance(status, str) and status.isdigit():
        return int(status)
    return status if isinstance(status, int) else None


def _refused_tokens(said: Sequence[Said]) -> list[Answer]:
    return [part for part in said if isinstance(part, Answer) and part.status == HTTPStatus.UNAUTHORIZED]


def _nothing_done(said: Sequence[Said]) -> bool:
    """Whether every part was refused for its token, or waited for one that was."""
    not_done = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FAILED_DEPENDENCY)
    return all(isinstance(part, Answer) and part.status in not_done for part in said)


def _dead(part: Said) -> Said:
    """A part refused for its token did nothing: it may be tried again, with another one."""
    if isinstance(part, Answer) and part.status == HTTPStatus.UNAUTHORIZED:
        return Unavailable(f"{part.route}: Graph refused the token inside a batch; nothing was done")
    return part
