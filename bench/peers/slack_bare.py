"""The bare loop: slack_sdk making the calls it is told, one after another, remembering nothing."""

from __future__ import annotations

from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError


def main(job: dict[str, Any]) -> dict[str, Any]:
    """Make `job["calls"]`: [method, verb, parameters]; gives how many Slack refused."""
    client = WebClient(token=job["tokens"]["bot"], base_url=f"{job['url']}/api/")
    refused = 0
    for method, verb, said in job["calls"]:
        given = {"params": said} if verb == "GET" else {"data": said}
        try:
            client.api_call(method, http_verb=verb, **given)
        except SlackApiError:
            refused += 1
    return {"errors": refused}
