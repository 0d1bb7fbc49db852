"""Takes secrets out of text before it may reach evidence, logs or exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MASK = "[redacted]"
# The shapes of Slack's tokens and of OAuth bearers: known even where nobody told us the value.
_SHAPES = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w-]+|xapp-[\w-]+|xwfp-[\w-]+|(?i:bearer\s+)[\w.~+/=-]{8,}",
)
# A secret shorter than this would blank out ordinary words.
_SHORTEST = 8


class Redactor:
    """Knows the secrets of one connector and blanks them, and anything shaped like one."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        known = {secret for secret in secrets if secret and len(secret) >= _SHORTEST}
        self._secrets = sorted(known, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    def __call__(self, text: str) -> str:
        """Give the text with every secret replaced by `[redacted]`."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return _SHAPES.sub(_MASK, text)
