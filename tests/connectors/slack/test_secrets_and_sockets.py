"""Tokens never show, and no socket opens but the wire's."""

from __future__ import annotations

import json
import subprocess
import sys
import traceback

import pytest

from connectors.chat.slack.sandbox import ADMIN_TOKEN, BOT_TOKEN, Fault, FaultKind, create_sandbox
from connectors.errors import ConnectorError
from connectors.sandboxing import running_sandbox
from tests.connectors.slack.stage import staged, step, workspace

_SECRETS = (BOT_TOKEN, ADMIN_TOKEN)

# Runs a connector in a process of its own, where an audit hook sees every connect, whoever makes it.
_PROGRAM = """
import asyncio, json, sys
connects = []
def hook(event, args):
    if event == "socket.connect":
        connects.append([str(args[1][0]), int(args[1][1])])
sys.addaudithook(hook)
from connectors.chat.slack import SlackConfig, SlackConnector
from connectors.contract import KnownGroups, Revocation
from connectors.messages import plain
from policies.model import Membership

async def main(url):
    slack = SlackConnector(SlackConfig(
        "hq", "xoxb-sandbox-bot", "xoxp-sandbox-admin", base_url=url + "/api/", scim_url=url + "/scim/v1/",
        pace_scale=0.0))
    await slack.check()
    ana = next(a for a in [a async for a in slack.accounts()] if a.id == "U1")
    items = [m async for m in slack.memberships(ana, KnownGroups())]
    steps = [Revocation(m.group.id, "U1", m) for m in items if isinstance(m, Membership)]
    for step in steps:
        await slack.revoke([step])
    await slack.read_back(steps)
    await slack.notify("U2", plain("hello"), "k")
    await slack.deactivate("x", ana)
    print(json.dumps({"seen": connects, "wire": slack.wire.connections, "sent": slack.wire.requests_sent}))
    await slack.aclose()

asyncio.run(main(sys.argv[1]))
"""


async def test_no_socket_opens_but_the_wires() -> None:
    sandbox = create_sandbox(workspace())
    async with running_sandbox(sandbox) as url:
        import asyncio

        # A proxy in the environment would be another way out; it must not be taken.
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROGRAM,
            url,
            stdout=subprocess.PIPE,
            env={"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONPATH": "."},
        )
        out, _ = await child.communicate()
    assert child.returncode == 0
    report = json.loads(out)
    assert report["seen"] == report["wire"]
    assert report["seen"], "the program did connect"
    assert {f"http://{host}:{port}" for host, port in report["seen"]} == {url}
    assert report["sent"] == len(sandbox.journal)


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.HTTP_500,
        FaultKind.DROP,
        FaultKind.MALFORMED_JSON,
        FaultKind.HTML_PAGE,
        FaultKind.TOKEN_REVOKED,
    ],
)
async def test_no_token_in_any_exception_or_its_causes(kind: FaultKind) -> None:
    sandbox = create_sandbox(workspace(), faults=[Fault(kind, times=0)])
    async with staged(sandbox=sandbox, admin=True) as stage:
        with pytest.raises(ConnectorError) as raised:
            await stage.account()
    told = "".join(traceback.format_exception(raised.value)) + _with_locals(raised.value)
    assert not [secret for secret in _SECRETS if secret in told]


def _with_locals(error: BaseException | None) -> str:
    """Everything the exception and its causes say of themselves, as error reporters would show it."""
    told = ""
    while error is not None:
        told += repr(error) + repr(error.args) + repr(vars(error))
        error = error.__cause__ or error.__context__
    return told


async def test_no_token_in_results_presences_findings_or_any_repr() -> None:
    async with staged(admin=True) as stage:
        steps = [step(group_id) for group_id in ("C1", "C2", "G1", "S1", "CGENERAL")]
        told = [
            *[repr(await stage.slack.revoke([one])) for one in steps],
            repr(await stage.slack.read_back(steps)),
            repr(await stage.slack.check()),
            repr(await stage.slack.deactivate("x", await stage.account())),
            repr(stage.slack),
            repr(stage.slack._config),
            repr(stage.slack._client.redact),
            json.dumps(stage.sandbox.workspace.snapshot()),
            repr(stage.sandbox.journal),
        ]
    assert not [secret for secret in _SECRETS for text in told if secret in text]


async def test_a_token_the_server_echoes_back_is_redacted_from_evidence() -> None:
    from connectors.redaction import Redactor

    redact = Redactor([BOT_TOKEN, None])
    assert BOT_TOKEN not in redact(f"your token {BOT_TOKEN} is bad")
    assert "xoxp-unknown" not in redact("another xoxp-unknown-1 token")
    assert "abcdefghij" not in redact("Authorization: Bearer abcdefghij")
    assert redact("nothing to hide") == "nothing to hide"
