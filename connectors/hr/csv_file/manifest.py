"""The manifest as values: which headers mean which field, which words mean which state."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_ALEF = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": ""})
_GAPS = re.compile(r"[\s_\-]+")


@cache
def manifest() -> Mapping[str, Any]:
    """Read `manifest.toml`, which stands beside this file in every installation."""
    return tomllib.loads(resources.files(__package__).joinpath("manifest.toml").read_text("utf-8"))


def fold(text: str) -> str:
    """Reduce a header or a word to what is meant: case, spacing and spelling variants do not count."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in {"Mn", "Cf"}
    )
    return _GAPS.sub(" ", bare.casefold().translate(_ALEF)).strip()


@cache
def field_names() -> tuple[str, ...]:
    """Give every field of ours that a column can fill, `account:<instance>` apart."""
    return tuple(manifest()["columns"])


@cache
def known_headers() -> Mapping[str, str]:
    """Give folded header → field, English and Arabic."""
    columns: Mapping[str, Mapping[str, list[str]]] = manifest()["columns"]
    return {fold(name): field for field, about in columns.items() for name in (*about["en"], *about["ar"])}


@cache
def known_words(kind: str) -> Mapping[str, str]:
    """Give folded word → our value for `status`, `exit_type`, `employment` or `action`."""
    words: Mapping[str, list[str]] = manifest()["words"][kind]
    return {fold(word): value for value, spellings in words.items() for word in spellings}
