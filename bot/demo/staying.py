"""After the worked example: its console stays open, with a link for each kind of person, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.demo import company
from bot.demo.processes import Command, Service
from bot.locale import N_, Translator

USUAL_PORT = 8080
START_SECONDS = 30.0
WHO: Mapping[str, str] = {
    "hr": N_("HR"),
    "it": N_("IT"),
    "chat_admin": N_("chat admin"),
    "auditor": N_("auditor"),
}
TRY = (
    N_("As HR: start an offboarding, and look at who would lose what before anything happens."),
    N_("As IT: find out what happened to Ana, and sign the runs off."),
    N_("As the chat admin: see how little is asked of you."),
    N_("As the auditor: search the log, and take the proof with you."),
)


async def stay(command: Command, folder: Path, console: Console, t: Translator) -> None:
    """Run the service with its console until Ctrl-C; what was played is there to be looked at."""
    listen = f"127.0.0.1:{_free_port()}"
    (folder / "staff.yaml").write_text(company.read("staff.yaml"), encoding="utf-8")
    more = {"BAWAB_LISTEN": listen, "BAWAB_STAFF": str(folder / "staff.yaml")}
    staying = Command(command.settings | more, console, t)
    with _asked_to_stop() as stopped:
        async with Service(staying) as service:
            await _answers(listen, service)
            await _offer(staying, console, t)
            await _until(stopped, service)


async def _offer(command: Command, console: Console, t: Translator) -> None:
    """Print a link that works once for one person of each kind."""
    opened = t.text("The console is open. Each link signs in once, as:")
    console.print(f"\n{opened}", style="bold", highlight=False)
    staff: list[dict[str, Any]] = (await command.data("staff", "list"))["staff"]
    for role, named in WHO.items():
        person = next(row for row in staff if role in row["roles"])
        link = (await command.data("staff", "link", person["id"]))["link"]
        console.print(f"  {t.text(named)}, {t.isolate(person['name'])}:", highlight=False)
        console.print(f"    {link}", style="cyan", highlight=False, soft_wrap=True)
    console.print()
    for sentence in TRY:
        console.print(f"  {t.text(sentence)}", highlight=False)
    ends = t.text("Ctrl-C ends it; everything is invented and stays in its folder.")
    console.print(f"\n{ends}", highlight=False)


async def _answers(listen: str, service: Service) -> None:
    """Wait until the console can be reached."""
    host, _, port = listen.partition(":")
    async with asyncio.timeout(START_SECONDS):
        while not service.ended:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.2)
            else:
                writer.close()
                return


async def _until(stopped: asyncio.Event, service: Service) -> None:
    """Wait for Ctrl-C, or for the service to end by itself."""
    while not service.ended:
        try:
            async with asyncio.timeout(1):
                await stopped.wait()
                return
        except TimeoutError:
            continue


@contextmanager
def _asked_to_stop() -> Iterator[asyncio.Event]:
    """Give what SIGINT and SIGTERM set."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    caught = (signal.SIGINT, signal.SIGTERM)
    for number in caught:
        loop.add_signal_handler(number, asked.set)
    try:
        yield asked
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def _free_port() -> int:
    for port in (USUAL_PORT, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as taken:
                return int(taken.getsockname()[1])
        except OSError:
            continue
    raise OSError("no port of loopback is free")
