"""Entries of the log told to other programs: signed, under one id, until they are taken, without names."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import WebhookVerificationError

from bot.audit.actions import Action
from bot.setting_parts import SettingsProblem, WebhookSettings
from bot.webhooks.events import is_told
from bot.webhooks.following import KEEP
from bot.webhooks.outbound import Outbound
from bot.webhooks.sending import WAITS
from bot.webhooks.signing import signers
from tests.bot.webhooks.receiving import OLD, SECRET, deliveries, happened, passed, receiver, told

OPENED, SIGNED = Action.CASE_OPEN, Action.HOLD_SIGN


async def test_what_happens_is_told_once_signed_and_without_anybodys_name(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        await happened(
            world,
            OPENED,
            person_id="E9",
            case_id="case_0123456789ab",
            detail={"reason": "stole", "due": "2026-11-30T15:00:00Z", "note": "secret"},
            personal={"name": "Ana Quispe", "exit_type": "dismissal"},
        )
        await happened(world, Action.FEED_RECEIVE)
        await passed(world)
        (event,) = ledger.checked()
        assert event["type"] == "case.open"
        assert event["data"]["case_id"] == "case_0123456789ab"
        assert event["data"]["due"] == "2026-11-30T15:00:00Z"
        assert event["data"]["subject"].startswith("p_")
        told_whole = ledger.got[0][1].decode()
        for never in ("E9", "E7", "Ana", "dismissal", "stole", "secret"):
            assert never not in told_whole, never
        await passed(world)
        assert len(ledger.got) == 1
        assert [row.state for row in await deliveries(world)] == ["delivered"]


async def test_a_delivery_is_an_entry_and_no_delivery_is_told_of(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger, events=["case", "webhook", "access"]) as world:
        await passed(world)
        await happened(world, OPENED, OPENED)
        for _ in range(3):
            await passed(world)
        sent = [row for row in await world.log() if row["action"] == "webhook.send"]
        assert len(sent) == 1
        assert all(id_ in sent[0]["detail"] for id_ in ledger.ids)
        assert [one["type"] for one in ledger.said] == ["case.open", "case.open"]
    assert not is_told("webhook.send", ["webhook", "webhook.send"])


async def test_the_first_sight_of_a_webhook_tells_nothing_of_before(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await happened(world, OPENED)
        await passed(world)
        assert ledger.got == []


async def test_a_receiver_that_is_down_is_left_alone_and_gets_everything_later_in_order(
    tmp_path: Path,
) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        outbound = Outbound(world.app)
        ledger.answers = [503, 500]
        await happened(world, OPENED, SIGNED, OPENED)
        await outbound.tick()
        await settled(outbound)
        assert len(ledger.got) == 1, "the others wait with it"
        world.clock.turn(seconds=WAITS[0] - 1)
        await outbound.tick()
        await settled(outbound)
        assert len(ledger.got) == 1
        world.clock.turn(seconds=2)
        await outbound.tick()
        await settled(outbound)
        assert len(ledger.got) == 2
        world.clock.turn(seconds=WAITS[1] + 1)
        await outbound.tick()
        await settled(outbound)
        assert [one["type"] for one in ledger.said[2:]] == ["case.open", "hold.sign", "case.open"]
        assert len(set(ledger.ids[:3])) == 1, "the same message keeps its id"
        failed = [row for row in await world.log() if row["action"] == "webhook.fail"]
        assert len(failed) == 1, "an outage is said once"
        await outbound.rest()


async def settled(outbound: Outbound) -> None:
    """Wait for what is being sent."""
    assert outbound._sending is not None
    await outbound._sending


async def test_one_message_that_is_refused_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        ledger.answers = [400, 204, 204]
        await happened(world, OPENED, SIGNED, OPENED)
        await passed(world)
        rows = await deliveries(world)
        assert [row.state for row in rows] == ["pending", "delivered", "delivered"]
        assert rows[0].detail == "HTTP 400"
        world.clock.turn(seconds=WAITS[0] + 1)
        await passed(world)
        assert [row.state for row in await deliveries(world)] == ["delivered"] * 3


async def test_what_nobody_takes_for_days_is_given_up_and_that_is_said(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        ledger.answers = [404] * 50
        await happened(world, OPENED)
        for _ in range(40):
            await passed(world)
            world.clock.turn(hours=4, seconds=1)
        (row,) = await deliveries(world)
        assert (row.state, row.next_attempt_at) == ("failed", None)
        assert len(ledger.got) > len(WAITS)
        (said,) = [one for one in await world.log() if one["outcome"] == "given_up"]
        assert row.id in said["detail"]


async def test_killed_between_taken_and_recorded_it_is_told_again_under_the_same_id(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        await happened(world, OPENED)
        ledger.slow = asyncio.Event()
        outbound = Outbound(world.app)
        await outbound.tick()
        sending = outbound._sending
        assert sending is not None
        await ledger.came.wait()
        sending.cancel()  # what the receiver took, nobody here has heard of
        await asyncio.gather(sending, return_exceptions=True)
        ledger.slow.set()
        await passed(world)
        assert len(ledger.got) == 2
        assert len(set(ledger.ids)) == 1
        assert ledger.got[0][1] == ledger.got[1][1], "the same bytes"


async def test_entries_from_while_nobody_ran_are_told_unless_they_are_days_old(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        await happened(world, OPENED)
        world.clock.turn(seconds=(KEEP + timedelta(minutes=1)).total_seconds())
        await happened(world, SIGNED)
        await passed(world)
        assert [one["type"] for one in ledger.said] == ["hold.sign"]
        (said,) = [one for one in await world.log() if one["outcome"] == "passed_over"]
        assert '"count":1' in said["detail"]


async def test_while_the_secret_changes_both_sign(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger, f"{SECRET}\n{OLD}") as world:
        await passed(world)
        await happened(world, OPENED)
        await passed(world)
        assert ledger.checked(SECRET) == ledger.checked(OLD)
        with pytest.raises(WebhookVerificationError):
            ledger.checked("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        ledger.answers = [302]
        await happened(world, OPENED)
        await passed(world)
        assert len(ledger.got) == 1
        assert (await deliveries(world))[0].detail == "HTTP 302"


async def test_stopping_waits_for_the_message_under_way_and_for_no_other(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger) as world:
        await passed(world)
        await happened(world, *[OPENED] * 5)
        ledger.slow = asyncio.Event()
        outbound = Outbound(world.app)
        await outbound.tick()
        await ledger.came.wait()
        asyncio.get_running_loop().call_soon(ledger.slow.set)
        await outbound.rest()
        states = [row.state for row in await deliveries(world)]
        assert states == ["delivered", *["pending"] * 4]


async def test_the_service_follows_and_tells_by_itself(tmp_path: Path) -> None:
    async with receiver() as ledger, told(tmp_path, ledger, events=["run"]) as world:
        await world.run()
        assert [one["type"] for one in ledger.said] == ["run.finish"], "it begins once it is set up"
        await world.run()
        assert [one["type"] for one in ledger.said[1:]] == ["run.start", "run.finish"]


@pytest.mark.parametrize("url", ["http://ledger.test/x", "ftp://x.test", "https://me:word@x.test/", "x", ""])
def test_a_webhook_goes_by_https_or_stays_on_this_machine(url: str) -> None:
    with pytest.raises(ValidationError, match="URL must"):
        WebhookSettings.model_validate({"url": url, "secret": SECRET})


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", f"{SECRET} {OLD} {OLD}"])
def test_a_secret_that_protects_nothing_is_refused_and_never_repeated(secret: str) -> None:
    with pytest.raises(SettingsProblem, match="BAWAB_WEBHOOKS__LEDGER__SECRET") as caught:
        signers("ledger", secret)
    for word in secret.split():
        assert word == "whsec_" or word.removeprefix("whsec_") not in str(caught.value)
