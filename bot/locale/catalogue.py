"""The catalogues: English is the source language, each other language is a folder of committed .po files."""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded where a catalogue is read: the source language has none
    from babel.messages.catalog import Catalog

SOURCE_LANGUAGE = "en"
LANGUAGES = (SOURCE_LANGUAGE, "ar")
_FOLDER = Path(__file__).parent


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a mark without effect
    """Mark a sentence for the catalogues where it is written, to be translated where it is shown."""
    return message


def read_catalogue(language: str) -> Catalog:
    """Read a language other than the source language: every .po file in its folder, as one catalogue.

    A surface may keep its own file beside `bawab.po`; a sentence two files hold is a ValueError.
    """
    first, *others = sorted((_FOLDER / language / "LC_MESSAGES").glob("*.po"))
    whole = _read(first, language)
    for path in others:
        for message in _read(path, language):
            if message.id and message.id in whole:
                raise ValueError(f"{path.name}: {message.id!r} is translated in another file already")
            if message.id:
                whole[message.id] = message
    return whole


def _read(path: Path, language: str) -> Catalog:
    from babel.messages.pofile import read_po  # noqa: PLC0415 - as above

    with path.open("rb") as file:
        return read_po(file, locale=language, domain="bawab", abort_invalid=True)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Give the translations of one of LANGUAGES, compiled in memory once.

    English needs no catalogue: its sentences are the message ids themselves.
    """
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - as above

    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
