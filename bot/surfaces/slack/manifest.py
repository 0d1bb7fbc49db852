"""The Slack app's manifest: exactly the scopes, events and settings Bawab uses, by websocket or by HTTP.

`python -m bot.surfaces.slack.manifest > docs/slack-manifest.yaml` writes the one for Socket Mode; with the
address Slack reaches (`https://bawab.example.com/slack/acme/events`) behind it, the one for signed HTTP.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO

from ruamel.yaml import YAML

from bot.surfaces.slack.commands import COMMAND
from bot.surfaces.slack.events import EVENTS
from connectors.chat.slack.connector import MANIFEST
from connectors.manifest import load_manifest

DESCRIPTION = "Takes leavers and transferred staff out of every team chat group, and proves it."


def app_manifest(url: str | None = None) -> dict[str, Any]:
    """Give the manifest as Slack reads it (schema 2); `url` is where it posts to, None: Socket Mode."""
    where = {} if url is None else {"request_url": url}
    command = {
        "command": COMMAND,
        "description": "Offboard somebody, and see where things stand",
        "usage_hint": "[@person | status | approve | cases | help]",
        # Without it a mention would come as a name, which may be anybody's.
        "should_escape": True,
    }
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {"name": "Bawab", "description": DESCRIPTION},
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Bawab", "always_online": True},
            "slash_commands": [command if url is None else {**command, "url": url}],
        },
        "oauth_config": {"scopes": {"bot": bot_scopes()}},
        "settings": {
            "event_subscriptions": {**where, "bot_events": sorted(EVENTS)},
            "interactivity": {
                "is_enabled": True,
                **where,
                **({} if url is None else {"message_menu_options_url": url}),
            },
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def bot_scopes() -> list[str]:
    """Give the bot token's scopes, as `bawab check` asks for them."""
    return sorted(scope.name for scope in load_manifest(MANIFEST).scopes if scope.token == "bot")  # noqa: S105 - a kind


def write(to: TextIO, url: str | None = None) -> None:
    """Write the manifest as YAML."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 200
    yaml.dump(app_manifest(url), to)


if __name__ == "__main__":
    write(sys.stdout, sys.argv[1] if len(sys.argv) > 1 else None)
