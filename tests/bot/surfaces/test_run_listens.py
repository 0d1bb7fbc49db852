"""`bawab run` itself listens while it works, and stops listening when it is told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp

from connectors.chat.slack.sandbox import BOT_TOKEN, create_sandbox, running_sandbox
from tests.bot.surfaces.telling import SECRET, signed
from tests.ports import free_port

ROOT = Path(__file__).parents[3]
PROGRAM = "from bot.surfaces.cli.main import main; main()"
CHALLENGE = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()


async def challenged(url: str) -> str:
    """Send Slack's challenge until somebody answers, for a minute at most."""
    async with aiohttp.ClientSession() as http:
        for _ in range(600):
            try:
                async with http.post(url, data=CHALLENGE, headers=signed(CHALLENGE)) as answer:
                    return str((await answer.json())["challenge"])
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
    raise AssertionError("nobody listens")


async def test_bawab_run_listens_until_it_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "hr").mkdir()
    listen = f"127.0.0.1:{free_port()}"
    async with running_sandbox(create_sandbox()) as slack:
        told = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "BAWAB_DATA_DIR": str(tmp_path / "data"),
            "BAWAB_HR__MAIN__PATH": str(tmp_path / "hr"),
            "BAWAB_SLACK__ACME__BOT_TOKEN": BOT_TOKEN,
            "BAWAB_SLACK__ACME__BASE_URL": f"{slack}/api/",
            "BAWAB_SLACK__ACME__SIGNING_SECRET": SECRET,
            "BAWAB_LISTEN": listen,
        }
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, "run", cwd=tmp_path, env=told, stderr=asyncio.subprocess.PIPE
        )
        try:
            assert await challenged(f"http://{listen}/slack/acme/events") == "abc"
            child.send_signal(signal.SIGINT)
            _, said = await asyncio.wait_for(child.communicate(), timeout=60)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    assert child.returncode == 0, said
    assert SECRET not in said.decode()
