"""The least that could answer a signed event: the same calls, as many durable commits, and nothing else."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ROW = "x" * 1000
"""About as much as Bawab stores at a time: a row and its entry in the log."""


class Bare:
    """One handler, one connection to SQLite with synchronous=FULL, one HTTP session."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._verifier = SignatureVerifier(job["secret"])
        self._worker = ThreadPoolExecutor(1)
        self._database = sqlite3.connect(Path(job["folder"]) / "bare.db", check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, what TEXT)")
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request) -> Response:
        """Check the signature, store, answer; the rest goes on afterwards."""
        body = await request.body()
        if not self._verifier.is_valid_request(body, dict(request.headers)):
            return Response(status_code=401)
        event = json.loads(body)["event"]
        await self._durable()
        task = asyncio.create_task(self._follow(event["user"], event["channel"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Response()

    async def _follow(self, user: str, channel: str) -> None:
        commits = self._job["commits"] - 1
        for method in self._job["calls"][:-1]:
            await self._call(method, user=user, channel=channel)
        for _ in range(commits):
            await self._durable()
        await self._call(self._job["calls"][-1], user=user, channel=channel)

    async def _durable(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, self._commit)

    def _commit(self) -> None:
        with self._database:
            self._database.executemany("INSERT INTO note (what) VALUES (?)", [(ROW,), (ROW,)])

    async def _call(self, method: str, **said: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"Authorization": "Bearer xoxb-bench"})
        async with self._session.post(f"{self._job['url']}/api/{method}", data=said) as answer:
            await answer.json()


def main(job: dict[str, Any]) -> None:
    """Serve until standard input ends."""
    bare = Bare(job)
    routes = [Route("/events", bare.answer, methods=["POST"])]
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=routes), ws="none", lifespan="off", log_level="error", access_log=False
    )
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{taken.getsockname()[1]}/events"}) + "\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[taken])


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
