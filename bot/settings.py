"""Every setting, typed, from the environment or a `.env` file; secrets also from files."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.setting_parts import (
    CardsSettings,
    ConsoleSettings,
    NoticeSettings,
    OidcSettings,
    Part,
    SettingsProblem,
    SmtpSettings,
    WebhookSettings,
    WorkersSettings,
    read_secret,
)

__all__ = ["NoticeSettings", "Settings", "SettingsProblem", "load_settings"]


def _known_zone(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not an IANA time zone; write one such as Asia/Riyadh") from None
    return value


def _address(value: str | None) -> str | None:
    """Insist on `host:port`, a host in brackets where it is an IPv6 address."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(f"{value!r} is not host:port; write an address such as 127.0.0.1:8080")
    return value


class HrFeed(Part):
    """One CSV or XLSX drop."""

    path: Path
    mode: Literal["snapshot", "delta"] = "snapshot"
    date_format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    status_values: dict[str, str] = Field(default_factory=dict)
    exit_types: dict[str, str] = Field(default_factory=dict)
    canaries: list[str] = Field(default_factory=list)
    settle_seconds: float = 2.0


class SlackInstance(Part):
    """One Slack workspace or Enterprise organisation."""

    bot_token: SecretStr | None = None
    bot_token_file: Path | None = None
    admin_token: SecretStr | None = None
    admin_token_file: Path | None = None
    signing_secret: SecretStr | None = None
    signing_secret_file: Path | None = None
    app_token: SecretStr | None = None
    app_token_file: Path | None = None
    """xapp-…, with connections:write: Slack is then heard by Socket Mode, without a public address."""
    team_id: str | None = None
    base_url: str = "https://slack.com/api/"
    scim_url: str = "https://api.slack.com/scim/v1/"
    pace_scale: float = 1.0
    timeout_seconds: float = 20.0
    backoff_seconds: float = 0.5

    @model_validator(mode="after")
    def _has_token(self) -> SlackInstance:
        if self.bot_token is None and self.bot_token_file is None:
            raise ValueError("set BOT_TOKEN (xoxb-…) or BOT_TOKEN_FILE")
        return self

    def bot(self) -> str:
        """Read the bot token, from the variable or the file."""
        return read_secret(self.bot_token, self.bot_token_file) or ""

    def admin(self) -> str | None:
        """Read the admin token, if one is set."""
        return read_secret(self.admin_token, self.admin_token_file)

    def signing(self) -> str | None:
        """Read the signing secret, if one is set; without it none of its events is taken over HTTP."""
        return read_secret(self.signing_secret, self.signing_secret_file) or None

    def app(self) -> str | None:
        """Read the app-level token, if one is set; with it Socket Mode is used."""
        return read_secret(self.app_token, self.app_token_file) or None


class TelegramInstance(Part):
    """One Telegram bot."""

    bot_token: SecretStr | None = None
    bot_token_file: Path | None = None
    updates: Literal["poll", "webhook", "off"] = "poll"
    """How the bot hears of groups and joins. Telegram allows one listener for each token."""
    webhook_url: str | None = None
    """Where Telegram reaches us, https, without the path; only for `webhook`."""
    webhook_secret: SecretStr | None = None
    webhook_secret_file: Path | None = None
    base_url: str = "https://api.telegram.org"
    pace_scale: float = 1.0
    timeout_seconds: float = 30.0
    backoff_seconds: float = 0.5

    @model_validator(mode="after")
    def _is_whole(self) -> TelegramInstance:
        if self.bot_token is None and self.bot_token_file is None:
            raise ValueError("set BOT_TOKEN (123456:ABC…, from @BotFather) or BOT_TOKEN_FILE")
        secret = self.webhook_secret or self.webhook_secret_file
        if self.updates == "webhook" and (self.webhook_url is None or secret is None):
            raise ValueError("UPDATES=webhook needs WEBHOOK_URL and WEBHOOK_SECRET (or WEBHOOK_SECRET_FILE)")
        return self

    def bot(self) -> str:
        """Read the bot token, from the variable or the file."""
        return read_secret(self.bot_token, self.bot_token_file) or ""

    def webhook(self) -> str | None:
        """Read the webhook's secret, if one is set; without it no update is taken from outside."""
        return read_secret(self.webhook_secret, self.webhook_secret_file) or None


class TeamsInstance(Part):
    """One Microsoft tenant: Teams, group chats, Microsoft 365 and security groups."""

    tenant_id: str
    client_id: str
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    notification_url: str | None = None
    """Where Graph reaches us, https, without the path; with BAWAB_LISTEN, changes are then heard at once."""
    base_url: str = "https://graph.microsoft.com/v1.0"
    login_url: str = "https://login.microsoftonline.com"
    pace_scale: float = 1.0
    timeout_seconds: float = 30.0
    backoff_seconds: float = 0.5

    @model_validator(mode="after")
    def _hasread_secret(self) -> TeamsInstance:
        if self.client_secret is None and self.client_secret_file is None:
            raise ValueError("set CLIENT_SECRET (of the app registration) or CLIENT_SECRET_FILE")
        return self

    def secret(self) -> str:
        """Read the client secret, from the variable or the file."""
        return read_secret(self.client_secret, self.client_secret_file) or ""


class ManualInstance(Part):
    """Groups without an API: each removal becomes a task for a named person."""

    platform: Literal["whatsapp", "messenger", "instagram", "snapchat", "x"] = "whatsapp"
    title: str = ""


class RunLimits(Part):
    """Run guards; the numbers and their reasons stand in `policies.thresholds`."""

    run_count: int | None = None
    run_percent: int | None = None
    run_ceiling: int | None = None
    day_count: int | None = None
    day_percent: int | None = None
    day_ceiling: int | None = None
    group_count: int | None = None
    group_percent: int | None = None


class Settings(BaseSettings):
    """What Bawab is told from outside. Every variable starts with BAWAB_; `__` separates levels."""

    model_config = SettingsConfigDict(
        env_prefix="BAWAB_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )

    data_dir: Path = Path("data")
    database_url: str | None = None
    policies: Path | None = None
    registry: Path | None = None
    witness: Path | None = None
    time_zone: Annotated[str | None, AfterValidator(_known_zone)] = None
    language: Literal["en", "ar"] = "en"
    it_contact: str | None = None
    listen: Annotated[str | None, AfterValidator(_address)] = None
    """Where events are listened for, as host:port; None: nowhere."""
    tick_seconds: float = Field(default=2.0, gt=0)
    settle_seconds: float | None = None
    hr: dict[str, HrFeed] = Field(default_factory=dict)
    slack: dict[str, SlackInstance] = Field(default_factory=dict)
    telegram: dict[str, TelegramInstance] = Field(default_factory=dict)
    teams: dict[str, TeamsInstance] = Field(default_factory=dict)
    manual: dict[str, ManualInstance] = Field(default_factory=dict)
    limits: RunLimits = RunLimits()
    notices: NoticeSettings = NoticeSettings()
    staff: Path | None = None
    """The file that names who has which role, where no identity provider says so."""
    console: ConsoleSettings = ConsoleSettings()
    oidc: OidcSettings | None = None
    smtp: SmtpSettings | None = None
    cards: dict[str, CardsSettings] = Field(default_factory=dict)
    webhooks: dict[str, WebhookSettings] = Field(default_factory=dict)
    workers: WorkersSettings = WorkersSettings()
    recheck_after: list[timedelta] = Field(
        default_factory=lambda: [timedelta(hours=1), timedelta(days=1), timedelta(days=7)]
    )
    reconcile_every: timedelta = Field(default=timedelta(days=1), gt=timedelta(0))
    """How often everybody who must be out is compared with what the platforms show."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Settings:
        counted = Counter(self.instance_names)
        twice = sorted(name for name, times in counted.items() if times > 1)
        if twice:
            raise ValueError(f"two connector instances share the name {twice}")
        return self

    @property
    def instance_names(self) -> tuple[str, ...]:
        """The configured name of every workspace, bot, tenant and manual platform."""
        return (*self.slack, *self.telegram, *self.teams, *self.manual)

    @property
    def database(self) -> str:
        """The database URL; the embedded SQLite file unless one is set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'bawab.db'}"


def load_settings(env_file: Path | None = None) -> Settings:
    """Read the settings; raises SettingsProblem naming each variable and what is wrong with it."""
    try:
        return Settings(_env_file=env_file) if env_file else Settings()
    except ValidationError as error:
        lines = [f"{_variable(part['loc'])}: {part['msg']}" for part in error.errors()]
        raise SettingsProblem("\n".join(lines)) from None


def _variable(location: tuple[int | str, ...]) -> str:
    return "BAWAB_" + "__".join(str(part).upper() for part in location)
