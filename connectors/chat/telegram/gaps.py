"""Says what cannot be read on Telegram, and what somebody can do about it."""

from __future__ import annotations

from connectors.chat.telegram.answers import meaning_of
from policies.model import Gap, Refusal

_BY_REFUSAL = {
    Refusal.BOT_NOT_IN_GROUP: (
        "bot_not_in_group",
        "Add the bot to the group as an admin, or look there by hand.",
    ),
    Refusal.GROUP_GONE: (
        "group_gone",
        "Nothing to do if the group was deleted; else add the bot to it again.",
    ),
    Refusal.ACCOUNT_UNKNOWN: (
        "account_never_met",
        "The bot never met this account in this group: look there by hand, and check the linked id.",
    ),
    Refusal.NO_RIGHT: (
        "members_unreadable",
        "Make the bot an admin of the group who may ban users; only then may it see who is in it.",
    ),
}
_UNFORESEEN = ("group_unreadable", "Look in the group by hand, and tell the operator what Telegram said.")


def learnt_only(instance: str) -> Gap:
    """Say the standing gap: there may be groups the bot never saw."""
    return Gap(
        instance,
        "groups_learnt_only",
        detail="Telegram lists no groups: only those the bot was added to are known",
        remedy="Add the bot as an admin to every work group and channel, and register the others by hand.",
    )


def moved(instance: str, old: str, new: str) -> Gap:
    """Say that a basic group became a supergroup; `detail` is its new id."""
    return Gap(
        instance,
        "group_moved",
        group_id=old,
        detail=new,
        remedy="Nothing to do: Bawab goes on under the new id.",
    )


def linked_unseen(instance: str, group_id: str, of: str) -> Gap:
    """Say that a channel's discussion group, or a group's channel, is not among the known ones."""
    return Gap(
        instance,
        "linked_group_unseen",
        group_id=group_id,
        detail=f"linked to {of}",
        remedy="Add the bot as an admin to it too: whoever leaves one of the two stays in the other.",
    )


def no_user_id(instance: str) -> Gap:
    """Say that an account is not named by its numeric id; the id is not repeated, it may be a number."""
    return Gap(
        instance,
        "account_id_not_numeric",
        detail="the account linked on Telegram is not a numeric id",
        remedy="Link the account again with a one-time code: names and telephone numbers are not acted upon.",
    )


def of_refusal(instance: str, group_id: str, method: str, error: str) -> Gap:
    """Say why a group, or an account in it, could not be read."""
    refusal = meaning_of(error).refusal
    reason, remedy = _BY_REFUSAL.get(refusal, _UNFORESEEN) if refusal else _UNFORESEEN
    return Gap(instance, reason, group_id=group_id, detail=f"{method}: {error}", remedy=remedy)


def others_links(instance: str, group_id: str) -> Gap:
    """Say that only the bot's own invite link can be renewed."""
    return Gap(
        instance,
        "links_of_others",
        group_id=group_id,
        detail="a bot can neither list nor revoke the invite links of other admins",
        remedy="The group's owner revokes old links in Telegram: group > edit > invite links.",
    )


def public(instance: str, group_id: str) -> Gap:
    """Say that anybody can walk in; the public name is not repeated."""
    return Gap(
        instance,
        "public_group",
        group_id=group_id,
        detail="the group has a public name, so anybody can join it",
        remedy="Use `remove_and_bar` for this group, or make it private: group > edit > group type.",
    )
