"""What a command waits for before it says a word: its own code, and no server, clock or platform's SDK."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "aiosmtplib",
    "apscheduler",
    "authlib",
    "fastapi",
    "httpx",
    "jinja2",
    "msgraph",
    "slack_bolt",
    "slack_sdk",
    "starlette",
    "standardwebhooks",
    "telegram",
    "uvicorn",
)


def test_the_command_line_starts_without_what_only_a_running_service_needs() -> None:
    code = f"import sys, bot.surfaces.cli.main; print(*[one for one in {HEAVY} if one in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []
