"""Reads memberships again after a removal, both roles of them: absent only where whole readings prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from connectors.chat.teams import evidence
from connectors.chat.teams.asks import LONGEST, MOST_NAMED, Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import GraphClient, Row
from connectors.chat.teams.fresh import IN_TEAMS, ask_for, key_of
from connectors.chat.teams.objects import hides_members, user_ids
from connectors.chat.teams.optional import Optional
from connectors.chat.teams.permissions import HIDDEN, sees_hidden
from connectors.chat.teams.refusals import GraphRefused
from connectors.chat.teams.routes import MOST_PARTS
from connectors.contract import Evidence, Presence, Revocation, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

MEMBER_OF = "GET /users/{user}/memberOf"
MEMBERS = "GET /groups/{group}/transitiveMembers"
USERS = "GET /users"
_Id = tuple[str, ...]
_Reading = list[Row] | ConnectorError
_Readings = Mapping[_Id, _Reading]


class ReadingBack:
    """Three listings per person answer for all their groups, or two per group for all who left it.

    Whichever is fewer; each channel and chat is read by itself. By group it is asked beside whether the
    accounts are there at all.
    """

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches
        self._optional = Optional(asks, batches)

    async def read(self, steps: Sequence[Revocation]) -> list[Presence]:
        """Give one presence per step, in order; raises BadCredentials and Forbidden, else unreadable."""
        with self._client.wire.recording() as exchanges:
            try:
                asks = self._all(steps, sees_hidden=await self._sees_hidden())
                found = await self._read(asks)
                await self._owners_instead(steps, found)
            except (BadCredentials, Forbidden):
                raise
            except ConnectorError as error:
                return [evidence.unreadable(step.step_id, "read_back", error) for step in steps]
        last = exchanges[-1] if exchanges else None
        proof = evidence.observed(MEMBER_OF, last, ("requests", str(len(exchanges))))
        return [_judged(step, found, proof) for step in steps]

    def _all(self, steps: Sequence[Revocation], *, sees_hidden: bool) -> dict[_Id, RequestInformation]:
        """Give every reading these steps need, each once."""
        asks: dict[_Id, RequestInformation] = {}
        by_group = _fewer_by_group(steps, sees_hidden=sees_hidden)
        if by_group:
            asks = {("known", *ids): self._asks.known_ids(ids) for ids in _named(steps)}
        for step in steps:
            group, account_id = step.membership.group, step.account_id
            if group.kind in IN_TEAMS:
                asks[("members", *key_of(group))] = ask_for(self._asks, group)
            elif by_group:
                asks["inside", group.id] = self._asks.transitive_member_ids(group.id)
                asks["owners", group.id] = self._asks.group_owners(group.id)
            else:
                asks["member", account_id] = self._asks.member_of_ids(account_id)
                asks["owner", account_id] = self._asks.owned_ids(account_id)
                asks["nested", account_id] = self._asks.transitive_ids(account_id)
                if not sees_hidden:
                    asks["group", group.id] = self._asks.group(group.id)
        return asks

    async def _owners_instead(self, steps: Sequence[Revocation], found: dict[_Id, _Reading]) -> None:
        """Read the owners of each group where the server cannot say what somebody owns."""
        unlisted = {step.account_id for step in steps if await self._unlisted(step.account_id, found)}
        if not unlisted:
            return
        groups = [
            step.membership.group.id
            for step in steps
            if step.account_id in unlisted and step.membership.group.kind not in IN_TEAMS
        ]
        ids = list(dict.fromkeys(groups))
        read = await self._batches.listings([self._asks.group_owners(id_) for id_ in ids])
        found.update({("owners", id_): rows for id_, rows in zip(ids, read, strict=True)})
        for account_id in unlisted:
            del found["owner", account_id]

    async def _unlisted(self, account_id: str, found: Mapping[_Id, _Reading]) -> bool:
        reading = found.get(("owner", account_id))
        if not isinstance(reading, GraphRefused):
            return False
        try:
            ask = self._asks.owned_ids(account_id)
            return isinstance(await self._optional.settle(account_id, ask, reading), GraphRefused)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError:
            return False

    async def _read(self, asks: Mapping[_Id, RequestInformation]) -> dict[_Id, _Reading]:
        """Read everything together; a group by itself is a listing of one."""
        readings: dict[_Id, _Reading] = {}
        for key, answer in zip(asks, await self._batches.read(list(asks.values())), strict=True):
            if key[0] == "group" and not isinstance(answer, ConnectorError):
                readings[key] = [answer.data]
            else:
                readings[key] = await self._batches.rest(answer)
        return readings

    async def _sees_hidden(self) -> bool:
        """Whether groups that hide their members are surely listed; raises what fetching a token raises.

        Right after a start nothing is known of the token yet: taken for granted, it would make an absence.
        """
        return sees_hidden(await self._client.tokens.token())


def _hidden(reading: list[Row] | ConnectorError | None) -> ConnectorError | None:
    """Say why a group's absence among a person's groups would prove nothing."""
    if isinstance(reading, ConnectorError):
        gone = isinstance(reading, GraphRefused) and reading.status == HTTPStatus.NOT_FOUND
        return None if gone else reading
    if any(hides_members(row) for row in reading or ()):
        return ConnectorError(f"the group hides its members, and the app is not seen to hold {HIDDEN}")
    return None


def _judged(step: Revocation, readings: _Readings, proof: Evidence) -> Presence:
    if step.membership.group.kind in IN_TEAMS:
        return _in_teams(step, readings, proof)
    group_id, account_id = step.membership.group.id, step.account_id
    if ("inside", group_id) in readings:
        return _by_group(step, readings, proof)
    member, owner = readings["member", account_id], _owned(account_id, group_id, readings)
    for found in (member, owner, _hidden(readings.get(("group", group_id)))):
        if isinstance(found, ConnectorError):
            return evidence.unreadable(step.step_id, proof.source, found)
    roles = [
        name
        for name, rows in (("member", member), ("owner", owner))
        if not isinstance(rows, ConnectorError) and any(row.get("id") == group_id for row in rows)
    ]
    nested = readings.get(("nested", account_id), [])
    if roles or isinstance(nested, GraphRefused):  # a server that cannot say is a gap of the plan
        return _presence(step, proof, roles)
    if isinstance(nested, ConnectorError):
        return evidence.unreadable(step.step_id, proof.source, nested)
    through = any(row.get("id") == group_id for row in nested)
    return _presence(step, proof, ["through another group"] if through else [])


def _owned(account_id: str, group_id: str, readings: _Readings) -> _Reading:
    """Give what somebody owns, or this one group where only its owners could be asked."""
    if ("owner", account_id) in readings:
        return readings["owner", account_id]
    owners = readings["owners", group_id]
    if isinstance(owners, ConnectorError):
        return owners
    return [{"id": group_id}] if account_id in user_ids(owners) else []


def _by_group(step: Revocation, readings: _Readings, proof: Evidence) -> Presence:
    """Judge by everybody in the group, through inner groups too, and by its owners.

    Absent is only an account that Graph knows: a deleted one is in no list, and is back with all its groups
    when it is restored.
    """
    group_id, account_id = step.membership.group.id, step.account_id
    roles = []
    for name, found in (("member", readings["inside", group_id]), ("owner", readings["owners", group_id])):
        if isinstance(found, ConnectorError):
            return evidence.unreadable(step.step_id, MEMBERS, found)
        if any(row.get("id") == account_id for row in found):
            roles.append(name)
    if not roles and (why := _unknown(account_id, readings)) is not None:
        return evidence.unreadable(step.step_id, USERS, why)
    return _presence(step, replace(proof, source=MEMBERS), roles)


def _unknown(account_id: str, readings: _Readings) -> ConnectorError | None:
    """Say why it is not sure that there is such an account; None where Graph gave it."""
    known = next(rows for key, rows in readings.items() if key[0] == "known" and account_id in key)
    if isinstance(known, ConnectorError):
        return known
    there = any(row.get("id") == account_id for row in known)
    return None if there else ConnectorError(f"Graph does not know the account {account_id}")


def _named(steps: Sequence[Revocation]) -> list[tuple[str, ...]]:
    """Give everybody who left a directory group, as many together as one request names."""
    people = sorted({step.account_id for step in steps if step.membership.group.kind not in IN_TEAMS})
    return [tuple(people[at : at + MOST_NAMED]) for at in range(0, len(people), MOST_NAMED)]


def _fewer_by_group(steps: Sequence[Revocation], *, sees_hidden: bool) -> bool:
    """Whether listing the groups is fewer requests than listing what each person is in.

    Never for the few who fit into one batch. A group that may hide its members is never judged by its own
    list, which would then be empty.
    """
    groups = {step.membership.group for step in steps if step.membership.group.kind not in IN_TEAMS}
    people = {step.account_id for step in steps if step.membership.group.kind not in IN_TEAMS}
    by_person = 3 * len(people)
    by_group = len(_named(steps)) + sum(2 + (group.member_count or 0) // LONGEST for group in groups)
    return sees_hidden and by_person > MOST_PARTS and by_group < by_person


def _in_teams(step: Revocation, readings: _Readings, proof: Evidence) -> Presence:
    found = readings[("members", *key_of(step.membership.group))]
    if isinstance(found, GraphRefused) and found.status == HTTPStatus.NOT_FOUND:
        # A channel that is gone and one that cannot be seen are answered alike.
        return evidence.unreadable(step.step_id, proof.source, found)
    if isinstance(found, ConnectorError):
        return evidence.unreadable(step.step_id, proof.source, found)
    listed = any(row.get("userId") == step.account_id for row in found)
    return _presence(step, proof, ["member"] if listed else [])


def _presence(step: Revocation, proof: Evidence, roles: Sequence[str]) -> Presence:
    facts = (*proof.facts, ("listed", ", ".join(roles) or "no"))
    seen = Evidence(proof.quality, proof.at, proof.source, proof.request_id, facts)
    return Presence(step.step_id, Sight.PRESENT if roles else Sight.ABSENT, seen)
