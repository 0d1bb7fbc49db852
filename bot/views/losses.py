"""Who would lose what, before anything happens: each membership with its role and by whom it is ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from bot.access.actor import Actor
from bot.app import Bawab
from bot.preview import Blind, Preview, PreviewRow, preview
from bot.reach import BY_HAND
from bot.release import Seen
from bot.store.query import columns, one
from bot.store.tables import CaseRow
from bot.views.case_lines import is_own
from bot.views.platforms import title_of
from policies.model import StepAction, Verdict
from policies.roles import Permission


@dataclass(frozen=True, slots=True)
class Loss:
    """One row: what becomes of one membership, or of the account itself."""

    instance: str
    group: str
    group_kind: str
    role: str
    action: str
    verdict: str
    """A `Verdict`, or `by_hand` for what becomes a task for a person."""
    why: str
    refusal: str | None
    task_for: str
    """By hand: the name of whoever would be asked; empty where nobody is named."""
    successor: str
    since_approval: bool


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be seen, and so is not in the rows."""

    instance: str
    title: str
    reason: str
    """A gap's reason, `unreadable` for a platform that did not answer, or `undecided`."""
    group: str
    detail: str
    """The platform's words, for who looks after connectors; of `undecided`, why."""


@dataclass(frozen=True, slots=True)
class PlatformLosses:
    """The rows of one platform."""

    instance: str
    title: str
    rows: tuple[Loss, ...]
    residual: str
    """What the person keeps there after a complete removal; empty where nothing is removed."""
    accounts: tuple[str, ...] = ()
    """Ids of the accounts concerned, for who looks after connectors; as many empty ones for others."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Everything one person would lose, by platform, and what nobody could see."""

    platforms: tuple[PlatformLosses, ...]
    unseen: tuple[Unseen, ...]
    seen: Seen
    """As a release binds it: case id → instance → group ids. For the act, never for a page."""
    ending: Mapping[str, frozenset[str]]
    """Instance → ids of the groups that end, by the bot or by hand. For the act, never for a page."""
    by_hand: int
    """How many of them only a person can end."""

    @property
    def rows(self) -> tuple[Loss, ...]:
        """Every row of every platform."""
        return tuple(row for platform in self.platforms for row in platform.rows)

    @property
    def count(self) -> int:
        """How many groups end, by the bot or by hand: what is typed to confirm."""
        return sum(map(len, self.ending.values()))

    @property
    def complete(self) -> bool:
        """Whether every platform could be read."""
        return not any(one.reason == "unreadable" for one in self.unseen)


def ends(row: Loss) -> bool:
    """Whether a row is a membership that ends, by the bot or by hand."""
    return row.action == StepAction.REVOKE and row.verdict in (Verdict.ACT, BY_HAND)


def _ending(rows: Iterable[PreviewRow], *verdicts: str) -> dict[str, frozenset[str]]:
    found = [row for row in rows if row.action == StepAction.REVOKE and row.verdict in verdicts]
    places = {row.instance for row in found}
    return {at: frozenset(row.group_id for row in found if row.instance == at) for at in places}


async def losses(app: Bawab, who: Actor, row: CaseRow) -> Losses:
    """Read every platform for one case, stored or only thought of; writes nothing anywhere."""
    return cut(app, who, await preview(app, [row]))


async def losses_of(app: Bawab, who: Actor, case_id: str) -> Losses | None:
    """Give who loses what by a case; None where there is none, or it is the reader's own."""
    who.must(Permission.CASE_READ)
    async with app.store.read() as tx:
        row = await one(tx, CaseRow, columns(CaseRow).id == case_id)
    return None if row is None or is_own(who, row) else await losses(app, who, row)


def cut(app: Bawab, who: Actor, found: Preview) -> Losses:
    """Give what a preview found, as this reader may see it."""
    technical = who.may(Permission.CONNECTOR_READ)
    platforms = []
    for instance, group in groupby(sorted(found.rows, key=_instance), _instance):
        rows = list(group)
        accounts = sorted({row.account_id for row in rows})
        platforms.append(
            PlatformLosses(
                instance,
                title_of(app, instance),
                tuple(_loss(row, technical=technical) for row in rows),
                found.residual.get(instance, ""),
                tuple(account if technical else "" for account in accounts),
            )
        )
    unseen = tuple(_unseen(app, blind, technical=technical) for blind in found.blind)
    return Losses(
        platforms=tuple(platforms),
        unseen=unseen,
        seen=found.seen(),
        ending=_ending(found.rows, Verdict.ACT, BY_HAND),
        by_hand=sum(map(len, _ending(found.rows, BY_HAND).values())),
    )


def _instance(row: PreviewRow) -> str:
    return row.instance


def _loss(row: PreviewRow, *, technical: bool) -> Loss:
    return Loss(
        instance=row.instance,
        group=row.group or (row.group_id if technical else ""),
        group_kind=row.group_kind,
        role=row.role,
        action=row.action,
        verdict=row.verdict,
        why=row.why,
        refusal=row.refusal,
        task_for=row.task_for,
        successor=row.successor,
        since_approval=row.since_approval,
    )


def _unseen(app: Bawab, blind: Blind, *, technical: bool) -> Unseen:
    said = technical or blind.reason == "undecided"
    group = blind.group_name or (blind.group_id if technical else "")
    title = title_of(app, blind.instance) if blind.instance else ""
    return Unseen(blind.instance, title, blind.reason, group, blind.detail if said else "")
