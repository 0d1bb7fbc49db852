"""What connectors and the feed's gate say in English, said in the reader's language.

A connector knows no translator: it gives a sentence, filled in. Here the sentence is known again by its form,
and the form is translated; one that no form fits is shown as it was written, never hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from bot.locale import Translator
from bot.words.finding_forms import FORMS, NEEDS
from bot.words.remedies import connector_remedy
from bot.words.trouble_forms import TROUBLE_FORMS
from connectors.contract import Finding

_PLATFORMS = ("slack", "telegram", "teams")
_PLACE = re.compile(r"\{(\w+)\}")


def finding_said(finding: Finding, t: Translator) -> Finding:
    """Give a finding with its message and its remedy in the reader's language."""
    return replace(finding, message=said(finding.message, t), remedy=said(finding.remedy, t))


def said(sentence: str, t: Translator) -> str:
    """Say an English sentence of a connector, of the gate or of a check in the reader's language."""
    if t.language == "en" or not sentence:
        return sentence
    for platform in _PLATFORMS:
        remedy = connector_remedy(platform, sentence, t)
        if remedy != t.isolate(sentence):
            return remedy
    for form, pattern in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            return t.text(form, **{name: _part(part, t) for name, part in found.groupdict().items()})
    return sentence


def needed_for(purpose: str, t: Translator) -> str:
    """Say what a permission is needed for."""
    return t.text(purpose) if purpose in NEEDS else purpose


def _part(part: str, t: Translator) -> str:
    """A part of a sentence may be one that is known itself; anything else is a name, and is fenced off."""
    if part in NEEDS:
        return t.text(part)
    whole = said(part, t)
    return whole if whole != part else t.isolate(part)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((form, re.compile("".join(_pieces(form)), re.DOTALL)) for form in (*FORMS, *TROUBLE_FORMS))


def _pieces(form: str) -> Iterator[str]:
    """Give the form as a pattern: its places match anything, as little as will do."""
    for at, piece in enumerate(_PLACE.split(form)):
        yield f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece)
