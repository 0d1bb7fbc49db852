"""The search box's grammar: qualifiers, `-`, quotes and free text, parsed without touching anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from typing import Final

from bot.locale.digits import western

TEXT: Final = "text"
CREATED: Final = "created"
QUALIFIERS: Final = (
    "actor",
    "action",
    "person",
    "group",
    "platform",
    "instance",
    "outcome",
    "case",
    "step",
    "run",
    "rule",
    "quality",
    "request",
    CREATED,
)

LONGEST: Final = 4000
"""Characters of a search."""
MOST_TERMS: Final = 50
"""Wishes in one search: each may be looked up among people."""
_TOKEN: Final = re.compile(r'\s*(-?)(?:([^\W\d]\w*):)?(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))')
_QUALIFIED: Final = re.compile(r"[^\W\d]\w*:")
_UNSAFE: Final = re.compile(r'[\s"]')
_BOUND: Final = re.compile(r"(>=|<=|>|<)?(.*)")
_TO_MINUTE: Final = re.compile(r"[T ]\d\d:\d\d(Z|[+-]\d\d:?\d\d)?$")


class QueryProblem(ValueError):
    """The search cannot be understood; says where (`column`, from 1) and what to type instead.

    `code` and `facts` say the same for a sentence in another language: `quote`, `unknown` (qualifier, value,
    near), `empty` (what), `date` (value), `much` (most).
    """

    def __init__(self, message: str, column: int, code: str, **facts: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Span:
    """From `start`, up to but not including `end`; aware UTC instants, None where open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Term:
    """One wish: a qualifier (or `text`) and its value; `created` has a span too."""

    field: str
    value: str
    exclude: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """All must hold; several values of one qualifier are alternatives; an excluded term must not hold."""

    terms: tuple[Term, ...] = ()


def parse(text: str, *, zone: tzinfo = UTC) -> Query:
    """Parse a search; dates without a zone are days and hours in `zone`. Raises QueryProblem."""
    terms: list[Term] = []
    at, end = 0, len(text.rstrip())
    if end > LONGEST:
        raise _much(LONGEST)
    while at < end:
        if len(terms) == MOST_TERMS:
            raise _much(at + 1)
        found = _TOKEN.match(text, at)
        if found is None or (text[found.end() : found.end() + 1] == '"' and found[4] is not None):
            column = found.end() + 1 if found else at + 1
            message = 'a quote is not closed, or stands in a word: write "the whole value"'
            raise QueryProblem(message, column, "quote")
        terms.append(_term(found, zone))
        at = found.end()
    return Query(tuple(terms))


def _much(column: int) -> QueryProblem:
    message = f"a search has at most {MOST_TERMS} parts and {LONGEST} characters; ask in two searches"
    return QueryProblem(message, column, "much", most=str(MOST_TERMS))


def spelled(query: Query) -> str:
    """Write a query in the one way it is shared in: single spaces, quotes only where they are needed.

    `parse` reads it back as the same query.
    """
    return " ".join(map(_spelled, query.terms))


def _spelled(term: Term) -> str:
    prefix = "" if term.field == TEXT else f"{term.field}:"
    return f"{'-' * term.exclude}{prefix}{_value(term)}"


def _value(term: Term) -> str:
    """Quote what would be read otherwise: white space, quotes, and a text that looks like a qualifier."""
    ambiguous = term.field == TEXT and (term.value.startswith("-") or _TOKEN.fullmatch(term.value) is None)
    qualified = term.field == TEXT and _QUALIFIED.match(term.value) is not None
    if ambiguous or qualified or _UNSAFE.search(term.value):
        return '"' + term.value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return term.value


def _term(found: re.Match[str], zone: tzinfo) -> Term:
    minus, qualifier, quoted, bare = found.groups()
    column = found.end() - len(found[0].lstrip()) + 1
    value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
    if qualifier is not None and qualifier.lower() not in QUALIFIERS:
        raise _unknown(qualifier, value, column)
    if not value.strip():
        what = f"`{qualifier}:`" if qualifier else "`-`" if minus else '`""`'
        raise QueryProblem(f"{what} needs a value right after it", column, "empty", what=what.strip("`"))
    field = qualifier.lower() if qualifier else TEXT
    span = _span(value, zone, column) if field == CREATED else None
    return Term(field, value, bool(minus), span)


def _unknown(qualifier: str, value: str, column: int) -> QueryProblem:
    near = "".join(get_close_matches(qualifier.lower(), QUALIFIERS, n=1))
    hint = f"did you mean `{near}:`?" if near else f"there are {', '.join(QUALIFIERS)}."
    message = (
        f'`{qualifier}:` is not a qualifier; {hint} To find the text itself, quote it: "{qualifier}:{value}"'
    )
    return QueryProblem(message, column, "unknown", qualifier=qualifier, value=value, near=near)


def _span(value: str, zone: tzinfo, column: int) -> Span:
    try:
        first, dots, last = western(value).partition("..")
        if dots:
            return Span(
                None if first in {"*", ""} else _unit(first, zone)[0],
                None if last in {"*", ""} else _unit(last, zone)[1],
            )
        return _bounded(first, zone)
    except (ValueError, OverflowError) as error:
        forms = "2026-11-01, >=2026-11-01, 2026-11-01..2026-11-30 or 2026-11-01T18:00"
        raise QueryProblem(f"`{value}` is no date: write {forms}", column, "date", value=value) from error


def _bounded(text: str, zone: tzinfo) -> Span:
    operator, bound = _BOUND.fullmatch(text).groups()  # type: ignore[union-attr]  # matches any text
    start, end = _unit(bound, zone)
    match operator:
        case ">=":
            return Span(start, None)
        case ">":
            return Span(end, None)
        case "<":
            return Span(None, start)
        case "<=":
            return Span(None, end)
        case _:
            return Span(start, end)


def _unit(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Read the day, minute or second that a text names, as its start and its end."""
    if len(text) <= len("2026-11-01"):
        day = date.fromisoformat(text)
        days = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
        start, end = (midnight.astimezone(UTC) for midnight in days)
        return start, end
    instant = datetime.fromisoformat(text)
    aware = (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)
    return aware, aware + (timedelta(minutes=1) if _TO_MINUTE.search(text) else timedelta(seconds=1))
