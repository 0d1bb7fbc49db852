"""Who is where before the example begins: the seeds of the Slack, Telegram and Microsoft sandboxes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.demo import company
from bot.demo.company import LEAVER, MICROSOFT, SLACK, TELEGRAM

Rows = list[dict[str, str]]
SLACK_BOT = "UBOT"
MANAGER = "101"
WITH_MICROSOFT = ("101", "102", LEAVER, "105", "107")
"""Who has a Microsoft account: few, so that their matches by e-mail can be read at a glance."""
TEAM, SECURITY, DYNAMIC = (f"5a1e5000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))


def slack_account(employee_id: str) -> str:
    """Give a person's Slack id."""
    return f"U0{employee_id}"


def telegram_account(employee_id: str) -> int:
    """Give a person's Telegram id, as HR's export has it too."""
    return 7_700_000_000 + int(employee_id)


def microsoft_account(employee_id: str) -> str:
    """Give a person's object id in Entra."""
    return f"e1d0{employee_id}0-0000-4000-8000-000000000{employee_id}"


def slack(rows: Rows) -> dict[str, Any]:
    """Everybody is in #general, and in the channels of their post."""
    sales, finance = _of(rows, "Sales"), _of(rows, "Finance")
    lunch = [row["employee_id"] for row in rows if int(row["employee_id"]) % 3 != 2]
    return {
        "team": "Nakheel",
        "enterprise_id": "E0NAKHEEL",
        "users": [
            {"id": slack_account(row["employee_id"]), "name": row["name"], "email": row["email"]}
            for row in rows
        ],
        "channels": [
            _channel("C0SALES", "sales-riyadh", sales),
            _channel("C0DEALS", "sales-deals", sales[:8], is_private=True),
            _channel("C0LUNCH", "lunch", lunch),
            _channel("C0FIN", "finance-close", finance, is_private=True),
            _channel("C0ENG", "engineering", _of(rows, "Engineering")),
            {**_channel("C0BOARD", "board-room", [], is_private=True), "members": [slack_account(MANAGER)]},
        ],
        "user_groups": [
            {"id": "S0SELL", "handle": "sellers", "users": [slack_account(one) for one in sales]}
        ],
    }


def _channel(channel_id: str, name: str, members: list[str], **more: Any) -> dict[str, Any]:
    inside = [SLACK_BOT, *(slack_account(member) for member in members)]
    return {"id": channel_id, "name": name, "members": inside, **more}


def telegram(rows: Rows) -> dict[str, Any]:
    """The sales people's supergroup and channel; their manager has just added the bot as an admin."""
    sales = [row for row in rows if row["department"] == "Sales"]
    manager = telegram_account(MANAGER)
    names = {telegram_account(row["employee_id"]): row["name"] for row in sales}
    common = {
        "creator": manager,
        "members": [one for one in names if one != manager],
        "bot_added_by": manager,
    }
    return {
        "users": [
            {"id": telegram_account(row["employee_id"]), "first_name": row["name"].split()[0]}
            for row in sales
        ],
        "chats": [
            {"id": -1001900000001, "type": "supergroup", "title": "Sales Trips", **common},
            {"id": -1001900000002, "type": "channel", "title": "Sales Prices", **common},
        ],
    }


def microsoft(rows: Rows) -> dict[str, Any]:
    """A team that the leaver alone owns, a security group, and one that Microsoft fills by a rule."""
    users = [row for row in rows if row["employee_id"] in WITH_MICROSOFT]
    inside = [microsoft_account(row["employee_id"]) for row in users]
    return {
        "display_name": "Nakheel",
        "users": [
            {
                "id": microsoft_account(row["employee_id"]),
                "display_name": row["name"],
                "mail": row["email"],
                "department": row["department"],
            }
            for row in users
        ],
        "groups": [
            {
                **_group(TEAM, "Sales Plans", [one for one in inside if one != microsoft_account("107")]),
                "owners": [microsoft_account(LEAVER)],
                "group_types": ["Unified"],
                "mail_enabled": True,
                "security_enabled": False,
                "visibility": "Private",
            },
            {**_group(SECURITY, "Sales Files", inside), "owners": [microsoft_account(MANAGER)]},
            {**_group(DYNAMIC, "All Staff", inside), "group_types": ["DynamicMembership"]},
        ],
        "teams": [{"id": TEAM}],
    }


def _group(id_: str, name: str, members: list[str]) -> dict[str, Any]:
    return {"id": id_, "display_name": name, "members": list(members)}


def _of(rows: Rows, department: str) -> list[str]:
    return [row["employee_id"] for row in rows if row["department"] == department]


SEEDS: Mapping[str, Callable[[Rows], dict[str, Any]]] = {
    SLACK: slack,
    TELEGRAM: telegram,
    MICROSOFT: microsoft,
}
"""By what the company calls the platform."""


def seed_file(folder: Path, platform: str) -> Path:
    """Write one sandbox's seed."""
    path = folder / f"{platform}-seed.json"
    path.write_text(json.dumps(SEEDS[platform](company.people()), ensure_ascii=False), encoding="utf-8")
    return path
