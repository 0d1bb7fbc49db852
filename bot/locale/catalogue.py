"""The catalogues: English is the source language, each other language is one committed .po file."""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"
LANGUAGES = (SOURCE_LANGUAGE, "ar")
_FOLDER = Path(__file__).parent


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a mark without effect
    """Mark a sentence for the catalogues where it is written, to be translated where it is shown."""
    return message


def read_catalogue(language: str) -> Catalog:
    """Read the committed .po file of a language other than the source language."""
    path = _FOLDER / language / "LC_MESSAGES" / "bawab.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="bawab", abort_invalid=True)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Give the translations of one of LANGUAGES, compiled in memory once.

    English needs no catalogue: its sentences are the message ids themselves.
    """
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
