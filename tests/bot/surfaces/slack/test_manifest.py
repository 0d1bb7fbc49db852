"""The app's manifest: what stands in docs, and no scope or event more than the code uses."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from bot.surfaces.slack.commands import COMMAND
from bot.surfaces.slack.manifest import app_manifest, write
from connectors.chat.slack import SlackConfig, SlackConnector
from connectors.chat.slack.routes import METHODS
from connectors.chat.slack.sandbox import BOT_TOKEN, base_workspace, create_sandbox, running_sandbox
from tests.bot.surfaces.slack.desk import desk

DOCS = Path(__file__).parents[4] / "docs"
URL = "https://bawab.example.com/slack/acme/events"


def test_the_manifest_in_docs_is_the_one_the_code_writes() -> None:
    written = StringIO()
    write(written)
    assert (DOCS / "slack-manifest.yaml").read_text(encoding="utf-8") == written.getvalue()


async def test_an_app_made_by_the_manifest_lacks_nothing_that_check_asks_for() -> None:
    workspace = base_workspace()
    workspace.tokens[BOT_TOKEN].scopes[:] = app_manifest()["oauth_config"]["scopes"]["bot"]
    async with running_sandbox(create_sandbox(workspace)) as url:
        slack = SlackConnector(SlackConfig("hq", BOT_TOKEN, base_url=f"{url}/api/", pace_scale=0.0))
        findings = await slack.check()
        workspace.tokens[BOT_TOKEN].scopes.remove("commands")
        without = await slack.check()
        await slack.aclose()
    assert [one.message for one in findings if one.code == "missing_scope"] == []
    assert ["commands" in one.message for one in without if one.code == "missing_scope"] == [True]


def test_both_ways_differ_only_in_where_slack_sends_things() -> None:
    socket, http = app_manifest(), app_manifest(URL)
    assert socket["oauth_config"] == http["oauth_config"]
    assert (socket["settings"]["socket_mode_enabled"], http["settings"]["socket_mode_enabled"]) == (
        True,
        False,
    )
    assert str(http).count(URL) == 4, "commands, events, buttons and suggestions"
    assert "https" not in str(socket)
    (command,) = socket["features"]["slash_commands"]
    assert (command["command"], command["should_escape"]) == (COMMAND, True)
    assert "apps.connections.open" in METHODS


async def test_every_event_the_app_subscribes_to_means_something(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for name in app_manifest()["settings"]["event_subscriptions"]["bot_events"]:
            event = {"type": name, "user": "UNOURA", "channel": "C-sales", "tab": "home"}
            body = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": name, "event": event}
            assert (await at.people.way.deliver("events_api", body)).status == 200, name
        assert "lane.pause" in await at.actions(), "app_uninstalled pauses the lane"
