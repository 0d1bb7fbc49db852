"""The listener: serves the console, and hears what platforms tell, where BAWAB_LISTEN says so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bot.app import Bawab
from bot.settings import SettingsProblem
from bot.surfaces.graph.door import Door as GraphDoor
from bot.surfaces.slack.door import Door
from bot.surfaces.slack.events import PATIENCE_SECONDS
from bot.surfaces.slack.surface import Surface
from connectors.chat.slack import SlackConnector

GRACE_SECONDS = 3


class _Server(uvicorn.Server):
    """Leaves the process's signals to whoever started it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(app: Bawab, *, patience: float = PATIENCE_SECONDS) -> AsyncIterator[str | None]:
    """Listen while the block runs; gives the address, or None where nothing is to be listened to.

    An event is answered within `patience` seconds.

    Raises SettingsProblem where the address cannot be taken, or nothing would be served there.
    """
    if app.settings.listen is None:
        _nothing_in_vain(app)
        yield None
        return
    slack = list(_of_slack(app, patience))
    server = _Server(_config(_served(app, slack)))
    taken = _bind(app.settings.listen)
    host, port = taken.getsockname()[:2]
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await serving
        for door in slack:
            await door.aclose()
        taken.close()


def _nothing_in_vain(app: Bawab) -> None:
    """Raise SettingsProblem where Telegram is told to bring its updates to nobody."""
    for name, settings in app.settings.telegram.items():
        if settings.updates == "webhook":
            variable = f"BAWAB_TELEGRAM__{name.upper()}__UPDATES"
            raise SettingsProblem(f"{variable}=webhook needs BAWAB_LISTEN, such as 127.0.0.1:8080")


def _served(app: Bawab, slack: list[Door]) -> Starlette:
    """Put together what is served: the platforms' own paths, the API, and the console for everything else."""
    from bot.surfaces.api.app import mounted  # noqa: PLC0415 - as below
    from bot.surfaces.web.serving import served  # noqa: PLC0415 - no other command waits for FastAPI

    routes = [*(door.route() for door in slack), *_of_telegram(app), *_of_graph(app)]
    console = served(app)
    beside = [mounted(app)] if console is not None else []
    made = Starlette(routes=[*routes, *beside])
    if console is not None:
        made.router.default = console
    elif not routes:
        raise SettingsProblem(
            "BAWAB_LISTEN is set beyond this machine, but nothing would listen: set BAWAB_CONSOLE__URL (the "
            "console's https address), BAWAB_SLACK__<NAME>__SIGNING_SECRET (Slack app > Basic Information > "
            "Signing Secret), BAWAB_TELEGRAM__<NAME>__UPDATES=webhook, or "
            "BAWAB_TEAMS__<NAME>__NOTIFICATION_URL; or take BAWAB_LISTEN out"
        )
    return made


def _of_slack(app: Bawab, patience: float) -> Iterator[Door]:
    for name, settings in app.settings.slack.items():
        secret, connector = settings.signing(), app.chat.get(name)
        if secret is not None and isinstance(connector, SlackConnector):
            yield Door(name, Surface(app, connector, patience), secret)


def _of_telegram(app: Bawab) -> Iterator[Route]:
    if any(settings.updates == "webhook" for settings in app.settings.telegram.values()):
        from bot.surfaces.telegram.starting import webhooks  # noqa: PLC0415 - its SDK is loaded late

        yield from (webhook.route() for webhook in webhooks(app))


def _of_graph(app: Bawab) -> Iterator[Route]:
    for name, settings in app.settings.teams.items():
        if settings.notification_url is not None:
            yield GraphDoor(app, name).route()


def _config(asgi: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        asgi,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        limit_concurrency=64,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _bind(listen: str) -> socket.socket:
    """Take the address at once, so that a wrong one is said before anything starts."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, int(port)))
    except OSError as error:
        made.close()
        raise SettingsProblem(
            f"BAWAB_LISTEN: {listen} cannot be listened on ({error.strerror}); name a free port here"
        ) from None
    made.listen(128)  # whoever reads the address may connect at once
    return made
