"""Every request the connector makes is one that Slack's published method reference allows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from connectors.chat.slack.routes import METHODS
from connectors.chat.slack.sandbox import (
    APP_TOKEN,
    InviteRequest,
    JournalEntry,
    RoleAssignment,
    User,
    UserGroup,
)
from connectors.chat.slack.sandbox.methods import METHODS as SANDBOX_METHODS
from connectors.contract import Capabilities, Closing, KnownGroups, Promotion, WayBack, WayKind
from connectors.many import AccountStep
from connectors.messages import Button, Message, Passage, plain
from connectors.wire import Access
from policies.model import Account, Person
from tests.connectors.slack.stage import Stage, staged, step, workspace

_SPECS = Path(os.environ.get("BAWAB_SPECS", Path(__file__).parents[4] / "shared" / "specs"))
_REFERENCE = _SPECS / "slack" / "slack_methods.json"
# Documented by Slack, but newer than (or left out of) the reference used here.
_NOT_FOR_STEPS = {"chat.postMessage", "conversations.open", "chat.update"}
_NOT_FOR_STEPS |= {"views.open", "views.update", "views.publish"}
QUESTION = Message(
    (Passage("hello", (Button("Yes", "ok", "1"), Button("Look", "", "", url="https://x.test/"))),)
)
_NOT_IN_REFERENCE = {"admin.conversations.kick", "admin.users.deactivate", "conversations.history"}

pytestmark = pytest.mark.skipif(
    not _REFERENCE.is_file(),
    reason=f"Slack's method reference is not at {_REFERENCE}; set BAWAB_SPECS to the folder that holds it",
)


def reference() -> dict[str, Any]:
    methods: dict[str, Any] = json.loads(_REFERENCE.read_text(encoding="utf-8"))["methods"]
    return methods


async def use_the_app(stage: Stage) -> None:
    """Open a modal, change it, show a Home tab, and open a websocket."""
    app, surface = stage.slack.app_side, stage.sandbox.workspace.surface
    modal = {"type": "modal", "title": {"type": "plain_text", "text": "Offboarding"}, "blocks": []}
    shown = await app.open_view(surface.trigger("U2"), modal)
    await app.update_view(shown.id, modal, hash=shown.hash)
    await app.publish_home("U2", {"type": "home", "blocks": []})
    await (await app.open_socket()).close()


async def journal() -> tuple[list[JournalEntry], Capabilities]:
    """Make every kind of request the connector can make, and give what arrived."""
    world = workspace().add(UserGroup("S2", "more", ["U1", "U2"]), User("U3", "carla"))
    world.add(RoleAssignment("U1", "C1"), RoleAssignment("U2", "C1"))
    world.add(InviteRequest("I1", ["U1"], channel="C1", shared=True), InviteRequest("Ir1", ["U1"]))
    world.tokens["xoxb-sandbox-bot"].scopes.append("channels:history")
    more: dict[str, Any] = {"team_id": world.team_id, "may_join_public": True, "app_token": APP_TOKEN}
    async with staged(world, admin=True, **more) as stage:
        slack = stage.slack
        await slack.check()
        ana = await stage.account()
        people = (
            Person("E1", "Ana", email="ana@example.com"),
            Person("E2", "Badr", account_ids=(("hq", "U2"),)),
        )
        for person in people:
            [account async for account in slack.accounts(person)]
        [group async for group in slack.groups()]
        [item async for item in slack.memberships(ana, KnownGroups())]
        for group_id in ("C1", "S1", "G2", "C2"):
            await stage.revoke(group_id)
            await stage.read_back(group_id)
        await stage.revoke("C1")
        successor = Promotion("p", Account("hq", "U3"), step("C1").membership.group, "U1")
        await slack.promote(successor)
        await slack.sole_ownership(successor)
        [way async for way in slack.ways_back(ana, [successor.group])]
        for way_id in ("connect_request:I1", "invite_request:Ir1"):
            closing = Closing("w", ana, WayBack(way_id, WayKind.INVITATION))
            await slack.close_way_back(closing)
            await slack.way_back_open(closing)
        sent = await slack.notify("U2", QUESTION, "k")
        await slack.update_notice("U2", sent.reference, plain("answered"), "k")
        await slack.find_notice("U2", "k")
        await use_the_app(stage)
        await slack.sessions_open("x", ana)
        await slack.end_sessions("x", ana)
        badr = await stage.account("U2")
        await slack.end_sessions_of([AccountStep("a", ana), AccountStep("b", badr)])
        await slack.deactivate("x", ana)
        return stage.sandbox.journal, slack.capabilities


async def test_the_journal_covers_the_allow_list() -> None:
    entries, _ = await journal()
    made = {entry.method for entry in entries}
    # team.info is allowed for support; joining and admin deactivation are played out in other tests.
    assert set(METHODS) - made <= {"team.info", "conversations.join", "admin.users.deactivate"}


async def test_every_argument_is_documented_and_every_required_one_is_there() -> None:
    methods = reference()
    entries, _ = await journal()
    checked = 0
    for entry in entries:
        if entry.method in _NOT_IN_REFERENCE or entry.method.startswith("scim."):
            continue
        schema = methods[entry.method]["args"]
        unknown = set(entry.params) - set(schema["properties"])
        missing = set(schema["required"]) - {"token"} - set(entry.params)
        assert not unknown, f"{entry.method}: not documented: {unknown}"
        assert not missing, f"{entry.method}: required but not sent: {missing}"
        checked += 1
    assert checked > 20


async def test_the_http_verb_is_the_documented_one() -> None:
    methods = reference()
    entries, _ = await journal()
    for entry in entries:
        if entry.method in methods:
            assert entry.verb == methods[entry.method]["http_method"], entry.method


def test_reads_and_writes_are_told_apart_and_paced_by_the_documented_tier() -> None:
    methods = reference()
    for name, method in METHODS.items():
        if name in _NOT_IN_REFERENCE:
            continue
        documented = methods[name]
        if documented["http_method"] == "GET":
            assert method.access is Access.READ, name
        if name != "chat.postMessage":  # "special": about one message a second and channel
            assert method.limit == documented["rate_limits"], name
            assert SANDBOX_METHODS[name][1] == documented["rate_limits"], name


async def test_every_scope_a_method_needs_is_declared_in_the_manifest() -> None:
    methods = reference()
    entries, capabilities = await journal()
    declared = {scope.name for scope in capabilities.scopes}
    for name in {entry.method for entry in entries} & set(methods):
        documented = methods[name].get("scope", {})
        wanted = set(documented.get("user" if METHODS[name].admin else "bot", ()))
        assert not wanted or wanted & declared, f"{name} needs one of {wanted}"


def test_every_documented_error_of_a_write_has_a_meaning_of_its_own() -> None:
    from connectors.chat.slack.answers import BAD_CREDENTIALS, known_errors

    # Caller's mistakes that no request made here can meet, or that mean exactly "unexpected".
    accepted = {"missing_argument", "invalid_arguments", "no_user", "message_too_long"}
    accepted |= {"already_in_channel"}  # as good as a yes, and taken for one
    for name, method in METHODS.items():
        if method.access is Access.READ or name in _NOT_IN_REFERENCE | _NOT_FOR_STEPS:
            continue
        documented = set(reference()[name]["errors"])
        unknown = documented - set(known_errors()) - BAD_CREDENTIALS - accepted
        assert not unknown, f"{name}: {unknown}"
