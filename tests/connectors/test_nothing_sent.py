"""What was never asked is told from what was asked in part: only the first is no attempt."""

from __future__ import annotations

from connectors.errors import HeldBack, RateLimited, Unavailable
from connectors.evidence import not_answered, nothing_sent
from connectors.wire import NotSent


def test_a_call_that_was_never_made_is_no_attempt() -> None:
    for error in (HeldBack("our own pace"), NotSent("no connection"), Unavailable("not asked")):
        assert nothing_sent(not_answered("step", "conversations.kick", error))


def test_a_refusal_of_the_platform_is_one() -> None:
    assert not nothing_sent(not_answered("step", "conversations.kick", RateLimited("429")))


def test_a_ban_that_was_held_back_after_a_demotion_that_was_done_is_one() -> None:
    held = not_answered("step", "banChatMember", HeldBack("our own pace"), ("demoted", "yes"))
    assert not nothing_sent(held)
    assert ("demoted", "yes") in held.evidence.facts
