"""Groups that are known, hand-over, drift, reconciliation, one-time codes; a step may name what it closes."""

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite keeps no name for the first tables' unique constraint; this is how batch mode calls it.
NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}
BEFORE = {"sqlite": "uq_step_case_id", "postgresql": "step_case_id_instance_account_id_action_group_id_key"}


def upgrade() -> None:
    op.create_table(
        "drift",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=True),
        sa.Column("found_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("decided_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("accepted_until", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("instance", "account_id", "group_id", "found_at"),
    )
    with op.batch_alter_table("drift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drift_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_drift_open", ["state", "found_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_drift_person_id"), ["person_id"], unique=False)

    op.create_table(
        "enrolment",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("used_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_person_id"), ["person_id"], unique=False)

    op.create_table(
        "known_group",
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("group", bot.store.types.Json(), nullable=False),
        sa.Column("first_seen", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("last_seen", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("gone_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("gone_why", sa.String(), nullable=False),
        sa.Column("moved_to", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("instance", "group_id"),
    )
    op.create_table(
        "reconcile",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("ended_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("plan", bot.store.types.Json(), nullable=True),
        sa.Column("summary", bot.store.types.Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "reconcile_item",
        sa.Column("reconcile_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("found", bot.store.types.Json(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("reconcile_id", "instance", "kind", "item_id"),
    )
    op.create_table(
        "roster",
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("seen_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("instance", "group_id", "account_id"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("expires_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_instance"), ["instance"], unique=False)

    op.create_table(
        "succession",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("asked_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("settled_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "instance", "group_id"),
    )
    with op.batch_alter_table("step", naming_convention=NAMES) as batch_op:
        batch_op.add_column(sa.Column("target_id", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("target", bot.store.types.Json(), nullable=True))
        batch_op.add_column(sa.Column("successor_id", sa.String(), nullable=True))
        batch_op.drop_constraint(BEFORE[op.get_context().dialect.name], type_="unique")
        batch_op.create_unique_constraint(
            "uq_step_act", ["case_id", "instance", "account_id", "action", "group_id", "target_id"]
        )
