"""`$batch`: up to twenty requests in one, each with an answer of its own, in no order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from connectors.chat.teams.sandbox.call import Answer
from connectors.chat.teams.sandbox.engine import Ask, Engine
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.faults import FaultKind
from connectors.chat.teams.sandbox.journal import JournalEntry

MOST = 20
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


@dataclass(slots=True)
class Part:
    """One request of a batch, by its id."""

    id: str
    ask: Ask
    depends_on: tuple[str, ...] = ()


def parts_of(data: Any, carrier: Ask, position: int, ask: Callable[[JournalEntry], Ask]) -> list[Part]:
    """Take a batch apart; raises GraphError 400 where Graph takes none of it."""
    rows = data.get("requests") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise _unreadable()
    if len(rows) > MOST:
        raise GraphError(
            400, "BadRequest", f"Number of batch requests steps exceeds the max value of {MOST}."
        )
    parts = [_part(row, carrier, position, ask) for row in rows]
    if len({part.id for part in parts}) != len(parts):
        raise GraphError(400, "BadRequest", "Request Ids must be unique.")
    return parts


async def run(engine: Engine, parts: list[Part]) -> Answer:
    """Answer every part; 200 whatever became of them."""
    answers: dict[str, Answer] = {}
    for part in parts:
        failed = [id_ for id_ in part.depends_on if id_ not in answers or answers[id_].status >= 400]
        answers[part.id] = _failed_dependency(part) if failed else await engine.answer(part.ask)
    shown = [part for part in parts if not _left_out(part)]
    # Graph keeps no order: whoever reads by position instead of id must fail here.
    shown.sort(key=lambda part: (answers[part.id].status < 400, part.id), reverse=True)
    return Answer(200, {"responses": [_response(part, answers[part.id]) for part in shown]})


def _part(row: Any, carrier: Ask, position: int, ask: Callable[[JournalEntry], Ask]) -> Part:
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("id", "method", "url")):
        raise _unreadable()
    path, _, query = row["url"].partition("?")
    if "://" in row["url"] or path.strip("/") == "$batch":
        raise _unreadable()
    method = row["method"].upper()
    headers = {name.casefold(): value for name, value in (row.get("headers") or {}).items()}
    body = row.get("body")
    if method in _WITH_BODY and (body is None or "content-type" not in headers):
        raise GraphError(
            400, "BadRequest", f"Write request id : {row['id']} does not contain Content-Type header or body."
        )
    path = f"/{path.lstrip('/')}"
    asked = dict(parse_qsl(query, keep_blank_values=True))
    entry = JournalEntry(method, path, path, asked, body, by=carrier.entry.by, part_of=position)
    return Part(row["id"], ask(entry), tuple(row.get("dependsOn") or ()))


def _unreadable() -> GraphError:
    return GraphError(400, "BadRequest", "Invalid batch payload format.")


def _failed_dependency(part: Part) -> Answer:
    part.ask.entry.status, part.ask.entry.answer = 424, "FailedDependency"
    message = "The request was not processed because a request it depends on failed."
    return Answer(424, {"error": {"code": "FailedDependency", "message": message}})


def _left_out(part: Part) -> bool:
    fault = part.ask.fault
    return fault is not None and fault.kind is FaultKind.PART_MISSING


def _response(part: Part, answer: Answer) -> dict[str, Any]:
    row: dict[str, Any] = {"id": part.id, "status": answer.status, "headers": dict(answer.headers)}
    if answer.body is not None:
        row["headers"]["Content-Type"] = "application/json"
        row["body"] = answer.body
    return row
