"""A webhook of one's own: signed, known again by its id, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.errors import BadCredentials, ConnectorError, NotSupported
from connectors.hook import HookConfig, HookConnector
from connectors.hook.sandbox import SECRET, Sandbox, create_sandbox
from connectors.messages import Button, Message, NoticeOutcome, Notifies, Passage, plain
from connectors.sandboxing import running_sandbox


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Sandbox, HookConnector]]:
    sandbox = create_sandbox()
    async with running_sandbox(sandbox) as url:
        made = HookConnector(HookConfig("ops", f"{url}/notices", SECRET, pace_scale=0.0, timeout_seconds=9.0))
        yield sandbox, made
        await made.aclose()


async def test_a_notice_is_signed_and_says_whom_it_is_for(hook: tuple[Sandbox, HookConnector]) -> None:
    sandbox, made = hook
    link = Button("Open", "", "", url="https://console.test/")
    message = Message((Passage("مرحبًا", (link, Button("Done", "done", "t"))),), "ar", title="T")
    receipt = await made.notify("E2", message, "notice_1")
    assert receipt.outcome is NoticeOutcome.SENT
    assert sandbox.taken["notice_1"] == {
        "type": "notice",
        "id": "notice_1",
        "recipient": "E2",
        "language": "ar",
        "title": "T",
        "text": "مرحبًا",
        "links": [{"label": "Open", "url": "https://console.test/"}],
    }
    assert isinstance(made, Notifies)
    assert SECRET not in repr(made) + repr(made._config)


async def test_the_same_notice_twice_is_one_to_the_receiver(hook: tuple[Sandbox, HookConnector]) -> None:
    sandbox, made = hook
    sandbox.answers = ["drop"]
    assert (await made.notify("E2", plain("x"), "n")).outcome is NoticeOutcome.UNKNOWN
    assert (await made.notify("E2", plain("x"), "n")).outcome is NoticeOutcome.SENT
    assert (sandbox.calls, len(sandbox.taken)) == (2, 1)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (429, NoticeOutcome.RETRY),
        (503, NoticeOutcome.RETRY),
        (500, NoticeOutcome.UNKNOWN),
        (422, NoticeOutcome.UNDELIVERABLE),
    ],
)
async def test_what_the_receivers_answer_means(
    hook: tuple[Sandbox, HookConnector], status: int, outcome: NoticeOutcome
) -> None:
    sandbox, made = hook
    sandbox.answers = [status]
    assert (await made.notify("E2", plain("x"), "n")).outcome is outcome


@pytest.mark.parametrize(("status", "error"), [(401, BadCredentials), (404, ConnectorError)])
async def test_a_receiver_that_refuses_calls_an_operator(
    hook: tuple[Sandbox, HookConnector], status: int, error: type[Exception]
) -> None:
    sandbox, made = hook
    sandbox.answers = [status]
    with pytest.raises(error):
        await made.notify("E2", plain("x"), "n")


async def test_another_secret_gets_in_nowhere(hook: tuple[Sandbox, HookConnector]) -> None:
    sandbox, made = hook
    other = "whsec_" + SECRET.removeprefix("whsec_")[::-1].replace("=", "")
    forged = HookConnector(HookConfig("ops", made._config.url, other, pace_scale=0.0))
    with pytest.raises(BadCredentials):
        await forged.notify("E2", plain("x"), "n")
    with pytest.raises(NotSupported):
        await forged.find_notice("E2", "n")
    await forged.aclose()
    assert sandbox.taken == {}
