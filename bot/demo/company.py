"""The invented company: its forty people, its HR export, and the settings `bawab` runs in."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

LEAVER, MOVER, HR_PERSON, DEPUTY = "104", "107", "137", "102"
SLACK, TELEGRAM, MICROSOFT, WHATSAPP = "slack", "telegram", "microsoft", "whatsapp"
"""What the company calls its platforms in the settings."""


def read(name: str) -> str:
    """Read one of the company's files."""
    return (files("bot.demo") / "company" / name).read_text(encoding="utf-8")


def export(last_moment: datetime, transfer: datetime) -> str:
    """Give the HR export, with the leaver's last moment and the mover's transfer at these instants."""
    text = read("people.csv")
    return text.replace("{last_moment}", _spelled(last_moment)).replace("{transfer}", _spelled(transfer))


def _spelled(instant: datetime) -> str:
    return instant.replace(microsecond=0).isoformat()


def people() -> list[dict[str, str]]:
    """Give the forty people as their rows."""
    return list(csv.DictReader(io.StringIO(read("people.csv"))))


def name_of(employee_id: str) -> str:
    """Give a person's name."""
    return next(row["name"] for row in people() if row["employee_id"] == employee_id)


def settle_in(folder: Path, platforms: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Write the company's files into a folder; gives the environment that `bawab` runs in.

    `platforms` holds what each sandbox said of itself as it started.
    """
    (folder / "hr").mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(read("policy.yaml"), encoding="utf-8")
    (folder / "groups.yaml").write_text(read("groups.yaml"), encoding="utf-8")
    slack, telegram, microsoft = (platforms[name] for name in (SLACK, TELEGRAM, MICROSOFT))
    return {
        "BAWAB_DATA_DIR": str(folder / "data"),
        "BAWAB_POLICIES": str(folder / "policy.yaml"),
        "BAWAB_REGISTRY": str(folder / "groups.yaml"),
        "BAWAB_TIME_ZONE": "Asia/Riyadh",
        "BAWAB_IT_CONTACT": "139",
        "BAWAB_HR__EXPORT__PATH": str(folder / "hr"),
        "BAWAB_HR__EXPORT__SETTLE_SECONDS": "0.5",
        "BAWAB_SLACK__SLACK__BOT_TOKEN": "xoxb-sandbox-bot",
        "BAWAB_SLACK__SLACK__ADMIN_TOKEN": "xoxp-sandbox-admin",
        "BAWAB_SLACK__SLACK__BASE_URL": slack["base_url"],
        "BAWAB_SLACK__SLACK__SCIM_URL": slack["scim_url"],
        "BAWAB_SLACK__SLACK__PACE_SCALE": "0.1",
        "BAWAB_TELEGRAM__TELEGRAM__BOT_TOKEN": telegram["bot_token"],
        "BAWAB_TELEGRAM__TELEGRAM__BASE_URL": telegram["base_url"],
        "BAWAB_TEAMS__MICROSOFT__TENANT_ID": microsoft["tenant_id"],
        "BAWAB_TEAMS__MICROSOFT__CLIENT_ID": microsoft["client_id"],
        "BAWAB_TEAMS__MICROSOFT__CLIENT_SECRET": microsoft["client_secret"],
        "BAWAB_TEAMS__MICROSOFT__BASE_URL": microsoft["base_url"],
        "BAWAB_TEAMS__MICROSOFT__LOGIN_URL": microsoft["login_url"],
        "BAWAB_MANUAL__WHATSAPP__PLATFORM": "whatsapp",
    }
