"""Runs the sandbox as a process of its own: prints its URL as one JSON line, then serves until stopped."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from connectors.chat.telegram.sandbox.app import create_sandbox
from connectors.chat.telegram.sandbox.seed import BOT_TOKEN, from_seed
from connectors.chat.telegram.sandbox.world import World
from connectors.sandboxing import server_for


async def _serve(port: int, world: World | None) -> None:
    server, listening, url = server_for(create_sandbox(world), port)
    sys.stdout.write(json.dumps({"url": url, "base_url": url, "bot_token": BOT_TOKEN}) + "\n")
    sys.stdout.flush()
    await server.serve(sockets=[listening])


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m connectors.chat.telegram.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes any that is free")
    parser.add_argument("--seed", type=Path, help="JSON file with users and chats")
    arguments = parser.parse_args()
    seed = arguments.seed
    asyncio.run(
        _serve(arguments.port, from_seed(json.loads(seed.read_text(encoding="utf-8"))) if seed else None)
    )


if __name__ == "__main__":
    main()
