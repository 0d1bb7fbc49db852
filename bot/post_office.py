"""Settings into what carries messages and nothing else: the mail server, workflows of Teams, webhooks."""

from __future__ import annotations

from typing import Protocol

from bot.setting_parts import CardsSettings, SmtpSettings, WebhookSettings
from bot.settings import Settings
from connectors.messages import Message, NoticeReceipt

EMAIL = "email"
"""The name of the one mail server, as a channel."""


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
    """Build one for each that is configured, by its name: `email`, the workflows', the webhooks'.

    Raises SettingsProblem where a secret's file cannot be read.
    """
    built: dict[str, Post] = {}
    if settings.smtp is not None:
        built[EMAIL] = _mail(settings.smtp, read_only=read_only)
    for name, flow in settings.cards.items():
        built[name] = _cards(name, flow, read_only=read_only)
    for name, hook in settings.webhooks.items():
        if hook.notices:
            built[name] = _hook(name, hook, read_only=read_only)
    return built


def _mail(smtp: SmtpSettings, *, read_only: bool) -> Post:
    # Imported late, each of them: whoever sends none of a kind does not load its library.
    from connectors.mail import MailConfig, MailConnector  # noqa: PLC0415

    config = MailConfig(
        instance=EMAIL,
        host=smtp.host,
        port=smtp.port,
        sender=smtp.sender,
        tls=smtp.tls,
        username=smtp.username,
        password=smtp.secret(),
        ca_file=smtp.ca_file,
        timeout_seconds=smtp.timeout_seconds,
        read_only=read_only,
    )
    return MailConnector(config)


def _cards(name: str, flow: CardsSettings, *, read_only: bool) -> Post:
    from connectors.cards import CardsConfig, CardsConnector  # noqa: PLC0415 - as above

    return CardsConnector(CardsConfig(name, flow.address(), frozenset(flow.people), read_only=read_only))


def _hook(name: str, hook: WebhookSettings, *, read_only: bool) -> Post:
    from connectors.hook import HookConfig, HookConnector  # noqa: PLC0415 - as above

    return HookConnector(HookConfig(name, hook.url, hook.signing(), read_only=read_only))
