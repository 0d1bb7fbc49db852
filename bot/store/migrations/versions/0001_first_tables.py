"""First tables: people, cases, steps, the audit log and its guards."""

import sqlalchemy as sa
from alembic import op

import bot.store.types
from bot.store.audit_tables import TRIGGERS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("step_id", sa.String(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("instance", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=True),
        sa.Column("group_id", sa.String(), nullable=True),
        sa.Column("group_name", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("quality", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("before", bot.store.types.Json(), nullable=True),
        sa.Column("after", bot.store.types.Json(), nullable=True),
        sa.Column("detail", bot.store.types.Json(), nullable=True),
        sa.Column("sealed", sa.String(), nullable=True),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_action", ["action", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_actor", ["actor", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_at", ["at", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_case_id", ["case_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_group_id", ["group_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_outcome", ["outcome", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_run_id", ["run_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["subject", "seq"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "case_instance",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("plan_digest", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "instance"),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("received_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("facts", bot.store.types.Json(), nullable=True),
        sa.Column("findings", bot.store.types.Json(), nullable=True),
        sa.Column("kept_copy", sa.String(), nullable=True),
        sa.Column("hold_digest", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "name", "sha256", "modified"),
    )
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_source"), ["source"], unique=False)
        batch_op.create_index(batch_op.f("ix_feed_state"), ["state"], unique=False)

    op.create_table(
        "gap",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("seen_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "instance", "reason", "group_id"),
    )
    op.create_table(
        "hold",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", bot.store.types.Json(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("released_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("withdrawn_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_kind"), ["kind"], unique=False)

    op.create_table(
        "identity_link",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("confirmed_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("released_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("hold_digest", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", "instance", "account_id"),
    )
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_link_hold_digest"), ["hold_digest"], unique=False)

    op.create_table(
        "lane",
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("since", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("next_probe", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("linked_feed", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("instance"),
    )
    op.create_table(
        "lifecycle_case",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("event_key", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("exit_type", sa.String(), nullable=False),
        sa.Column("event", bot.store.types.Json(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("policy_digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("effective", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("due", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("approval", sa.String(), nullable=True),
        sa.Column("approved", bot.store.types.Json(), nullable=True),
        sa.Column("hold_digest", sa.String(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("updated_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("started_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("finished_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("lifecycle_case", schema=None) as batch_op:
        batch_op.create_index("ix_case_due", ["state", "due"], unique=False)
        batch_op.create_index(batch_op.f("ix_lifecycle_case_event_key"), ["event_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_lifecycle_case_hold_digest"), ["hold_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_lifecycle_case_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lifecycle_case_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lifecycle_case_state"), ["state"], unique=False)

    op.create_table(
        "link_question",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("people", bot.store.types.Json(), nullable=False),
        sa.Column("accounts", bot.store.types.Json(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("asked_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("link_question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_question_instance"), ["instance"], unique=False)

    op.create_table(
        "membership_snapshot",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("group_kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("taken_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "instance", "account_id", "group_id"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", bot.store.types.Json(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("recipient_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("groups", bot.store.types.Json(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("sent_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "recipient_id", "kind"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_state"), ["state"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("missing_reads", sa.Integer(), nullable=False),
        sa.Column("updated_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_email"), ["email"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_source"), ["source"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_status"), ["status"], unique=False)

    op.create_table(
        "policy_version",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("loaded_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("released_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "recheck",
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("due", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("sight", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("step_id", "kind"),
    )
    with op.batch_alter_table("recheck", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recheck_due"), ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_recheck_instance"), ["instance"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("ended_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("feed_id", sa.String(), nullable=True),
        sa.Column("summary", bot.store.types.Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "step",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("account", bot.store.types.Json(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("group", bot.store.types.Json(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("manner", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("since_approval", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("acted", sa.String(), nullable=False),
        sa.Column("refusal", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("requested_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("settle_until", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("verified_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("quality", sa.String(), nullable=False),
        sa.Column("evidence", bot.store.types.Json(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("hold_digest", sa.String(), nullable=True),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("updated_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "instance", "account_id", "action", "group_id"),
    )
    with op.batch_alter_table("step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_step_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "ix_step_due", ["instance", "state", "priority", "next_attempt_at"], unique=False
        )
        batch_op.create_index("ix_step_group", ["instance", "group_id", "requested_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_step_hold_digest"), ["hold_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_step_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_step_run_id"), ["run_id"], unique=False)

    op.create_table(
        "subject",
        sa.Column("pseudonym", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("destroyed_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("pseudonym"),
        sa.UniqueConstraint("person_id"),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("assignee_id", sa.String(), nullable=True),
        sa.Column("escalation", sa.Integer(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("deadline", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.Column("next_reminder_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("first_by", sa.String(), nullable=True),
        sa.Column("first_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("second_by", sa.String(), nullable=True),
        sa.Column("second_at", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("waived_until", bot.store.types.UtcInstant(length=27), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", bot.store.types.UtcInstant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("step_id"),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_assignee_id"), ["assignee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_state"), ["state"], unique=False)
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
