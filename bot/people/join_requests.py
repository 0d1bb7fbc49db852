"""Who asks to join a group: let in, turned away, or left to the group's admins; HR's record decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import LEAVING, PAST
from bot.groups.memory import known_groups
from bot.holds import first_run_is_open
from bot.states import CaseState, StepState
from bot.store.people import is_doubted, link_value, stated_for
from bot.store.people import person as record_of
from bot.store.query import add, change, columns, one, where
from bot.store.tables import CaseRow, LinkRow, MetaRow, StepRow
from bot.values import event_from_plain
from policies.identity import match
from policies.model import (
    Account,
    Certainty,
    EventKind,
    Group,
    GroupKind,
    IdentityLink,
    Person,
    PersonStatus,
    Post,
    Sensitivity,
    StepAction,
)
from policies.selectors import belongs, covers, registered, registry_of


class Decision(StrEnum):
    """What to do with a request."""

    APPROVE = "approve"
    DECLINE = "decline"
    ASK = "ask"
    """Nothing is done: the request stays with the group's admins."""


class Said(StrEnum):
    """What the platform said to an approval or a refusal."""

    DONE = "done"
    HANDLED = "already_handled"
    """Somebody else was quicker, or we were, before a crash."""
    REFUSED = "refused"
    """The bot may not: the request stays with the group's admins."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to join; `asked_at` tells it from the next one of the same account."""

    instance: str
    platform: str
    group_id: str
    group_name: str
    account_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is known of whoever asks: the links that touch the account, and HR's record of its person."""

    account: Account
    links: tuple[IdentityLink, ...] = ()
    person: Person | None = None
    """Of the one person the account is linked to; None where it is nobody's, or several people's."""
    leaving: bool = False
    """A departure is under way, or was carried out and not taken back."""
    moved_out: bool = False
    """A move took them out of this very group, and they are not back in the post they left."""
    not_theirs: str = ""
    """Why this group is no matter of course for them: a stable key. Empty where it is open to everybody."""


class Gate(Protocol):
    """The platform's side; each raises a ConnectorError where nothing was sent, and is safe to repeat."""

    async def approve(self, request: Request) -> Said:
        """Let the account in."""
        ...

    async def decline(self, request: Request) -> Said:
        """Turn the account away."""
        ...


def decide(applicant: Applicant) -> tuple[Decision, str]:
    """Decide on a request, and say why by a stable key; whatever is not beyond doubt is asked."""
    person = applicant.person
    if not applicant.links:
        return Decision.ASK, "unknown_account"
    if person is None or _certainty(applicant, person) is not Certainty.CERTAIN:
        return Decision.ASK, "doubtful_account"
    if person.status is PersonStatus.TERMINATED:
        return Decision.DECLINE, "departed"
    if applicant.leaving:
        return Decision.ASK, "leaving"
    if person.status is PersonStatus.ON_LEAVE:
        return Decision.ASK, "on_leave"
    if applicant.moved_out:
        return Decision.ASK, "moved_out"
    if applicant.not_theirs:
        return Decision.ASK, applicant.not_theirs
    return Decision.APPROVE, "present"


def _certainty(applicant: Applicant, person: Person) -> Certainty:
    found = match(person, [applicant.account], applicant.links)
    return found[0].certainty if found else Certainty.NONE


async def answer(app: Bawab, gate: Gate, request: Request) -> Decision | None:
    """Answer a request once, however often it is told of; None where it was answered before.

    What is to be done is stored first and done then, so that a crash between neither loses nor doubles it.
    Raises what the gate raises; told again, it goes on where it stopped.
    """
    async with app.store.write() as tx:
        meant = await _meant(app, tx, request)
    if meant is None:
        return None
    decision, why = Decision(meant["decision"]), str(meant["why"])
    said = await _carry_out(gate, request, decision)
    async with app.store.write() as tx:
        mine = columns(MetaRow).key == _key(request)
        before = await one(tx, MetaRow, mine)
        if before is None or before.value != meant:
            return None  # told of twice at once: the other one has recorded it
        await change(tx, MetaRow, {"value": {**meant, "said": said}}, mine)
        await app.audit.append(tx, _entry(request, decision, why, said, meant.get("person")))
    return decision


async def _meant(app: Bawab, tx: AsyncConnection, request: Request) -> dict[str, Any] | None:
    """Give what is to be done, as stored before or decided now; None where it is done."""
    before = await one(tx, MetaRow, columns(MetaRow).key == _key(request))
    stamp = request.asked_at.isoformat()
    if before is not None and before.value["asked_at"] == stamp and "said" in before.value:
        return None
    # Decided anew after a crash or an outage: what was right then may be wrong by now.
    applicant = await applicant_of(app, tx, request)
    observing = await first_run_is_open(tx)  # then nothing is done to anybody, on any platform
    decision, why = (Decision.ASK, "observing") if observing else decide(applicant)
    person = applicant.person.id if applicant.person else None
    meant = {"asked_at": stamp, "decision": str(decision), "why": why, "person": person}
    if before is None:
        await add(tx, MetaRow(key=_key(request), value=meant))
    else:
        await change(tx, MetaRow, {"value": meant}, columns(MetaRow).key == _key(request))
    return meant


def _key(request: Request) -> str:
    return f"join_request:{request.instance}:{request.group_id}:{request.account_id}"


async def _carry_out(gate: Gate, request: Request, decision: Decision) -> Said | None:
    if decision is Decision.APPROVE:
        return await gate.approve(request)
    return await gate.decline(request) if decision is Decision.DECLINE else None


async def applicant_of(app: Bawab, tx: AsyncConnection, request: Request) -> Applicant:
    """Read all that the decision rests on."""
    links = columns(LinkRow)
    touching = [links.instance == request.instance, links.account_id == request.account_id]
    found = tuple(link_value(row) for row in await where(tx, LinkRow, *touching))
    account = Account(request.instance, request.account_id)
    people = sorted({link.person_id for link in found} | set(await _stated(tx, request, found)))
    doubted = bool(people) and await is_doubted(tx, request.instance, request.account_id, people[0])
    person = await record_of(tx, people[0]) if len(people) == 1 and not doubted else None
    if person is None:
        return Applicant(account, found)
    cases = columns(CaseRow)
    ran = [cases.person_id == person.id, cases.state != CaseState.CANCELLED]
    known = await where(tx, CaseRow, *ran)
    return Applicant(
        account,
        found,
        person,
        leaving=any(case.kind in LEAVING and not case.event_key.startswith(PAST) for case in known),
        moved_out=await _moved_out(tx, request, person, known),
        not_theirs=await _not_theirs(app, tx, request, person),
    )


async def _stated(tx: AsyncConnection, request: Request, links: Sequence[IdentityLink]) -> list[str]:
    """HR's own word counts beside a link: of an account that is somebody else's by it, people decide."""
    return await stated_for(tx, request.instance, request.account_id) if links else []


async def _not_theirs(app: Bawab, tx: AsyncConnection, request: Request, person: Person) -> str:
    """A sensitive group, or one that policy maps to other posts, is nobody's by being employed."""
    group = await _group(tx, request)
    row = registered(group, registry_of(app.registry))
    if row is not None and row.sensitivity is Sensitivity.SENSITIVE:
        return "sensitive_group"
    mapped = [post for post in app.shelf.current.posts if covers(post.groups, group, row)]
    mine = belongs(app.shelf.current.posts, person.post, group, row)
    return "other_post" if mapped and not mine else ""


async def _group(tx: AsyncConnection, request: Request) -> Group:
    known = await known_groups(tx, request.instance)
    found = next((group for group in known.groups if group.id == request.group_id), None)
    return found or Group(
        request.instance, request.platform, request.group_id, request.group_name, GroupKind.SUPERGROUP
    )


async def _moved_out(tx: AsyncConnection, request: Request, person: Person, known: Sequence[CaseRow]) -> bool:
    moves = [case.id for case in known if case.kind == EventKind.MOVER and _left(case) != person.post]
    steps = columns(StepRow)
    taken = [steps.case_id.in_(moves), steps.instance == request.instance, steps.action == StepAction.REVOKE]
    same = [steps.group_id == request.group_id, steps.state != StepState.CANCELLED]
    return bool(moves) and await one(tx, StepRow, *taken, *same) is not None


def _left(case: CaseRow) -> Post | None:
    return event_from_plain(case.event).before


def _entry(request: Request, decision: Decision, why: str, said: Said | None, person_id: str | None) -> Entry:
    actions = {
        Decision.APPROVE: Action.JOIN_APPROVE,
        Decision.DECLINE: Action.JOIN_DECLINE,
        Decision.ASK: Action.JOIN_ASK,
    }
    stuck = said is Said.REFUSED
    return Entry(
        action=Action.JOIN_ASK if stuck else actions[decision],
        actor="bawab",
        outcome=said or "left_to_admins",
        person_id=person_id,
        instance=request.instance,
        platform=request.platform,
        group_id=request.group_id,
        group_name=request.group_name,
        detail={"why": why, "decided": decision},
        personal={"account": request.account_id} if person_id else None,
    )
