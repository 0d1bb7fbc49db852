"""Channels a message can take: who runs each, in which order they are tried, and which are independent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from connectors.contract import Capabilities
from connectors.messages import Notifies, UpdatesNotices

EMAIL, TEAMS, WEBHOOK = "email", "teams", "webhook"
_CHANNELS: Mapping[str, tuple[str, str]] = {
    "slack": ("slack", "slack"),
    "telegram": ("telegram", "telegram"),
    "teams": (TEAMS, "microsoft"),
    "cards": (TEAMS, "microsoft"),
    "whatsapp": ("whatsapp", "meta"),
    "messenger": ("messenger", "meta"),
    "instagram": ("instagram", "meta"),
    "mail": (EMAIL, EMAIL),
    "hook": (WEBHOOK, "own"),
}
"""By platform: the word settings and people use for the kind of channel, and who operates it.

Meta's apps go down together, so they count as one operator (the outage of 4 October 2021 took all of them).
"""


@runtime_checkable
class Posts(Protocol):
    """A connector that carries messages and nothing else: mail, a workflow of Teams, a webhook."""

    @property
    def platform(self) -> str:
        """`mail`, `cards` or `hook`."""
        ...

    @property
    def readers(self) -> frozenset[str]:
        """Employee ids of everybody who reads what it posts; empty where each message has its own reader."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to somebody: an instance of a chat platform, the mail server, a workflow, a webhook."""

    name: str
    kind: str
    """slack | telegram | teams | email | webhook | whatsapp …: what settings and preferences name."""
    operator: str
    """slack, telegram, microsoft, meta, email, own: channels of one operator fail together."""
    post: Notifies
    hears: bool = True
    """Whether a pressed button reaches Bawab; without it messages carry links and commands instead."""
    readers: frozenset[str] = frozenset()
    addressed: Literal["account", "mail", "person"] = "account"
    """By a linked account; by a work address; or by whatever the receiver knows people by."""

    @property
    def updates(self) -> UpdatesNotices | None:
        """What can change a message that was sent, where the channel can."""
        return self.post if isinstance(self.post, UpdatesNotices) else None


def channels_of(connectors: Mapping[str, object], deaf: Collection[str] = ()) -> dict[str, Channel]:
    """Give a channel for each connector that carries messages; from the `deaf` no press comes back."""
    return {name: _channel(name, one, deaf) for name, one in connectors.items() if isinstance(one, Notifies)}


def _channel(name: str, post: Notifies, deaf: Collection[str]) -> Channel:
    kind, operator = kind_and_operator(platform_of(name, post))
    if isinstance(post, Posts):
        by: Literal["mail", "person"] = "mail" if kind == EMAIL else "person"
        return Channel(name, kind, operator, post, hears=False, readers=post.readers, addressed=by)
    return Channel(name, kind, operator, post, hears=name not in deaf)


def platform_of(name: str, connector: object) -> str:
    """Give the platform of a connector; its own name where it does not say."""
    if isinstance(connector, Posts):
        return connector.platform
    told = getattr(connector, "capabilities", None)
    return told.platform if isinstance(told, Capabilities) else name


def kind_and_operator(platform: str) -> tuple[str, str]:
    """Give the kind of channel of a platform, and who runs it; an unknown one is its own operator."""
    return _CHANNELS.get(platform, (platform, platform))


def in_order(
    channels: Iterable[Channel], wanted: Sequence[str] | None, allowed: Sequence[str]
) -> tuple[Channel, ...]:
    """Put the allowed channels in somebody's order: what they want first, then the installation's order.

    A word is a kind of channel or the name of one. What is in neither list is not used.
    """
    known = sorted(channels, key=lambda channel: channel.name)
    may = [channel for word in allowed for channel in known if word in (channel.name, channel.kind)]
    first = [channel for word in wanted or () for channel in may if word in (channel.name, channel.kind)]
    return tuple(dict.fromkeys([*first, *may]))


def two_independent(channels: Sequence[Channel], changed: Collection[str]) -> tuple[Channel, ...]:
    """Choose the channels of something that must arrive: two operators where there are two.

    `changed` names the operators of what is being changed: where there is any other, one of the two is it.
    """
    if not channels:
        return ()
    first = channels[0]
    others = [channel for channel in channels if channel.operator != first.operator]
    outside = [channel for channel in others if channel.operator not in changed]
    chosen = outside if first.operator in changed and outside else others
    return (first, *chosen[:1])
