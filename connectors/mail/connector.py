"""The mail connector: one message to one reader; a mail can neither be looked for nor changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parseaddr

from connectors.errors import Forbidden, NotSupported, Unavailable
from connectors.mail.config import MailConfig
from connectors.mail.conversation import AnswerLost, Refusal, deliver
from connectors.mail.letter import is_address, letter
from connectors.messages import Message, NoticeOutcome, NoticeReceipt


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MailConnector:
    """Sends by one server; nothing is open between two messages."""

    platform = "mail"
    readers: frozenset[str] = frozenset()

    def __init__(self, config: MailConfig, now: Callable[[], datetime] = _utc_now) -> None:
        self._config = config
        self._now = now

    def __repr__(self) -> str:
        return f"MailConnector({self._config.instance!r})"

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Send one mail to one address; its Message-ID is the notice's, so a second copy is known as one.

        Raises Unavailable, BadCredentials, ConnectorError or Forbidden where surely nothing was sent.
        """
        config = self._config
        if not is_address(account_id):
            return NoticeReceipt(NoticeOutcome.UNDELIVERABLE, detail="not one plain mail address")
        if config.read_only:
            raise Forbidden(
                f"{config.instance}: sending a mail writes, and this is a dry run; nothing was sent"
            )
        if config.tls == "none" and config.username is not None and not config.on_this_machine:
            raise Forbidden(f"{config.instance}: a password goes to another machine only encrypted; set TLS")
        mail = letter(message, sender=config.sender, to=account_id, key=key, at=self._now())
        try:
            refused = await deliver(config, parseaddr(config.sender)[1], account_id, mail)
        except AnswerLost as error:
            return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=str(error))
        except Unavailable as error:
            return NoticeReceipt(NoticeOutcome.RETRY, detail=str(error), retry_after=error.retry_after)
        return _receipt(refused, key)

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:  # noqa: ARG002 - the contract's form
        """Raise NotSupported: nobody can look into another's mailbox."""
        raise NotSupported(f"{self._config.instance}: a mail cannot be looked for once it is sent")

    async def aclose(self) -> None:
        """Nothing is open."""


def _receipt(refused: Refusal | None, key: str) -> NoticeReceipt:
    if refused is None:
        return NoticeReceipt(NoticeOutcome.SENT, reference=key)
    outcome = NoticeOutcome.RETRY if refused.for_now else NoticeOutcome.UNDELIVERABLE
    return NoticeReceipt(outcome, detail=f"the mail server answered {refused.code}")
