"""What sound exports say: every field, in every encoding, delimiter and language they come in."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from policies.model import Employment, ExitType, Person, PersonStatus, Post, UpcomingPost
from tests.connectors.hr.workbench import DELTA, Drop, read

ARABIC = (
    "الرقم الوظيفي;الاسم;الحالة;القسم;آخر يوم عمل;المنطقة الزمنية\r\n"
    "١٠٤;أحمد الزهراني;على رأس العمل;المبيعات;٢٠٢٦-١١-٢٠;Asia/Riyadh\r\n"
)
AHMAD = Person(
    id="١٠٤",
    name="أحمد الزهراني",
    post=Post(department="المبيعات"),
    last_day=date(2026, 11, 20),
    time_zone="Asia/Riyadh",
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
async def test_an_arabic_export_reads_the_same_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    text = ARABIC if encoding != "cp1256" else ARABIC.translate(str.maketrans("١٠٤٢٦", "10426"))

    (person,) = await read(tmp_path, text.encode(encoding))

    assert (person.name, person.post, person.last_day) == (AHMAD.name, AHMAD.post, AHMAD.last_day)
    assert encoding == "cp1256" or person == AHMAD


@pytest.mark.parametrize(
    ("written", "configured"), [("utf-8-sig", "utf-8"), ("utf-8", "utf8"), ("utf-16", "utf-16-le")]
)
async def test_a_configured_encoding_may_carry_its_mark(
    written: str, configured: str, tmp_path: Path
) -> None:
    assert await read(tmp_path, ARABIC.encode(written), encoding=configured) == [AHMAD]


async def test_the_facts_say_how_the_file_was_read(tmp_path: Path) -> None:
    facts, _ = await Drop(tmp_path).read(ARABIC.encode("utf-16"), "export-2026-11-20.csv")

    assert (facts.encoding, facts.delimiter, facts.rows, facts.terminated) == ("utf-16", ";", 1, 0)
    assert facts.header[:2] == ("الرقم الوظيفي", "الاسم")
    assert facts.as_of == datetime(2026, 11, 20, tzinfo=UTC)
    assert facts.ends_with_newline


async def test_every_field_is_read(tmp_path: Path) -> None:
    data = (
        "Employee Number\tFirst Name\tLast Name\tStatus\tE-mail\tMobile\tWorker Type\tDept\tTeam\tOffice"
        "\tManager ID\tLast Working Day\tTimezone\tTermination Type\tLanguage\taccount:slack"
        "\taccount:chat\tSalary\n"
        "007\tAna\tQuispe\tTerminated\tAna@Example.org\t٠٥٠ ١٢٣\tContractor\tSales\tEast\tLima\tM1\t"
        "2026-11-20T18:00\tAmerica/Lima\tResigned\tArabic\tU01\tC9\t9\n"
    )

    assert await read(tmp_path, data) == [
        Person(
            id="007",
            name="Ana Quispe",
            status=PersonStatus.TERMINATED,
            employment=Employment.CONTRACTOR,
            email="Ana@Example.org",
            phone="٠٥٠ ١٢٣",
            post=Post("Sales", "East", "Lima", "M1"),
            last_day=datetime(2026, 11, 20, 23, 0, tzinfo=UTC),
            time_zone="America/Lima",
            exit_type=ExitType.RESIGNATION,
            language="ar",
            account_ids=(("chat", "C9"), ("slack", "U01")),
        )
    ]


async def test_an_announced_transfer_keeps_what_its_columns_leave_empty(tmp_path: Path) -> None:
    data = (
        "employee_id,name,status,department,team,next_department,next_team,change_on\n"
        "E1,Ana,active,Sales,East,Finance,,2026-12-01\n"
    )

    (person,) = await read(tmp_path, data)

    assert person.upcoming == UpcomingPost(date(2026, 12, 1), Post("Finance", "East"))


async def test_headers_and_words_are_mapped_and_theirs_count_before_ours(tmp_path: Path) -> None:
    data = "Nr,Wer,Stand,status,Slack\n17,Ana,ausgeschieden,ignored,U1\n"
    settings: dict[str, Any] = {
        "columns": {"employee_id": "Nr", "name": "Wer", "status": "Stand", "account:main": "Slack"},
        "status_values": {"Ausgeschieden": "terminated"},
    }

    (person,) = await read(tmp_path, data, **settings)

    assert (person.id, person.status, person.account_ids) == (
        "17",
        PersonStatus.TERMINATED,
        (("main", "U1"),),
    )


async def test_a_configured_date_format_is_read_and_iso_still_is(tmp_path: Path) -> None:
    data = "employee_id,name,status,last_day\nE1,Ana,active,03/04/2026\nE2,Ben,active,2026-04-05\n"

    people = await read(tmp_path, data, date_format="dd/mm/yyyy")

    assert [person.last_day for person in people] == [date(2026, 4, 3), date(2026, 4, 5)]


async def test_invisible_marks_are_off_ids_headers_and_names(tmp_path: Path) -> None:
    data = (
        "\u200fEmployee\u00a0ID,\u200bName,Status\n"
        "\u200eE1\u00a0,\u202eAna\u202c\u00a0Lee ,active\nE2,می\u200cخواهم,active\n"
    )

    people = await read(tmp_path, data, columns={"employee_id": "employee id"})

    assert [(person.id, person.name) for person in people] == [("E1", "Ana Lee"), ("E2", "می\u200cخواهم")]


async def test_quoted_line_breaks_are_honoured_and_formulas_are_text(tmp_path: Path) -> None:
    data = 'employee_id,name,status,department,note\nE1,"Ana\r\nLee",active,=cmd|calc,"a,""b""\nc"\n'

    (person,) = await read(tmp_path, data)

    assert (person.name, person.post.department) == ("Ana Lee", "=cmd|calc")


async def test_excels_own_first_line_names_the_delimiter(tmp_path: Path) -> None:
    assert [p.id for p in await read(tmp_path, "sep=;\r\nemployee_id;name;status\r\nE1;A, B;active\r\n")] == [
        "E1"
    ]


async def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    assert len(await read(tmp_path, "\nemployee_id,name,status\n\nE1,Ana,active\n \n")) == 1


async def test_people_come_in_the_order_of_code_points(tmp_path: Path) -> None:
    ids = ["b", "a", "\U0001f600", "\uffee", "B", "10", "9"]
    data = "employee_id,name,status\n" + "".join(f"{one},N,active\n" for one in ids if one != "b")

    assert [person.id for person in await read(tmp_path, data)] == sorted(one for one in ids if one != "b")


async def test_a_header_alone_is_a_feed_of_nobody(tmp_path: Path) -> None:
    facts, people = await Drop(tmp_path).read("employee_id,name,status\n")

    assert (facts.rows, people) == (0, [])


async def test_a_delta_passes_over_rows_that_say_none(tmp_path: Path) -> None:
    data = "employee_id,name,status,action\nE1,Ana,active,upsert\nE2,Ben,active,none\nE3,Eve,active,\n"

    assert [person.id for person in await read(tmp_path, data, mode=DELTA)] == ["E1", "E3"]


async def test_a_column_may_date_the_export(tmp_path: Path) -> None:
    data = "employee_id,name,status,as_of\nE1,Ana,active,2026-11-19\nE2,Ben,active,2026-11-20T08:00Z\n"

    facts, _ = await Drop(tmp_path).read(data, "hr-2020-01-01.csv")

    assert facts.as_of == datetime(2026, 11, 20, 8, tzinfo=UTC)


async def test_a_workbook_reads_like_its_csv(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].title = "Cover"
    sheet = book.create_sheet("Staff")
    sheet.append(["Employee ID", "Name", "Status", "Department", "Last Day", "Time Zone"])
    sheet.append([19002, "أحمد", "active", 101, date(2026, 11, 20), "Asia/Riyadh"])
    sheet.append([None] * 6)
    sheet.append(["0017", "Ana", "active", "Sales", datetime(2026, 11, 20, 18, 0), "Asia/Riyadh"])  # noqa: DTZ001 - a workbook knows no zones
    target = io.BytesIO()
    book.save(target)

    columns = {"employee_id": "Employee ID"}
    facts, people = await Drop(tmp_path, sheet="Staff", columns=columns).read(target.getvalue(), "hr.xlsx")

    assert facts.rows == 2
    assert [person.id for person in people] == ["0017", "19002"]
    assert [person.last_day for person in people] == [
        datetime(2026, 11, 20, 15, tzinfo=UTC),
        date(2026, 11, 20),
    ]
    assert people[1].post.department == "101"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"date_format": "dd/mm/yy"}, "date_format"),
        ({"date_format": "yyyy-dd-mm"}, "date_format"),
        ({"encoding": "klingon"}, "encoding"),
        ({"encoding": "hex"}, "encoding"),
        ({"encoding": "punycode"}, "encoding"),
        ({"delimiter": "|"}, "delimiter"),
        ({"columns": {"departement": "X"}}, "departement"),
        ({"status_values": {"weg": "gone"}}, "status_values"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(settings: dict[str, object], named: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=named):
        Drop(tmp_path, **settings)


def test_the_spool_may_not_be_the_watched_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="spool"):
        Drop(tmp_path, spool=tmp_path / "drop")
