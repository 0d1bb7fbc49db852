"""The sandbox as others use it: as a process, seeded from a file, with faults and journal over HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from connectors.chat.slack.sandbox import (
    ADMIN_TOKEN,
    BOT_TOKEN,
    create_sandbox,
    from_seed,
    running_sandbox,
)
from tests.connectors.slack.stage import workspace


async def ask(url: str, method: str, **options: object) -> dict[str, object]:
    options.setdefault("headers", {"Authorization": f"Bearer {BOT_TOKEN}"})
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/api/{method}", **options) as response,  # type: ignore[arg-type] # any option of aiohttp
    ):
        answer: dict[str, object] = await response.json()
        return answer


@pytest.mark.parametrize("how", ["params", "data", "json"])
async def test_arguments_are_read_from_query_form_and_json(how: str) -> None:
    async with running_sandbox(create_sandbox(workspace())) as url:
        answer = await ask(url, "users.info", **{how: {"user": "U1"}})
    assert answer["ok"] is True


async def test_a_kick_needs_a_good_token_its_scope_and_its_arguments() -> None:
    async with running_sandbox(create_sandbox(workspace())) as url:
        nobody = await ask(url, "conversations.kick", headers={})
        nothing = await ask(url, "conversations.kick")
        unknown = await ask(url, "conversations.explode")
        bot = await ask(url, "admin.users.session.reset", params={"user_id": "U1"})
    assert nobody["error"] == "invalid_auth"
    assert nothing["error"] == "missing_argument"
    assert unknown["error"] == "unknown_method"
    assert bot["error"] == "not_allowed_token_type"


async def test_faults_and_journal_are_reached_over_http_without_tokens() -> None:
    async with running_sandbox(create_sandbox(workspace())) as url, aiohttp.ClientSession() as session:
        fault = {"kind": "error", "method": "users.info", "error": "fatal_error"}
        async with session.post(f"{url}/_sandbox/faults", json=fault) as response:
            assert response.status == 200
        async with session.post(f"{url}/_sandbox/faults", json={"kind": "no_such"}) as response:
            assert response.status == 400
        assert (await ask(url, "users.info", params={"user": "U1"}))["error"] == "fatal_error"
        assert (await ask(url, "users.info", params={"user": "U1"}))["ok"] is True
        async with session.get(f"{url}/_sandbox/journal") as response:
            journal = await response.text()
        async with session.get(f"{url}/_sandbox/state") as response:
            state = await response.text()
    assert [entry["answer"] for entry in json.loads(journal)] == ["error", "ok"]
    assert not [token for token in (BOT_TOKEN, ADMIN_TOKEN) if token in journal + state]


async def test_it_runs_as_a_process_from_a_seed_file(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"users": [{"id": "U7", "name": "منى"}], "team_id": "T7"}), encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "connectors.chat.slack.sandbox", "--seed", str(seed), stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        urls = json.loads(await child.stdout.readline())
        answer = await ask(urls["url"], "users.info", params={"user": "U7"})
    finally:
        child.terminate()
        await child.wait()
    assert "منى" in json.dumps(answer, ensure_ascii=False)


def test_seeded_people_stand_in_the_default_channel() -> None:
    world = from_seed({"users": [{"id": "U7"}], "prefs": {"everyone_may_kick": False}})
    assert "U7" in world.channels["CGENERAL"].members
    assert not world.prefs.everyone_may_kick
