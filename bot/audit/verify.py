"""Finds what was done to the log behind Bawab's back, and names the entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.audit.head import Head
from bot.audit.keys import SigningKeys
from bot.store.db import Store

Progress = Callable[[int, int], None]
"""Called with (entries done, entries in all)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (None: not at one entry), a code for machines, the words for people."""

    seq: int | None
    at: str | None
    action: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found; `findings` stops at the first hundred, `problems` counts them all."""

    entries: int
    problems: int
    findings: tuple[Problem, ...]
    head: Head | None
    """The head file's, genuine or not."""
    checkpoints: int
    """Genuine signed heads that the chain was held against, the head file included."""
    fingerprint: str
    """Of the public key the signatures were checked with."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problems == 0


async def verify_log(
    store: Store, keys: SigningKeys, head_path: Path, witness_path: Path, progress: Progress | None
) -> Verification:
    """Verify."""
    raise NotImplementedError
