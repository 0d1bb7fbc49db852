"""A message as mail: plain text and HTML side by side, links for buttons, the same Message-ID each time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from connectors.messages import Button, Message

_NO_ID = re.compile(r"[^A-Za-z0-9_-]")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
"""One plain address (RFC 5321, unquoted, ASCII): nothing that could begin another header."""


def is_address(text: str) -> bool:
    """Whether a text is one mail address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def letter(message: Message, *, sender: str, to: str, key: str, at: datetime) -> bytes:
    """Give the whole mail as it goes over the wire; `at` is aware.

    Raises ValueError where `to` or the sender is not one plain address, so that no header can be smuggled in.
    """
    name, address = parseaddr(sender)
    if not is_address(to) or not is_address(address):
        raise ValueError("not one plain mail address; nothing was sent")
    domain = address.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(_one_line(name), addr_spec=address)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = _one_line(message.title) or "Bawab"
    mail["Date"] = format_datetime(at.astimezone(UTC))
    mail["Message-ID"] = f"<{_NO_ID.sub('', key) or 'notice'}@{domain}>"
    mail["List-Id"] = f"Bawab notices <notices.bawab.{domain}>"
    # RFC 3834: nobody's out-of-office answers this, and no loop begins.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_text(message))
    mail.add_alternative(_html(message), subtype="html")
    # Set last: the parts above take every Content-… header that stands before them.
    mail["Content-Language"] = _one_line(message.language)
    return bytes(mail)


def _text(message: Message) -> str:
    parts: list[str] = []
    for passage in message.passages:
        links = [f"{_one_line(button.label)}: {button.url}" for button in _links(passage.buttons)]
        parts.append("\n".join([*([passage.text] if passage.text else []), *links]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(message: Message) -> str:
    direction = "rtl" if message.language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
    body = "".join(
        "".join(f'<p dir="auto">{escape(line)}</p>' for line in passage.text.splitlines() if line.strip())
        + "".join(f"<p>{_anchor(button)}</p>" for button in _links(passage.buttons))
        for passage in message.passages
    )
    return (
        f'<!doctype html><html lang="{escape(message.language)}" dir="{direction}"><head>'
        f'<meta charset="utf-8"><title>{escape(_one_line(message.title) or "Bawab")}</title></head>'
        f"<body>{body}</body></html>\n"
    )


def _links(buttons: Iterable[Button]) -> list[Button]:
    """Give what can be opened; what can only be pressed has no meaning in a mail."""
    return [one for one in buttons if one.url is not None and one.url.startswith(("https://", "http://"))]


def _anchor(button: Button) -> str:
    return f'<a href="{escape(button.url or "")}">{escape(button.label)}</a>'


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
