"""The sandbox's `views.*` and `apps.connections.open`: triggers that expire, hashes that must be the last."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.surface import TRIGGER_SECONDS, OpenView

LARGEST_VIEW = 250_000
# docs.slack.dev/reference/views and …/block-kit/composition-objects
_MOST = {"title": 24, "submit": 24, "close": 24}
_LABELS = {"label": 2000, "hint": 2000, "placeholder": 150}


def views_open(call: Call) -> dict[str, Any]:
    """Show a modal to whoever the trigger belongs to; a trigger opens one view, within three seconds."""
    surface = call.workspace.surface
    trigger = surface.triggers.get(call.need("trigger_id"))
    view = _view(call, "modal")
    if trigger is None:
        raise Refused("invalid_trigger_id")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    if surface.now() - trigger.at > TRIGGER_SECONDS:
        raise Refused("expired_trigger_id")
    opened = OpenView(surface.view_id(), trigger.user, view, surface.stamp())

    def show() -> None:
        trigger.used = True
        surface.views[opened.id] = opened

    call.bring_about(show)
    return {"view": as_payload(call.workspace.team_id, opened)}


def views_update(call: Call) -> dict[str, Any]:
    """Replace a view that is still there; a hash that is not the last one loses."""
    surface = call.workspace.surface
    held = surface.views.get(call.need("view_id"))
    if held is None:
        raise Refused("not_found")
    if call.params.get("hash") not in (None, held.hash):
        raise Refused("hash_conflict")
    view = _view(call, "modal")

    def show() -> None:
        held.view, held.hash = view, surface.stamp()

    call.bring_about(show)
    return {"view": as_payload(call.workspace.team_id, held)}


def views_publish(call: Call) -> dict[str, Any]:
    """Show somebody their Home tab."""
    surface = call.workspace.surface
    user, view = call.person("user_id"), _view(call, "home")
    shown = OpenView(surface.view_id(), user.id, view, surface.stamp())
    call.bring_about(lambda: surface.homes.__setitem__(user.id, shown))
    return {"view": as_payload(call.workspace.team_id, shown)}


def apps_connections_open(call: Call) -> dict[str, Any]:
    """Give the address of one websocket; its ticket is good once."""
    if not call.token.is_app:
        raise Refused("not_allowed_token_type")
    call.scope("connections:write")
    surface = call.workspace.surface
    ticket = secrets.token_hex(8)
    surface.tickets.add(ticket)
    return {"url": f"{surface.origin.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id=A0SANDBOX"}


def as_payload(team_id: str, held: OpenView, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give a view as Slack hands it to the app."""
    return {
        **held.view,
        "id": held.id,
        "root_view_id": held.id,
        "team_id": team_id,
        "hash": held.hash,
        "state": {"values": values or {}},
    }


def _view(call: Call, kind: str) -> dict[str, Any]:
    if call.token.is_app:
        raise Refused("not_allowed_token_type")
    given = call.params.get("view")
    view = json.loads(given) if isinstance(given, str) else given
    if not isinstance(view, dict) or view.get("type") != kind:
        raise Refused("invalid_arguments")
    if len(json.dumps(view)) > LARGEST_VIEW:
        raise Refused("view_too_large")
    if (why := wrong_with_view(view)) is not None:
        raise Refused("invalid_arguments", response_metadata={"messages": [why]})
    return view


def wrong_with_view(view: dict[str, Any]) -> str | None:
    """Give the first complaint about a view, or None."""
    return next(_complaints(view), None)


def _complaints(view: dict[str, Any]) -> Iterator[str]:
    for name, most in _MOST.items():
        if name in view and not 1 <= len(view[name]["text"]) <= most:
            yield f"[ERROR] must be 1 to {most} characters [json-pointer:/view/{name}]"
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or len(blocks) > 100:
        yield "[ERROR] blocks are a list of at most 100 [json-pointer:/view/blocks]"
        return
    if len(str(view.get("private_metadata", ""))) > 3000:
        yield "[ERROR] private_metadata is at most 3000 characters"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) != len(ids):
        yield "[ERROR] `block_id` already exists"
    if view["type"] == "modal" and "submit" not in view and any(b["type"] == "input" for b in blocks):
        yield "[ERROR] submit is needed where there are inputs"
    for block in blocks:
        yield from _of_block(block)


def _of_block(block: dict[str, Any]) -> Iterator[str]:
    yield from _of_labels(block)
    if "accessory" in block:
        yield from _of_element(block["accessory"])
    match block:
        case {"type": "section" | "header", "text": {"text": text}}:
            if not 1 <= len(text) <= (150 if block["type"] == "header" else 3000):
                yield f"[ERROR] a {block['type']}'s text is too long, or empty"
        case {"type": "actions", "elements": elements}:
            yield from (why for element in elements for why in _of_element(element))
        case {"type": "input", "element": element, "label": _}:
            yield from _of_element(element)
        case {"type": "context" | "divider"}:
            pass
        case _:
            yield f"[ERROR] unsupported block {block.get('type')}"


def _of_labels(block: dict[str, Any]) -> Iterator[str]:
    for name, most in _LABELS.items():
        if name in block and not 1 <= len(block[name]["text"]) <= most:
            yield f"[ERROR] {name} is 1 to {most} characters"


def _of_element(element: dict[str, Any]) -> Iterator[str]:
    if not 1 <= len(str(element.get("action_id", ""))) <= 255:
        yield "[ERROR] action_id is 1 to 255 characters"
    if element["type"] == "button" and not 1 <= len(element["text"]["text"]) <= 75:
        yield "[ERROR] a button's text is 1 to 75 characters"
    if "confirm" in element:
        yield from _of_confirm(element["confirm"])
    for option in [*element.get("options", ()), *filter(None, [element.get("initial_option")])]:
        if not 1 <= len(option["text"]["text"]) <= 75 or not 1 <= len(option["value"]) <= 150:
            yield "[ERROR] an option's text is 1 to 75, its value 1 to 150 characters"
    if element["type"] == "static_select" and not 1 <= len(element.get("options", ())) <= 100:
        yield "[ERROR] a select has 1 to 100 options"


def _of_confirm(confirm: dict[str, Any]) -> Iterator[str]:
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if not 1 <= len(confirm[name]["text"]) <= most:
            yield f"[ERROR] confirm.{name} is 1 to {most} characters"
