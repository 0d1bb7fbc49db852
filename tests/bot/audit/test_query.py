"""The search box's grammar, as a table of what may be typed and what it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.query import QUALIFIERS, Query, QueryProblem, Span, Term, parse, spelled


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


GOLDEN: list[tuple[str, list[Term]]] = [
    ("", []),
    ("   ", []),
    ("actor:bawab", [Term("actor", "bawab")]),
    ("ACTOR:bawab", [Term("actor", "bawab")]),
    ("actor:person:omar", [Term("actor", "person:omar")]),
    ("-outcome:verified_absent", [Term("outcome", "verified_absent", exclude=True)]),
    ("platform:slack outcome:failed", [Term("platform", "slack"), Term("outcome", "failed")]),
    ("outcome:failed outcome:blocked", [Term("outcome", "failed"), Term("outcome", "blocked")]),
    ('person:"Ana Quispe"', [Term("person", "Ana Quispe")]),
    ("person:آنا", [Term("person", "آنا")]),
    ('group:"#all staff" -"test run"', [Term("group", "#all staff"), Term("text", "test run", exclude=True)]),
    ("not_in_channel", [Term("text", "not_in_channel")]),
    ("-noise", [Term("text", "noise", exclude=True)]),
    ("two words", [Term("text", "two"), Term("text", "words")]),
    ('"a \\"quoted\\" word"', [Term("text", 'a "quoted" word')]),
    ('"actor:bawab"', [Term("text", "actor:bawab")]),
    ("12:30", [Term("text", "12:30")]),
    ("a-b", [Term("text", "a-b")]),
    ("case:case_1\tinstance:main\n", [Term("case", "case_1"), Term("instance", "main")]),
    ("action:step.*", [Term("action", "step.*")]),
]


@pytest.mark.parametrize(("typed", "terms"), GOLDEN, ids=[typed or "nothing" for typed, _ in GOLDEN])
def test_what_is_typed_means(typed: str, terms: list[Term]) -> None:
    assert parse(typed) == Query(tuple(terms))


MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
AT = datetime(2026, 11, 1, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("2026-11-01", Span(day("2026-11-01"), day("2026-11-02"))),
        (">=2026-11-01", Span(day("2026-11-01"), None)),
        (">2026-11-01", Span(day("2026-11-02"), None)),
        ("<2026-11-01", Span(None, day("2026-11-01"))),
        ("<=2026-11-01", Span(None, day("2026-11-02"))),
        ("2026-11-01..2026-11-30", Span(day("2026-11-01"), day("2026-12-01"))),
        ("*..2026-11-30", Span(None, day("2026-12-01"))),
        ("2026-11-01..*", Span(day("2026-11-01"), None)),
        ("2026-11-01..", Span(day("2026-11-01"), None)),
        ("2026-11-01T18:30+03:00", Span(AT, AT + MINUTE)),
        ("2026-11-01T15:30", Span(AT, AT + MINUTE)),
        ("2026-11-01T15:30:00Z", Span(AT, AT + SECOND)),
        (">=2026-11-01T15:30Z", Span(AT, None)),
        ("٢٠٢٦-١١-٠١", Span(day("2026-11-01"), day("2026-11-02"))),
    ],
)
def test_created_means_a_span_of_time(typed: str, span: Span) -> None:
    (term,) = parse(f"created:{typed}").terms
    assert term.span == span
    (quoted,) = parse(f'-created:"{typed}"').terms
    assert (quoted.span, quoted.exclude) == (span, True)


def test_a_day_is_a_day_where_the_reader_is_also_when_the_clocks_change() -> None:
    (term,) = parse("created:2026-11-01", zone=ZoneInfo("America/New_York")).terms
    assert term.span == Span(datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("platform:slack actr:bawab", "column 16: `actr:` is not a qualifier; did you mean `actor:`?"),
        ("outcom:failed", "did you mean `outcome:`?"),
        ("zzz:1", "there are actor, action, person, group"),
        ("https://example.com", 'quote it: "https://example.com"'),
        ("actor:", "column 1: `actor:` needs a value right after it"),
        ("actor: bawab", "column 1: `actor:` needs a value right after it"),
        ("-", "column 1: `-` needs a value"),
        ('x ""', 'column 3: `""` needs a value'),
        ('person:"Ana', "a quote is not closed"),
        ('"', "column 1: a quote is not closed"),
        ('ab"cd', "a quote is not closed"),
        ("created:yesterday", "column 1: `yesterday` is no date: write 2026-11-01"),
        ("created:>=", "is no date"),
        ("created:2026-02-30", "is no date"),
        ("created:9999-12-31", "is no date"),
        ("created:01/11/2026", "is no date"),
    ],
)
def test_what_cannot_be_understood_is_answered_with_where_and_what_to_type(typed: str, answer: str) -> None:
    with pytest.raises(QueryProblem) as refused:
        parse(typed)
    assert answer in str(refused.value)


@given(st.text())
def test_any_text_is_parsed_or_refused_and_never_anything_else(typed: str) -> None:
    try:
        query = parse(typed)
    except QueryProblem as refused:
        column = refused.column
    else:
        column = 1
        assert all(term.value.strip() for term in query.terms)
        assert bool(query.terms) is bool(typed.strip())
    assert 1 <= column <= len(typed) + 1


@given(
    st.sampled_from([name for name in QUALIFIERS if name != "created"]), st.text(min_size=1), st.booleans()
)
def test_any_value_can_be_said_in_quotes(qualifier: str, value: str, exclude: bool) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    if value.strip():
        assert parse(f'{"-" if exclude else ""}{qualifier}:"{quoted}"').terms == (
            Term(qualifier, value, exclude),
        )


@given(st.text(alphabet='ab:-" \\>=éع\u00a0', max_size=20))
def test_a_query_is_spelled_in_one_way_and_read_back_as_the_same(typed: str) -> None:
    try:
        query = parse(typed)
    except QueryProblem:
        return
    assert parse(spelled(query)) == query
    assert spelled(parse(spelled(query))) == spelled(query)


@pytest.mark.parametrize(
    ("typed", "spelling"),
    [
        ("  Person:E7   -OUTCOME:failed ", "person:E7 -outcome:failed"),
        ('person:"Ana Quispe"', 'person:"Ana Quispe"'),
        ('group:"sales"', "group:sales"),
        ('"a:b"', '"a:b"'),
        ('"-x"', '"-x"'),
        ("غادرت", "غادرت"),
    ],
)
def test_a_query_is_spelled_with_quotes_only_where_they_are_needed(typed: str, spelling: str) -> None:
    assert spelled(parse(typed)) == spelling
