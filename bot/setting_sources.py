"""Each setting with its value and where it comes from; secrets as asterisks, misspelt variables named."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_settings import DotEnvSettingsSource

from bot.settings import Settings

PREFIX = "BAWAB_"
ENVIRONMENT, FILE, DEFAULT = "environment", "env_file", "default"
_PASSWORD = re.compile(r"(?<=:)[^:@/]+(?=@)")


@dataclass(frozen=True, slots=True)
class SettingSource:
    """One setting: its variable, its value as text, and its source."""

    variable: str
    value: str
    source: str


def setting_sources(settings: Settings, env_file: Path | None = None) -> list[SettingSource]:
    """Give every setting in the order of their definition; a secret's value is never in the answer."""
    outside = _given(os.environ), _given(_read(env_file))
    return [
        SettingSource(variable, _shown(value), _source(variable, *outside))
        for variable, value in _leaves(settings, "")
    ]


def unknown_variables(settings: Settings, env_file: Path | None = None) -> list[tuple[str, str]]:
    """Name the BAWAB_ variables that no setting reads, each with the nearest that is one (or '')."""
    known = {variable for variable, _ in _leaves(settings, "")} | set(_top())
    given = sorted(_given(os.environ) | _given(_read(env_file)))
    found = []
    for variable in given:
        if not _is_known(variable, known):
            near = difflib.get_close_matches(variable, known, n=1, cutoff=0.75)
            found.append((variable, near[0] if near else ""))
    return found


def _is_known(variable: str, known: set[str]) -> bool:
    """A JSON value fills a whole branch; a key of a map is the user's own word."""
    return variable in known or any(one.startswith(f"{variable}__") for one in known)


def _leaves(model: BaseModel, path: str) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        yield from _branch(getattr(model, name), f"{path}__{name}" if path else name)


def _branch(value: object, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        yield from _leaves(value, path)
    elif isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _branch(one, f"{path}__{key}")
    else:
        yield f"{PREFIX}{path}".upper(), value


def _top() -> Iterator[str]:
    for name in Settings.model_fields:
        yield f"{PREFIX}{name}".upper()


def _source(variable: str, environment: set[str], file: set[str]) -> str:
    for given, name in ((environment, ENVIRONMENT), (file, FILE)):
        if any(variable == one or variable.startswith(f"{one}__") for one in given):
            return name
    return DEFAULT


def _given(variables: Mapping[str, str | None]) -> set[str]:
    return {name.upper() for name, value in variables.items() if name.upper().startswith(PREFIX) and value}


def _read(env_file: Path | None) -> Mapping[str, str | None]:
    path = env_file or Path(".env")
    return DotEnvSettingsSource(Settings, env_file=path).env_vars if path.is_file() else {}


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one) for one in value)
    return "" if value is None else _PASSWORD.sub("**********", str(value))
