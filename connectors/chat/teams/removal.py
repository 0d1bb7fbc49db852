"""Takes people out of teams, groups, channels and chats: read first, then everything in one batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connectors.chat.teams import evidence, fresh
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches, Said
from connectors.chat.teams.client import GraphClient
from connectors.chat.teams.doubts import Doubts
from connectors.chat.teams.fresh import IN_TEAMS, Fresh
from connectors.chat.teams.objects import CHANNELS, MANAGED_ELSEWHERE
from connectors.chat.teams.parts import Verdict, joined, of_bulk, of_part
from connectors.chat.teams.routes import MOST_PARTS
from connectors.contract import Outcome, Result, Revocation
from connectors.errors import ConnectorError, Unavailable
from connectors.sights import Sights
from policies.model import GroupKind, Refusal

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation


@dataclass(slots=True)
class _Job:
    """Requests that belong together: one person's two roles, or many people of one team."""

    steps: list[Revocation]
    asks: list[RequestInformation] = field(default_factory=list)
    bulk: bool = False


class Removal:
    """Ends many memberships with few requests; no write is ever sent twice."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches, sights: Sights) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches
        self._sights = sights
        self._doubts = Doubts(client, asks, batches)

    async def revoke(self, steps: Sequence[Revocation]) -> dict[str, Result]:
        """Give a result per step id.

        Raises ConnectorError only while nothing was sent.
        """
        results = {step.step_id: blocked for step in steps if (blocked := _known_block(step)) is not None}
        waiting = [step for step in steps if step.step_id not in results]
        state = await fresh.look(self._asks, self._batches, self._unseen(waiting))
        for step in waiting:
            if (refused := self._by_state(step, state)) is not None:
                results[step.step_id] = refused
        jobs = self._jobs([step for step in waiting if step.step_id not in results], state)
        verdicts = await self._carry_out(jobs)
        alone = [one.step for one in verdicts if one.bulk_lacking]
        if alone:
            # Nothing was done for these: the server has no bulk removal, or no team where there is a group.
            rest = await self._carry_out(
                [_Job([step], self._single(step, state)) for step in alone], first=False
            )
            verdicts = [one for one in verdicts if not one.bulk_lacking] + rest
        settled = await self._doubts.settle(verdicts)
        half_done = {one.step.step_id for one in verdicts if one.half_done}
        told = {id_: _half_done(one) if id_ in half_done else one for id_, one in settled.items()}
        return results | told

    def _unseen(self, steps: Sequence[Revocation]) -> list[Revocation]:
        """Give the steps whose groups must be read first: not those of people just seen as plain members.

        Graph itself keeps a group's last owner; and who became owner since stays one, is read back as one,
        and looked at on the next try, for a sight is used once.
        """
        return [
            step
            for step in steps
            if step.membership.group.kind in IN_TEAMS
            or self._sights.take(step.membership.group.id, step.account_id) is None
        ]

    def _by_state(self, step: Revocation, state: Fresh) -> Result | None:
        """Refuse, before anything leaves, what the group's present state forbids."""
        group = step.membership.group
        if (trouble := state.trouble(group)) is not None:
            return self._doubts.unread(step, trouble)
        if group.kind in IN_TEAMS and state.membership(group, step.account_id) is None:
            proof = evidence.observed(f"{group.kind.value} members", None, ("listed", "no"))
            return Result(step.step_id, Outcome.SAID_ABSENT, proof, detail="the person is not listed there")
        if state.last_owner_goes(group, step.account_id):
            proof = evidence.observed("owners", None, ("owners", str(len(state.owners(group)))))
            return evidence.refusal(step.step_id, Refusal.LAST_OWNER, "last_owner", proof)
        return None

    def _jobs(self, steps: Sequence[Revocation], state: Fresh) -> list[_Job]:
        """Put members of one team together, and everybody else's requests by person."""
        plain: dict[str, list[Revocation]] = {}
        jobs: list[_Job] = []
        for step in steps:
            group = step.membership.group
            if group.kind is GroupKind.TEAM and step.account_id not in state.owners(group):
                plain.setdefault(group.id, []).append(step)
            else:
                jobs.append(_Job([step], self._single(step, state)))
        for team_id, members in _twenties(plain):
            if len(members) > 1:
                ids = [step.account_id for step in members]
                jobs.append(_Job(members, [self._asks.remove_from_team(team_id, ids)], bulk=True))
            else:
                jobs.append(_Job(members, self._single(members[0], state)))
        return jobs

    def _single(self, step: Revocation, state: Fresh) -> list[RequestInformation]:
        group, account_id = step.membership.group, step.account_id
        if group.kind in IN_TEAMS:
            row = state.membership(group, account_id)
            membership_id = str(row["id"]) if row else ""
            if group.kind in CHANNELS:
                return [self._asks.remove_from_channel(group.parent_id or "", group.id, membership_id)]
            return [self._asks.remove_from_chat(group.id, membership_id)]
        remove = [self._asks.remove_member(group.id, account_id)]
        if account_id in state.owners(group):
            # The owner first: whoever only loses the membership stays owner, and an owner can let in anybody.
            remove.insert(0, self._asks.remove_owner(group.id, account_id))
        return remove

    async def _carry_out(self, jobs: Sequence[_Job], *, first: bool = True) -> list[Verdict]:
        asks = [ask for job in jobs for ask in job.asks]
        try:
            said = await self._batches.write(asks, _after(jobs))
        except ConnectorError as error:
            if first:
                raise
            # Something was sent before, so this must be said per step instead of raised.
            said = [Unavailable(f"not sent: {error}")] * len(asks)
        return _verdicts(jobs, said)


def _half_done(result: Result) -> Result:
    """Tell that the ownership ended, whatever became of the membership."""
    facts = (*result.evidence.facts, ("ownership", "ended"))
    return replace(result, evidence=replace(result.evidence, facts=facts))


def _known_block(step: Revocation) -> Result | None:
    """Refuse what the plan's own reading already forbids."""
    membership, group = step.membership, step.membership.group
    source = evidence.without_call("local", ("sent", "nothing"))
    if group.managed_elsewhere in MANAGED_ELSEWHERE:
        why = MANAGED_ELSEWHERE[group.managed_elsewhere]
        return evidence.refusal(step.step_id, why, group.managed_elsewhere, source)
    if membership.refusal is Refusal.NESTED:
        return evidence.refusal(
            step.step_id,
            Refusal.NESTED,
            "nested",
            source,
            detail=f"through: {membership.through or 'unknown'}",
        )
    if group.kind in CHANNELS and not group.parent_id:
        return evidence.refusal(step.step_id, Refusal.UNEXPECTED, "plan_again", source)
    return None


def _twenties(plain: Mapping[str, list[Revocation]]) -> Iterator[tuple[str, list[Revocation]]]:
    """Share each team's people out to requests of at most twenty."""
    for team_id, members in plain.items():
        for start in range(0, len(members), MOST_PARTS):
            yield team_id, members[start : start + MOST_PARTS]


def _after(chunk: Sequence[_Job]) -> dict[int, int]:
    """Let each person's membership wait for their ownership to end."""
    after: dict[int, int] = {}
    index = 0
    for job in chunk:
        after |= {index + later: index for later in range(1, len(job.asks))}
        index += len(job.asks)
    return after


def _verdicts(chunk: Sequence[_Job], said: Sequence[Said]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    index = 0
    for job in chunk:
        parts = said[index : index + len(job.asks)]
        index += len(job.asks)
        if job.bulk:
            verdicts += [of_bulk(step, parts[0]) for step in job.steps]
        else:
            verdicts.append(joined([of_part(job.steps[0], part) for part in parts]))
    return verdicts
