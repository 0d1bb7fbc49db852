"""Lanes on many hosts: who drains one, what its pace has learnt, what its circuit is at; who is missing."""

import orjson
import sqlalchemy as sa
from alembic import op

from bot.store.audit_tables import SQLITE_FOLLOWS
from bot.store.types import Json, UtcInstant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TURN = ("instance", "state", "priority", "stage", "created_at", "account_id", "id")


def upgrade() -> None:
    with op.batch_alter_table("lane") as lane:
        lane.add_column(sa.Column("fence", sa.BigInteger(), nullable=False, server_default="0"))
        lane.add_column(sa.Column("owner", sa.String(), nullable=True))
        lane.add_column(sa.Column("owner_since", UtcInstant(), nullable=True))
        lane.add_column(sa.Column("probes", sa.Integer(), nullable=False, server_default="0"))
        lane.add_column(sa.Column("pace", Json(), nullable=True))
    with op.batch_alter_table("lifecycle_case") as case:
        case.add_column(sa.Column("effort", Json(), nullable=True))
    with op.batch_alter_table("webhook_delivery") as delivery:  # as wide as the number in the log
        delivery.alter_column(
            "seq", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False
        )
    op.drop_index("ix_step_due", table_name="step")
    op.create_index("ix_step_turn", "step", [*TURN])
    op.create_index("ix_step_stage", "step", ["case_id", "instance", "stage", "state", "updated_at"])
    op.create_index("ix_case_finished", "lifecycle_case", ["finished_at"])
    op.create_index("ix_link_account", "identity_link", ["instance", "account_id"])
    stated = op.create_table(
        "stated_account",
        sa.Column("instance", sa.String(), primary_key=True),
        sa.Column("account_id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), primary_key=True),
    )
    op.create_index("ix_stated_account_person_id", "stated_account", ["person_id"])
    _fill(op.get_bind(), stated)
    missing = sa.text("missing_reads > 0")
    op.create_index("ix_person_missing", "person", ["source"], sqlite_where=missing, postgresql_where=missing)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_entry_follows")  # the older one made each insert cost twice as much
        op.execute(SQLITE_FOLLOWS)


def _fill(connection: sa.Connection, stated: sa.Table) -> None:
    """Find the accounts that the records of an earlier version state."""
    people = connection.execute(
        sa.text("SELECT id, record FROM person WHERE record LIKE :some"), {"some": '%"account_ids"%'}
    )
    rows = [
        {"instance": instance, "account_id": account_id, "person_id": person_id}
        for person_id, record in people.all()
        for instance, account_id in orjson.loads(record).get("account_ids", ())
    ]
    if rows:
        connection.execute(stated.insert(), rows)
