"""Bawab at work as a role that owns nothing: it does its work, and cannot take the guards off the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.bot.adversary import STAFF, WIDE, everybody, kicked, line, office
from tests.bot.world import channel
from tests.postgres import fresh, server, template

GRANTS = """
CREATE ROLE bawab_app LOGIN;
GRANT USAGE ON SCHEMA public TO bawab_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO bawab_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO bawab_app;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM bawab_app;
"""
"""As docs/databases.md has it."""
PAGE = Path(__file__).parents[2] / "docs" / "databases.md"
FORBIDDEN = (
    "DROP TRIGGER audit_entry_no_update ON audit_entry",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "TRUNCATE audit_entry",
    "DROP TABLE audit_entry",
    "SET session_replication_role = replica",
    "UPDATE audit_entry SET outcome = 'fine'",
    "DELETE FROM audit_entry",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A database whose tables another role owns."""
    with server() as running:
        template(running)
        url = fresh(running)
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(GRANTS.encode())
        yield url.replace("//bawab@", "//bawab_app@")


def test_the_page_on_databases_says_these_grants() -> None:
    assert GRANTS.strip() in PAGE.read_text("utf-8")


async def test_a_role_that_owns_nothing_does_the_work_and_cannot_take_the_guards_off(
    tmp_path: Path, address: str
) -> None:
    more = WIDE | {"database_url": address}
    async with office(tmp_path, channel("lunch", *STAFF), extra=more) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        assert kicked(world) == ["ana"]
        with psycopg.connect(address, autocommit=True) as app:
            for statement in FORBIDDEN:
                with pytest.raises(psycopg.Error):
                    app.execute(statement.encode())
        assert (await world.app.audit.verify()).ok
