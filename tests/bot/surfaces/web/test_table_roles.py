"""Tables that become blocks on a phone stay tables for a screen reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bot.surfaces.web

TEMPLATES = sorted((Path(bot.surfaces.web.__file__).parent / "templates").glob("*.html"))
BLOCKS = re.compile(r'<table class="blocks".*?</table>', re.DOTALL)
ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_what_css_takes_from_a_table_is_said_in_roles(template: Path) -> None:
    for table in BLOCKS.findall(template.read_text(encoding="utf-8")):
        for tag, rest in re.findall(r"<(table|thead|tbody|tr|td|th)\b([^>]*)", table):
            heading = "rowheader" if 'scope="row"' in rest else "columnheader"
            wanted = ROLES.get(tag, heading)
            assert f'role="{wanted}"' in rest, (template.name, tag, rest)


def test_there_are_tables_that_become_blocks() -> None:
    assert sum(len(BLOCKS.findall(one.read_text(encoding="utf-8"))) for one in TEMPLATES) > 10
