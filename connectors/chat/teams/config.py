"""What one Microsoft tenant's connector is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TeamsConfig:
    """One Entra tenant, read and changed by one app registration. The secret never shows in `repr`."""

    instance: str
    tenant_id: str
    """The tenant the app must belong to: a token for another one is refused before anything is done."""
    client_id: str
    client_secret: str = field(repr=False)
    base_url: str = "https://graph.microsoft.com/v1.0"
    login_url: str = "https://login.microsoftonline.com"
    pace_scale: float = 1.0
    """Stretches the published rate limits' intervals; 0 switches pacing off (sandboxes only)."""
    connect_timeout_seconds: float = 10.0
    timeout_seconds: float = 30.0
    backoff_seconds: float = 0.5
    read_tries: int = 3
    longest_read_wait_seconds: float = 65.0
    longest_write_wait_seconds: float = 5.0
    read_only: bool = False
    max_response_bytes: int = 16 * 1024 * 1024
    page_size: int = 100
    proxy: str | None = field(default=None, repr=False)
    """Explicit only: the environment's proxy variables are not read."""
