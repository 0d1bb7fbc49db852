"""Questions of whose account something is that somebody has answered by leaving things as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.query import columns, where
from bot.store.tables import MetaRow

_LEFT = "question_left:"


def question_key(instance: str, why: str, people: Collection[str], accounts: Collection[str]) -> str:
    """Name a question by what it asks, so that the same one is known again after another feed."""
    body = [instance, why, sorted(people), sorted(accounts)]
    return _LEFT + hashlib.sha256(orjson.dumps(body)).hexdigest()


async def left_as_it_is(tx: AsyncConnection) -> frozenset[str]:
    """Give the keys of the questions that are not asked again."""
    rows = await where(tx, MetaRow, columns(MetaRow).key.startswith(_LEFT, autoescape=True))
    return frozenset(row.key for row in rows)
