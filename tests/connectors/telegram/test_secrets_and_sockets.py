"""The token never shows, no socket opens but the wire's, and what harms others never leaves."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import traceback

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram.error import NetworkError, TelegramError

from connectors.chat.telegram import TelegramConnector
from connectors.chat.telegram.sandbox import BOT_ID, BOT_TOKEN, Fault, FaultKind, create_sandbox
from connectors.errors import BadCredentials, ConnectorError, Forbidden, NotSupported, Unavailable
from connectors.messages import NoticeOutcome, plain
from connectors.sandboxing import running_sandbox
from connectors.wire import AnswerLost, NotSent, RateLimited
from tests.connectors.telegram.stage import ANA, OMAR, ORDINARY, SUPER, config, staged, world

_SECRET = BOT_TOKEN.partition(":")[2]

# Runs a connector in a process of its own, where an audit hook sees every connect, whoever makes it.
_PROGRAM = """
import asyncio, json, sys
connects = []
def hook(event, args):
    if event == "socket.connect":
        connects.append([str(args[1][0]), int(args[1][1])])
sys.addaudithook(hook)
from connectors.chat.telegram import TelegramConfig, TelegramConnector
from connectors.contract import KnownGroups, Revocation
from connectors.messages import plain
from policies.model import Account, Group, GroupKind, Membership

async def main(url, token):
    telegram = TelegramConnector(TelegramConfig("tg", token, base_url=url, pace_scale=0.0))
    group = Group("tg", "telegram", "-1000000000101", "Sales", GroupKind.SUPERGROUP)
    known = KnownGroups((group,))
    ana = Account("tg", "7001")
    await telegram.check(known)
    [item async for item in telegram.groups(known)]
    found = [m async for m in telegram.memberships(ana, known)]
    steps = [Revocation("s", "7001", m) for m in found if isinstance(m, Membership)]
    for step in steps:
        await telegram.revoke([step])
    await telegram.read_back(steps)
    await telegram.notify("7002", plain("hello"), "k")
    await telegram.bot.initialize()
    await telegram.bot.get_updates(timeout=0)
    await telegram.bot.shutdown()
    wire = telegram.wire
    print(json.dumps({"seen": connects, "wire": wire.connections, "sent": wire.requests_sent}))
    await telegram.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_no_socket_opens_but_the_wires() -> None:
    sandbox = create_sandbox(world())
    async with running_sandbox(sandbox) as url:
        # A proxy in the environment would be another way out; it must not be taken.
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROGRAM,
            url,
            BOT_TOKEN,
            stdout=subprocess.PIPE,
            env={"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONPATH": "."},
        )
        out, _ = await child.communicate()
    assert child.returncode == 0
    report = json.loads(out)
    assert report["seen"] == report["wire"]
    assert report["seen"], "the program did connect"
    assert {f"http://{host}:{port}" for host, port in report["seen"]} == {url}
    assert report["sent"] == len(sandbox.journal)
    assert {entry.by for entry in sandbox.journal} == {BOT_ID}


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.HTTP_500,
        FaultKind.DROP,
        FaultKind.MALFORMED_JSON,
        FaultKind.HTML_PAGE,
        FaultKind.REDIRECT,
        FaultKind.TOKEN_REVOKED,
    ],
)
async def test_no_token_in_any_exception_or_its_causes(kind: FaultKind) -> None:
    async with staged(sandbox=create_sandbox(world(), faults=[Fault(kind, times=0)])) as stage:
        with pytest.raises(ConnectorError) as raised:
            await stage.memberships(SUPER)
        with pytest.raises(TelegramError) as from_the_sdk:
            await stage.telegram.bot.get_updates(timeout=0)
    for error in (raised.value, from_the_sdk.value):
        told = "".join(traceback.format_exception(error)) + _with_fields(error)
        assert _SECRET not in told


def _with_fields(error: BaseException | None) -> str:
    """Everything the exception and its causes say of themselves, as error reporters would show it."""
    told = ""
    while error is not None:
        told += repr(error) + repr(error.args) + repr(getattr(error, "__dict__", ""))
        error = error.__cause__ or error.__context__
    return told


async def test_no_token_where_nothing_listens() -> None:
    telegram = TelegramConnector(config("http://127.0.0.1:9", read_tries=1))
    with pytest.raises(NotSent) as raised:
        await telegram.own_account_ids()
    assert _SECRET not in "".join(traceback.format_exception(raised.value)) + _with_fields(raised.value)
    await telegram.aclose()


async def test_no_token_in_results_findings_logs_or_any_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        told = [repr(await stage.revoke(chat_id)) for chat_id in ORDINARY]
        told += [repr(await stage.read_back(chat_id)) for chat_id in ORDINARY]
        told += [repr(await stage.telegram.check(stage.known())), repr(await stage.groups())]
        await stage.telegram.notify(str(OMAR), plain("a very private sentence"), "k")
        client = stage.telegram._client
        shown = (stage.telegram, stage.telegram.bot, stage.telegram._config, client.wire._settings)
        told += [repr(thing) for thing in shown]
        told += [repr(client.redact), repr(stage.telegram.bot.request), str(stage.telegram.bot.token)]
        told += [repr(stage.sandbox.journal), caplog.text]
    assert not [text for text in told if _SECRET in text]
    assert "a very private sentence" not in caplog.text


async def test_an_answer_that_echoes_the_token_is_redacted_from_the_evidence() -> None:
    echo = Fault(FaultKind.ERROR, "banChatMember", description=f"Bad Request: odd token {BOT_TOKEN}")
    async with staged(sandbox=create_sandbox(world(), faults=[echo])) as stage:
        result = await stage.revoke(SUPER)
    assert _SECRET.casefold() not in repr(result).casefold()
    assert "odd token" in result.detail


@pytest.mark.parametrize("value", [True, "true", 1, "True"])
async def test_nothing_that_deletes_history_ever_leaves(value: object) -> None:
    async with staged() as stage:
        bot = stage.telegram.bot
        with pytest.raises(NetworkError) as raised:
            await bot.ban_chat_member(SUPER, ANA, revoke_messages=value)  # type: ignore[arg-type]
        with pytest.raises(NetworkError) as dropped:
            await bot.delete_webhook(drop_pending_updates=value)  # type: ignore[arg-type]
        assert not stage.sandbox.journal
    assert isinstance(raised.value.__cause__, Forbidden)
    assert isinstance(dropped.value.__cause__, Forbidden)


async def test_what_is_not_on_the_allow_list_never_leaves() -> None:
    async with staged() as stage:
        bot = stage.telegram.bot
        for call in (bot.leave_chat(SUPER), bot.log_out(), bot.delete_chat_photo(SUPER)):
            with pytest.raises(NetworkError) as raised:
                await call
            assert isinstance(raised.value.__cause__, Forbidden)
            assert _SECRET not in str(raised.value.__cause__)
        with pytest.raises(NetworkError):
            await bot.send_document(OMAR, document=b"bytes")
        assert not stage.sandbox.journal


async def test_a_dry_run_does_not_even_confirm_updates() -> None:
    async with staged(read_only=True) as stage:
        with pytest.raises(NetworkError) as raised:
            await stage.telegram.bot.get_updates(timeout=0)
        assert not stage.sandbox.journal
    assert isinstance(raised.value.__cause__, Forbidden)


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        (FaultKind.LIMITED_429, RateLimited),
        (FaultKind.DROP, AnswerLost),
        (FaultKind.HTTP_500, AnswerLost),
        (FaultKind.TOKEN_REVOKED, BadCredentials),
    ],
)
async def test_what_the_wire_says_passes_the_sdk_unharmed(kind: FaultKind, raised: type[Exception]) -> None:
    async with staged(sandbox=create_sandbox(world(), faults=[Fault(kind, times=0, seconds=9)])) as stage:
        client = stage.telegram._client
        with pytest.raises(raised) as caught:
            await client.ask("banChatMember", client.bot.ban_chat_member(SUPER, ANA))
        assert len(stage.sandbox.journal) == 1, "the SDK tries nothing again"
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after is not None
        assert caught.value.retry_after >= 9


async def test_a_server_without_a_method_is_not_taken_for_a_bad_token() -> None:
    gone = Fault(FaultKind.ERROR, "getChatMember", code=404, description="Not Found: method not found")
    async with staged(sandbox=create_sandbox(world(), faults=[gone])) as stage:
        with pytest.raises(NotSupported, match="getChatMember"):
            await stage.memberships(SUPER)


async def _answers_oddly(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response({"ok": True, "result": {"unheard": "of"}})


async def test_a_result_of_another_shape_is_no_answer_to_a_read_and_leaves_a_write_unknown() -> None:
    app = web.Application()
    app.router.add_post("/{bot}/{method}", _answers_oddly)
    async with TestServer(app) as server:
        telegram = TelegramConnector(config(str(server.make_url("/"))))
        with pytest.raises(Unavailable, match="unknown shape"):
            await telegram.own_account_ids()
        receipt = await telegram.notify(str(OMAR), plain("hello"), "k")
        await telegram.aclose()
    assert receipt.outcome is NoticeOutcome.UNKNOWN
