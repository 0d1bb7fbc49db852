"""What the mail connector is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class MailConfig:
    """One mail server, the only one that is ever spoken to. The password never shows in `repr`."""

    instance: str
    host: str
    port: int
    sender: str
    """The address messages come from, with or without a name: `Bawab <bawab@corp.test>`."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` is insisted on: where the server offers none, nothing is sent."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """The certificate authority of a company's own; else those the machine trusts."""
    timeout_seconds: float = 20.0
    """For each command of the conversation."""
    read_only: bool = False

    @property
    def on_this_machine(self) -> bool:
        """Whether the server is on the same machine: only there may a password go unencrypted."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
