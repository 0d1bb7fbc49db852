"""Starting is light: no command loads a platform's SDK, a server or a clock that it does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GRAPH = frozenset({"msgraph", "msgraph_core", "kiota_http", "azure"})
TELEGRAM = frozenset({"telegram"})
SLACK = frozenset({"slack_bolt", "slack_sdk"})
SERVICE = frozenset(
    {
        "aiosmtplib",
        "apscheduler",
        "authlib",
        "fastapi",
        "httpx",
        "jinja2",
        "standardwebhooks",
        "starlette",
        "uvicorn",
    }
)
"""What only a running service needs."""
WORK = frozenset(
    {
        "aiohttp",
        "alembic",
        "asyncio",
        "babel",
        "psycopg",
        "pydantic",
        "rich",
        "sqlalchemy",
        "sqlmodel",
        "structlog",
    }
)
"""What a page of help does not wait for either, nor a look at an installation without a case."""
TENANT = {
    "BAWAB_TEAMS__CONTOSO__TENANT_ID": "11111111-1111-1111-1111-111111111111",
    "BAWAB_TEAMS__CONTOSO__CLIENT_ID": "22222222-2222-2222-2222-222222222222",
    "BAWAB_TEAMS__CONTOSO__CLIENT_SECRET": "opens-nothing",
}
WORKSPACE = {"BAWAB_SLACK__ACME__BOT_TOKEN": "xoxb-opens-nothing"}
BOT = {"BAWAB_TELEGRAM__STAFF__BOT_TOKEN": "123456:opens-nothing"}


def loaded(folder: Path, *words: str, **settings: str) -> frozenset[str]:
    """Run a command as a process of its own; gives the top-level packages it imported."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot.surfaces.cli.main", *words],
        env={**kept, "PYTHONPATH": str(ROOT), "BAWAB_DATA_DIR": str(folder / "data"), **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.splitlines()[-5:]
    timed = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    return frozenset(line.rpartition("|")[2].strip().partition(".")[0] for line in timed)


def test_help_loads_no_sdk_and_no_server_whatever_is_configured(tmp_path: Path) -> None:
    found = loaded(tmp_path, "--help", **TENANT, **BOT, **WORKSPACE)
    assert "bot" in found
    assert not found & (GRAPH | TELEGRAM | SLACK | SERVICE | WORK)


@pytest.mark.parametrize(
    ("settings", "spared"), [({}, GRAPH | TELEGRAM | SLACK | SERVICE), (TENANT, GRAPH | SLACK)]
)
def test_status_loads_no_sdk_that_it_does_not_ask(
    tmp_path: Path, settings: dict[str, str], spared: frozenset[str]
) -> None:
    found = loaded(tmp_path, "status", **settings)
    assert "bot" in found
    assert not found & spared


def test_status_loads_next_to_nothing_where_all_was_found_well_before(tmp_path: Path) -> None:
    configured = {**TENANT, **BOT, **WORKSPACE}
    assert "sqlalchemy" in loaded(tmp_path, "status", **configured)
    found = loaded(tmp_path, "status", **configured)
    assert {"bot", "sqlite3"} <= found
    assert not found & (GRAPH | TELEGRAM | SLACK | SERVICE | WORK)
