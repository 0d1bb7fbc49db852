"""A translator: one language's sentences, plurals, numbers, moments and lists."""

from __future__ import annotations

import gettext
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from bot.locale.catalogue import LANGUAGES, SOURCE_LANGUAGE, translations

if TYPE_CHECKING:  # loaded where a number or a moment is written: a page of help has neither
    from babel import Locale

_ISOLATE, _END = "\u2068", "\u2069"
_JOINERS = "\u200c\u200d"
"""Letters of Persian and of Indian scripts need them inside a name; they turn nothing round."""
_ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_FORMATS = {"en": "en_GB", "ar": "ar"}
"""Language → its region, where none is named.

Plain `en` writes days first and hours to 24, as most of those who read English here do.
"""


class Translator:
    """One person's language: `language` is one of LANGUAGES, `region` a locale of it."""

    def __init__(
        self, language: str, region: str, catalogue: gettext.NullTranslations, *, hijri: bool = False
    ) -> None:
        self.language = language
        self.region = region
        self.hijri = hijri
        """Whether days are said by the Umm al-Qura calendar, too."""
        self._catalogue = catalogue

    @cached_property
    def locale(self) -> Locale:
        """What is known of the region: its digits, dates and lists."""
        from babel import Locale  # noqa: PLC0415 - as above

        return Locale.parse(self.region)

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, as HTML says it."""
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"

    def with_hijri(self, hijri: bool) -> Translator:
        """Give the same language with, or without, the Hijri day beside the Gregorian one."""
        return Translator(self.language, self.region, self._catalogue, hijri=hijri)

    def text(self, msgid: str, **params: object) -> str:
        """Translate an English sentence; `{name}` places in it take the parameters."""
        # gettext keeps its own header under the empty id.
        return self._catalogue.gettext(msgid).format(**params) if msgid else ""

    def plural(self, singular: str, plural: str, n: int, **params: object) -> str:
        """Translate a counted sentence in the form `n` asks for; `{n}` is the number itself."""
        found = self._catalogue.ngettext(singular, plural, n)
        return found.format(n=self.number(n), **params)

    def number(self, value: int) -> str:
        """Write a whole number with the digits and separators of the region."""
        from babel.numbers import format_decimal  # noqa: PLC0415 - as above

        return self._digits(format_decimal(value, locale=self.locale, numbering_system="default"))

    def isolate(self, name: str) -> str:
        """Fence off a name, so that its direction does not disturb the sentence around it.

        Direction marks and other controls inside the name are dropped first: one could close the fence, turn
        the text round, or begin a line of its own.
        """
        kept = (" " if char.isspace() else char for char in name if char.isspace() or not _is_control(char))
        return f"{_ISOLATE}{' '.join(''.join(kept).split())}{_END}"

    def date_time(self, instant: datetime, zone: str) -> str:
        """Write an aware instant as day and time in an IANA zone, and name the place whose time it is.

        Raises ValueError for an instant without a zone, ZoneInfoNotFoundError for an unknown one.
        """
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

        from babel.dates import format_time, get_timezone_location  # noqa: PLC0415 - as above

        if instant.tzinfo is None:
            raise ValueError(f"an instant without a time zone cannot be shown: {instant!r}")
        local = instant.astimezone(ZoneInfo(zone))
        return self.text(
            "{date}, {time} ({place} time)",
            date=self.day(local.date()),
            time=self._digits(format_time(local, "short", locale=self.locale)),
            place=get_timezone_location(local.tzinfo, self.locale, return_city=True),
        )

    def day(self, day: date) -> str:
        """Write a day with its weekday; where asked for, the Hijri day stands behind it in brackets."""
        from babel.dates import format_date  # noqa: PLC0415 - as above

        said = self._digits(format_date(day, "full", self.locale))
        hijri = self.hijri_day(day) if self.hijri else ""
        return self.text("{day} ({hijri})", day=said, hijri=hijri) if hijri else said

    def short_day(self, day: date) -> str:
        """Write a day without its year, as under a picture: `16 Nov`."""
        from babel.dates import format_skeleton  # noqa: PLC0415 - as above

        return self._digits(format_skeleton("MMMd", day, locale=self.locale))

    def hijri_day(self, day: date) -> str:
        """Write a day by the Umm al-Qura calendar; empty outside 1343 to 1500 AH, which it is made for.

        The civil day: by this calendar a day begins at the sunset before, which no office hour minds.
        """
        from hijridate import Gregorian  # noqa: PLC0415 - as above

        try:
            there = Gregorian.fromdate(day).to_hijri()
        except OverflowError:
            return ""
        return self.text(
            "{day} {month} {year} AH",
            day=self.number(there.day),
            month=there.month_name("ar" if self.language == "ar" else "en"),
            year=self._digits(str(there.year)),
        )

    def clock(self, instant: datetime, zone: str) -> str:
        """Write the time of day of an aware instant in an IANA zone, without naming the place."""
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

        from babel.dates import format_time  # noqa: PLC0415 - as above

        return self._digits(format_time(instant.astimezone(ZoneInfo(zone)), "short", locale=self.locale))

    def list(self, items: Sequence[str]) -> str:
        """Join items as a sentence does: `a, b and c`."""
        from babel.lists import format_list  # noqa: PLC0415 - as above

        return format_list(items, locale=self.locale)

    def _digits(self, text: str) -> str:
        return text.translate(_ARABIC_INDIC) if self.locale.default_numbering_system == "arab" else text


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf"} and char not in _JOINERS


@cache
def translator(language: str | None, default: str = SOURCE_LANGUAGE) -> Translator:
    """Give the translator for a language tag (`ar`, `ar-SA`, `en_US`); anything else gets the default's."""
    for tag in (language or "", default, SOURCE_LANGUAGE):
        known, region = _region(tag)
        if known in LANGUAGES:
            return Translator(known, region, translations(known))
    raise AssertionError(f"the source language {SOURCE_LANGUAGE!r} is not a language")


def _region(tag: str) -> tuple[str, str]:
    """Find the language and the region of a tag; both empty where it names none."""
    spelled = tag.strip().replace("-", "_")
    if not spelled:
        return "", ""
    if spelled.lower() in _FORMATS:
        return spelled.lower(), _FORMATS[spelled.lower()]
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - as above

    for attempt in (spelled, spelled.partition("_")[0].lower()):
        try:
            found = Locale.parse(attempt)
        except (ValueError, UnknownLocaleError):
            continue
        return found.language, str(found)
    return "", ""
