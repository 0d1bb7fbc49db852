"""Runs the sandbox as a process of its own: prints its URL as one JSON line, then serves until stopped."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from connectors.chat.slack.sandbox.app import create_sandbox
from connectors.chat.slack.sandbox.state import Workspace, from_seed
from connectors.sandboxing import server_for


async def _serve(port: int, workspace: Workspace | None) -> None:
    server, listening, url = server_for(create_sandbox(workspace), port)
    urls = {"url": url, "base_url": f"{url}/api/", "scim_url": f"{url}/scim/v1/"}
    sys.stdout.write(json.dumps(urls) + "\n")
    sys.stdout.flush()
    await server.serve(sockets=[listening])


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m connectors.chat.slack.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes any that is free")
    parser.add_argument("--seed", type=Path, help="JSON file with users, channels, user_groups, prefs")
    arguments = parser.parse_args()
    seed = arguments.seed
    workspace = from_seed(json.loads(seed.read_text(encoding="utf-8"))) if seed else None
    asyncio.run(_serve(arguments.port, workspace))


if __name__ == "__main__":
    main()
