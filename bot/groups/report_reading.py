"""The groups of every platform read afresh into memory; what cannot be read is said, never forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.app import Bawab
from bot.groups.memory import known_groups, listed
from connectors.contract import ChatConnector
from connectors.errors import ConnectorError
from policies.model import Gap, Group, GroupKind

Progress = Callable[[int, int], None]
"""Called with how many are done, and of how many."""

_NONE: frozenset[GroupKind] = frozenset()
_CHATS = frozenset({GroupKind.CHAT, GroupKind.GROUP_CHAT})
_PRIVATE = frozenset({GroupKind.PRIVATE_CHANNEL})
HIDES: dict[str, frozenset[GroupKind]] = {
    "private_channel_unseen": _PRIVATE,
    "private_channels_unseen": _PRIVATE,
    "user_groups_unseen": frozenset({GroupKind.USER_GROUP}),
    "chats_unreadable": _CHATS,
    "group_chats_unlisted": _CHATS,
    "channel_managers_unseen": _NONE,
    "connect_invite_pending": _NONE,
    "connect_invites_unknown": _NONE,
    "connect_requests_unknown": _NONE,
    "invite_requests_unknown": _NONE,
    "links_of_others": _NONE,
    "members_unknown": _NONE,
    "members_unseen": _NONE,
}
"""Which kinds of group a gap without a group's id may hide; one that is not named here may hide any."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One instance as it was read now; `error` where it could not be, and the memory stands as it was."""

    instance: str
    platform: str
    groups: int = 0
    gaps: tuple[Gap, ...] = ()
    error: ConnectorError | None = None


async def read_groups(
    app: Bawab, instances: Sequence[str] | None = None, *, progress: Progress | None = None
) -> list[Reading]:
    """Read the groups of these instances (None: of all), and remember them.

    A group that a complete listing no longer shows is marked as gone; one that may only be hidden is not.
    """
    names = sorted(app.chat if instances is None else set(instances) & set(app.chat))
    found = []
    for done, name in enumerate(names):
        if progress is not None:
            progress(done, len(names))
        found.append(await _read(app, app.chat[name]))
    return found


async def _read(app: Bawab, connector: ChatConnector) -> Reading:
    name, able = connector.instance, connector.capabilities
    async with app.store.read() as tx:
        known = await known_groups(tx, name)
    try:
        seen = [each async for each in connector.groups(known)]
    except ConnectorError as error:
        return Reading(name, able.platform, error=error)
    groups = [each for each in seen if isinstance(each, Group)]
    gaps = [each for each in seen if isinstance(each, Gap)]
    gone = _gone(known.groups, groups, gaps) if able.lists_groups else []
    async with app.store.write() as tx:
        await listed(app, tx, name, groups, gone)
    return Reading(name, able.platform, len(groups), tuple(gaps))


def _gone(known: Sequence[Group], seen: Sequence[Group], gaps: Sequence[Gap]) -> list[Group]:
    """Those the listing would have shown if they were still there."""
    blind = {gap.group_id for gap in gaps}
    shown = {group.id for group in seen} | blind
    hidden: set[GroupKind] = set()
    for gap in gaps:
        if gap.group_id is None:
            hidden |= HIDES.get(gap.reason, frozenset(GroupKind))
    return [
        group
        for group in known
        if group.id not in shown
        and group.kind not in hidden
        and (group.parent_id is None or group.parent_id not in blind)
    ]
