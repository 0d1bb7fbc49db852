"""The invented company: forty people, their Slack, their WhatsApp group, and their policy."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

LEAVER, MOVER, HR_PERSON, ATTESTER = "104", "107", "137", "102"
BOT = "UBOT"


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


def workspace() -> dict[str, Any]:
    """Give the Slack sandbox's seed: everybody in #general, and in the channels of their post."""
    rows = people()
    sales, finance = _of(rows, "Sales"), _of(rows, "Finance")
    lunch = [row["employee_id"] for row in rows if int(row["employee_id"]) % 3 != 2]
    return {
        "team": "Nakheel",
        "enterprise_id": None,
        "users": [
            {"id": account(row["employee_id"]), "name": row["name"], "email": row["email"]} for row in rows
        ],
        "channels": [
            _channel("C0SALES", "sales-riyadh", sales),
            _channel("C0DEALS", "sales-deals", sales[:8], is_private=True),
            _channel("C0LUNCH", "lunch", lunch),
            _channel("C0FIN", "finance-close", finance, is_private=True),
            _channel("C0ENG", "engineering", _of(rows, "Engineering")),
            {**_channel("C0BOARD", "board-room", sales[:3], is_private=True), "members": [account("101")]},
        ],
        "user_groups": [{"id": "S0SELL", "handle": "sellers", "users": [account(one) for one in sales]}],
    }


def account(employee_id: str) -> str:
    """Give a person's Slack id in the sandbox."""
    return f"U0{employee_id}"


def _of(rows: list[dict[str, str]], department: str) -> list[str]:
    return [row["employee_id"] for row in rows if row["department"] == department]


def _channel(channel_id: str, name: str, members: list[str], **more: Any) -> dict[str, Any]:
    inside = [BOT, *(account(member) for member in members)]
    return {"id": channel_id, "name": name, "members": inside, **more}


def settle_in(folder: Path, base_url: str, scim_url: str) -> dict[str, str]:
    """Write the company's files into a folder; gives the environment that `bawab` runs in."""
    (folder / "hr").mkdir(parents=True)
    (folder / "policy.yaml").write_text(read("policy.yaml"), encoding="utf-8")
    (folder / "groups.yaml").write_text(read("groups.yaml"), encoding="utf-8")
    return {
        "BAWAB_DATA_DIR": str(folder / "data"),
        "BAWAB_POLICIES": str(folder / "policy.yaml"),
        "BAWAB_REGISTRY": str(folder / "groups.yaml"),
        "BAWAB_TIME_ZONE": "Asia/Riyadh",
        "BAWAB_IT_CONTACT": "139",
        "BAWAB_TICK_SECONDS": "1",
        "BAWAB_HR__EXPORT__PATH": str(folder / "hr"),
        "BAWAB_HR__EXPORT__SETTLE_SECONDS": "0.5",
        "BAWAB_SLACK__ACME__BOT_TOKEN": "xoxb-sandbox-bot",
        "BAWAB_SLACK__ACME__BASE_URL": base_url,
        "BAWAB_SLACK__ACME__SCIM_URL": scim_url,
        "BAWAB_SLACK__ACME__PACE_SCALE": "0.1",
        "BAWAB_MANUAL__WHATSAPP__PLATFORM": "whatsapp",
    }


def seed_file(folder: Path) -> Path:
    """Write the sandbox's seed."""
    path = folder / "slack-seed.json"
    path.write_text(json.dumps(workspace(), ensure_ascii=False), encoding="utf-8")
    return path
