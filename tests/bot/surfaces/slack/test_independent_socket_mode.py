"""The app against a Socket Mode server that somebody else wrote: commands, forms, buttons, Home."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from bot.access.actors import actor_of
from bot.acts.cases import open_case
from bot.surfaces.beside import beside
from connectors.chat.slack import SlackConfig, SlackConnector
from tests.bot.adversary import office
from tests.bot.surfaces.slack.desk import APPROVED, ROLES, appoint, value_of
from tests.bot.surfaces.slack.local_slack import TOKENS, WHERE_INSTALLED, local_slack
from tests.bot.world import channel

pytestmark = WHERE_INSTALLED


async def test_people_meet_bawab_in_a_slack_of_somebody_elses(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "sara"), policy=APPROVED) as world:
        await appoint(world, ROLES)
        async with world.app.store.read() as tx:
            noura = await actor_of(world.app, tx, "noura", "slack")
        assert noura is not None
        await open_case(world.app, noura, person_id="ana", last_day=date(2026, 11, 30))
        accounts = ["UNOURA", "USARA", "UANA", "UHUDA"]
        async with local_slack(tmp_path, world.sandbox.workspace.team_id, accounts) as slack:
            bot, own = TOKENS["botToken"], TOKENS["appToken"]
            there = SlackConfig("acme", bot, app_token=own, base_url=f"{slack.bridged}/api/", pace_scale=0.0)
            connector = SlackConnector(there)
            acme = world.app.settings.slack["acme"].model_copy(update={"app_token": SecretStr(own)})
            settings = world.app.settings.model_copy(update={"slack": {"acme": acme}})
            app = replace(world.app, settings=settings, chat={"acme": connector})
            async with beside(app):
                await slack.connected()
                command = {"channel": "C0LUNCH", "command": "/offboard"}
                await slack.does("command", user="UNOURA", text="help", **command)
                assert (await slack.said("/offboard approve"))["ephemeral_to"] == "UNOURA"
                await slack.does("command", user="UANA", text="status", **command)
                assert (await slack.said("does not know this account"))["ephemeral_to"] == "UANA"
                await slack.does("command", user="UNOURA", text="ana", **command)
                await slack.called("views.open")
                await slack.does("open-home", user="USARA")
                await slack.called("views.publish")
                await slack.does("command", user="USARA", text="approve", **command)
                asked = await slack.said("Approve: ")
                value = value_of(asked["blocks"], "ok")
                action = {"type": "button", "action_id": "ok", "value": value}
                await slack.does(
                    "interact", channel="C0LUNCH", messageTs=asked["ts"], user="USARA", action=action
                )
                shown = await slack.said("Approved and released")
                assert shown["ts"] == asked["ts"], "in the place of the message that was pressed"
                assert '"no"' not in json.dumps(shown)
            await connector.aclose()
        (case,) = await world.cases()
        assert (case.state, case.released_by) == ("scheduled", "person:sara")
