"""Bawab's settings for a stub, its clock, and its database filled with released work."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from bench.bawab_rows import case_of, link_of, person_row, step_of
from bot.app import Bawab
from bot.settings import Settings, SlackInstance, TeamsInstance, TelegramInstance
from bot.store.query import add, chunks

INSTANCE = "acme"
Job = dict[str, Any]


def utc_now() -> datetime:
    """Tell the (hastened) time of day: the clock of `datetime` itself cannot be hastened."""
    return datetime.fromtimestamp(time.time(), UTC)


def settings_of(job: Job, **more: Any) -> Settings:
    """Say where the stub is, and which platform it plays."""
    named = {"slack": _slack, "telegram": _telegram, "teams": _teams}
    platform = job.get("platform", "slack")
    instance = {platform: {INSTANCE: named[platform](job)}}
    told: dict[str, Any] = {"data_dir": Path(job["folder"]), "time_zone": "UTC", **instance, **more}
    return Settings(_env_file=None, **told)


def _slack(job: Job) -> SlackInstance:
    tokens = {"bot_token": job["tokens"]["bot"], "admin_token": job["tokens"].get("admin")}
    urls = {"base_url": f"{job['url']}/api/", "scim_url": f"{job['url']}/scim/v1/"}
    return SlackInstance.model_validate({**tokens, **urls, "pace_scale": job["pace_scale"]})


def _telegram(job: Job) -> TelegramInstance:
    told = {"bot_token": job["tokens"]["bot"], "base_url": job["url"], "updates": "off"}
    return TelegramInstance.model_validate({**told, "pace_scale": job["pace_scale"]})


def _teams(job: Job) -> TeamsInstance:
    told = {"tenant_id": job["tenant"], "client_id": job["tenant"], "client_secret": job["tokens"]["bot"]}
    urls = {"base_url": f"{job['url']}/v1.0", "login_url": job["url"]}
    return TeamsInstance.model_validate({**told, **urls, "pace_scale": job["pace_scale"]})


async def store_work(app: Bawab, job: Job, leavers: dict[str, list[str]], *, urgent: bool = False) -> None:
    """Store people, links, cases and steps as released work; staff who stay are there too."""
    platform, now, policy = job.get("platform", "slack"), app.now(), app.shelf.current.digest
    kind, manner = job.get("kind", "public_channel"), job.get("manner", "kick")
    people = [*leavers, *(f"S{number:06}" for number in range(0 if urgent else job.get("staff", 1000)))]
    rows: list[list[SQLModel]] = [
        [person_row(account, INSTANCE, now, gone=account in leavers) for account in people],
        [case_of(account, policy, now, urgent=urgent) for account in leavers],
        [link_of(account, INSTANCE, now) for account in leavers],
        [
            step_of(account, group, INSTANCE, platform, kind, now, urgent=urgent, manner=manner)
            for account, groups in leavers.items()
            for group in (() if job.get("only_account") else groups)
        ],
        [
            step_of(account, "", INSTANCE, platform, "", now, urgent=urgent, action=action)
            for account in leavers
            for action in job.get("account_acts", ())
        ],
    ]
    for kind in rows:
        for part in chunks(kind, 500):
            async with app.store.write() as tx:
                await add(tx, *part)
