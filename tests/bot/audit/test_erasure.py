"""Personal fields stand sealed under a key per person; with the key destroyed the chain still verifies."""

from __future__ import annotations

import sqlite3

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.audit.actions import Action
from bot.audit.log import Entry
from bot.audit.query import parse
from bot.audit.seal import new_key, seal, unseal
from bot.audit.search import search
from tests.bot.audit.conftest import Bench, removal


async def erase(bench: Bench, person_id: str) -> bool:
    async with bench.store.write() as tx:
        return await bench.log.destroy_key(tx, person_id, actor="person:dpo", reason="request of 2026-11-20")


async def test_who_may_see_them_gets_the_personal_fields_back_and_the_look_is_logged(ten: Bench) -> None:
    revealed = await ten.log.reveal(ten.rows()[2:4], actor="person:omar", reason="ticket 7")
    assert revealed[0] == {"name": "Ana Quispe 3", "email": "ana3@example.com"}
    assert revealed[1] == {"name": "Ana Quispe 4", "email": "ana4@example.com"}
    last = ten.rows()[-1]
    assert (last["action"], last["actor"]) == (Action.AUDIT_REVEAL, "person:omar")
    assert last["detail"] == '{"entries":[3,4],"reason":"ticket 7"}'


async def test_nothing_sealed_is_nothing_looked_at(bench: Bench) -> None:
    await bench.write(Entry(Action.RUN_START, "bawab"))
    assert await bench.log.reveal(bench.rows(), actor="person:omar") == [None]
    assert len(bench.rows()) == 1


async def test_erasure_leaves_the_chain_whole_and_the_sealed_fields_unreadable(ten: Bench) -> None:
    before = ten.rows()
    assert await erase(ten, "E4")
    assert await ten.problems() == []
    assert ten.rows()[:10] == before
    revealed = await ten.log.reveal(before[3:5], actor="person:omar")
    assert revealed == [None, {"name": "Ana Quispe 5", "email": "ana5@example.com"}]


async def test_the_erasure_is_logged_under_the_pseudonym_only(ten: Bench) -> None:
    await erase(ten, "E4")
    entry = ten.rows()[-1]
    assert (entry["action"], entry["actor"], entry["subject"]) == (
        Action.AUDIT_ERASE,
        "person:dpo",
        ten.rows()[3]["subject"],
    )
    assert "E4" not in str(entry)


async def test_after_erasure_the_id_leads_nowhere_and_the_pseudonym_still_finds_what_was_done(
    ten: Bench,
) -> None:
    pseudonym = ten.rows()[3]["subject"]
    await erase(ten, "E4")
    assert (await search(ten.store, parse("person:E4"))).rows == ()
    found = await search(ten.store, parse(f"person:{pseudonym}"))
    assert [row["seq"] for row in found.rows] == [11, 4]


async def test_neither_the_key_nor_the_id_is_left_in_the_file(bench: Bench) -> None:
    person = "employee-id-of-ana"
    await bench.write(Entry(Action.CASE_OPEN, "bawab", person_id=person, personal={"name": "Ana Quispe"}))
    with sqlite3.connect(bench.database) as raw:
        (key,) = raw.execute("SELECT key FROM subject").fetchone()
    raw.close()
    bench.tamper("PRAGMA wal_checkpoint(TRUNCATE)")
    assert key in bench.database.read_bytes()
    await erase(bench, person)
    await bench.store.aclose()
    content = bench.database.read_bytes()
    assert key not in content
    assert person.encode() not in content
    assert b"Ana Quispe" not in content


async def test_erasing_somebody_the_log_never_met_says_so_and_logs_nothing(ten: Bench) -> None:
    assert not await erase(ten, "E99")
    assert len(ten.rows()) == 10


async def test_who_comes_back_after_erasure_is_a_new_person_to_the_log(ten: Bench) -> None:
    await erase(ten, "E4")
    await ten.write(removal(4))
    assert ten.rows()[-1]["subject"] != ten.rows()[3]["subject"]


async def test_one_person_keeps_one_pseudonym(bench: Bench) -> None:
    await bench.write(removal(1), removal(1), removal(2))
    await bench.write(removal(1))
    one, same, other, again = (row["subject"] for row in bench.rows())
    assert one == same == again != other
    assert one.startswith("p_")
    assert "E1" not in one


def test_a_sealed_text_opens_for_its_own_person_and_key_only() -> None:
    key = new_key()
    sealed = seal(AESGCM(key), "p_1", b'{"name":"Ana"}')
    assert unseal(key, "p_1", sealed) == {"name": "Ana"}
    assert unseal(key, "p_2", sealed) is None
    assert unseal(new_key(), "p_1", sealed) is None
    assert unseal(key, "p_1", sealed[:-8]) is None
    assert unseal(key, "p_1", "1:not base64 ☂") is None
    assert seal(AESGCM(key), "p_1", b'{"name":"Ana"}') != sealed, "equal values must not look equal"
