"""`python -m bench.stubs slack`: serves one stub in a process of its own, and prints its port."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module

from bench.stubs.http import serve
from bench.stubs.stub import Stub

KINDS = {"slack": "SlackStub", "telegram": "TelegramStub", "graph": "GraphStub"}


async def main(kind: str) -> None:
    """Serve until killed."""
    stub: Stub = getattr(import_module(f"bench.stubs.{kind}"), KINDS[kind])()
    stub.seed({})
    server, port = await serve(stub.answer)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
