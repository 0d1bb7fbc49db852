"""What one Teams workflow's connector is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CardsConfig:
    """One workflow ("When a Teams webhook request is received"). Its address is a secret and never shows."""

    instance: str
    url: str = field(repr=False)
    people: frozenset[str] = frozenset()
    """Employee ids of everybody who reads where it posts; empty: the flow goes by `recipient`."""
    pace_scale: float = 1.0
    connect_timeout_seconds: float = 10.0
    timeout_seconds: float = 20.0
    longest_write_wait_seconds: float = 5.0
    max_response_bytes: int = 256 * 1024
    read_only: bool = False
