"""The company of the example with many processes: three workspaces, and enough to do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

CITIES: Final = ("riyadh", "jeddah", "dammam")
"""The three workspaces: three lanes."""
STAYING: Final = tuple(f"{number}" for number in range(201, 231))
LEAVERS: Final = ("101", "102", "103")
CHANNELS: Final = 20
HR_PERSON: Final = "201"
BOT: Final = "UBOT"
_HEAD: Final = "employee_id,name,email,department,status,last_day,time_zone"
_POLICY: Final = """\
version: 1
rules:
  - id: leaver
    on: [leaver, contractor_end]
    groups: all
    action: remove
    when: end_of_last_day
    notify: owner
"""


def account(employee_id: str) -> str:
    """Give a person's Slack id."""
    return f"U0{employee_id}"


def export(*, gone: bool) -> str:
    """Give HR's export, with or without the leavers' last day."""
    lines = [_HEAD]
    for one in (*LEAVERS, *STAYING):
        left = "terminated,2026-11-01" if gone and one in LEAVERS else "active,"
        lines.append(f"{one},Employee {one},{one}@nakheel.example,Sales,{left},Asia/Riyadh")
    return "\n".join(lines) + "\n"


def seed_file(folder: Path, city: str) -> Path:
    """Write who is where in a workspace; gives the file."""
    everybody = [account(one) for one in (*LEAVERS, *STAYING)]
    seed = {
        "team": city.title(),
        "team_id": f"T{city.upper()}",
        "users": [
            {"id": account(one), "name": f"Employee {one}", "email": f"{one}@nakheel.example"}
            for one in (*LEAVERS, *STAYING)
        ],
        "channels": [
            {"id": f"C{number:03}", "name": f"{city}-{number}", "members": [BOT, *everybody]}
            for number in range(1, CHANNELS + 1)
        ],
    }
    path = folder / f"{city}.json"
    path.write_text(json.dumps(seed, ensure_ascii=False), encoding="utf-8")
    return path


def settle_in(folder: Path, url: str, platforms: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Write the company's files; gives the environment that every process runs in."""
    (folder / "hr").mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(_POLICY, encoding="utf-8")
    found = {
        "BAWAB_DATABASE_URL": url,
        "BAWAB_DATA_DIR": str(folder / "data"),
        "BAWAB_POLICIES": str(folder / "policy.yaml"),
        "BAWAB_TIME_ZONE": "Asia/Riyadh",
        "BAWAB_HR__EXPORT__PATH": str(folder / "hr"),
        "BAWAB_HR__EXPORT__SETTLE_SECONDS": "0.2",
        "BAWAB_TICK_SECONDS": "0.5",
        "BAWAB_NOTICES__ENABLED": "false",
        # Quicker than one would have it, so that the example need not wait.
        "BAWAB_WORKERS__HEARTBEAT_SECONDS": "1",
        "BAWAB_WORKERS__STALLED_SECONDS": "5",
        "BAWAB_WORKERS__LANES_AT_ONCE": "2",
    }
    for city, facts in platforms.items():
        at = f"BAWAB_SLACK__{city.upper()}__"
        found |= {
            f"{at}BOT_TOKEN": "xoxb-sandbox-bot",
            f"{at}BASE_URL": facts["base_url"],
            f"{at}SCIM_URL": facts["scim_url"],
            f"{at}PACE_SCALE": "1.2",
        }
    return found


def still_in(state: Mapping[str, Any]) -> list[str]:
    """Name the channels that a leaver is still in, by what the platform itself says."""
    gone = {account(one) for one in LEAVERS}
    channels: Sequence[Mapping[str, Any]] = state["channels"]
    return [one["name"] for one in channels if one["id"].startswith("C0") and gone & set(one["members"])]


def twice(journal: Sequence[Mapping[str, Any]]) -> int:
    """Count removals that took effect more than once, by the platform's own journal."""
    done = [
        (call["params"].get("channel"), call["params"].get("user"))
        for call in journal
        if call["method"] == "conversations.kick" and call["effect"] in {"done", "delayed"}
    ]
    return len(done) - len(set(done))
