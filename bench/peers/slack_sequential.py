"""A careful sequential script: slack_sdk with its rate-limit handler, one kick after another."""

from __future__ import annotations

import contextlib
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

RETRIES = 100


def main(job: dict[str, Any], retries: str = str(RETRIES)) -> dict[str, Any]:
    """Kick everybody out of everything, in order; gives how many calls ended in an error."""
    client = WebClient(token=job["tokens"]["bot"], base_url=f"{job['url']}/api/")
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=int(retries)))
    errors = 0
    for person, groups in job["leavers"].items():
        for group in groups:
            try:
                client.conversations_kick(channel=group, user=person)
            except SlackApiError as error:
                errors += error.response.get("error") != "not_in_channel"
            except OSError:
                errors += 1
    with contextlib.suppress(Exception):
        client.auth_test()
    return {"errors": errors}
