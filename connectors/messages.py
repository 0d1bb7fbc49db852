"""What a message to a person is made of, on every platform: passages, buttons under them, one language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Button:
    """Something the reader can do right there; `act` and `value` come back unchanged when it is pressed."""

    label: str
    act: str
    value: str
    """At most 48 bytes with `act` and a colon: Telegram carries no more (64) in a button."""
    style: Literal["plain", "primary", "danger"] = "plain"
    url: str | None = None
    """A link to open instead of an act."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph of a message, with the buttons that belong to it."""

    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What a notice says, in one language; plain text, never markup: each platform escapes it as it must."""

    passages: tuple[Passage, ...]
    language: str = "en"
    quiet: bool = True
    """Without a sound where the platform knows such a thing."""
    title: str = ""
    """A heading that names nobody, for channels that have one: the subject of a mail."""

    @property
    def text(self) -> str:
        """The whole as plain text, for channels without buttons and for previews."""
        return "\n\n".join(passage.text for passage in self.passages if passage.text)


def plain(text: str, language: str = "en") -> Message:
    """Give a message of one passage, without buttons."""
    return Message((Passage(text),), language)


class NoticeOutcome(StrEnum):
    """What became of a notice."""

    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    RETRY = "retry"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NoticeReceipt:
    """The platform's word on one notice; `reference` finds the message again."""

    outcome: NoticeOutcome
    reference: str = ""
    detail: str = ""
    retry_after: float | None = None


@runtime_checkable
class Notifies(Protocol):
    """Can write one message to one account."""

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Send it; `key` is the id of the notice, carried as metadata so that it can be found again.

        Raises what `connectors.errors` names where surely nothing was sent.
        """
        ...

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
        """Look for a notice whose answer was lost: `sent` with its reference, `retry` if surely not there.

        Raises NotSupported where the platform has no way to look.
        """
        ...


@runtime_checkable
class UpdatesNotices(Protocol):
    """Can show other words, and other buttons, in a message that was sent before."""

    async def update_notice(
        self, account_id: str, reference: str, message: Message, key: str
    ) -> NoticeReceipt:
        """Replace what the message says, its buttons too; safe to repeat.

        `undeliverable` where it is gone or cannot be changed any more; `retry` where it may be tried again.
        """
        ...
