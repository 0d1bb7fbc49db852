"""Why one removal must not happen: asked when planning, and again right before the call."""

from __future__ import annotations

from collections.abc import Container

from policies.model import Account, Certainty, Group, GroupKind, Membership, Refusal

BY_A_PERSON = frozenset(
    {
        Refusal.NO_RIGHT,
        Refusal.BOT_NOT_IN_GROUP,
        Refusal.NO_API,
        Refusal.CREATOR,
        Refusal.UNMANAGEABLE_ADMIN,
    }
)
"""Refusals that a person with more rights in the group can carry out: they become tasks, not blocks."""
_BY_PLATFORM = {
    refusal.value: refusal
    for refusal in (Refusal.SYNCED, Refusal.DYNAMIC, Refusal.MAIL_ENABLED, Refusal.ROLE_ASSIGNABLE)
}


def refusal_for(
    membership: Membership,
    *,
    person_id: str,
    certainty: Certainty,
    protected: Container[str],
    own_accounts: Container[tuple[str, str]],
) -> Refusal | None:
    """Give the reason to leave this membership alone, or None.

    `protected` holds employee ids, `own_accounts` the bot's (instance, account id) pairs. What concerns the
    person comes first, then the group, then what the person is in it, so that the first reason is the one
    that would still stand if the others were settled.
    """
    account = membership.account
    return (
        account_refusal(
            account,
            person_id=person_id,
            certainty=certainty,
            protected=protected,
            own_accounts=own_accounts,
        )
        or _of_group(membership.group)
        or (Refusal.LAST_OWNER if membership.sole_owner else None)
        or (membership.refusal if membership.refusal not in BY_A_PERSON else None)
    )


def account_refusal(
    account: Account,
    *,
    person_id: str,
    certainty: Certainty,
    protected: Container[str],
    own_accounts: Container[tuple[str, str]],
) -> Refusal | None:
    """Give the reason to do nothing at all with this account, or None."""
    if (account.instance, account.id) in own_accounts:
        return Refusal.BOT_ITSELF
    if person_id in protected:
        return Refusal.PROTECTED
    if certainty is not Certainty.CERTAIN:
        return Refusal.AMBIGUOUS
    return Refusal.OWNER if account.primary_owner else None


def _of_group(group: Group) -> Refusal | None:
    if group.is_default:
        return Refusal.DEFAULT_GROUP
    if group.managed_elsewhere is not None:
        return _BY_PLATFORM.get(group.managed_elsewhere, Refusal.GROUP_MANAGED_ELSEWHERE)
    if group.kind is GroupKind.GROUP_CHAT and group.platform == "slack":
        # Slack fixes who is in a group direct message: nobody can be taken out.
        return Refusal.FIXED_MEMBERSHIP
    return Refusal.ARCHIVED if group.archived else None
