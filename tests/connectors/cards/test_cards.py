"""Cards: what Teams takes, links instead of buttons, a secret address, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.cards import CardsConfig, CardsConnector
from connectors.cards.card import LARGEST, envelope
from connectors.cards.sandbox import PATH, QUERY, SIGNATURE, Sandbox, create_sandbox, wrong_with
from connectors.errors import BadCredentials, ConnectorError, Forbidden, NotSupported
from connectors.messages import Button, Message, NoticeOutcome, Notifies, Passage, UpdatesNotices, plain
from connectors.sandboxing import running_sandbox

ASKING = Message(
    (
        Passage("إزالة \u2068[Ana](http://evil.test) *x*\u2069", (Button("Done", "done", "t"),)),
        Passage("", (Button("فتح", "", "", url="https://console.test/tasks"),)),
    ),
    language="ar",
    title="ما ينتظرك",
)


@pytest.fixture
async def flow() -> AsyncIterator[tuple[Sandbox, CardsConnector]]:
    sandbox = create_sandbox()
    async with running_sandbox(sandbox) as url:
        cards = CardsConnector(CardsConfig("ops", f"{url}{PATH}{QUERY}", pace_scale=0.0, timeout_seconds=9.0))
        yield sandbox, cards
        await cards.aclose()


async def test_a_card_is_valid_mirrored_and_opens_the_console(flow: tuple[Sandbox, CardsConnector]) -> None:
    sandbox, cards = flow
    receipt = await cards.notify("huda@corp.test", ASKING, "notice_1")
    (posted,) = sandbox.posted
    card = posted["attachments"][0]["content"]
    assert receipt.outcome is NoticeOutcome.SENT
    assert (posted["recipient"], posted["notice"]) == ("huda@corp.test", "notice_1")
    assert (card["version"], card["rtl"], card["lang"]) == ("1.5", True, "ar")
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "فتح", "url": "https://console.test/tasks"}
    ]
    assert all(block["type"] == "RichTextBlock" for block in card["body"]), "no text is read as Markdown"
    assert isinstance(cards, Notifies)
    assert not isinstance(cards, UpdatesNotices)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(429, NoticeOutcome.RETRY), (502, NoticeOutcome.UNKNOWN), (413, NoticeOutcome.UNDELIVERABLE)],
)
async def test_what_the_flows_answer_means(
    flow: tuple[Sandbox, CardsConnector], status: int, outcome: NoticeOutcome
) -> None:
    sandbox, cards = flow
    sandbox.answers, sandbox.retry_after = [status], "7"
    receipt = await cards.notify("x", plain("hello"), "k")
    assert receipt.outcome is outcome
    assert sandbox.posted == []
    if status == 429:
        assert receipt.retry_after is not None
        assert receipt.retry_after >= 7


async def test_an_answer_that_is_lost_leaves_it_unknown(flow: tuple[Sandbox, CardsConnector]) -> None:
    sandbox, cards = flow
    sandbox.answers = ["drop"]
    assert (await cards.notify("x", plain("hello"), "k")).outcome is NoticeOutcome.UNKNOWN
    assert len(sandbox.posted) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(401, BadCredentials), (404, ConnectorError), (410, ConnectorError)]
)
async def test_a_flow_that_refuses_calls_an_operator_and_its_address_is_in_no_error(
    flow: tuple[Sandbox, CardsConnector], status: int, error: type[Exception]
) -> None:
    sandbox, cards = flow
    sandbox.answers = [status]
    with pytest.raises(error) as caught:
        await cards.notify("x", plain("hello"), "k")
    assert SIGNATURE not in str(caught.value)
    assert "0f5e" not in str(caught.value)
    assert SIGNATURE not in repr(cards) + repr(cards._config)


async def test_a_flow_that_is_not_there_took_nothing_and_keeps_its_secret() -> None:
    cards = CardsConnector(CardsConfig("ops", f"http://127.0.0.1:9{PATH}{QUERY}", pace_scale=0.0))
    receipt = await cards.notify("x", plain("hello"), "k")
    await cards.aclose()
    assert receipt.outcome is NoticeOutcome.RETRY
    assert SIGNATURE not in receipt.detail


async def test_a_dry_run_posts_nothing_and_nobody_can_look(flow: tuple[Sandbox, CardsConnector]) -> None:
    sandbox, _ = flow
    url = "http://127.0.0.1:9" + PATH + QUERY
    dry = CardsConnector(CardsConfig("ops", url, read_only=True, pace_scale=0.0))
    with pytest.raises(Forbidden):
        await dry.notify("x", plain("hello"), "k")
    with pytest.raises(NotSupported):
        await dry.find_notice("x", "k")
    await dry.aclose()
    assert sandbox.posted == []


@given(st.lists(st.text(max_size=400), max_size=40), st.integers(1, 30))
def test_no_card_is_larger_than_teams_takes(lines: list[str], times: int) -> None:
    link = (Button("Open", "", "", url="https://console.test/"),)
    message = Message((Passage("\n".join(lines * times)), Passage("", link)), title="t")
    body = envelope(message, "huda@corp.test", "notice_1")
    assert len(body) <= LARGEST
    posted = json.loads(body)
    assert wrong_with(posted) == ""
    assert posted["attachments"][0]["content"]["actions"], "the way to the whole stays"
