"""A mail server on loopback that takes, refuses, hangs up: aiosmtpd, with what arrived kept."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.mail import MailConfig, MailConnector

SENDER = "Bawab <bawab@corp.test>"
USER, PASSWORD = "bawab", "a-password-for-tests"
Replies = dict[str, str]


@dataclass
class Post:  # without slots: aiosmtpd walks over every member, which trips Python 3.11.2 on a slotted class
    """What the server took, and what it answers instead of taking: by command, in turn."""

    port: int = 0
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    hang_up_after_data: bool = False
    raw: list[bytes] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if planned := self.refuse.get("RCPT"):
            return planned.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if planned := self.refuse.get("MAIL"):
            return planned.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if planned := self.refuse.get("DATA"):
            return planned.pop(0)
        content = envelope.original_content or b""
        self.raw.append(content)
        parsed = BytesParser(EmailMessage, policy=default).parsebytes(content)
        self.mails.extend((to, parsed) for to in envelope.rcpt_tos)
        if self.hang_up_after_data and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 OK"


def _authenticator(
    _server: SMTP, _session: Session, _envelope: Envelope, _way: str, given: Any
) -> AuthResult:
    known = isinstance(given, LoginPassword) and given == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@asynccontextmanager
async def mail_server(
    post: Post | None = None, *, tls: str = "none", certificate: Path | None = None, auth: bool = False
) -> AsyncIterator[Post]:
    """Serve on a free loopback port while the block runs."""
    post = post or Post()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    def protocol() -> SMTP:
        return SMTP(
            post,
            hostname="mail.corp.test",
            tls_context=context if tls == "starttls" else None,
            auth_require_tls=False,
            authenticator=_authenticator if auth else None,
            loop=asyncio.get_running_loop(),
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", post.port, ssl=context if tls == "tls" else None)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        await server.wait_closed()


def connector(post: Post, **more: Any) -> MailConnector:
    """A connector to the server, unencrypted unless said otherwise."""
    given: dict[str, Any] = {
        "instance": "email",
        "host": "127.0.0.1",
        "port": post.port,
        "sender": SENDER,
        "tls": "none",
        "timeout_seconds": 3.0,
    }
    return MailConnector(MailConfig(**given | more))
