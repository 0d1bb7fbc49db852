"""The worked example's company holds together, and its witnesses object to every end that would be wrong."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from bot.demo import company, seeds, witnesses
from bot.demo.company import DEPUTY, LEAVER, MICROSOFT, MOVER, SLACK, TELEGRAM
from bot.demo.staying import WHO
from bot.demo.terminal import kept
from connectors.chat.slack.sandbox import Workspace
from connectors.chat.slack.sandbox import from_seed as slack_from
from connectors.chat.teams.sandbox import Tenant
from connectors.chat.teams.sandbox.seed import from_seed as tenant_from
from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, World
from connectors.chat.telegram.sandbox import from_seed as telegram_from
from connectors.chat.telegram.sandbox.seed import snapshot
from policies.loader import load
from policies.registry import load_registry
from policies.staff_file import load_staff

BOSS = seeds.telegram_account("101")


@dataclass
class Platforms:
    """The three platforms as the example begins, in this process."""

    slack: Workspace
    telegram: World
    tenant: Tenant

    def states(self) -> dict[str, Any]:
        """What the three state pages would say."""
        return {
            SLACK: self.slack.snapshot(),
            TELEGRAM: witnesses_read(snapshot(self.telegram)),
            MICROSOFT: witnesses_read(self.tenant.snapshot()),
        }

    def objections(self) -> list[str]:
        """What the example's witnesses would object to now."""
        return list(witnesses.objections(self.states()))


def witnesses_read(state: dict[str, Any]) -> dict[str, Any]:
    """Write instants as the state page does."""
    for user in state["users"]:
        for name, value in user.items():
            user[name] = str(value) if isinstance(value, datetime) else value
    return state


def beginning() -> Platforms:
    rows = company.people()
    return Platforms(
        slack_from(seeds.slack(rows)), telegram_from(seeds.telegram(rows)), tenant_from(seeds.microsoft(rows))
    )


def ended() -> Platforms:
    """The end as it should be, brought about by hand."""
    made = beginning()
    for channel in made.slack.channels.values():
        for person in (LEAVER, MOVER):
            account = seeds.slack_account(person)
            if account in channel.members and (channel.name != "general" or person == LEAVER):
                channel.members.remove(account)
    made.slack.user_groups["S0SELL"].users.clear()
    gone = made.slack.users[seeds.slack_account(LEAVER)]
    gone.deleted, gone.sessions = True, 0
    for chat in made.telegram.chats:
        made.telegram.person_removed(chat, seeds.telegram_account(LEAVER), BOT_ID)
        made.telegram.person_leaves(chat, seeds.telegram_account(MOVER))
    leaver, team = seeds.microsoft_account(LEAVER), made.tenant.groups[seeds.TEAM]
    team.owners[:] = [seeds.microsoft_account(DEPUTY)]
    team.members.remove(leaver)
    for person in (LEAVER, MOVER):
        made.tenant.groups[seeds.SECURITY].members.remove(seeds.microsoft_account(person))
    user = made.tenant.users[leaver]
    user.account_enabled, user.sign_in_sessions_valid_from = False, datetime(2026, 1, 1, tzinfo=UTC)
    return made


def test_the_end_as_it_should_be_meets_no_objection() -> None:
    assert ended().objections() == []


def test_the_beginning_is_objected_to_for_both_people_and_for_the_team() -> None:
    said = beginning().objections()
    assert [line.split(":")[0] for line in said[:-1]] == [
        f"{person} on {platform}" for person in (LEAVER, MOVER) for platform in (SLACK, TELEGRAM, MICROSOFT)
    ]
    assert said[-1].startswith("Sales Plans is owned by")


def test_a_sandbox_state_page_is_read_as_the_platform_writes_it() -> None:
    states = beginning().states()
    assert witnesses.on_slack(states[SLACK], LEAVER).groups == (
        "general",
        "sales-deals",
        "sales-riyadh",
        "sellers",
    )
    assert witnesses.on_telegram(states[TELEGRAM], LEAVER).groups == witnesses.CHATS
    assert witnesses.on_microsoft(states[MICROSOFT], LEAVER).groups == (
        "All Staff",
        "Sales Files",
        "Sales Plans",
    )
    assert witnesses.owners_of_the_team(states[MICROSOFT]) == ("Sales Plans", [company.name_of(LEAVER)])


def _left_in_a_channel(made: Platforms) -> None:
    made.slack.channels["C0SALES"].members.append(seeds.slack_account(LEAVER))


def _only_kicked(made: Platforms) -> None:
    chat = next(iter(made.telegram.chats))
    made.telegram.person_added(chat, seeds.telegram_account(LEAVER), BOSS)
    made.telegram.person_leaves(chat, seeds.telegram_account(LEAVER))


def _mover_barred(made: Platforms) -> None:
    chat = next(iter(made.telegram.chats))
    made.telegram.person_added(chat, seeds.telegram_account(MOVER), BOSS)
    made.telegram.person_removed(chat, seeds.telegram_account(MOVER), BOSS)


def _mover_kept(made: Platforms) -> None:
    made.tenant.groups[seeds.SECURITY].members.append(seeds.microsoft_account(MOVER))


def _mover_lost_too_much(made: Platforms) -> None:
    made.slack.channels["CGENERAL"].members.remove(seeds.slack_account(MOVER))


def _still_owner(made: Platforms) -> None:
    made.tenant.groups[seeds.TEAM].owners.append(seeds.microsoft_account(LEAVER))


def _without_owner(made: Platforms) -> None:
    made.tenant.groups[seeds.TEAM].owners.clear()


def _still_enabled(made: Platforms) -> None:
    made.tenant.users[seeds.microsoft_account(LEAVER)].account_enabled = True


def _still_signed_in(made: Platforms) -> None:
    user = made.tenant.users[seeds.microsoft_account(LEAVER)]
    user.sign_in_sessions_valid_from = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        _left_in_a_channel,
        _only_kicked,
        _mover_barred,
        _mover_kept,
        _mover_lost_too_much,
        _still_owner,
        _without_owner,
        _still_enabled,
        _still_signed_in,
    ],
)
def test_an_end_that_is_wrong_is_objected_to(wrong: Callable[[Platforms], None]) -> None:
    made = ended()
    wrong(made)
    assert made.objections()


def test_the_telegram_bot_is_told_of_both_chats_and_may_remove_there() -> None:
    world = beginning().telegram
    told = [
        one["my_chat_member"]["chat"]["id"]
        for one in world.bot().inbox.take(0, 99)
        if "my_chat_member" in one
    ]
    assert sorted(told) == sorted(world.chats)
    assert all(chat.member(BOT_ID).rights == BOT_ADMIN for chat in world.chats.values())


def test_the_export_has_one_last_moment_one_transfer_and_the_accounts_of_the_seeds() -> None:
    moment = datetime(2026, 11, 22, 3, 0, 5, 999, tzinfo=UTC)
    rows = list(csv.DictReader(io.StringIO(company.export(moment, moment))))
    assert len(rows) == 40
    assert {row["employee_id"]: row["last_day"] for row in rows if row["last_day"]} == {
        LEAVER: "2026-11-22T03:00:05+00:00"
    }
    assert [row["employee_id"] for row in rows if row["next_department"]] == [MOVER]
    assert {row["account:slack"] for row in rows} - {""} <= set(beginning().slack.users)
    assert {int(row["account:telegram"]) for row in rows if row["account:telegram"]} <= set(
        beginning().telegram.users
    )


def test_the_policy_is_one_and_every_registered_group_is_on_its_platform() -> None:
    policy = load(company.read("policy.yaml"), "policy.yaml")
    assert [rule.id for rule in policy.rules] == ["policy/leaver", "policy/mover"]
    made, found = beginning(), load_registry(company.read("groups.yaml"), "groups.yaml")
    real = {
        SLACK: {*made.slack.channels, *made.slack.user_groups},
        TELEGRAM: {str(chat) for chat in made.telegram.chats},
        MICROSOFT: set(made.tenant.groups),
    }
    assert [row.group for row in found if row.group not in real.get(row.instance, {row.group})] == []
    assert {row.instance for row in found} == {*real, company.WHATSAPP}


async def test_what_a_command_prints_is_kept_line_by_line_with_its_code() -> None:
    words = [sys.executable, "-c", "print('one'); print('سطر'); raise SystemExit(3)"]
    code, lines = await kept(words, {"PYTHONIOENCODING": "utf-8"}, Console(file=StringIO()))
    assert (code, [line.plain for line in lines]) == (3, ["one", "سطر"])


async def test_a_command_sees_a_terminal_as_wide_as_ours_where_ours_is_one() -> None:
    words = [sys.executable, "-c", "import os; print(os.get_terminal_size(1).columns)"]
    ours = Console(file=StringIO(), force_terminal=True, width=77)
    assert [line.plain for line in (await kept(words, {}, ours))[1]] == ["77"]


def test_the_console_that_stays_open_has_somebody_for_each_link() -> None:
    known = {row["employee_id"] for row in company.people()}
    named = load_staff(company.read("staff.yaml"), "staff.yaml")
    assert {role for row in named for role in row.roles} == set(WHO)
    assert {row.person for row in named if row.person} <= known - {LEAVER, MOVER}
    assert len([row for row in named if "hr" in row.roles]) == 2, "one asks, another approves"
