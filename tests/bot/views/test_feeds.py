"""HR's sources in view: the last good file, quarantine with its numbers, no cell quoted to who may not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.access.actor import NotAllowed
from bot.states import FeedState
from bot.views.feeds import NoSuchFeed, feed_page, feeds
from policies.roles import Permission, Role
from tests.bot.views.firm import ADMIN, AUDITOR, BREAK_GLASS, HR, IT, NOBODY, STAFF, actor
from tests.bot.world import World


async def test_a_source_says_when_it_was_last_good_and_what_that_changed(world: World) -> None:
    world.clock.turn(hours=30)
    (source,) = (await feeds(world.app, HR)).sources
    assert source.configured
    assert source.last_good is not None
    assert (source.last_good.rows, source.age) == (5, timedelta(hours=30))
    assert source.changes == {"leaver": 2}
    assert source.quarantined == ()


async def test_a_file_in_quarantine_shows_what_changed_beside_the_last_one(world: World) -> None:
    world.drop(
        *(f"{row},x" for row in STAFF),
        header="employee_id,name,email,department,status,last_day,time_zone,nick",
    )
    await world.run()
    found = await feeds(world.app, IT)
    (waiting,) = found.sources[0].quarantined
    assert waiting.hold_digest is not None
    page = await feed_page(world.app, IT, waiting.id)
    assert page.columns_new == ("nick",)
    assert page.columns_gone == ()
    assert ("rows", 5, 5) in {(one.what, one.before, one.now) for one in page.changes}
    assert [finding.code for finding in page.delivered.findings] == ["columns_added"]
    assert page.delivered.state is FeedState.QUARANTINED


async def test_a_refused_file_names_its_place_but_quotes_no_cell_to_who_may_not_read_people(
    world: World,
) -> None:
    world.drop("E1,Ana Quispe,ana@corp.test,Sales,active,31/31/2026,")
    await world.run()
    refused = (await feeds(world.app, IT)).deliveries[0]
    assert refused.state is FeedState.REFUSED
    (finding, *_) = refused.findings
    assert finding.place.startswith("2:")
    assert finding.message
    narrow = actor(Role.IT, scopes=frozenset({Permission.FEED_READ}))
    (cut, *_) = (await feeds(world.app, narrow)).deliveries[0].findings
    assert (cut.code, cut.place) == (finding.code, finding.place)
    assert (cut.message, cut.remedy, cut.evidence) == ("", "", ())


async def test_only_who_may_read_feeds_gets_any(world: World) -> None:
    assert (await feeds(world.app, AUDITOR)).sources
    for who in (ADMIN, NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await feeds(world.app, who)
        with pytest.raises(NotAllowed):
            await feed_page(world.app, who, "feed_1")
    with pytest.raises(NoSuchFeed):
        await feed_page(world.app, IT, "feed_1")
