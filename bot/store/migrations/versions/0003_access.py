"""People who use Bawab: roles, sessions, tokens, signatures, confirmations, reviews, receipts, deliveries."""

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("scopes", bot.store.types.Json(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("expires_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("used_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("ended_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "confirmation",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("due", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("escalated_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_table(
        "draft",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("fields", bot.store.types.Json(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("expires_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "idempotency",
        sa.Column("token_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", bot.store.types.Json(), nullable=True),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "key"),
    )
    op.create_table(
        "notice_receipt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("settled_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("notice_receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_receipt_notice_id"), ["notice_id"], unique=False)
        batch_op.create_index("ix_receipt_due", ["outcome", "at"], unique=False)

    op.create_table(
        "preference",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("hijri", sa.Boolean(), nullable=True),
        sa.Column("channels", bot.store.types.Json(), nullable=True),
        sa.Column("updated_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "review",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.Column("signed_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("escalated_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "sign_in_code",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("expires_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("used_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_table(
        "signature",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("seen", bot.store.types.Json(), nullable=True),
        sa.Column("at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("digest", "by"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("roles", bot.store.types.Json(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("known_to_hr", sa.Boolean(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("updated_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("ended_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_email"), ["email"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_subject"), ["subject"], unique=False)

    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("seen_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("expires_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("ended_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("id_hint", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_web_session_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("delivered_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("webhook", "seq"),
    )
    with op.batch_alter_table("webhook_delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_due", ["state", "next_attempt_at"], unique=False)

    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confirmed_by", sa.String(), nullable=True))

    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wanted", bot.store.types.Json(), nullable=True))
        batch_op.add_column(sa.Column("shown", bot.store.types.Json(), nullable=True))

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hold_digest", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("said", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("updated_at", bot.store.types.UtcInstant(length=27), nullable=True))
        batch_op.add_column(sa.Column("closed_at", bot.store.types.UtcInstant(length=27), nullable=True))
        batch_op.create_index(batch_op.f("ix_notice_hold_digest"), ["hold_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_sent_at"), ["sent_at"], unique=False)

    # Asked at every tick: the answer must not take longer with every year of rows.
    op.create_index("ix_step_updated", "step", ["updated_at"])
    op.create_index("ix_recheck_open", "recheck", ["done_at", "due"])

    # Runs of before reviews were kept are owed none: an upgrade must not escalate years of them at once.
    op.execute(
        "INSERT INTO meta (key, value) SELECT 'reviews_since', '\"' || last || '\"' "
        "FROM (SELECT max(ended_at) AS last FROM run) AS runs WHERE last IS NOT NULL"
    )
