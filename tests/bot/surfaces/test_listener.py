"""The door: unsigned, old, forged and oversized requests get no further, and settings are held to."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from pydantic import ValidationError

from bot.settings import Settings, SettingsProblem, SlackInstance
from bot.surfaces.bodies import MOST_BYTES
from bot.surfaces.listener import listening
from tests.bot.surfaces.telling import ana_has_left, hints, joined, signed, told, with_listener
from tests.bot.world import company

BODY = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": joined()}).encode()


FORGED = {
    "wrong": {"X-Slack-Signature": "v0=" + "0" * 64},
    "empty": {"X-Slack-Signature": ""},
    "not ascii": {"X-Slack-Signature": "ÿÿÿ"},
    "junk time": {"X-Slack-Request-Timestamp": "junk"},
    "no time": {"X-Slack-Request-Timestamp": ""},
    "endless time": {"X-Slack-Request-Timestamp": "9" * 5000},
    "another time": {"X-Slack-Request-Timestamp": str(int(time.time()) - 100)},
}


async def test_a_forged_or_replayed_request_is_refused_and_nothing_happens(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        before, now = len(await world.log()), int(time.time())
        for name, headers in FORGED.items():
            assert await slack.send(BODY, at=str(now), **headers) == 401, name
        assert await slack.send(BODY, at=str(now - 301)) == 401, "recorded earlier and played again"
        assert await slack.send(BODY, at=str(now + 400)) == 401
        assert await slack.send(b"\xff\xfe", **signed(BODY)) == 401
        async with slack.session.post(slack.url, data=BODY) as bare:
            assert bare.status == 401
        answers = [await slack.send(BODY, at=str(now)) for _ in range(3)]
        assert answers == [200, 401, 401], "the very same request within five minutes"
        assert await hints(world) == 1
        log = (await world.log())[before:]
        refused = [str(entry["detail"]) for entry in log if entry["action"] == "access.refuse"]
        assert len(refused) == 2, "each kind is said once, however often it came"
        assert ["forged" in refused[0], "replayed" in refused[1]] == [True, True]


async def test_nothing_but_slacks_own_requests_has_a_place(tmp_path: Path) -> None:
    async def of_unsaid_length() -> AsyncIterator[bytes]:
        yield BODY

    async with company(tmp_path) as world, told(world) as slack:
        assert await slack.send(b"x" * (MOST_BYTES + 1)) == 413
        async with slack.session.post(slack.url, data=of_unsaid_length(), headers=signed(BODY)) as answer:
            assert answer.status == 411
        other = slack.url.replace("acme", "other")
        async with slack.session.post(other, data=BODY, headers=signed(BODY)) as elsewhere:
            assert elsewhere.status == 404
        async with slack.session.get(slack.url) as got:
            assert got.status == 405


async def test_slacks_challenge_at_set_up_is_answered_and_only_where_it_is_signed(tmp_path: Path) -> None:
    challenge = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    async with company(tmp_path) as world, told(world) as slack:
        async with slack.session.post(slack.url, data=challenge, headers=signed(challenge)) as answer:
            assert await answer.json() == {"challenge": "abc"}
        assert await slack.send(challenge, **{"X-Slack-Signature": "v0=0"}) == 401


async def test_without_an_address_nothing_listens(tmp_path: Path) -> None:
    async with company(tmp_path) as world, listening(world.app) as url:
        assert url is None


async def test_an_address_beyond_this_machine_with_nothing_to_serve_is_a_mistake(tmp_path: Path) -> None:
    async with company(tmp_path) as world:
        with pytest.raises(SettingsProblem, match=r"CONSOLE__URL.*SIGNING_SECRET"):
            async with listening(with_listener(world.app, secret=None, listen="0.0.0.0:0")):
                pass


async def test_a_taken_address_is_said(tmp_path: Path) -> None:
    async with company(tmp_path) as world:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            with pytest.raises(SettingsProblem, match=where):
                async with listening(with_listener(world.app, listen=where)):
                    pass


async def test_stopping_frees_the_address(tmp_path: Path) -> None:
    async with company(tmp_path) as world:
        async with listening(with_listener(world.app)) as url, aiohttp.ClientSession() as http:
            assert url is not None
            async with http.get(f"{url}/slack") as answer:
                assert answer.status == 404
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(url)


@pytest.mark.parametrize("wrong", ["8080", "localhost", "127.0.0.1:port", ":8080", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="host:port"):
        Settings(_env_file=None, listen=wrong)


def test_the_signing_secret_comes_from_the_variable_or_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")
    given = SlackInstance.model_validate({"bot_token": "xoxb-1", "signing_secret": "from-variable"})
    filed = SlackInstance.model_validate({"bot_token": "xoxb-1", "signing_secret_file": tmp_path / "secret"})
    assert (given.signing(), filed.signing()) == ("from-variable", "from-file")
    assert "from-variable" not in repr(given)
    assert SlackInstance.model_validate({"bot_token": "xoxb-1"}).signing() is None
