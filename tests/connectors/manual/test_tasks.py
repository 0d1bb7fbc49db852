"""What people are asked to do by hand: complete, in both languages, and readable in mixed scripts."""

import re
import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.chat.manual import LANGUAGES, fill_steps, platform_tasks, task_steps
from connectors.chat.manual.tasks import ISOLATE, POP, all_tasks
from policies.model import StepAction

PLATFORMS = ("whatsapp", "messenger", "instagram", "snapchat", "x")
LATIN_OUTSIDE_ISOLATES = re.compile(r"[A-Za-z]+")


def _steps(platform: str, language: str) -> tuple[str, ...]:
    return task_steps(platform, StepAction.REVOKE, language)


def test_the_five_platforms_without_an_interface_have_a_task() -> None:
    assert tuple(all_tasks()) == PLATFORMS


@pytest.mark.parametrize("platform", PLATFORMS)
def test_both_languages_have_the_same_steps_with_the_same_names_in_them(platform: str) -> None:
    english, arabic = (_steps(platform, language) for language in LANGUAGES)
    assert len(english) == len(arabic) >= 5
    for ours, theirs in zip(english, arabic, strict=True):
        assert set(re.findall(r"\{\w+\}", ours)) == set(re.findall(r"\{\w+\}", theirs)), (ours, theirs)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_task_opens_with_the_group_asks_to_look_first_and_ends_with_a_report(
    platform: str, language: str
) -> None:
    steps = _steps(platform, language)
    assert "{group}" in steps[0]
    removal = next(place for place, step in enumerate(steps) if "«إزالة" in step or "choose Remove" in step)
    absent = next(place for place, step in enumerate(steps) if "was not in" in step or "لا عضوية في" in step)
    assert absent < removal < len(steps) - 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_arabic_text_holds_no_latin_outside_an_isolate(platform: str) -> None:
    steps = fill_steps(_steps(platform, "ar"), person="Ana Quispe", group="Sales 24/7")
    for step in (*steps, platform_tasks(platform).residual["ar"]):
        outside = re.sub(f"{ISOLATE}[^{POP}]*{POP}", "", step)
        assert not LATIN_OUTSIDE_ISOLATES.search(outside), step
        assert unicodedata.bidirectional(outside.strip("«")[0]) == "AL", "an Arabic step starts in Arabic"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_says_where_its_steps_come_from_and_when_they_were_checked(platform: str) -> None:
    tasks = platform_tasks(platform)
    assert tasks.checked >= date(2026, 11, 1)
    assert len(tasks.source) > 20
    assert set(tasks.residual) == set(LANGUAGES)


NAMES = st.text(min_size=1, max_size=30)


@settings(max_examples=50)
@given(person=NAMES, group=NAMES)
def test_no_name_can_break_out_of_its_isolate(person: str, group: str) -> None:
    for template, filled in zip(
        _steps("whatsapp", "ar"),
        fill_steps(_steps("whatsapp", "ar"), person=person, group=group),
        strict=True,
    ):
        assert filled.count(ISOLATE) == filled.count(POP) == template.count(ISOLATE)
        assert "\n" not in filled
        assert re.sub(f"{ISOLATE}[^{POP}]*{POP}", "", filled) == re.sub(
            f"{ISOLATE}[^{POP}]*{POP}", "", template
        )


def test_a_person_called_like_a_placeholder_stays_a_person() -> None:
    steps = fill_steps(_steps("whatsapp", "en"), person="{group}", group="Sales")
    assert f"look for {ISOLATE}{{group}}{POP}" in steps[1]


@pytest.mark.parametrize(
    ("platform", "action", "language", "said"),
    [
        ("myspace", StepAction.REVOKE, "en", "known: whatsapp, messenger"),
        ("whatsapp", StepAction.DEACTIVATE, "en", "only 'revoke'"),
        ("whatsapp", StepAction.REVOKE, "fr", "written in: en, ar"),
    ],
)
def test_a_task_nobody_wrote_is_refused_with_what_there_is(
    platform: str, action: StepAction, language: str, said: str
) -> None:
    with pytest.raises(LookupError, match=said):
        task_steps(platform, action, language)
