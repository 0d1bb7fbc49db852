"""A person survives the way to JSON and back, and to a file and back, whatever is written in it."""

from __future__ import annotations

import csv
import io
import json
import string
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.hr.records import digest, person_from_json, person_to_json
from policies.model import Employment, ExitType, Person, PersonStatus, Post, UpcomingPost
from tests.connectors.hr.workbench import read

LETTERS = string.ascii_letters + "أبجدهوزحطيكلمنسعفصقرشت" + " ,;'\"-."
WORDS = st.text(LETTERS, min_size=1, max_size=12).map(str.strip).filter(bool).map(lambda text: f"x{text}x")
IDS = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=8).map(lambda text: f"P{text}")
DAYS = st.dates(date(1950, 1, 1), date(2150, 1, 1))
OFFSETS = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=OFFSETS).map(  # noqa: DTZ001 - bounds; zones are drawn
    lambda at: at.replace(microsecond=0)
)
MOMENTS = DAYS | INSTANTS
POSTS = st.builds(Post, *[st.none() | WORDS] * 3, st.none() | IDS)


@st.composite
def people(draw: st.DrawFn) -> Person:
    post = draw(POSTS)
    to = draw(POSTS.filter(lambda post: post != Post()))
    names = ("department", "team", "location", "manager_id")
    whole = Post(**{name: getattr(to, name) or getattr(post, name) for name in names})
    return Person(
        id=draw(IDS),
        name=draw(WORDS),
        status=draw(st.sampled_from(PersonStatus)),
        employment=draw(st.sampled_from(Employment)),
        email=draw(st.none() | st.just("ana@corp.test")),
        phone=draw(st.none() | st.just("+966 50 123")),
        post=post,
        upcoming=draw(st.none() | st.builds(UpcomingPost, MOMENTS, st.just(whole))),
        last_day=draw(st.none() | MOMENTS),
        time_zone=draw(st.none() | st.sampled_from(["Asia/Riyadh", "America/St_Johns"])),
        exit_type=draw(st.sampled_from(ExitType)),
        language=draw(st.none() | st.sampled_from(["ar", "en", "pt-br"])),
        account_ids=tuple(sorted(draw(st.dictionaries(st.sampled_from(["slack", "chat"]), IDS)).items())),
    )


@given(people())
def test_a_person_comes_back_from_json_the_same(person: Person) -> None:
    record = person_to_json(person)

    assert person_from_json(record) == person
    assert person_to_json(person_from_json(record)) == record


def test_one_instant_has_one_record_whatever_offset_it_is_written_in() -> None:
    riyadh = datetime(2026, 11, 20, 18, tzinfo=timezone(timedelta(hours=3)))
    records = {person_to_json(Person("E1", "Ana", last_day=at)) for at in (riyadh, riyadh.astimezone(UTC))}

    assert len(records) == 1


def test_what_is_unstated_is_left_out_so_that_old_digests_stay_true() -> None:
    record = person_to_json(Person("E1", "أحمد"))

    assert json.loads(record) == {"id": "E1", "name": "أحمد", "status": "active"}
    assert digest(record) == "ee6b69875a0d78cb9ec28b10d5669a83e0593f2860648593ceb0e5c1dedb1fe8"


@pytest.mark.parametrize(
    "record",
    [
        "[]",
        "{",
        '{"id": "E1"}',
        '{"id":"E1","name":"A","status":"gone"}',
        '{"id":"E1","name":"A","status":"active","new":1}',
    ],
)
def test_a_record_that_is_not_understood_is_refused(record: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — the kind is the contract
        person_from_json(record)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(person=people())
async def test_a_person_written_to_a_file_comes_back_the_same(
    person: Person, encoding: str, delimiter: str, tmp_path: Path
) -> None:
    data = written(person, delimiter).encode(encoding)
    settings = {"encoding": "cp1256"} if encoding == "cp1256" and not data.isascii() else {}

    assert await read(tmp_path, data, **settings) == [person]


def written(person: Person, delimiter: str) -> str:
    """Write one person as HR would."""
    cells: dict[str, str | None] = {
        "employee_id": person.id,
        "name": person.name,
        "status": person.status,
        "employment": person.employment,
        "email": person.email,
        "phone": person.phone,
        "last_day": when(person.last_day),
        "time_zone": person.time_zone,
        "exit_type": person.exit_type,
        "language": person.language,
        **{f"account:{instance}": account for instance, account in person.account_ids},
        **post(person.post, ""),
    }
    if person.upcoming is not None:
        cells |= {"change_on": when(person.upcoming.effective), **post(person.upcoming.post, "next_")}
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow(cells)
    writer.writerow(cells.values())
    return target.getvalue()


def when(moment: date | datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def post(of: Post, prefix: str) -> dict[str, str | None]:
    return {f"{prefix}{name}": getattr(of, name) for name in ("department", "team", "location", "manager_id")}
