"""The status page: what needs somebody comes first, and no list is without an end."""

from __future__ import annotations

from bot.surfaces.cli.status import SHOWN
from tests.bot.cli.conftest import STAFF
from tests.bot.cli.shop import Shop

HIRED = "E{n},Person {n},,Sales,active,,"


def test_what_is_held_stands_before_what_is_overdue_and_lists_end(shop: Shop) -> None:
    late = range(101, 101 + SHOWN + 2)
    shop.settle_in(*STAFF, *(HIRED.format(n=n) for n in late))
    for n in late:
        shop.bawab("case", "new", f"E{n}", "--last-day", "2026-01-05")
    found = shop.bawab("status", "--json").data
    assert len(found["overdue"]) == len(late)
    page = shop.bawab("status").out
    assert page.count("Overdue: ") == SHOWN
    assert "and 2 more: bawab case list" in page
    assert page.index("Held: ") < page.index("Overdue: ")
