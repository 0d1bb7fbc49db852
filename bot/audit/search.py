"""Finds entries: a parsed search becomes SQL over the stored columns, newest first, paged by number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.audit.query import CREATED, TEXT, Query, Term
from bot.audit.subjects import find_subjects
from bot.store.db import Store
from bot.store.types import instant_text

Condition = sa.ColumnElement[bool]
ResolvePerson = Callable[[AsyncConnection, str], Awaitable[Sequence[str]]]
"""Gives the employee ids of the people a name, e-mail or id may mean; people unknown now give none."""

MOST_PEOPLE: Final = 1000
_SHOWN_PEOPLE: Final = 10
_JSON: Final = ("before", "after", "detail")
_SEARCHED: Final = tuple(
    column for column in RAW.c if column.name not in {"seq", "at", "sealed", "prev_hash", "hash"}
)
_COLUMN: Final = {
    "action": RAW.c.action,
    "platform": RAW.c.platform,
    "instance": RAW.c.instance,
    "outcome": RAW.c.outcome,
    "case": RAW.c.case_id,
    "step": RAW.c.step_id,
    "run": RAW.c.run_id,
    "rule": RAW.c.rule,
    "quality": RAW.c.quality,
    "request": RAW.c.request_id,
}
_LOWER: Final = frozenset({"action", "platform", "outcome", "quality"})


class TooManyPeople(ValueError):
    """A name in the search means too many people to look for; says how many."""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `before` asks for the next page, None at the end."""

    rows: tuple[Mapping[str, Any], ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """A search made ready for SQL, and its words with each person as a pseudonym, fit for the log."""

    conditions: tuple[Condition, ...]
    shown: str


async def search(
    store: Store,
    query: Query,
    *,
    before: int | None = None,
    limit: int = 50,
    resolve: ResolvePerson | None = None,
) -> Page:
    """Find the entries that meet a query, those before entry `before` if given; raises TooManyPeople.

    Rows map column names to values: `at` a datetime, JSON columns decoded, `sealed` still sealed.
    """
    async with store.read() as connection:
        found = await prepare(connection, query, resolve)
        statement = sa.select(*RAW.c).where(*found.conditions).order_by(RAW.c.seq.desc()).limit(limit + 1)
        if before is not None:
            statement = statement.where(RAW.c.seq < before)
        rows = [_readable(row) for row in (await connection.execute(statement)).mappings()]
    more = len(rows) > limit
    return Page(tuple(rows[:limit]), rows[limit - 1]["seq"] if more else None)


async def prepare(connection: AsyncConnection, query: Query, resolve: ResolvePerson | None) -> Filter:
    """Resolve the people a query names and turn it into conditions; raises TooManyPeople."""
    alternatives: dict[str, list[Condition]] = defaultdict(list)
    conditions, shown = [], []
    for term in query.terms:
        people = await _people(connection, term, resolve) if term.field in {"person", TEXT} else []
        condition = await _group(connection, term) if term.field == "group" else _condition(term, people)
        shown.append(_shown(term, people))
        if term.exclude:
            conditions.append(sa.not_(sa.func.coalesce(condition, sa.false())))
        elif term.field == TEXT:
            conditions.append(condition)
        else:
            alternatives[term.field].append(condition)
    conditions += [sa.or_(*either) for either in alternatives.values()]
    return Filter(tuple(conditions), " ".join(shown))


async def _people(connection: AsyncConnection, term: Term, resolve: ResolvePerson | None) -> list[str]:
    """Find the pseudonyms of everybody a text may mean."""
    ids = [term.value, *(await resolve(connection, term.value) if resolve else ())]
    if len(ids) > MOST_PEOPLE:
        raise TooManyPeople(f"`{term.value}` may mean {len(ids)} people: write more of the name, or an id")
    subjects = [subject.pseudonym for subject in (await find_subjects(connection, ids)).values()]
    return [term.value, *subjects] if term.value.startswith("p_") else subjects


def _condition(term: Term, people: Sequence[str]) -> Condition:
    if term.field == CREATED:
        return _created(term)
    if term.field == "person":
        return RAW.c.subject.in_(people)
    if term.field == TEXT:
        texts = [column.icontains(term.value, autoescape=True) for column in _SEARCHED]
        return sa.or_(*texts, RAW.c.subject.in_(people))
    if term.field == "actor":
        return _is(RAW.c.actor, term.value, f"person:{term.value}", f"system:{term.value}")
    value = term.value.lower() if term.field in _LOWER else term.value
    return _is(_COLUMN[term.field], value, *_whole_category(term.field, value))


async def _group(connection: AsyncConnection, term: Term) -> Condition:
    """A group's id where there is such a group, which the index finds; else a part of its name."""
    exact = RAW.c.group_id == term.value
    if await connection.scalar(sa.select(sa.exists().where(exact))):
        return exact
    return RAW.c.group_name.ilike(_pattern(f"*{term.value.removeprefix('#')}*"), escape="\\")


def _whole_category(field: str, value: str) -> list[str]:
    """Spell `action:step` as every action that begins so; a list of values can use the index."""
    return [action for action in Action if action.startswith(f"{value}.")] if field == "action" else []


def _is(column: sa.ColumnElement[Any], *values: str) -> Condition:
    if "*" in values[0]:
        return sa.or_(*(column.like(_pattern(value), escape="\\") for value in values))
    return column.in_(values)


def _pattern(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")


def _created(term: Term) -> Condition:
    span = term.span
    at: sa.ColumnElement[Any] = RAW.c.at
    if span is None or span.start is None or span.end is None:
        # Half the log may match: reading by number, newest first, beats sorting what an index on `at` gives.
        at = at.concat("")
    bounds: list[Condition] = [sa.true()]
    if span is not None and span.start is not None:
        bounds.append(at >= instant_text(span.start))
    if span is not None and span.end is not None:
        bounds.append(at < instant_text(span.end))
    return sa.and_(*bounds)


def _shown(term: Term, people: Sequence[str]) -> str:
    """Spell a term for the log: what names a person is replaced by who was found."""
    minus, field = "-" * term.exclude, "" if term.field == TEXT else f"{term.field}:"
    if people or term.field == "person":
        few = 0 < len(people) <= _SHOWN_PEOPLE
        return f"{minus}person:{','.join(people) if few else f'[{len(people)} people]'}"
    quote = '"' if " " in term.value else ""
    return f"{minus}{field}{quote}{term.value}{quote}"


def _readable(row: sa.RowMapping) -> dict[str, Any]:
    decoded = {name: None if row[name] is None else _decoded(row[name]) for name in _JSON}
    return {**row, "at": datetime.fromisoformat(row["at"]), **decoded}


def _decoded(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text  # edited by hand: `verify` says so, a search still shows it
