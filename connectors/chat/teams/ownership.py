"""Makes a successor owner before the last one goes, and reads the owners again."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from connectors.chat.teams import evidence
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches, Said
from connectors.chat.teams.client import Answer, GraphClient, Row
from connectors.chat.teams.fresh import Fresh, ask_for, key_of
from connectors.chat.teams.identity import Identity
from connectors.chat.teams.objects import CHANNELS, MANAGED_ELSEWHERE, group_of, is_address
from connectors.chat.teams.refusals import ALREADY_THERE, MISSING_SCOPE, GraphRefused, Meaning, meaning_of
from connectors.contract import Outcome, Presence, Promotion, Result, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from policies.model import Group, GroupKind, Refusal

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

SOURCE = "owners"


class Ownership:
    """Owners of groups, teams, private and shared channels; a group chat needs none."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches, identity: Identity) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches
        self._identity = identity

    async def promote(self, step: Promotion) -> Result:
        """Make the successor owner and member both, for Teams shows only owners who are members."""
        if (blocked := await self._blocked(step)) is not None:
            return blocked
        group, account_id = step.group, step.account.id
        state = await self._fresh(group)
        if (trouble := state.trouble(group)) is not None:
            return self._unread(step, trouble)
        if account_id in state.owners(group) and group.kind in CHANNELS:
            proof = evidence.observed(SOURCE, None, ("owner", "already"))
            return Result(step.step_id, Outcome.REVOKED, proof, detail="is an owner already")
        said = await self._batches.write(self._writes(group, account_id, state))
        return await self._judged(step, said)

    async def sole_ownership(self, step: Promotion) -> Presence:
        """Give `absent` where the successor is seen as owner, and in a team as member too."""
        try:
            with self._client.wire.recording() as exchanges:
                owners, listed = await self._owners_and_place(step)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return evidence.unreadable(step.step_id, SOURCE, error)
        facts = (("owners", str(len(owners))), ("member", "as needed" if listed else "no"))
        proof = evidence.observed(SOURCE, exchanges[-1], *facts)
        made = listed and step.account.id in owners
        return Presence(step.step_id, Sight.ABSENT if made else Sight.PRESENT, proof)

    async def _owners_and_place(self, step: Promotion) -> tuple[frozenset[str], bool]:
        """Read who owns the group, and whether the successor is a member where Teams asks for that."""
        group = step.group
        asks = [ask_for(self._asks, group)]
        if group.kind is GroupKind.TEAM and group.managed_elsewhere != "dynamic":
            asks.append(self._asks.member_of_ids(step.account.id))
        owners, *places = await self._batches.listings(asks)
        for reading in (owners, *places):
            if isinstance(reading, ConnectorError):
                raise reading
        listed = all(isinstance(rows, list) and _lists(rows, group.id) for rows in places)
        return Fresh({key_of(group): owners}).owners(group), listed

    def _writes(self, group: Group, account_id: str, state: Fresh) -> list[RequestInformation]:
        if group.kind not in CHANNELS:
            owner = self._asks.add_owner(group.id, account_id)
            # A rule decides who is a member there; its owners are named by hand all the same.
            ruled = group.managed_elsewhere == "dynamic"
            return [owner] if ruled else [self._asks.add_member(group.id, account_id), owner]
        team_id = group.parent_id or ""
        row = state.membership(group, account_id)
        if row is not None:
            return [self._asks.make_channel_owner(team_id, group.id, str(row["id"]), account_id)]
        into_channel = self._asks.add_channel_owner(team_id, group.id, account_id)
        if group.kind is GroupKind.PRIVATE_CHANNEL:
            # Only members of the team can be in one.
            return [self._asks.add_member(team_id, account_id), into_channel]
        return [into_channel]

    async def _judged(self, step: Promotion, said: Sequence[Said]) -> Result:
        """Let whatever was not done decide: an owner who is no member is not shown in Teams."""
        # Who owns a private channel is in its team already, whatever the team said to that.
        deciding = said[-1:] if step.group.kind in CHANNELS and _done(said[-1]) else said
        undone = next((one for one in deciding if not _done(one)), deciding[-1])
        if not isinstance(undone, Answer):
            return evidence.not_answered(step.step_id, SOURCE, undone)
        return evidence.done(step.step_id, undone) if _done(undone) else await self._refused(step, undone)

    async def _refused(self, step: Promotion, said: Answer) -> Result:
        """Say what stands in the way; the other half may have been done, so nothing is raised."""
        try:
            if said.status == HTTPStatus.FORBIDDEN and (needed := await self._client.missing(said)):
                return evidence.by_meaning(step.step_id, said, MISSING_SCOPE, needed)
            meaning = meaning_of(said.status, said.message)
            if meaning.doubtful or meaning.refusal is Refusal.NO_RIGHT:
                meaning = await self._settled(step, meaning)
        except ConnectorError as error:
            return evidence.not_answered(step.step_id, SOURCE, error)
        return evidence.by_meaning(step.step_id, said, meaning)

    async def _settled(self, step: Promotion, meaning: Meaning) -> Meaning:
        """Read which of the two does not exist, or what keeps the group."""
        if step.group.kind in CHANNELS:
            asks = [self._asks.user(step.account.id, select="id")]
        else:
            asks = [self._asks.user(step.account.id, select="id"), self._asks.group(step.group.id)]
        user, *groups = await self._batches.read(asks)
        if _gone(user):
            return Meaning(Outcome.REFUSED, Refusal.ACCOUNT_UNKNOWN, "account_unknown")
        for group in groups:
            if _gone(group):
                return Meaning(Outcome.REFUSED, Refusal.GROUP_GONE, "group_gone")
            if isinstance(group, Answer):
                kept = group_of(self._client.config.instance, group.data).managed_elsewhere
                if kept is not None:
                    return Meaning(Outcome.REFUSED, MANAGED_ELSEWHERE[kept], kept)
        return Meaning(Outcome.UNAVAILABLE) if meaning.doubtful else meaning

    async def _fresh(self, group: Group) -> Fresh:
        (rows,) = await self._batches.listings([ask_for(self._asks, group)])
        return Fresh({key_of(group): rows})

    def _unread(self, step: Promotion, trouble: ConnectorError) -> Result:
        source = evidence.without_call(SOURCE, ("sent", "nothing"))
        if _gone(trouble):
            return evidence.refusal(step.step_id, Refusal.GROUP_GONE, "group_gone", source, str(trouble))
        return evidence.not_answered(step.step_id, SOURCE, trouble)

    async def _blocked(self, step: Promotion) -> Result | None:
        source = evidence.without_call("local", ("sent", "nothing"))
        if {step.account.instance, step.group.instance} != {self._client.config.instance}:
            return evidence.refusal(step.step_id, Refusal.NOT_MANAGED, "other_instance", source)
        if step.account.id in await self._identity.own_account_ids():
            return evidence.refusal(step.step_id, Refusal.BOT_ITSELF, "bot_itself", source)
        if is_address(step.account.id):
            return evidence.refusal(step.step_id, Refusal.ACCOUNT_UNKNOWN, "account_unknown", source)
        if step.account.id == step.leaver_id:
            return evidence.refusal(step.step_id, Refusal.AMBIGUOUS, "wrong_person", source)
        if step.group.kind is GroupKind.GROUP_CHAT:
            detail = "a group chat goes on without an owner"
            return Result(step.step_id, Outcome.NO_API, source, detail=detail)
        if step.group.kind in CHANNELS and not step.group.parent_id:
            return evidence.refusal(step.step_id, Refusal.UNEXPECTED, "plan_again", source)
        return None


def _lists(rows: Sequence[Row], group_id: str) -> bool:
    return any(row.get("id") == group_id for row in rows)


def _done(said: Said) -> bool:
    return isinstance(said, Answer) and (said.ok or ALREADY_THERE in said.message.lower())


def _gone(found: object) -> bool:
    return isinstance(found, GraphRefused) and found.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
