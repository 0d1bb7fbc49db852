"""Who could take over the groups whose last owner goes: from the registry and the directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.notices.recipients import is_present
from bot.states import CASE_OPEN
from bot.store.people import links_of, person
from bot.store.query import columns, where
from bot.store.tables import CaseRow
from connectors.contract import ChatConnector
from policies.identity import match
from policies.model import (
    Account,
    AccountKind,
    Certainty,
    EventKind,
    Group,
    IdentityLink,
    Membership,
    Person,
)
from policies.rules import Successor
from policies.selectors import registered, registry_of
from policies.succession import Candidate

GOING = frozenset({EventKind.LEAVER, EventKind.CONTRACTOR_END})
GroupKey = tuple[str, str]


async def candidates_for(
    app: Bawab, connector: ChatConnector, leaver: Person, memberships: Sequence[Membership]
) -> Mapping[GroupKey, Sequence[Candidate]]:
    """Give, for each group the person is the last owner of, who could take it over.

    The platform is asked for each candidate's account once. Raises ConnectorError where it cannot be read.
    """
    alone = [membership.group for membership in memberships if membership.sole_owner]
    if not alone:
        return {}
    named = {group: tuple(_named(app, group, leaver)) for group in alone}
    known: dict[str, tuple[bool, Account | None]] = {}
    for person_id in sorted({who for parts in named.values() for _, who in parts}):
        known[person_id] = await _known(app, connector, person_id)
    return {
        (group.instance, group.id): tuple(Candidate(part, who, *known[who]) for part, who in parts)
        for group, parts in named.items()
    }


def _named(app: Bawab, group: Group, leaver: Person) -> Iterator[tuple[Successor, str]]:
    """The registered owner comes before the deputy: on the platform they may be no owner yet."""
    row = registered(group, registry_of(app.registry))
    owners = (row.owner_id, row.deputy_id) if row else ()
    yield from ((Successor.DEPUTY, who) for who in owners if who and who != leaver.id)
    if leaver.post.manager_id and leaver.post.manager_id != leaver.id:
        yield Successor.MANAGER, leaver.post.manager_id


async def _known(app: Bawab, connector: ChatConnector, person_id: str) -> tuple[bool, Account | None]:
    async with app.store.read() as tx:
        present = await stays(app, tx, person_id)
        links = await links_of(tx, person_id, connector.instance) if present else []
    return present, await _account(connector, person_id, links) if links else None


async def stays(app: Bawab, tx: AsyncConnection, person_id: str) -> bool:
    """Whether somebody is with the company, with no last day ahead and no departure under way."""
    known = await person(tx, person_id)
    if known is None or known.last_day is not None:
        return False
    if not is_present(known, app.now(), app.settings.time_zone or "UTC"):
        return False
    cases = columns(CaseRow)
    leaving = [cases.person_id == person_id, cases.kind.in_(GOING), cases.state.in_(CASE_OPEN)]
    return not await where(tx, CaseRow, *leaving)


async def _account(connector: ChatConnector, person_id: str, links: Sequence[IdentityLink]) -> Account | None:
    """Give the one account that is certainly theirs; of two, none: nobody is made owner on a guess."""
    own = tuple(sorted((link.instance, link.account_id) for link in links if link.person_id == person_id))
    asked = Person(person_id, "", account_ids=own)
    wanted = {account_id for _, account_id in own}
    found = [account async for account in connector.accounts(asked) if account.id in wanted]
    sure = [
        matched.account
        for matched in match(asked, found, links)
        if matched.certainty is Certainty.CERTAIN
        and matched.account.active
        and matched.account.kind is AccountKind.MEMBER
    ]
    return sure[0] if len(sure) == 1 else None
