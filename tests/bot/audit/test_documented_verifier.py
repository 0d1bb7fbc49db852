"""What docs/audit-log.md tells a third party to run does what it says, on a real export."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.audit.export import Format, export
from bot.audit.query import parse
from tests.bot.audit.conftest import Bench

PAGE = Path(__file__).parents[3] / "docs" / "audit-log.md"


def block(language: str, holding: str) -> str:
    """Give the page's code block in a language that holds a text."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (found,) = (code for code in blocks if holding in code)
    return found


async def exported(bench: Bench) -> Path:
    path = bench.directory / "export.jsonl"
    await export(bench.log, parse(""), path, Format.JSONL, actor="person:omar")
    return path


def run(path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)


async def test_the_python_of_the_page_verifies_an_export_and_finds_an_edit(ten: Bench) -> None:
    path, code = await exported(ten), block("python", "hashlib")
    whole = run(path, sys.executable, "-I", "-c", code, path.name)
    assert whole.stdout == f"11 entries verified; head {ten.rows()[-1]['hash']}\n"
    assert whole.returncode == 0
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines).replace('"case_id":"case-4"', '"case_id":"case-5"'))
    assert "entry 4 was edited" in run(path, sys.executable, "-I", "-c", code, path.name).stderr
    path.write_text("".join(lines[:-1]))
    assert "cut off" in run(path, sys.executable, "-I", "-c", code, path.name).stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_the_shell_of_the_page_checks_the_signature(ten: Bench) -> None:
    path, code = await exported(ten), block("sh", "openssl")
    assert "Successfully" in run(path, "sh", "-c", code).stdout
    path.write_text(path.read_text().replace('"reason":"export"', '"reason":"other"'))
    assert "Failure" in run(path, "sh", "-c", code).stdout
