"""The sandbox for the demo: a tenant out of a seed, a process of its own, and somebody else's acts."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from connectors.chat.teams.sandbox import TENANT_ID
from connectors.chat.teams.sandbox.seed import from_seed
from tests.connectors.teams.sandboxed import ANA, CARLA, SALES, client, sign_in, staged

SEED = {
    "display_name": "Acme",
    "granted": ["User.Read.All"],
    "users": [{"id": ANA, "display_name": "Ana", "employee_leave": "2026-05-01T00:00:00+00:00"}],
    "groups": [
        {"id": SALES, "display_name": "Sales", "members": [ANA], "owners": [ANA], "group_types": ["Unified"]}
    ],
    "teams": [{"id": SALES}],
    "chats": [{"id": "19:c@thread.v2", "topic": "Lunch", "members": {ANA: "owner"}}],
}


def test_a_seed_becomes_a_tenant_and_what_it_leaves_out_is_the_usual() -> None:
    tenant = from_seed(SEED)
    assert (tenant.id, tenant.display_name, tenant.app().granted) == (TENANT_ID, "Acme", ["User.Read.All"])
    assert tenant.groups[SALES].unified
    assert tenant.users[ANA].employee_leave is not None
    assert [channel.membership_type for channel in tenant.channels_of(SALES)] == ["standard"]


def test_a_seed_with_an_unknown_property_is_refused() -> None:
    with pytest.raises(TypeError, match="nickname"):
        from_seed({"users": [{"id": ANA, "nickname": "A"}]})


async def test_a_process_of_its_own_says_where_it_is_and_serves_the_seed(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    words = ("-m", "connectors.chat.teams.sandbox", "--seed", str(seed))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=pipe)
    try:
        assert process.stdout is not None
        facts = json.loads(await process.stdout.readline())
        token = (await sign_in(facts["login_url"], facts["tenant_id"])).json()["access_token"]
        async with client(Authorization=f"Bearer {token}") as http:
            rows = (await http.get(f"{facts['base_url']}/users/{ANA}")).json()
        assert rows["displayName"] == "Ana"
    finally:
        process.terminate()
        await process.wait()


async def test_somebody_else_acts_over_http_and_the_state_shows_it() -> None:
    async with staged() as stage:
        acts = f"{stage.url}/_sandbox/acts"
        done = await stage.http.post(acts, json={"act": "add_member", "args": [SALES, CARLA]})
        assert done.json() == {"told": 0}
        state = (await stage.http.get(f"{stage.url}/_sandbox/state")).json()
        sales = next(group for group in state["groups"] if group["id"] == SALES)
        assert CARLA in sales["members"]
        assert "apps" not in state
        nonsense: tuple[dict[str, object], ...] = (
            {"act": "no such"},
            {"act": "add_member", "args": ["nowhere", CARLA]},
            {"args": []},
        )
        for act in nonsense:
            assert (await stage.http.post(acts, json=act)).status_code == 400
