"""Every sentence people read has its Arabic, with the same places and every plural form, and no other has."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_file

from bot.locale.catalogue import read_catalogue

BOT = Path(__file__).parents[3] / "bot"
KEYWORDS = {"N_": None, "text": None, "plural": (1, 2)}
ARABIC_FORMS = 6

MessageId = str | tuple[str, ...] | list[str]


def _translating_files() -> Iterator[tuple[str, Path]]:
    """Give the sources that speak to people, each with what reads it.

    Of the modules only those that import the catalogues can, or those of pages, which have their visitor's
    translator; every template does.
    """
    for path in sorted(BOT.rglob("*.py")):
        if "bot.locale" in path.read_text(encoding="utf-8") or "surfaces/web" in path.as_posix():
            yield "python", path
    for path in sorted(BOT.rglob("*.html")):
        yield "jinja2.ext:babel_extract", path


def _used() -> set[MessageId]:
    found: set[MessageId] = set()
    for reader, path in _translating_files():
        for _line, message, _comments, _context in extract_from_file(reader, path, keywords=KEYWORDS):
            found.add(message)
    return found - {""}


def _entries() -> dict[MessageId, Message]:
    return {_id(message): message for message in read_catalogue("ar") if message.id}


def _id(message: Message) -> MessageId:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _words(text: str) -> bool:
    """Say whether there is anything to translate beside the places."""
    return any(char.isalpha() for literal, *_ in string.Formatter().parse(text) for char in literal)


def _forms(message: Message) -> tuple[str, ...]:
    given = message.string
    return (given or "",) if isinstance(given, str | None) else tuple(given)


def test_every_sentence_in_the_code_is_in_the_arabic_catalogue() -> None:
    assert not (_used() - set(_entries())), "add these to a .po file in bot/locale/ar/LC_MESSAGES"


def test_no_entry_of_the_arabic_catalogue_is_left_over() -> None:
    assert not (set(_entries()) - _used()), "nothing says these any more"


def test_the_extraction_sees_single_sentences_counted_ones_and_marked_ones() -> None:
    used = _used()
    assert "{date}, {time} ({place} time)" in used  # t.text
    assert "removed, and checked" in used  # N_
    assert any(isinstance(message, tuple) for message in used)  # t.plural
    assert "Skip to the content" in used  # text() of a template
    assert ("{n} thing is not right yet", "{n} things are not right yet") in used  # plural() of a template


def test_every_translation_is_whole() -> None:
    assert [message.id for message in _entries().values() if not _whole(message)] == []


def test_every_translation_has_the_same_places() -> None:
    assert [message.id for message in _entries().values() if not _same_places(message)] == []


def test_arabic_is_written_in_arabic() -> None:
    assert [message.id for message in _entries().values() if not _arabic(message)] == []


@pytest.mark.parametrize(
    ("forms", "sound"),
    [
        (("{n} مجموعة",) * ARABIC_FORMS, True),
        (("مجموعة",) * ARABIC_FORMS, True),  # one and two groups are said without a numeral
        (("{n} مجموعة",) * (ARABIC_FORMS - 1), False),
        (("{n} مجموعة",) * (ARABIC_FORMS - 1) + (" ",), False),
        (("{n} مجموعة {who}",) * ARABIC_FORMS, False),
        (("{n} groups",) * ARABIC_FORMS, False),
    ],
)
def test_a_broken_translation_is_seen(forms: tuple[str, ...], *, sound: bool) -> None:
    message = Message(("{n} group", "{n} groups"), forms)
    assert (_whole(message) and _same_places(message) and _arabic(message)) is sound


def _whole(message: Message) -> bool:
    forms = _forms(message)
    right = len(forms) == (ARABIC_FORMS if message.pluralizable else 1)
    return right and all(form.strip() for form in forms) and not message.fuzzy


def _same_places(message: Message) -> bool:
    source = _places(message.id if isinstance(message.id, str) else message.id[1])
    # Arabic says "one group" and "two groups" without a numeral; everything else must be said.
    spoken = {"n"} if message.pluralizable else set()
    return all(source - spoken <= _places(form) <= source for form in _forms(message))


def _arabic(message: Message) -> bool:
    return all(
        any("\u0600" <= char <= "\u06ff" for char in form) or not _words(form) for form in _forms(message)
    )
