"""The options every command takes: known before anything is loaded that could answer them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The options every command takes; None where not given."""

    json: bool | None = None
    env_file: Path | None = None
    as_name: str | None = None
    lang: str | None = None
    debug: bool | None = None

    def over(self, below: Options) -> Options:
        """Put these options over those given before the command's name."""
        given = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}
        return replace(below, **given)
