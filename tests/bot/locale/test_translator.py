"""One language's sentences, plurals, moments and names, as people will read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locale import translator

GROUPS = (
    "Please remove {person} by hand from {n} group, which Bawab cannot reach, then confirm it:",
    "Please remove {person} by hand from {n} groups, which Bawab cannot reach, then confirm each:",
)
FSI, PDI = "\u2068", "\u2069"


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "أي مجموعة"),
        (1, "مجموعة واحدة"),
        (2, "مجموعتين"),
        (3, "3 مجموعات"),
        (11, "11 مجموعةً"),
        (100, "100 مجموعة"),
    ],
)
def test_arabic_counts_in_six_forms(n: int, said: str) -> None:
    sentence = translator("ar").plural(*GROUPS, n, person="هدى")
    assert said in sentence.split("يدويًا من ")[1]


def test_the_six_forms_differ_from_each_other() -> None:
    t = translator("ar")
    shapes = {t.plural(*GROUPS, n, person="هدى").replace(str(n), "#") for n in (0, 1, 2, 3, 11, 100)}
    assert len(shapes) == 6


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0 groups"), (1, "1 group,"), (2, "2 groups"), (100, "100 groups")]
)
def test_english_counts_in_two(n: int, said: str) -> None:
    assert said in translator("en").plural(*GROUPS, n, person="Ana")


@pytest.mark.parametrize(
    ("asked", "given_language"),
    [("ar", "ar"), ("AR", "ar"), ("ar-SA", "ar"), ("ar_EG", "ar"), ("en", "en"), ("en-US", "en")],
)
def test_a_language_tag_finds_its_language(asked: str, given_language: str) -> None:
    assert translator(asked).language == given_language


@pytest.mark.parametrize("asked", [None, "", "fr", "klingon", "العربية", "-", "zz_ZZ_zz"])
def test_any_other_language_gets_the_default_and_then_english(asked: str | None) -> None:
    assert translator(asked).language == "en"
    assert translator(asked, "ar").language == "ar"
    assert translator(asked, "fr").language == "en"


LAST_DAY = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "Asia/Riyadh", "Thursday, 19 November 2026, 18:00 (Riyadh time)"),
        ("en", "America/New_York", "Thursday, 19 November 2026, 10:00 (New York time)"),
        ("ar", "Asia/Riyadh", "الخميس، 19 نوفمبر 2026، 6:00 م (بتوقيت الرياض)"),
        ("ar-SA", "Asia/Riyadh", "الخميس، ١٩ نوفمبر ٢٠٢٦، ٦:٠٠ م (بتوقيت الرياض)"),
        ("ar-MA", "Africa/Casablanca", "الخميس، 19 نونبر 2026، 16:00 (بتوقيت الدار البيضاء)"),
    ],
)
def test_a_moment_is_told_in_the_readers_zone_language_and_digits(
    language: str, zone: str, said: str
) -> None:
    assert translator(language).date_time(LAST_DAY, zone) == said


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        translator("en").date_time(datetime(2026, 11, 19, 15, 0), "Asia/Riyadh")  # noqa: DTZ001 - that is the point


def test_lists_are_joined_as_sentences_are() -> None:
    assert translator("en").list(["#sales", "#ops", "#all"]) == "#sales, #ops and #all"
    assert translator("ar").list(["مبيعات", "تشغيل"]) == "مبيعات وتشغيل"


def test_a_latin_name_stands_fenced_off_in_an_arabic_sentence() -> None:
    assert translator("ar").isolate("Ana Quispe") == f"{FSI}Ana Quispe{PDI}"


@given(st.text())
def test_no_name_can_close_its_fence_or_turn_the_text_round(name: str) -> None:
    fenced = translator("en").isolate(name)
    inside = fenced[1:-1]
    assert (fenced[0], fenced[-1]) == (FSI, PDI)
    assert not set(inside) & set(
        "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\n\r\t\0"
    )


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Lo", "Mn", "Nd"]), min_size=1))
def test_a_name_of_letters_is_kept_as_it_is(name: str) -> None:
    assert translator("ar").isolate(name)[1:-1] == name


def test_a_name_that_looks_like_a_place_stays_a_name() -> None:
    said = translator("en").text("• {group}: {state}", group="{state} {0.__class__}", state="done")
    assert said == "• {state} {0.__class__}: done"


def test_nothing_to_say_is_nothing_and_not_the_catalogues_header() -> None:
    assert translator("ar").text("") == ""


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Thursday, 26 November 2026 (16 Jumada al-Akhirah 1448 AH)"),
        ("ar", "الخميس، 26 نوفمبر 2026 (16 جمادى الآخرة 1448 هـ)"),
        ("ar-SA", "الخميس، ٢٦ نوفمبر ٢٠٢٦ (١٦ جمادى الآخرة ١٤٤٨ هـ)"),
        ("ar-EG", "الخميس، ٢٦ نوفمبر ٢٠٢٦ (١٦ جمادى الآخرة ١٤٤٨ هـ)"),
    ],
)
def test_the_hijri_day_stands_beside_the_other_where_asked_for(language: str, said: str) -> None:
    assert translator(language).with_hijri(True).day(date(2026, 11, 26)) == said


def test_nobody_reads_a_hijri_day_who_did_not_ask() -> None:
    assert "1448" not in translator("ar").day(date(2026, 11, 26))
    assert "1448" not in translator("ar").with_hijri(True).with_hijri(False).day(date(2026, 11, 26))


def test_a_moment_carries_the_hijri_day_too_by_the_zone_it_is_said_in() -> None:
    late = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)  # already the 26th in Riyadh
    assert "16 Jumada" in translator("en").with_hijri(True).date_time(late, "Asia/Riyadh")
    assert "15 Jumada" in translator("en").with_hijri(True).date_time(late, "UTC")


@pytest.mark.parametrize("outside", [date(1900, 1, 1), date(2100, 1, 1)])
def test_a_day_outside_the_calendar_is_said_by_the_other_alone(outside: date) -> None:
    t = translator("ar").with_hijri(True)
    assert t.hijri_day(outside) == ""
    assert "(" not in t.day(outside)


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("ar-EG", "rtl")])
def test_a_language_knows_its_direction(language: str, direction: str) -> None:
    assert translator(language).direction == direction


@pytest.mark.parametrize(("language", "said"), [("en", "16 Nov"), ("ar-EG", "١٦ نوفمبر")])
def test_a_day_under_a_picture_is_short_and_in_the_readers_digits(language: str, said: str) -> None:
    assert translator(language).short_day(date(2026, 11, 16)) == said
