"""Purity is more than imports: no name that reads, writes, waits, prints, guesses or tells the time."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

POLICIES = Path(__file__).resolve().parents[2] / "policies"

BANNED_CALLS = frozenset(
    {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint", "globals"}
)
CLOCKS = {"now", "utcnow", "today", "fromtimestamp", "time_ns", "monotonic", "perf_counter", "sleep"}
CHANCE = {"random", "randint", "choice", "shuffle", "urandom", "token_hex", "uuid1", "uuid4"}
WORLD = {
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
    "unlink",
    "mkdir",
    "system",
    "getenv",
    "environ",
}
BANNED_ATTRIBUTES = frozenset(CLOCKS | CHANCE | WORLD)
BANNED_PATHS = frozenset({"time.time", "time.localtime", "time.gmtime", "os.open", "io.open"})
BANNED_MODULES = frozenset(
    {"asyncio", "io", "os", "pathlib", "random", "secrets", "socket", "subprocess", "sys", "time", "uuid"}
)


def impurities(source: str) -> Iterator[str]:
    """Name every banned thing in a module, as `line: what`."""
    for node in ast.walk(ast.parse(source)):
        if found := _impurity(node):
            yield f"{getattr(node, 'lineno', 0)}: {found}"


def _impurity(node: ast.AST) -> str | None:
    if isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Global)):
        return type(node).__name__
    if isinstance(node, ast.Attribute):
        dotted = ast.unparse(node)
        return dotted if node.attr in BANNED_ATTRIBUTES or dotted in BANNED_PATHS else None
    if isinstance(node, ast.Name):
        return node.id if node.id in BANNED_CALLS else None
    return _imported(node)


def _imported(node: ast.AST) -> str | None:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    else:
        return None
    banned = [name for name in names if name.split(".")[0] in BANNED_MODULES]
    return f"import {banned[0]}" if banned else None


@pytest.mark.parametrize("file", sorted(POLICIES.rglob("*.py")), ids=lambda file: file.stem)
def test_nothing_in_policies_reads_writes_waits_or_tells_the_time(file: Path) -> None:
    assert list(impurities(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "seeded",
    [
        "x = open('feed.csv')",
        "print('hello')",
        "name = input()",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.datetime.now(tz=None)",
        "from datetime import date\nx = date.today()",
        "read = open",
        "clock = datetime.now",
        "import time\nx = time.time()",
        "from time import time",
        "import random",
        "from uuid import uuid4",
        "from os import environ",
        "async def f(): ...",
        "from pathlib import Path\nx = Path('a').read_text()",
        "def f():\n    global x\n    x = 1",
    ],
)
def test_the_lint_bites_on_a_seeded_example(seeded: str) -> None:
    assert list(impurities(seeded)) != []


def test_the_lint_lets_pure_code_through() -> None:
    pure = "from datetime import datetime, time\ndef f(now: datetime) -> time:\n    return now.time()"
    assert list(impurities(pure)) == []


def test_the_lint_looks_at_more_than_a_handful_of_files() -> None:
    assert len(list(POLICIES.rglob("*.py"))) >= 15
