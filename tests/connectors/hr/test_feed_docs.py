"""The page people read names every header, word and key the code knows."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import connectors.hr.csv_file
import policies.feed_health
from connectors.hr.csv_file.manifest import fold, known_headers, known_words, manifest
from tests.connectors.hr.workbench import read

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "feeds.md").read_text("utf-8")
CELLS = {fold(word) for line in PAGE.splitlines() for cell in line.split("|") for word in cell.split(",")}
KEYS = set(re.findall(r"`([a-z_]+)`", PAGE))


async def test_the_example_on_the_page_is_read_as_it_stands(tmp_path: Path) -> None:
    people = await read(tmp_path, PAGE.split("```csv\n")[1].split("```")[0])

    assert [person.status for person in people] == ["active", "active", "terminated"]
    assert people[1].last_day == date(2026, 11, 20)


def test_every_header_and_word_is_on_the_page() -> None:
    words = {word for kind in manifest()["words"] for word in known_words(kind)}

    assert (known_headers().keys() | words) - CELLS == set()


def test_no_header_or_word_means_two_things() -> None:
    columns = manifest()["columns"].values()
    spelled = [fold(name) for about in columns for name in (*about["en"], *about["ar"])]

    assert len(set(spelled)) == len(spelled)
    for kind, values in manifest()["words"].items():
        assert len(known_words(kind)) == len({fold(word) for words in values.values() for word in words})
        assert len(known_words(kind)) == sum(map(len, values.values()))


def test_every_key_of_a_refusal_or_finding_is_on_the_page() -> None:
    folder = Path(connectors.hr.csv_file.__file__).parent
    sources = [
        path.read_text("utf-8") for path in (*folder.glob("*.py"), Path(policies.feed_health.__file__))
    ]
    said = r'(?:CellProblem|refuse|complaints\.add|HealthFinding)\(\s*"([a-z_]+)"'
    keys = {key for source in sources for key in re.findall(said, source)}
    keys |= {f"unknown_{kind}" for kind in manifest()["words"]}

    assert len(keys) > 50
    assert keys - KEYS == set()
