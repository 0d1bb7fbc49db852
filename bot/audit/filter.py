"""A parsed search as SQL over the stored columns: whom a name means, which index answers, what is logged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.audit.query import CREATED, TEXT, Query, Span, Term
from bot.audit.subjects import find_subjects
from bot.store.types import instant_text

Condition = sa.ColumnElement[bool]
ResolvePerson = Callable[[AsyncConnection, str], Awaitable[Sequence[str]]]
"""Gives the employee ids of the people a name, e-mail or id may mean; people unknown now give none."""

MOST_PEOPLE: Final = 1000
MOST_VALUES: Final = 100
MANY: Final = 20_000
_SHOWN_PEOPLE: Final = 10
_SEARCHED: Final = tuple(
    column for column in RAW.c if column.name not in {"seq", "at", "sealed", "prev_hash", "hash"}
)
_NARROW: Final = frozenset({"case", "person", "group", "run"})
_WIDE: Final = frozenset({"actor", "action", "outcome"})
_COLUMN: Final = {
    "actor": RAW.c.actor,
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

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"`{name}` may mean {count} people: write more of the name, or an id")
        self.name = name
        self.count = count


@dataclass(frozen=True, slots=True)
class Filter:
    """A search made ready for SQL, and its words with each person as a pseudonym, fit for the log."""

    conditions: tuple[Condition, ...]
    shown: str
    first: int = 1
    """No entry before this one can meet it."""
    last: int | None = None
    """No entry after this one can meet it; None: not known."""


async def prepare(
    connection: AsyncConnection,
    query: Query,
    resolve: ResolvePerson | None,
    beside: Sequence[Condition] = (),
) -> Filter:
    """Resolve the people a query names and turn it into conditions, `beside` too; raises TooManyPeople."""
    alternatives: dict[str, list[Condition]] = defaultdict(list)
    conditions, shown, narrow = [*beside], [], any(map(_narrows, query.terms))
    for term in query.terms:
        condition, said = await _prepared(connection, term, resolve, narrow=narrow)
        shown.append(said)
        others = await _others(connection, term) if term.exclude and not narrow else None
        if others is not None:
            conditions.append(others)
        elif term.exclude:
            conditions.append(sa.not_(sa.func.coalesce(condition, sa.false())))
        elif term.field == TEXT:
            conditions.append(condition)
        else:
            alternatives[term.field].append(condition)
    conditions += [sa.or_(*either) for either in alternatives.values()]
    first, last = await _bounds(connection, query)
    return Filter(tuple(conditions), " ".join(shown), first, last)


async def _others(connection: AsyncConnection, term: Term) -> Condition | None:
    """Give an excluded act or outcome as all the others, which the index finds where they are rare.

    None where the column has no index, or there are too many others to name.
    """
    if term.field not in {"action", "outcome"} or "*" in term.value:
        return None
    column, value = _COLUMN[term.field], term.value.lower()
    excluded = {value, *_whole_category(term.field, value)}
    others: list[str] = []
    last = await connection.scalar(sa.select(sa.func.min(column)))
    while last is not None and len(others) <= MOST_VALUES:
        others += [last] if last not in excluded else []
        # From one value of the index to the next: nothing between is read.
        last = await connection.scalar(sa.select(sa.func.min(column)).where(column > last))
    return column.in_(others) if last is None else None


def _narrows(term: Term) -> bool:
    return term.field in _NARROW and not term.exclude and "*" not in term.value


async def _bounds(connection: AsyncConnection, query: Query) -> tuple[int, int | None]:
    """Give the numbers between which `created:` can be met, exactly: a clock may have been set back."""
    spans = [term.span for term in query.terms if term.span is not None and not term.exclude]
    if not spans:
        return 1, None
    found = [await _numbers(connection, span) for span in spans]
    return min(first for first, _ in found), max(last for _, last in found)


async def _numbers(connection: AsyncConnection, span: Span) -> tuple[int, int]:
    """Read them from the index on `at` alone, which holds both.

    Of many up to now the first is not looked for: reading begins at the last, and has enough before long.
    """
    within = sa.select(RAW.c.seq).where(_within(RAW.c.at, span))
    if span.end is None and await connection.scalar(within.order_by(RAW.c.at).offset(MANY).limit(1)):
        return 1, await connection.scalar(sa.select(sa.func.max(RAW.c.seq))) or 0
    bounds = sa.select(sa.func.min(RAW.c.seq), sa.func.max(RAW.c.seq)).where(_within(RAW.c.at, span))
    first, last = (await connection.execute(bounds)).one()
    return (1, 0) if last is None else (first, last)


async def _prepared(
    connection: AsyncConnection, term: Term, resolve: ResolvePerson | None, *, narrow: bool
) -> tuple[Condition, str]:
    """Give one term as a condition, and as it may stand in the log.

    Where the query is `narrow` already, half the log may have this actor, act or outcome: their indexes are
    hidden from the planner, which knows no better than to guess.
    """
    if term.field == "actor":
        ids = await resolve(connection, term.value) if resolve else ()
        return _is(_column("actor", narrow=narrow), *_actors(term, ids)), _shown_actor(term, ids)
    people = await _people(connection, term, resolve) if term.field in {"person", TEXT} else []
    if term.field == "group":
        return await _group(connection, term), _shown(term, people)
    return _condition(term, people, connection.dialect.name, narrow=narrow), _shown(term, people)


def _actors(term: Term, ids: Sequence[str]) -> list[str]:
    typed = [term.value, f"person:{term.value}", f"system:{term.value}"]
    return [*typed, *(f"person:{one}" for one in ids if one != term.value)]


async def _people(connection: AsyncConnection, term: Term, resolve: ResolvePerson | None) -> list[str]:
    """Find the pseudonyms of everybody a text may mean."""
    ids = [term.value, *(await resolve(connection, term.value) if resolve else ())]
    if len(ids) > MOST_PEOPLE:
        raise TooManyPeople(term.value, len(ids))
    subjects = [subject.pseudonym for subject in (await find_subjects(connection, ids)).values()]
    return [term.value, *subjects] if term.value.startswith("p_") else subjects


def _condition(term: Term, people: Sequence[str], dialect: str, *, narrow: bool) -> Condition:
    if term.field == CREATED:
        return _created(term)
    if term.field == "person":
        return RAW.c.subject.in_(people)
    if term.field == TEXT:
        return sa.or_(_holds(term.value, dialect), RAW.c.subject.in_(people))
    value = term.value.lower() if term.field in _LOWER else term.value
    column = _column(term.field, narrow=narrow)
    return _is(column, value, *_whole_category(term.field, value))


def _column(field: str, *, narrow: bool) -> sa.ColumnElement[Any]:
    column = _COLUMN[field]
    return column.concat("") if narrow and field in _WIDE else column


def _holds(text: str, dialect: str) -> Condition:
    """Look for a text in every column, in any case of Latin letters."""
    if dialect == "sqlite":
        # Its LIKE minds no case by itself; lower() round each column, or a pattern put together for each
        # comparison, takes several times as long.
        pattern = sa.literal(f"%{_escaped(text)}%")
        return sa.or_(*(column.like(pattern, escape="\\") for column in _SEARCHED))
    return sa.or_(*(column.icontains(text, autoescape=True) for column in _SEARCHED))


async def _group(connection: AsyncConnection, term: Term) -> Condition:
    """A group's id where there is such a group, which the index finds; else a part of its name."""
    exact = RAW.c.group_id == term.value
    if await connection.scalar(sa.select(sa.exists().where(exact))):
        return exact
    like = RAW.c.group_name.like if connection.dialect.name == "sqlite" else RAW.c.group_name.ilike
    return like(_pattern(f"*{term.value.removeprefix('#')}*"), escape="\\")


def _whole_category(field: str, value: str) -> list[str]:
    """Spell `action:step` as every action that begins so; a list of values can use the index."""
    return [action for action in Action if action.startswith(f"{value}.")] if field == "action" else []


def _is(column: sa.ColumnElement[Any], *values: str) -> Condition:
    if "*" in values[0]:
        return sa.or_(*(column.like(_pattern(value), escape="\\") for value in values))
    return column.in_(values)


def _pattern(value: str) -> str:
    return _escaped(value).replace("*", "%")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _created(term: Term) -> Condition:
    # Not by the index on `at`: the numbers are known, and reading by them needs no sorting.
    return sa.true() if term.span is None else _within(RAW.c.at.concat(""), term.span)


def _within(at: sa.ColumnElement[Any], span: Span) -> Condition:
    bounds: list[Condition] = [sa.true()]
    if span.start is not None:
        bounds.append(at >= instant_text(span.start))
    if span.end is not None:
        bounds.append(at < instant_text(span.end))
    return sa.and_(*bounds)


def _shown_actor(term: Term, ids: Sequence[str]) -> str:
    """The log calls whoever acts by their id; a name that was typed is replaced by it."""
    if not ids or term.value in ids:
        return _shown(term, [])
    few = len(ids) <= _SHOWN_PEOPLE
    return f"{'-' * term.exclude}actor:{','.join(ids) if few else f'[{len(ids)} people]'}"


def _shown(term: Term, people: Sequence[str]) -> str:
    """Spell a term for the log: what names a person is replaced by who was found."""
    minus, field = "-" * term.exclude, "" if term.field == TEXT else f"{term.field}:"
    if people or term.field == "person":
        few = 0 < len(people) <= _SHOWN_PEOPLE
        return f"{minus}person:{','.join(people) if few else f'[{len(people)} people]'}"
    quote = '"' if " " in term.value else ""
    return f"{minus}{field}{quote}{term.value}{quote}"
