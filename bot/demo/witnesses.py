"""What each platform itself says at the end, asked without Bawab, and what it must not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo import seeds
from bot.demo.company import DEPUTY, LEAVER, MICROSOFT, MOVER, SLACK, TELEGRAM

State = dict[str, Any]
"""What a sandbox's state page answers."""


@dataclass(frozen=True, slots=True)
class Where:
    """One person on one platform: the groups they are in, and those that do not let them back."""

    groups: tuple[str, ...]
    barred: tuple[str, ...] = ()
    closed: bool = False
    """The account is disabled, and every session ended."""


def on_slack(state: State, employee_id: str) -> Where:
    """Read channels and user groups; Slack's direct messages are nobody's group."""
    account = seeds.slack_account(employee_id)
    channels = {one["name"] for one in state["channels"] if account in one["members"] and not one["is_im"]}
    handles = {one["handle"] for one in state["user_groups"] if account in one["users"]}
    user = next(one for one in state["users"] if one["id"] == account)
    return Where(tuple(sorted(channels | handles)), closed=user["deleted"] and not user["sessions"])


def on_telegram(state: State, employee_id: str) -> Where:
    """Read chats; who was removed and barred is `kicked`, who was only removed has `left`."""
    account = str(seeds.telegram_account(employee_id))
    standing = {chat["title"]: chat["members"].get(account, "left") for chat in state["chats"]}
    inside = [title for title, status in standing.items() if status not in ("left", "kicked")]
    barred = [title for title, status in standing.items() if status == "kicked"]
    return Where(tuple(sorted(inside)), tuple(sorted(barred)))


def on_microsoft(state: State, employee_id: str) -> Where:
    """Read groups by both roles, and the account."""
    account = seeds.microsoft_account(employee_id)
    user = next(one for one in state["users"] if one["id"] == account)
    groups = [
        one["display_name"]
        for one in state["groups"]
        if account in one["members"] or account in one["owners"]
    ]
    signed_in = (user["signed_in_at"] or "") >= user["sign_in_sessions_valid_from"]
    return Where(tuple(sorted(groups)), closed=not user["account_enabled"] and not signed_in)


WITNESSES: Mapping[str, Callable[[State, str], Where]] = {
    SLACK: on_slack,
    TELEGRAM: on_telegram,
    MICROSOFT: on_microsoft,
}
CHATS = ("Sales Prices", "Sales Trips")
EXPECTED: Mapping[tuple[str, str], Where] = {
    (LEAVER, SLACK): Where((), closed=True),
    (LEAVER, TELEGRAM): Where((), barred=CHATS),
    (LEAVER, MICROSOFT): Where(("All Staff",), closed=True),
    (MOVER, SLACK): Where(("general",)),
    (MOVER, TELEGRAM): Where(()),
    (MOVER, MICROSOFT): Where(("All Staff",)),
}
"""The leaver is left only where nobody can be removed, and the mover can be invited again."""


def owners_of_the_team(state: State) -> tuple[str, list[str]]:
    """Give the team that the leaver alone owned, and who owns it now."""
    (team,) = (one for one in state["groups"] if one["id"] == seeds.TEAM)
    names = [one["display_name"] for one in state["users"] if one["id"] in team["owners"]]
    return team["display_name"], names


def objections(states: Mapping[str, State]) -> Iterator[str]:
    """Give whatever is not as it should be, in a developer's words."""
    for (person, platform), expected in EXPECTED.items():
        found = WITNESSES[platform](states[platform], person)
        if found != expected:
            yield f"{person} on {platform}: {found}, not {expected}"
    heir = seeds.microsoft_account(DEPUTY)
    (team,) = (one for one in states[MICROSOFT]["groups"] if one["id"] == seeds.TEAM)
    if team["owners"] != [heir]:
        yield f"{team['display_name']} is owned by {team['owners']}, not by {heir}"
