"""The toy platform's connector, whole: a model of what a connector is, in about a hundred lines of work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from connectors.contract import (
    NO_GROUPS,
    Evidence,
    Finding,
    KnownGroups,
    Outcome,
    Presence,
    Quality,
    Result,
    Revocation,
    Severity,
    Sight,
)
from connectors.errors import BadCredentials, ConnectorError, MissingScope, Unavailable
from connectors.manifest import load_manifest
from connectors.redaction import Redactor
from connectors.wire import Access, AnswerLost, RateLimited, Route, Signal, SignalKind, Wire, WireSettings
from policies.model import Account, Gap, Group, GroupKind, Membership, Person, Refusal, Role

GET, DELETE = frozenset({"GET"}), frozenset({"DELETE"})
ROUTES: tuple[Route, ...] = (
    Route("me", GET, "toy", "me", Access.READ, "all"),
    Route("people", GET, "toy", "people", Access.READ, "all"),
    Route("groups", GET, "toy", "groups", Access.READ, "all"),
    Route("memberships", GET, "toy", "people/{person}/groups", Access.READ, "all"),
    Route("remove", DELETE, "toy", "groups/{group}/members/{person}", Access.WRITE, "all"),
)
REFUSALS = {
    "forbidden": (Refusal.NO_RIGHT, "Make the bot an admin of the group."),
    "missing_scope": (Refusal.MISSING_SCOPE, "Give the token the scope members:write."),
    "not_in_group": (Refusal.BOT_NOT_IN_GROUP, "Add the bot to the group."),
    "group_gone": (Refusal.GROUP_GONE, "Nothing to do: the group is gone."),
    "default_group": (Refusal.DEFAULT_GROUP, "Close the account instead."),
}


@dataclass(frozen=True, slots=True)
class ToyConfig:
    """Where the toy is, and the token, which never shows in `repr`."""

    instance: str
    base_url: str
    token: str = field(repr=False)
    read_only: bool = False
    timeout_seconds: float = 30.0


def _signal(_route: Route, status: int, headers: Mapping[str, str], _body: bytes) -> Signal:
    if status == 429:
        return Signal(SignalKind.LIMITED, float(headers.get("Retry-After", "30")), "limited")
    return Signal(SignalKind.BROKEN if status >= 500 else SignalKind.ANSWERED, reason=f"HTTP {status}")


class ToyConnector:
    """One toy server."""

    routes: tuple[Route, ...] = ROUTES
    capabilities = load_manifest(Path(__file__).with_name("manifest.toml"))

    def __init__(self, config: ToyConfig) -> None:
        self.instance = config.instance
        self._config = config
        self._wire = Wire(
            WireSettings(
                bases={"toy": config.base_url},
                routes=self.routes,
                limits=self.capabilities.limits,
                read_signal=_signal,
                read_only=config.read_only,
                total_timeout=config.timeout_seconds,
                read_tries=1,
                backoff=0.001,
                longest_read_wait=1.0,
            ),
            Redactor([config.token]),
        )

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:  # noqa: ARG002 - the contract's form
        _, me = await self._call("GET", "me")
        return tuple(
            Finding(
                Severity.ERROR,
                self.instance,
                "missing_scope",
                f"the token lacks {scope.name}, needed for {scope.needed_for}",
                f"Add the scope {scope.name} to the token.",
            )
            for scope in self.capabilities.scopes
            if scope.name not in me["scopes"]
        )

    async def own_account_ids(self) -> frozenset[str]:
        _, me = await self._call("GET", "me")
        return frozenset({me["id"]})

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        stated = None if person is None else dict(person.account_ids).get(self.instance)
        for item in await self._pages("people"):
            if person is None or item["id"] == stated:
                yield Account(self.instance, item["id"], item["name"])

    async def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:  # noqa: ARG002 - the contract's form
        for item in await self._pages("groups"):
            yield self._group(item)
        yield self._hidden()

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        _ = known  # The toy lists a person's groups, so nothing has to be remembered.
        for item in await self._pages(f"people/{account.id}/groups"):
            yield Membership(account, self._group(item), Role(item["role"]))
        yield self._hidden()

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        if len(steps) > self.capabilities.batch:
            raise ValueError(f"{len(steps)} steps in one call, at most {self.capabilities.batch}; split them")
        own = await self.own_account_ids()
        results: list[Result] = []
        for step in steps:
            try:
                results.append(await self._remove(step, own))
            except ConnectorError as error:
                # An exception says that nothing was sent, so it may leave only while that is true.
                if not results:
                    raise
                seen = evidence("remove", Quality.UNKNOWN)
                results.append(Result(step.step_id, Outcome.UNAVAILABLE, seen, detail=str(error)))
        return results

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        visible = await self._ids("groups")
        asked = {step.account_id for step in steps}
        people = {id_: await self._ids(f"people/{id_}/groups") for id_ in asked}
        return [_presence(step, visible, people[step.account_id]) for step in steps]

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def _remove(self, step: Revocation, own: frozenset[str]) -> Result:
        blocked = _blocked(step, own)
        if blocked is not None:
            return Result(step.step_id, Outcome.REFUSED, evidence("guard", Quality.OBSERVED), blocked)
        path = f"groups/{step.membership.group.id}/members/{step.account_id}"
        return await self._write(step.step_id, "DELETE", path)

    async def _write(self, step_id: str, method: str, path: str) -> Result:
        """Send one write, and give what is known of it."""
        try:
            status, answer = await self._call(method, path)
        except RateLimited as limit:
            seen = evidence(path, Quality.UNKNOWN)
            return Result(step_id, Outcome.RATE_LIMITED, seen, retry_after=limit.retry_after)
        except AnswerLost as lost:
            return Result(step_id, Outcome.UNKNOWN, evidence(path, Quality.UNKNOWN), detail=str(lost))
        return result_of(step_id, status, answer)

    async def _ids(self, path: str) -> frozenset[str] | None:
        """Give the ids of one whole listing; None where it cannot be read."""
        try:
            return frozenset(item["id"] for item in await self._pages(path))
        except ConnectorError:
            return None

    async def _pages(self, path: str) -> list[dict[str, Any]]:
        """Read a listing to its last page, or raise; nothing is given away before all of it is here."""
        items: list[dict[str, Any]] = []
        start: int | None = 0
        while start is not None:
            status, answer = await self._call("GET", f"{path}?from={start}")
            if status != 200:
                raise Unavailable(
                    f"{self.instance}: {path} answered {status} {answer.get('error')}; try again"
                )
            items += answer["items"]
            start = answer["next"]
        return items

    async def _call(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._config.token}"}
        async with self._wire.session.request(
            method, self._config.base_url + path, headers=headers
        ) as response:
            body = await response.read()
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            failure = Unavailable if method == "GET" else AnswerLost
            raise failure(f"{self.instance}: {method} answered no JSON") from None
        if response.status == 401:
            raise BadCredentials(f"{self.instance}: the token was refused; put a new one in the settings")
        if response.status == 403 and method == "GET" and answer["error"] == "missing_scope":
            raise MissingScope(f"{self.instance}: reading needs members:read", needed="members:read")
        return response.status, answer

    def _group(self, item: Mapping[str, Any]) -> Group:
        kind, default = GroupKind.GROUP_CHAT, item["default"]
        return Group(self.instance, "toy", item["id"], item["name"], kind, is_default=default)

    def _hidden(self) -> Gap:
        return Gap(self.instance, "hidden_groups_unseen", remedy="Ask the owners of hidden groups.")


def _blocked(step: Revocation, own: frozenset[str]) -> Refusal | None:
    if step.account_id != step.membership.account.id:
        return Refusal.AMBIGUOUS
    if step.account_id in own:
        return Refusal.BOT_ITSELF
    if step.membership.group.is_default:
        return Refusal.DEFAULT_GROUP
    return Refusal.LAST_OWNER if step.membership.sole_owner else None


def result_of(step_id: str, status: int, answer: Mapping[str, Any]) -> Result:
    error = str(answer.get("error", ""))
    seen = evidence("write", Quality.ACKNOWLEDGED, ("status", str(status)), ("error", error))
    if status == 200:
        return Result(step_id, Outcome.REVOKED, seen)
    if error == "not_a_member":
        return Result(step_id, Outcome.SAID_ABSENT, seen)
    if error == "moved":
        return Result(step_id, Outcome.MOVED, seen, new_group_id=str(answer["to"]))
    refusal, remedy = REFUSALS.get(error, (Refusal.UNEXPECTED, "Read the detail, and tell the makers."))
    return Result(step_id, Outcome.REFUSED, seen, refusal, detail=error, remedy=remedy)


def _presence(step: Revocation, visible: frozenset[str] | None, groups: frozenset[str] | None) -> Presence:
    group = step.membership.group.id
    if visible is None or groups is None or group not in visible:
        # Not seen in a group that cannot be seen proves nothing.
        return Presence(step.step_id, Sight.UNREADABLE, evidence("memberships", Quality.UNKNOWN))
    sight = Sight.PRESENT if group in groups else Sight.ABSENT
    return Presence(step.step_id, sight, evidence("memberships", Quality.OBSERVED))


def evidence(source: str, quality: Quality, *facts: tuple[str, str]) -> Evidence:
    return Evidence(quality, datetime.now(UTC), source, facts=facts)
