"""Settings of how people meet Bawab: console, sign-in, e-mail, cards, webhooks; secrets also from files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from policies.roles import Role


class SettingsProblem(Exception):
    """A setting is missing or wrong; every complaint names the variable and what to write."""


class Part(BaseModel):
    """A group of settings; an unknown name in it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConsoleSettings(Part):
    """The web console; it is served where BAWAB_LISTEN says so."""

    url: str | None = None
    """How people reach it, https, without a path at the end; stands in messages as the link to a case."""
    session_time: timedelta = timedelta(hours=8)
    idle_time: timedelta = timedelta(minutes=30)
    hijri: bool = False
    """Show the Hijri date beside the Gregorian one, unless a person chose otherwise."""


class OidcSettings(Part):
    """The identity provider people sign in with, by OpenID Connect."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    scopes: str = "openid email profile"
    groups_claim: str = "groups"
    groups: dict[str, list[Role]] = Field(default_factory=dict)
    """Name or id of a group at the provider → roles here."""
    person_claim: str | None = None
    """The claim that carries the employee id; without it a verified, unique work e-mail address ties."""

    def secret(self) -> str | None:
        """Read the client secret, from the variable or the file; None for a public client."""
        return read_secret(self.client_secret, self.client_secret_file) or None


class SmtpSettings(Part):
    """The mail server notices go out by, when chat platforms cannot carry them."""

    host: str
    port: int = 587
    sender: str
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    """The certificate authority of a company's own, as PEM; else those the machine trusts."""
    timeout_seconds: float = 20.0

    def secret(self) -> str | None:
        """Read the password, if one is set."""
        return read_secret(self.password, self.password_file) or None


class CardsSettings(Part):
    """A Teams workflow that takes Adaptive Cards ("When a Teams webhook request is received")."""

    url: SecretStr | None = None
    url_file: Path | None = None
    people: list[str] = Field(default_factory=list)
    """Employee ids who read the chat or channel it posts to; empty: the flow itself finds the reader."""

    @model_validator(mode="after")
    def _has_url(self) -> CardsSettings:
        if self.url is None and self.url_file is None:
            raise ValueError("set URL (of the workflow; it is a secret) or URL_FILE")
        return self

    def address(self) -> str:
        """Read the workflow's address, which is a secret, from the variable or the file."""
        return read_secret(self.url, self.url_file) or ""


class WebhookSettings(Part):
    """An outbound webhook: entries of the log, or notices as the last channel, signed."""

    url: str
    secret: SecretStr | None = None
    secret_file: Path | None = None
    events: list[str] = Field(default_factory=lambda: ["case", "step", "hold"])
    """Which actions are told: `case` stands for every `case.…`."""
    notices: bool = False
    """Whether notices that no other channel can carry go here too."""

    @model_validator(mode="after")
    def _has_secret(self) -> WebhookSettings:
        if self.secret is None and self.secret_file is None:
            raise ValueError("set SECRET (whsec_…, base64) or SECRET_FILE; an unsigned webhook is not sent")
        return self

    @model_validator(mode="after")
    def _is_private(self) -> WebhookSettings:
        found = urlsplit(self.url)
        near = found.scheme == "http" and found.hostname in ("127.0.0.1", "::1", "localhost")
        if not found.hostname or not (found.scheme == "https" or near):
            raise ValueError("URL must begin with https:// (http:// only for a receiver on this machine)")
        if found.username or found.password:
            raise ValueError("URL must not hold a user or password: the signature is what is checked")
        return self

    def signing(self) -> str:
        """Read the signing secret, from the variable or the file."""
        return read_secret(self.secret, self.secret_file) or ""


class WorkersSettings(Part):
    """Many processes on one PostgreSQL: when one counts as dead, and how many lanes one drains at once."""

    heartbeat_seconds: float = Field(default=10.0, gt=0)
    """How often a process says that it lives, and looks for others that no longer do."""
    stalled_seconds: float = Field(default=30.0, gt=0)
    """How long after its last word a process counts as dead, and its lanes are taken over."""
    lanes_at_once: int = Field(default=8, ge=1)

    @model_validator(mode="after")
    def _leaves_time(self) -> WorkersSettings:
        if self.stalled_seconds < 2 * self.heartbeat_seconds:
            raise ValueError("STALLED_SECONDS must be at least twice HEARTBEAT_SECONDS")
        return self

    @property
    def lease_seconds(self) -> float:
        """How long a drainer may act without having written: it ends before a successor can be let in.

        Of a process that fell asleep, the last word may be a heartbeat old when its last write is new.
        """
        return 0.9 * (self.stalled_seconds - self.heartbeat_seconds)


class NoticeSettings(Part):
    """Who may be written to, how often, and by which channels."""

    enabled: bool = True
    per_hour: int = 60
    per_person: int = 12
    """Messages to one person in an hour; the rest waits and is put together."""
    failover_after: timedelta = timedelta(minutes=5)
    """How long a channel may be down before a message takes the next, independently operated one."""
    outage_after: timedelta = Field(default=timedelta(minutes=10), ge=timedelta(0))
    """How long a platform may be down before IT is told; of a refused token IT is told at once."""
    only_to: list[str] | None = None
    channels: list[str] = Field(default_factory=lambda: ["slack", "telegram", "teams", "email", "webhook"])
    """Kinds of channel in the order they are tried, unless a person chose their own."""


def read_secret(value: SecretStr | None, file: Path | None) -> str | None:
    """Give a secret from its variable or its file; raises SettingsProblem where the file cannot be read."""
    if value is not None:
        return value.get_secret_value()
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsProblem(f"{file}: the secret cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SettingsProblem(f"{file}: the secret is not text in UTF-8; save the file again") from None
