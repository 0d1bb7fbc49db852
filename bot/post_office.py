"""Settings into what carries messages and nothing else: the mail server, workflows of Teams, webhooks."""

from __future__ import annotations

from typing import Protocol

from bot.settings import Settings
from connectors.messages import Message, NoticeReceipt


class Post(Protocol):
    """A connector that carries messages, and is closed at the end."""

    @property
    def platform(self) -> str:
        """`mail`, `cards` or `hook`."""
        ...

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Send one message."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


def build_posts(settings: Settings, *, read_only: bool) -> dict[str, Post]:
    """Build one for each that is configured, by its name: `email`, the workflows', the webhooks'."""
    return {}
