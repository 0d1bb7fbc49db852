"""A stored step as a call to its connector, and as an entry of the log."""

from __future__ import annotations

from collections.abc import Sequence

from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.tables import StepRow
from bot.values import account_from_plain, group_from_plain, way_from_plain
from connectors.contract import (
    ChatConnector,
    ClosesTheWayBack,
    Closing,
    DeactivatesAccounts,
    EndsSessions,
    Presence,
    Promotion,
    Result,
    Revocation,
    TransfersOwnership,
)
from connectors.errors import NotSupported
from connectors.many import AccountStep, DeactivatesManyAccounts, EndsManySessions, ReadsManyAccounts
from policies.model import Manner, Membership, Role, StepAction


def membership_of(step: StepRow) -> Membership:
    """Give the membership a step is about; raises ValueError for an act on an account."""
    group = group_from_plain(step.group)
    if group is None:
        raise ValueError(f"step {step.id} ({step.action}) has no group")
    return Membership(account_from_plain(step.account), group, Role(step.role))


def revocation(step: StepRow, *, may_join: bool = False) -> Revocation:
    """Give the connector's value; the account id is taken from the row, and compared again there."""
    return Revocation(step.id, step.account_id, membership_of(step), Manner(step.manner), may_join)


def promotion(step: StepRow) -> Promotion:
    """Give a hand-over as the connector's value; raises ValueError where the row is not one."""
    group = group_from_plain(step.group)
    if group is None or not step.target:
        raise ValueError(f"step {step.id} ({step.action}) names no group, or nobody who goes")
    return Promotion(step.id, account_from_plain(step.account), group, str(step.target["leaver"]))


def closing(step: StepRow) -> Closing:
    """Give a way back to close as the connector's value; raises ValueError where the row is not one."""
    way = way_from_plain(step.target)
    if way is None:
        raise ValueError(f"step {step.id} ({step.action}) names nothing to close")
    return Closing(step.id, account_from_plain(step.account), way)


async def act(connector: ChatConnector, steps: Sequence[StepRow], *, may_join: bool) -> Sequence[Result]:
    """Carry out steps of one kind; raises ConnectorError if and only if nothing was sent."""
    kind = StepAction(steps[0].action)
    if kind is StepAction.REVOKE:
        return await connector.revoke([revocation(step, may_join=may_join) for step in steps])
    if kind is StepAction.DEACTIVATE and isinstance(connector, DeactivatesManyAccounts):
        return await connector.deactivate_all(_accounts(steps))
    if kind is StepAction.END_SESSIONS and isinstance(connector, EndsManySessions):
        return await connector.end_sessions_of(_accounts(steps))
    step, account = steps[0], account_from_plain(steps[0].account)
    if kind is StepAction.DEACTIVATE and isinstance(connector, DeactivatesAccounts):
        return [await connector.deactivate(step.id, account)]
    if kind is StepAction.END_SESSIONS and isinstance(connector, EndsSessions):
        return [await connector.end_sessions(step.id, account)]
    if kind is StepAction.HAND_OVER and isinstance(connector, TransfersOwnership):
        return [await connector.promote(promotion(step))]
    if kind is StepAction.CLOSE_WAY_BACK and isinstance(connector, ClosesTheWayBack):
        return [await connector.close_way_back(closing(step))]
    raise NotSupported(f"{connector.instance} cannot {kind}")


async def look(connector: ChatConnector, steps: Sequence[StepRow]) -> Sequence[Presence]:
    """Read back steps of one kind; raises ConnectorError where nothing could be read."""
    kind = StepAction(steps[0].action)
    if kind is StepAction.REVOKE:
        return await connector.read_back([revocation(step) for step in steps])
    if kind is StepAction.DEACTIVATE and isinstance(connector, ReadsManyAccounts):
        return await connector.accounts_active(_accounts(steps))
    if kind is StepAction.END_SESSIONS and isinstance(connector, EndsManySessions):
        return await connector.sessions_open_of(_accounts(steps))
    if kind is StepAction.DEACTIVATE and isinstance(connector, DeactivatesAccounts):
        return [await connector.account_active(s.id, account_from_plain(s.account)) for s in steps]
    if kind is StepAction.END_SESSIONS and isinstance(connector, EndsSessions):
        return [await connector.sessions_open(s.id, account_from_plain(s.account)) for s in steps]
    if kind is StepAction.HAND_OVER and isinstance(connector, TransfersOwnership):
        return [await connector.sole_ownership(promotion(step)) for step in steps]
    if kind is StepAction.CLOSE_WAY_BACK and isinstance(connector, ClosesTheWayBack):
        return [await connector.way_back_open(closing(step)) for step in steps]
    raise NotSupported(f"{connector.instance} cannot read back {kind}")


def _accounts(steps: Sequence[StepRow]) -> list[AccountStep]:
    return [AccountStep(step.id, account_from_plain(step.account)) for step in steps]


def record_entry(step: StepRow, action: Action, *, said: str = "", because: str = "") -> Entry:
    """Describe where a step stands now; the account goes under the person's own key."""
    detail: dict[str, object] = {"do": step.action, "attempt": step.attempts}
    optional = {"said": said, "because": because, "refusal": step.refusal, "remedy": step.remedy}
    detail |= {name: value for name, value in optional.items() if value}
    personal = {"account": step.account_id} | ({"successor": step.successor_id} if step.successor_id else {})
    return Entry(
        action=action,
        actor="bawab",
        outcome=step.state,
        person_id=step.person_id,
        case_id=step.case_id,
        step_id=step.id,
        run_id=step.run_id,
        instance=step.instance,
        platform=step.platform,
        group_id=step.group_id or None,
        group_name=(step.group or {}).get("name"),
        rule=step.rule,
        quality=step.quality,
        request_id=step.request_id or None,
        detail=detail,
        personal=personal,
    )
