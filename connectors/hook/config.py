"""What one webhook for notices is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HookConfig:
    """One receiver. Its address may hold a token, so neither it nor the secret shows in `repr`."""

    instance: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    """`whsec_…` and base64, as standardwebhooks.com says."""
    pace_scale: float = 1.0
    connect_timeout_seconds: float = 10.0
    timeout_seconds: float = 20.0
    longest_write_wait_seconds: float = 5.0
    max_response_bytes: int = 256 * 1024
    read_only: bool = False
