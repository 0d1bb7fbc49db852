"""What one Telegram bot's connector is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TelegramConfig:
    """One bot. The token never shows in `repr`."""

    instance: str
    bot_token: str = field(repr=False)
    """`123456:ABC…`, from @BotFather."""
    base_url: str = "https://api.telegram.org"
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
    proxy: str | None = field(default=None, repr=False)
    """Explicit only: the environment's proxy variables are not read."""
