"""What a connector says can be done about a refusal, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from bot.locale import Translator
from connectors.remedies import Remedy


def connector_remedy(platform: str, said: str, t: Translator) -> str:
    """Say a connector's remedy, which is stored in English; one it has in no other language as it is."""
    if t.language != "ar":
        return said
    found = _arabic(platform).get(said)
    return found or (t.isolate(said) if said else "")


@cache
def _arabic(platform: str) -> Mapping[str, str]:
    return {remedy.en: remedy.ar for remedy in _remedies(platform).values()}


def _remedies(platform: str) -> Mapping[str, Remedy]:
    """Open the connector's list; late, since whoever has no such platform does not load its SDK."""
    if platform == "slack":
        from connectors.chat.slack.remedies import REMEDIES as SLACK  # noqa: PLC0415

        return SLACK
    if platform == "telegram":
        from connectors.chat.telegram.remedies import REMEDIES as TELEGRAM  # noqa: PLC0415

        return TELEGRAM
    if platform == "teams":
        from connectors.chat.teams.remedies import REMEDIES as TEAMS  # noqa: PLC0415

        return TEAMS
    return {}
