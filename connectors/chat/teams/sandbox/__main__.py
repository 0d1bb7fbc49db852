"""Runs the sandbox as a process of its own: prints its URLs as one JSON line, then serves until stopped."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from connectors.chat.teams.sandbox.app import create_sandbox
from connectors.chat.teams.sandbox.seed import from_seed
from connectors.chat.teams.sandbox.state import CLIENT_ID, CLIENT_SECRET, Tenant
from connectors.sandboxing import server_for


async def _serve(port: int, tenant: Tenant | None, lag: float) -> None:
    sandbox = create_sandbox(tenant)
    sandbox.world.lag_seconds = lag
    server, listening, url = server_for(sandbox, port)
    facts = {
        "url": url,
        "base_url": f"{url}/v1.0",
        "login_url": url,
        "tenant_id": sandbox.tenant.id,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    await server.serve(sockets=[listening])


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m connectors.chat.teams.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes any that is free")
    parser.add_argument("--seed", type=Path, help="JSON file with users, groups, teams, channels, chats")
    parser.add_argument("--lag", type=float, default=0.0, help="seconds until reads show a removal")
    arguments = parser.parse_args()
    seed = arguments.seed
    tenant = from_seed(json.loads(seed.read_text(encoding="utf-8"))) if seed else None
    asyncio.run(_serve(arguments.port, tenant, arguments.lag))


if __name__ == "__main__":
    main()
