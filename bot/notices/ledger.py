"""Notices in the audit log: that one was sent, to whom (sealed), and never what it said."""

from __future__ import annotations

from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.tables import NoticeRow


def notice_entry(action: Action, notice: NoticeRow, outcome: str, **detail: object) -> Entry:
    """Describe what became of a notice; the recipient is named under their own key only."""
    recipient = notice.recipient_id or None
    return Entry(
        action=action,
        actor="bawab",
        outcome=outcome,
        person_id=recipient,
        case_id=notice.case_id or None,
        instance=notice.instance or None,
        detail={"notice": notice.id, "kind": notice.kind.partition("/")[0], "attempt": notice.attempts}
        | detail,
        personal=_who(notice) if recipient else None,
    )


def _who(notice: NoticeRow) -> dict[str, object]:
    # The reference names the direct conversation, and so the person.
    named = {
        "recipient": notice.recipient_id,
        "account": notice.account_id,
        "reference": notice.reference,
    }
    return {key: value for key, value in named.items() if value}
