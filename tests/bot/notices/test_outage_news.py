"""IT is told of an outage: once, by what is not down, and the same message says when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.lanes import answered, stumbled
from bot.notices.stopping import start, stop
from bot.outages import Outage, outages
from bot.store.access_tables import StaffRow
from bot.store.query import change, columns
from bot.store.tables import LaneRow
from connectors.errors import BadCredentials, Unavailable
from tests.bot.notices.desk_of_two import ANA, IDRIS, NOURA, STAFF, Desk, desk
from tests.bot.offices import SLACK, TELEGRAM

DOWN = Unavailable("conversations.kick: no connection (OSError); nothing was sent")
REFUSED = BadCredentials(
    "acme: Slack refuses the bot token at auth.test (invalid_auth); give a valid token and restart"
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Desk]:
    """Idris of IT has Slack and Telegram, Noura of HR too; what was asked of them is read and done."""
    async with desk(tmp_path, mail=False) as made:
        await made.employ(NOURA, ["hr"], {SLACK: "UNOURA", TELEGRAM: "7002"})
        await made.employ(IDRIS, ["it"], {SLACK: "UIDRIS", TELEGRAM: "7003"})
        await made.send()
        yield made


async def falls(one: Desk, instance: str = SLACK, error: Unavailable | BadCredentials = DOWN) -> None:
    await stumbled(one.world.app, instance, "slack" if instance == SLACK else "telegram", error)


async def comes_back(one: Desk, instance: str = SLACK) -> None:
    await answered(one.world.app, instance, "slack" if instance == SLACK else "telegram")


def told(one: Desk, person: str = IDRIS) -> list[str]:
    """What Telegram shows somebody of outages."""
    return [text for text in one.in_telegram(person) if "answer" in text or "paused" in text]


async def of_outages(one: Desk) -> list[tuple[str, str, str]]:
    """(recipient, instance, state) of every message about an outage."""
    found = [row for row in await one.notices() if row.kind.startswith("outage/")]
    return sorted((row.recipient_id, row.instance, row.state) for row in found)


async def remembered(one: Desk) -> list[Outage]:
    async with one.world.app.store.read() as tx:
        return await outages(tx)


async def ana_leaves(one: Desk) -> None:
    gone = STAFF[0].replace("active,,", "terminated,2026-11-19T08:00+03:00,")
    one.world.drop(gone, *STAFF[1:])
    await one.world.run()
    await one.world.release_all()
    await falls(one)
    await one.world.run()


async def test_slack_down_is_told_to_it_by_another_operator_and_changed_when_it_is_back(house: Desk) -> None:
    await ana_leaves(house)
    before = len(house.in_slack("UIDRIS"))
    await house.send(minutes=9)
    assert told(house) == []
    house.world.clock.turn(minutes=2)
    await house.messages._outages.follow()
    house.restart()  # as after a kill between storing and sending
    await house.send(seconds=2)
    (said,) = told(house)
    assert "Slack has not answered since Friday, 20 November 2026, 12:00 (Riyadh time)" in said
    assert "for 1 person in 1 case" in said
    assert not {"Ana", ANA} & set(said.replace(",", " ").split())
    assert told(house, NOURA) == []
    assert await of_outages(house) == [(IDRIS, TELEGRAM, "sent")]
    mine = {row.id for row in await house.notices() if row.kind.startswith("outage/")}
    acts = [entry["outcome"] for entry in await house.world.log() if mine & set(_words(entry["detail"]))]
    assert acts == ["intended", "sent"]
    await house.send(minutes=49)
    await comes_back(house)
    house.restart()
    await house.send(seconds=2)
    (said,) = told(house)
    assert "Slack has answered again since" in said
    assert "it was down for 61 minutes" in said
    assert "Being caught up by itself" in said
    assert len(house.in_slack("UIDRIS")) == before, "not by what was down"
    await house.send(minutes=61)
    (row,) = [row for row in await house.notices() if row.kind.startswith("outage/")]
    assert row.closed_at is not None


def _words(detail: str | None) -> list[str]:
    return (detail or "").replace('"', " ").split()


async def test_a_hiccup_is_told_to_nobody_and_a_flapping_platform_once_with_a_count(house: Desk) -> None:
    await falls(house)
    await house.send(minutes=2)
    await comes_back(house)
    await house.send(seconds=2)
    await house.send(minutes=61)
    assert (await of_outages(house), await remembered(house)) == ([], [])
    for _ in range(6):
        await falls(house)
        await house.send(minutes=6)
        await comes_back(house)
        await house.send(minutes=3)
    (said,) = told(house)
    assert "6 interruptions since" in said
    assert len(await of_outages(house)) == len(await remembered(house)) == 1


async def test_a_refused_token_is_told_at_once_also_where_it_ends_an_outage(house: Desk) -> None:
    await falls(house)
    await house.send(minutes=11)
    async with house.world.app.store.write() as tx:
        await change(tx, LaneRow, {"next_probe": house.world.clock()}, columns(LaneRow).instance == SLACK)
    await falls(house, error=REFUSED)
    await house.send(seconds=2)
    answers, refused = sorted(told(house), key=_is_refused)
    assert "Slack has answered again since" in answers
    assert "caught up" not in answers, "nothing goes on before the token is mended"
    assert "Slack has been paused since" in refused
    assert "What was refused: acme: Slack refuses the bot token at auth.test" in refused
    assert "bawab check" in refused


def _is_refused(text: str) -> bool:
    return "paused" in text


async def test_who_has_no_other_way_reads_it_afterwards_and_a_mail_is_followed_by_one(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as one:
        await one.employ(IDRIS, ["it"], {SLACK: "UIDRIS"})
        await one.employ(NOURA, ["it"], {TELEGRAM: "7002"})
        await one.send()
        before = len(one.in_mail("idris@corp.test"))
        await falls(one)
        await one.send(minutes=11)
        assert len(one.in_mail("idris@corp.test")) == before + 1
        await comes_back(one)
        await one.send(seconds=2)
        assert len(one.in_mail("idris@corp.test")) == before + 1, "it may fall again"
        await one.send(minutes=61)
        said = one.slack_texts("UIDRIS")[-1]
        assert "Slack has answered again since" in said
        assert len(told(one, NOURA)) == 1, "hers was changed"
        await one.send(minutes=61)
        assert len([row for row in await one.notices() if row.kind.endswith("/back")]) == 1


async def test_what_could_not_leave_in_time_says_how_it_ended_and_only_to_who_is_of_it_still(
    house: Desk,
) -> None:
    async with house.world.app.store.write() as tx:
        await change(tx, StaffRow, {"roles": ["it"]}, columns(StaffRow).id == NOURA)
    await stop(house.world.app, actor="person:E3")
    await falls(house)
    await house.send(minutes=11)
    assert {state for *_, state in await of_outages(house)} == {"pending"}
    async with house.world.app.store.write() as tx:
        await change(tx, StaffRow, {"roles": ["hr"]}, columns(StaffRow).id == NOURA)
    await comes_back(house)
    await start(house.world.app, actor="person:E3")
    await house.send(seconds=2)
    (said,) = told(house)
    assert "has answered again since" in said
    assert told(house, NOURA) == []
    assert {(who, state) for who, _, state in await of_outages(house)} == {
        (IDRIS, "sent"),
        (NOURA, "undeliverable"),
    }
