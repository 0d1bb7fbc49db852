"""What a person does by hand, step by step, in English and Arabic, read from `tasks.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from policies.model import StepAction

LANGUAGES = ("en", "ar")
ISOLATE, POP = "\u2068", "\u2069"
_PLACEHOLDERS = ("{person}", "{group}")


class PlatformTasks(BaseModel):
    """One platform of the file: its name, its texts by language, and where and when they were checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    checked: date
    source: str
    residual: Mapping[str, str]
    revoke: Mapping[str, tuple[str, ...]]


@cache
def all_tasks() -> Mapping[str, PlatformTasks]:
    """Give every platform in the file, by its key (`whatsapp`, `messenger`, …)."""
    text = files(__package__).joinpath("tasks.toml").read_text(encoding="utf-8")
    return {key: PlatformTasks.model_validate(table) for key, table in tomllib.loads(text).items()}


def platform_tasks(platform: str) -> PlatformTasks:
    """Give one platform's texts; LookupError names the platforms there are."""
    known = all_tasks()
    if platform not in known:
        raise LookupError(f"no manual task is written for {platform!r}; known: {', '.join(known)}")
    return known[platform]


def task_steps(platform: str, action: StepAction, language: str) -> tuple[str, ...]:
    """Give the numbered steps in order, with isolated `{person}` and `{group}` still to be filled in.

    Raises LookupError for a platform, an action or a language the file does not hold.
    """
    tasks = platform_tasks(platform)
    if action is not StepAction.REVOKE:
        raise LookupError(f"{tasks.title} has no manual task for {action.value!r}; only 'revoke' is written")
    if language not in tasks.revoke:
        raise LookupError(f"no {tasks.title} task in {language!r}; written in: {', '.join(tasks.revoke)}")
    return tuple(_isolated(step) for step in tasks.revoke[language])


def fill_steps(steps: Sequence[str], *, person: str, group: str) -> tuple[str, ...]:
    """Put the names in; control and direction marks inside a name are dropped, so it reorders nothing."""
    names = {"{person}": _plain(person), "{group}": _plain(group)}
    return tuple(_filled(step, names) for step in steps)


def _isolated(step: str) -> str:
    for placeholder in _PLACEHOLDERS:
        step = step.replace(placeholder, f"{ISOLATE}{placeholder}{POP}")
    return step


def _filled(step: str, names: Mapping[str, str]) -> str:
    # One pass over the isolates, so that a person called "{group}" stays a person.
    parts = step.split(ISOLATE)
    fenced = map(_at_pop, parts[1:])  # a placeholder, or the name of an app, which stays itself
    return parts[0] + "".join(ISOLATE + names.get(key, key) + POP + rest for key, rest in fenced)


def _at_pop(part: str) -> tuple[str, str]:
    key, _, rest = part.partition(POP)
    return key, rest


def _plain(name: str) -> str:
    """Drop format and control characters (Unicode categories Cf and Cc), keeping the joiners scripts need."""
    kept = (char for char in name if unicodedata.category(char) not in {"Cf", "Cc"} or char in "\u200c\u200d")
    return " ".join("".join(kept).split())
