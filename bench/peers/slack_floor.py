"""The floor of durable and audited removals: bare aiohttp, and bare sqlite3 on Bawab's own tables.

No queue, no clearance, no pace, no claim: for each hundred removals one commit with their intentions, the
calls sixteen abreast, one commit with their outcomes and with what was read back. Every step is written
three times and has three chained entries, with the account sealed; every commit has its signed head on disk.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import create_engine, insert
from sqlmodel import SQLModel

from bench.bawab_rows import step_of
from bench.bawab_settings import INSTANCE, utc_now
from bench.peers.slack_bare_async import ABREAST
from bot.audit.chain import HASHED, columns_hash
from bot.audit.seal import seal
from bot.store.audit_tables import create_audit
from bot.store.query import table
from bot.store.tables import StepRow

KICK = "conversations.kick"
GROUP = 100
_ENTRY = f"INSERT INTO audit_entry ({', '.join(HASHED)}, hash) VALUES ({', '.join('?' * (len(HASHED) + 1))})"  # noqa: S608 - our own names
_STEP = (
    "UPDATE step SET state=?, acted=?, next_attempt_at=?, quality=?, attempts=1, updated_at=?, evidence=? "
    "WHERE id=?"
)
Call = tuple[str, str, dict[str, str]]


def main(job: dict[str, Any]) -> dict[str, Any]:
    """Make `job["calls"]`: [method, verb, parameters], and keep what Bawab keeps; gives its own seconds."""
    folder = Path(job["folder"])
    log = _Log(folder, job["leavers"])
    begun = time.process_time()
    errors = asyncio.run(_all(job, log))
    return {"errors": errors, "cpu": time.process_time() - begun, "entries": log.seq}


class _Log:
    """Steps and entries on bare sqlite3."""

    def __init__(self, folder: Path, leavers: dict[str, list[str]]) -> None:
        engine = create_engine(f"sqlite:///{folder / 'floor.db'}")
        with engine.begin() as connection:
            SQLModel.metadata.create_all(connection, tables=[table(StepRow)])
            create_audit(connection)
            named = (step_of(who, group, INSTANCE, "slack", "public_channel", utc_now(), urgent=False)
                     for who, groups in leavers.items() for group in groups)  # fmt: skip
            connection.execute(insert(table(StepRow)), [row.model_dump() for row in named])
        engine.dispose()
        self._db = sqlite3.connect(folder / "floor.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._keys = {who: AESGCM(AESGCM.generate_key(256)) for who in leavers}
        self._sign = Ed25519PrivateKey.generate().sign
        self._head = os.open(folder / "head", os.O_RDWR | os.O_CREAT, 0o600)
        self.seq, self._last = 0, "0" * 64

    def keep(self, done: list[tuple[str, str, str, str]]) -> None:
        """Store where steps stand, each with its entry, and sign the end: (account, group, act, state)."""
        now = utc_now().isoformat()
        proof = [{"at": now, "facts": [["status", "200"], ["ms", "3"]], "quality": "acknowledged"}]
        self._db.execute("BEGIN IMMEDIATE")
        steps = [(state, "yes", now, "acknowledged", now, orjson.dumps(proof).decode(), f"step_{who}_{group}")
                 for who, group, _, state in done]  # fmt: skip
        self._db.executemany(_STEP, steps)
        self._db.executemany(_ENTRY, [self._row(now, *one) for one in done])
        self._db.execute("COMMIT")
        signed = self._sign(f"{self.seq}\n{self._last}\n{now}".encode()).hex()
        os.pwrite(self._head, orjson.dumps([self.seq, self._last, now, signed]), 0)
        os.fdatasync(self._head)

    def _row(self, at: str, who: str, group: str, act: str, state: str) -> tuple[str | int | None, ...]:
        self.seq += 1
        sealed = seal(self._keys[who], f"p_{who:0>16}", orjson.dumps({"account": who}))
        known = {"action": act, "actor": "bawab", "at": at, "case_id": f"case_{who}", "group_id": group,
                 "group_name": group.lower(), "instance": INSTANCE, "outcome": state, "platform": "slack",
                 "rule": "leaver", "quality": "acknowledged", "step_id": f"step_{who}_{group}",
                 "subject": f"p_{who:0>16}", "prev_hash": self._last, "seq": str(self.seq),
                 "detail": orjson.dumps({"attempt": 1, "do": "revoke"}).decode(),
                 "sealed": sealed}  # fmt: skip
        row = [known.get(name) for name in HASHED]
        self._last = columns_hash(row)
        return (*row, self._last)


async def _all(job: dict[str, Any], log: _Log) -> int:
    head = {"Authorization": f"Bearer {job['tokens']['bot']}"}
    turns, errors = asyncio.Semaphore(ABREAST), 0

    async def one(method: str, verb: str, said: dict[str, str]) -> bool:
        url = f"{job['url']}/api/{method}"
        async with turns:
            sent = session.get(url, params=said) if verb == "GET" else session.post(url, data=said)
            async with sent as answer:
                return bool(orjson.loads(await answer.read())["ok"])

    async with aiohttp.ClientSession(headers=head) as session:
        for calls in _groups(job["calls"]):
            kicks = [(said["user"], said["channel"]) for method, _, said in calls if method == KICK]
            log.keep([(*kick, "step.intend", "requested") for kick in kicks])
            errors += (await asyncio.gather(*(one(*call) for call in calls))).count(False)
            log.keep([(*kick, "step.record", "removed_unverified") for kick in kicks]
                     + [(*kick, "step.read_back", "verified_absent") for kick in kicks])  # fmt: skip
    return errors


def _groups(calls: list[Call]) -> Iterator[list[Call]]:
    """Cut into runs of about a hundred removals."""
    found: list[Call] = []
    kicks = 0
    for call in calls:
        if call[0] == KICK and kicks == GROUP:
            yield found
            found, kicks = [], 0
        found.append(call)
        kicks += call[0] == KICK
    yield found
