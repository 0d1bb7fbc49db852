"""The audit page: what is typed is found, shared and exported; it is for two roles, and harmless to them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.audit.actions import Action
from bot.audit.entry import Entry
from tests.bot.adversary import actions, everybody, line
from tests.bot.surfaces.web.departed_site import STAFF, Firm, firm
from tests.bot.views.departed import made_departed

CLOSED = ["noura", "sara", "huda"]


@pytest.fixture(scope="module")
def made() -> Path:
    return made_departed()


@pytest.fixture
async def there(made: Path, tmp_path: Path) -> AsyncIterator[Firm]:
    async with firm(made, tmp_path) as opened:
        yield opened


async def as_(there: Firm, staff_id: str, language: str = "en") -> httpx.AsyncClient:
    return await there.site.client(staff_id, STAFF[staff_id], language=language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "\u2068Ana Q\u2069: \u2068المبيعات\u2069 (\u2068Slack\u2069): removed, and checked"),
        ("ar", "\u2068Ana Q\u2069: \u2068المبيعات\u2069 (\u2068Slack\u2069)"),
    ],
)
async def test_a_name_finds_what_was_done_to_a_person_in_plain_sentences(
    there: Firm, language: str, said: str
) -> None:
    page = await (await as_(there, "omar", language)).get("/audit", params={"q": 'person:"Ana Q"'})
    assert page.status_code == 200
    assert said in page.text
    assert "Lina Q" not in page.text
    assert "prev_hash" in page.text
    assert "request_id" in page.text


async def test_an_arabic_group_is_found_by_free_text(there: Firm) -> None:
    page = await (await as_(there, "aud")).get("/audit", params={"q": "المبيعات"})
    assert page.text.count('id="entry-') >= 3


async def test_the_address_is_the_same_for_everybody_who_asks_the_same(there: Firm) -> None:
    client = await as_(there, "omar")
    page = await client.get("/audit", params={"q": "  PERSON:ana   -outcome:ok ", "before": ""})
    assert page.status_code == 400, "an empty number is no number"
    page = await client.get("/audit", params={"q": "  PERSON:ana   -outcome:ok "})
    assert str(page.url).endswith("/audit?q=person%3Aana+-outcome%3Aok")
    assert [answer.status_code for answer in page.history] == [303]


async def test_a_search_that_cannot_be_read_points_at_the_place(there: Firm) -> None:
    client = await as_(there, "omar")
    for typed, marked, said in (
        ("person:ana outcom:failed", "outcom:failed", "Did you mean"),
        ("created:someday x", "created:someday", "is no date"),
        ("person:", "person:", "needs a value"),
        ('a "b', "&#34;b", "A quote is not closed"),
    ):
        page = await client.get("/audit", params={"q": typed})
        assert page.status_code == 400
        assert f"<mark>{marked}</mark>" in page.text
        assert said in page.text


async def test_each_example_is_a_search_that_can_be_read(there: Firm) -> None:
    client = await as_(there, "omar")
    page = await client.get("/audit")
    links = [part.split('"')[0] for part in page.text.split('<li><a href="')[1:]]
    assert len(links) >= 5
    for link in links:
        assert (await client.get(link.replace("&amp;", "&"))).status_code == 200


async def test_nothing_found_says_what_to_do(there: Firm) -> None:
    page = await (await as_(there, "omar")).get("/audit", params={"q": "no-such-thing"})
    assert "Nothing was found." in page.text


async def test_the_log_is_no_page_of_anybody_else_and_they_export_prove_and_reveal_nothing(
    there: Firm,
) -> None:
    before = await actions(there.world, "audit.")
    for staff_id in CLOSED:
        client = await as_(there, staff_id)
        for path in ("/audit", "/audit/3", "/audit/proof?person=lina"):
            page = await client.get(path)
            assert (page.status_code, "Ana Q" in page.text) == (403, False)
        for path in ("/audit/export", "/audit/proof", "/audit/3/reveal"):
            answer = await there.site.post(client, path, q="", person="lina", reason="x")
            assert answer.status_code == 403
    assert await actions(there.world, "audit.") == before


async def test_whoever_is_not_signed_in_is_sent_to_sign_in(there: Firm) -> None:
    stranger = await there.site.stranger()
    for path in ("/audit", "/audit/3", "/reviews", "/figures"):
        assert "/sign-in" in str((await stranger.get(path)).url)


async def test_what_is_exported_is_the_search_logged_first_and_harmless_in_a_spreadsheet(there: Firm) -> None:
    hostile = ["=HYPERLINK(1)", "<script>alert(1)</script>", "\u202eevil", "é" * 300]
    async with there.world.app.store.write() as tx:
        entries = [Entry(Action.GROUP_LEARNT, "bawab", instance="acme", group_name=name) for name in hostile]
        await there.world.app.audit.append(tx, *entries)
    client = await as_(there, "aud")
    shown = await client.get("/audit", params={"q": "action:group.learn"})
    assert "<script>alert" not in shown.text
    assert "\u202e" not in shown.text.split("<dl")[0]
    answer = await there.site.post(client, "/audit/export", q="action:group.learn", format="csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="bawab-audit-')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["action"] for row in rows[:-2]} == {"group.learn"}
    assert rows[-2]["action"] == "audit.export"
    assert "'=HYPERLINK(1)" in {row["group_name"] for row in rows}
    exported = (await there.world.log())[-1]
    assert (exported["action"], exported["actor"]) == ("audit.export", "person:aud")
    assert json.loads(exported["detail"])["filter"] == "action:group.learn"


async def test_an_export_leaves_no_file_behind(there: Firm) -> None:
    client = await as_(there, "omar")
    await there.site.post(client, "/audit/export", q="", format="jsonl")
    await there.site.post(client, "/audit/export", q="created:never", format="jsonl")
    assert list((there.world.app.settings.data_dir / "handed-out").iterdir()) == []


async def test_sealed_fields_are_shown_for_a_reason_and_that_is_logged(there: Firm) -> None:
    client = await as_(there, "omar")
    seq = next(row["seq"] for row in await there.world.log() if row["action"] == "step.read_back")
    closed = await client.get(f"/audit/{seq}")
    assert "UANA" not in closed.text
    without = await there.site.post(client, f"/audit/{seq}/reveal", reason=" ")
    assert without.status_code == 400
    assert "UANA" not in without.text
    shown = await there.site.post(client, f"/audit/{seq}/reveal", reason="a complaint")
    assert "UANA" in shown.text
    last = (await there.world.log())[-1]
    assert (last["action"], json.loads(last["detail"])["reason"]) == ("audit.reveal", "a complaint")
    exported = await there.site.post(client, "/audit/export", q="person:ana", format="jsonl", reveal="yes")
    assert "Say why" in exported.text, "the same holds for an export"


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_the_proof_is_one_file_that_checks_itself_without_bawab(
    there: Firm, tmp_path: Path, language: str
) -> None:
    client, case = await as_(there, "omar", language), await there.case_of("ana")
    page = await client.get("/audit/proof", params={"case": case})
    assert "check.py" in page.text
    answer = await there.site.post(client, "/audit/proof", case=case)
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path / "proof")
    checked = check(tmp_path / "proof")
    assert checked.returncode == 0, checked.stderr
    assert "fit their hashes" in checked.stdout
    statement = (tmp_path / "proof" / "statement.html").read_text(encoding="utf-8")
    assert "Ana Q" in statement
    assert "المبيعات" in statement
    assert {"en": "The log is whole.", "ar": "السجل سليم."}[language] in statement
    assert (await actions(there.world, "audit."))[-2:] == ["audit.verify", "audit.export"]
    lines = (tmp_path / "proof" / "entries.jsonl").read_text(encoding="utf-8")
    (tmp_path / "proof" / "entries.jsonl").write_text(lines.replace("verified_absent", "verified_abseit"))
    assert check(tmp_path / "proof").returncode == 1


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script that came with the proof, as anybody would."""
    command = [sys.executable, "-I", "check.py", "entries.jsonl"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


async def test_a_proof_from_a_log_that_was_changed_says_so_first(there: Firm) -> None:
    database = there.world.app.settings.data_dir / "bawab.db"
    with sqlite3.connect(database) as raw:
        raw.execute("DROP TRIGGER audit_entry_no_update")
        raw.execute("UPDATE audit_entry SET outcome = 'ok' WHERE seq = 5")
    raw.close()
    answer = await there.site.post(await as_(there, "aud"), "/audit/proof", person="lina")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert "The log is NOT whole" in packed.read("statement.html").decode()


async def test_a_proof_of_nothing_is_no_page(there: Firm) -> None:
    client = await as_(there, "omar")
    for query in ({"case": "case_nothing"}, {"person": "nobody"}, dict[str, str]()):
        assert (await client.get("/audit/proof", params=query)).status_code == 404


async def test_whoever_is_leaving_finds_nothing_of_it_and_can_prove_nothing_of_it(there: Firm) -> None:
    """sara is to leave in a week: until then she has her role, and learns nothing of it here."""
    there.world.drop(
        *everybody(
            line("ana", last_day="2026-11-20"),
            line("lina", "terminated", last_day="2026-11-20"),
            line("sara", last_day="2026-11-27"),
        )
    )
    await there.world.run()
    case = await there.case_of("sara")
    client = await there.site.client("sara", STAFF["omar"])
    for path in ("/audit", "/audit?q=person%3Asara", f"/audit?q=case%3A{case}", "/reviews?every=1"):
        page = await client.get(path)
        assert page.status_code == 200
        assert f'href="/cases/{case}"' not in page.text
        assert "\u2068Sara Q\u2069: HR says" not in page.text
    for path in ("/audit/proof?person=sara", f"/audit/proof?case={case}"):
        assert (await client.get(path)).status_code == 404
