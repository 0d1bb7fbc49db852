"""Lanes on many hosts: who drains one, what its pace has learnt, and what its circuit is at."""

import sqlalchemy as sa
from alembic import op

from bot.store.types import Json, UtcInstant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lane") as lane:
        lane.add_column(sa.Column("fence", sa.BigInteger(), nullable=False, server_default="0"))
        lane.add_column(sa.Column("owner", sa.String(), nullable=True))
        lane.add_column(sa.Column("owner_since", UtcInstant(), nullable=True))
        lane.add_column(sa.Column("probes", sa.Integer(), nullable=False, server_default="0"))
        lane.add_column(sa.Column("pace", Json(), nullable=True))
    with op.batch_alter_table("lifecycle_case") as case:
        case.add_column(sa.Column("effort", Json(), nullable=True))
