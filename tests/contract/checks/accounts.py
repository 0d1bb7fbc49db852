"""The account itself: closed or signed out, seen to be so, and nobody else's touched."""

from __future__ import annotations

from connectors.contract import DeactivatesAccounts, EndsSessions, Outcome, Presence, Quality, Result, Sight
from tests.contract.acts import DONE, GONE
from tests.contract.stage import Fault, KnowsAccounts, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()
STEP = "step-account"


def _accounts(stage: Stage) -> KnowsAccounts:
    assert isinstance(stage, KnowsAccounts), "the manifest acts on accounts; the stage must know about them"
    return stage


async def _deactivate(stage: Stage) -> Result:
    assert isinstance(stage.connector, DeactivatesAccounts)
    return await stage.connector.deactivate(STEP, stage.cast.leaver)


async def _active(stage: Stage) -> Presence:
    assert isinstance(stage.connector, DeactivatesAccounts)
    return await stage.connector.account_active(STEP, stage.cast.leaver)


async def _sign_out(stage: Stage) -> Result:
    assert isinstance(stage.connector, EndsSessions)
    return await stage.connector.end_sessions(STEP, stage.cast.leaver)


async def _signed_in(stage: Stage) -> Presence:
    assert isinstance(stage.connector, EndsSessions)
    return await stage.connector.sessions_open(STEP, stage.cast.leaver)


@CHAPTER.check(Need.DEACTIVATES)
async def exactly_one_account_is_closed_and_seen_closed(stage: Stage) -> None:
    before = await _accounts(stage).open_accounts()
    assert (await _active(stage)).sight is Sight.PRESENT
    assert (await _deactivate(stage)).outcome in DONE
    seen = await _active(stage)
    assert (seen.sight, seen.evidence.quality) == (Sight.ABSENT, Quality.OBSERVED)
    assert await _accounts(stage).open_accounts() == before - {stage.cast.leaver.id}


@CHAPTER.check(Need.DEACTIVATES)
async def closing_an_account_twice_is_safe(stage: Stage) -> None:
    await _deactivate(stage)
    after_first = await _accounts(stage).open_accounts()
    assert (await _deactivate(stage)).outcome in GONE
    assert await _accounts(stage).open_accounts() == after_first


@CHAPTER.check(Need.DEACTIVATES, (Fault.KEPT, Place.DEACTIVATE))
async def an_ok_that_left_the_account_open_is_seen_through(stage: Stage) -> None:
    await stage.inject(Fault.KEPT, Place.DEACTIVATE)
    await _deactivate(stage)
    assert (await _active(stage)).sight is Sight.PRESENT


@CHAPTER.check(Need.DEACTIVATES, (Fault.ANSWER_LOST, Place.DEACTIVATE))
async def an_account_whose_closing_got_no_answer_is_unknown_until_it_is_read_back(stage: Stage) -> None:
    await stage.inject(Fault.ANSWER_LOST, Place.DEACTIVATE)
    assert (await _deactivate(stage)).outcome is Outcome.UNKNOWN
    assert (await _active(stage)).sight is Sight.ABSENT


@CHAPTER.check(Need.ENDS_SESSIONS)
async def exactly_one_persons_sessions_end(stage: Stage) -> None:
    before = await _accounts(stage).signed_in()
    assert stage.cast.leaver.id in before
    assert (await _sign_out(stage)).outcome in DONE
    assert (await _signed_in(stage)).sight is not Sight.PRESENT
    assert await _accounts(stage).signed_in() == before - {stage.cast.leaver.id}


@CHAPTER.check(Need.ENDS_SESSIONS)
async def signing_out_twice_is_safe(stage: Stage) -> None:
    await _sign_out(stage)
    after_first = await _accounts(stage).signed_in()
    assert (await _sign_out(stage)).outcome in GONE
    assert await _accounts(stage).signed_in() == after_first


@CHAPTER.check(Need.ENDS_SESSIONS, (Fault.KEPT, Place.SESSIONS))
async def an_ok_that_signed_nobody_out_is_never_seen_as_done(stage: Stage) -> None:
    await stage.inject(Fault.KEPT, Place.SESSIONS)
    await _sign_out(stage)
    assert (await _signed_in(stage)).sight is not Sight.ABSENT
