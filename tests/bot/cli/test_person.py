"""`bawab person` as a person types it: the page, word for word, in both languages."""

from __future__ import annotations

import re

from tests.bot.cli.shop import Shop
from tests.bot.cli.test_groups import LAST, NO_WAY, firm, firm_folder, page

__all__ = ["firm", "firm_folder"]
ADD = "Please add somebody else or close the group."
CLOCK = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def test_where_somebody_is_and_by_whom_they_can_be_taken_out(firm: Shop) -> None:
    answer = firm.bawab("person", "ana@corp.test")
    assert answer.code == 0, answer.err
    told = [CLOCK.sub("DAY", line) for line in page(answer)]
    told = [line for line in told if not line.startswith("What remains")]
    assert told == [
        "Ana Quispe (E1)",
        "with the company; Sales",
        "in 5 groups on 2 platforms",
        "",
        "acme (Slack)",
        "Account ana (UANA): certain; same e-mail address; since DAY Riyadh",
        "Group  Kind  Role  Taken out",
        f"alone  user group  member  not as things stand: {LAST}. {ADD}",
        "far  public channel  member  by hand, and nobody is named for it (Bawab is not in this group)",
        "lunch  public channel  member  by the bot",
        "sales-riyadh  public channel  member  by the bot",
        "Not seen: acme: private channels that Bawab is not in cannot be seen",
        "",
        "phones (WhatsApp)",
        "Account Ana Quispe (manual:E1): certain; HR record; since DAY Riyadh",
        "Group  Kind  Role  Taken out",
        f"العائلة  group chat  member  by hand, by نورة القحطاني (the group's owner): {NO_WAY}",
        "",
        "No case is open.",
    ]
    assert "What remains after a complete removal: Keeps every message" in answer.out


def test_the_same_in_arabic(firm: Shop) -> None:
    told = page(firm.bawab("--lang", "ar", "person", "E1"))
    assert "في 5 مجموعات على منصتين" in told
    assert "lunch  قناة عامة  عضو  عن طريق البوت" in told
    assert (
        "العائلة  محادثة جماعية  عضو  يدويًا: نورة القحطاني (مالك المجموعة): المنصة لا تتيح تنفيذ ذلك آليًا"
        in told
    )


def test_as_data(firm: Shop) -> None:
    data = firm.bawab("person", "E1", "--json").data
    acme, phones = data["platforms"]
    ways = {group["name"]: (group["taken_out"], group["refusal"]) for group in acme["groups"]}
    assert ways == {
        "alone": ("nobody", "last_member"),
        "far": ("by_hand", "bot_not_in_group"),
        "lunch": ("bot", None),
        "sales-riyadh": ("bot", None),
    }
    assert phones["groups"][0]["asked_id"] == "E2"
    assert acme["accounts"][0]["certainty"] == "certain"
    assert data["cases"] == []


def test_a_platform_that_cannot_be_read_is_said(firm: Shop) -> None:
    firm.sandbox.workspace.tokens.clear()
    answer = firm.bawab("person", "E1")
    assert answer.code == 3
    assert "could not be read, so nothing is known of it" in answer.out
    assert "Account UANA: not seen now" in answer.out
    assert "العائلة" in answer.out


def test_whom_nobody_knows_is_asked_back(firm: Shop) -> None:
    answer = firm.bawab("person", "Nobody Known")
    assert answer.code == 2
    assert "HR has named nobody" in answer.err
