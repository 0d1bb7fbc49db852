"""The page about the house held against the house: what it names exists, and what exists is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
ARCHITECTURE = (ROOT / "docs" / "ARCHITECTURE.md").read_text("utf-8")
HOUSE = ("policies", "connectors", "bot")
QUOTED = re.compile(r"`((?:policies|connectors|bot|tests|docs)/[\w/.*]+)`")
LINKED = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def _rooms(page: str) -> Iterator[str]:
    """Give every path the block of rooms names, from the root of the repository."""
    room = ""
    for line in page.split("## Rooms")[1].split("```")[1].strip().splitlines():
        words = [word.rstrip(",.;:") for word in line.split()]
        if not line.startswith(" "):
            room = words.pop(0)
            yield room
        for path in words:
            if "/" in path or path.endswith(".py"):
                yield room + path if (ROOT / room / path).exists() else path


NAMED = tuple(_rooms(ARCHITECTURE))


def _unnamed(folder: Path) -> Iterator[str]:
    """Give every module that no name covers; a package is covered by its own name or by that of each part."""
    for path in sorted(folder.iterdir()):
        package = (path / "__init__.py").exists()
        name = path.relative_to(ROOT).as_posix() + "/" * package
        if name in NAMED or not (package or path.suffix == ".py") or path.name == "__init__.py":
            continue
        if package and any(one.startswith(name) for one in NAMED):
            yield from _unnamed(path)
        else:
            yield name


@pytest.mark.parametrize("path", NAMED)
def test_what_the_rooms_name_exists(path: str) -> None:
    assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).exists(), path


@pytest.mark.parametrize("room", HOUSE)
def test_every_module_of_a_room_is_named(room: str) -> None:
    assert list(_unnamed(ROOT / room)) == []


def test_a_page_that_names_what_is_not_there_is_seen() -> None:
    page = "## Rooms\n```\nbot/  RUN\n  work.py  a lane · gone.py store/, tables\ndocs/  pages, adr/\n```"
    assert list(_rooms(page)) == ["bot/", "bot/work.py", "gone.py", "bot/store/", "docs/", "docs/adr/"]


def _exists(path: str) -> bool:
    return any(any(ROOT.glob(spelled)) for spelled in (path, f"{path}.py", f"{path.rpartition('.')[0]}/"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_a_page_quotes_or_links_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    missing = [path for path in QUOTED.findall(text) if not _exists(path)]
    missing += [link for link in LINKED.findall(text) if not (page.parent / link).exists()]
    assert missing == []
