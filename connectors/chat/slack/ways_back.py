"""Finds and denies what a leaver asked for and no admin has granted yet; says what only people can end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from connectors.chat.slack import evidence
from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.invite_requests import ConnectRequests, Request, Requests, WorkspaceRequests
from connectors.chat.slack.remedies import remedy_text
from connectors.contract import Closing, Outcome, Presence, Result, Sight, WayBack, WayKind
from connectors.errors import BadCredentials, ConnectorError, Forbidden, Unavailable
from connectors.wire import AnswerLost, NotSent, RateLimited
from policies.model import Account, Gap, Group, Refusal

_INTO_CHANNEL = "connect_request"
_INTO_WORKSPACE = "invite_request"
_LOOK = "Look in Slack under Manage members > Invitations, and deny it there if nobody wants it"
_LOOK_OR_MEND = (
    "Look in Slack under Manage members > Invitations and under Slack Connect, or give the token the "
    "scope that is named"
)
_NOWHERE = "this plan or token has no such requests"


class WaysBack:
    """Requests for invitations; invitations already sent have no method that ends them."""

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._config = config
        self._identity = identity
        self._sorts: Mapping[str, Requests] = {
            _INTO_CHANNEL: ConnectRequests(config, client, identity),
            _INTO_WORKSPACE: WorkspaceRequests(config, client, identity),
        }

    async def of(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        """Yield the open requests of one account; one into no group of `groups` leads to the workspace."""
        known = {group.id: group for group in groups}
        for sort, requests in self._sorts.items():
            if (why := await requests.hindrance(to_deny=True)) is not None:
                if why:
                    yield self._unknown(sort, why)
                continue
            try:
                found = await requests.lately()
            except (BadCredentials, Forbidden):
                raise
            except ConnectorError as error:
                yield self._unknown(sort, str(error))
                continue
            for request in found:
                if (item := self._judged(sort, request, account, known)) is not None:
                    yield item

    def _judged(
        self, sort: str, request: Request, account: Account, known: Mapping[str, Group]
    ) -> WayBack | Gap | None:
        """Only what this account alone asked for is closed; an address proves nobody."""
        if request.asked_by == {account.id}:
            return WayBack(
                id=f"{sort}:{request.id}",
                kind=WayKind.INVITATION,
                group=known.get(request.channel_id or ""),
                name=f"#{request.channel}" if request.channel else "",
            )
        if account.id in request.asked_by:
            why = f"request {request.id}: others asked for it too"
            return Gap(self._config.instance, "invite_request_shared", request.channel_id, why, _LOOK)
        if request.email and account.email and request.email.casefold() == account.email.casefold():
            why = f"request {request.id}: it names this person's address"
            return Gap(self._config.instance, "invite_request_for_address", None, why, _LOOK)
        return None

    async def close(self, step: Closing) -> Result:
        """Deny one request, after reading that it is still open and still this account's; safe to repeat."""
        requests, request_id = self._asked(step)
        if requests is None:
            return _no_api(step.step_id, f"no way back of Slack's: {step.way.id}")
        if (blocked := await self._blocked(step, requests)) is not None:
            return blocked
        try:
            return await self._deny(step, requests, request_id)
        except (AnswerLost, RateLimited, NotSent) as error:
            return evidence.not_answered(step.step_id, requests.deny_method, error)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return _unread(step.step_id, requests.list_method, error)

    async def _deny(self, step: Closing, requests: Requests, request_id: str) -> Result:
        open_now = {request.id: request for request in await requests.open()}
        if request_id not in open_now:
            proof = evidence.observed(requests.list_method, ("open", "no"))
            return Result(step.step_id, Outcome.SAID_ABSENT, proof, detail="the request is no longer open")
        if open_now[request_id].asked_by != {step.account.id}:
            proof = evidence.observed(requests.list_method, ("asked_by", "somebody else"))
            return evidence.refusal(step.step_id, Refusal.AMBIGUOUS, "wrong_person", proof)
        return evidence.result_of(step.step_id, await requests.deny(request_id))

    async def open(self, step: Closing) -> Presence:
        """Read again: `present` while it is open, and where somebody granted it meanwhile."""
        requests, request_id = self._asked(step)
        if requests is None:
            return _unreadable(step.step_id, "local", f"no way back of Slack's: {step.way.id}")
        method = requests.list_method
        try:
            if (why := await requests.hindrance(to_deny=False)) is not None:
                return _unreadable(step.step_id, method, why or _NOWHERE)
            if any(request.id == request_id for request in await requests.open()):
                return Presence(step.step_id, Sight.PRESENT, evidence.observed(method, ("open", "yes")))
            granted = await requests.granted(request_id)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return _unreadable(step.step_id, method, str(error))
        if granted:
            proof = evidence.observed(method, ("open", "no"), ("granted", "yes"))
            return Presence(step.step_id, Sight.PRESENT, proof, remedy_text("revoke_invitation"))
        proof = evidence.observed(method, ("open", "no"), ("granted", "no"))
        return Presence(step.step_id, Sight.ABSENT, proof)

    def _asked(self, step: Closing) -> tuple[Requests | None, str]:
        sort, _, request_id = step.way.id.partition(":")
        return self._sorts.get(sort), request_id

    async def _blocked(self, step: Closing, requests: Requests) -> Result | None:
        if step.account.instance != self._config.instance:
            source = evidence.without_call("local", ("sent", "nothing"))
            return evidence.refusal(step.step_id, Refusal.NOT_MANAGED, "other_instance", source)
        why = await requests.hindrance(to_deny=True)
        return None if why is None else _no_api(step.step_id, why or _NOWHERE)

    def _unknown(self, sort: str, why: str) -> Gap:
        if sort == _INTO_CHANNEL:
            return Gap(self._config.instance, "connect_requests_unknown", None, why, _LOOK_OR_MEND)
        return Gap(self._config.instance, "invite_requests_unknown", None, why, _LOOK_OR_MEND)


def _no_api(step_id: str, why: str) -> Result:
    proof = evidence.without_call("local", ("sent", "nothing"))
    return Result(step_id, Outcome.NO_API, proof, detail=why, remedy=remedy_text("revoke_invitation"))


def _unread(step_id: str, method: str, error: ConnectorError) -> Result:
    """Nothing was denied, because the request could not be read first."""
    proof = evidence.without_call(method, ("sent", "nothing"))
    if isinstance(error, Unavailable):
        return Result(step_id, Outcome.UNAVAILABLE, proof, retry_after=error.retry_after, detail=str(error))
    return evidence.refusal(step_id, Refusal.NO_RIGHT, "revoke_invitation", proof, str(error))


def _unreadable(step_id: str, method: str, why: str) -> Presence:
    return Presence(step_id, Sight.UNREADABLE, evidence.without_call(method), why)
