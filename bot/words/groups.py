"""Words for groups: their kinds, the roles in them, and by whom a membership can be ended."""

from __future__ import annotations

from datetime import date, datetime

from bot.groups.by_whom import As, Exit, Way
from bot.groups.report import Answerer, Standing
from bot.locale import N_, Translator
from bot.locale.keys import gap_text, refusal_text, remedy_text
from bot.words.reader import Reads
from policies.model import AccountKind, Certainty, Gap, GroupKind, Refusal, Role, Sensitivity

KINDS: dict[str, str] = {
    GroupKind.PUBLIC_CHANNEL: N_("public channel"),
    GroupKind.PRIVATE_CHANNEL: N_("private channel"),
    GroupKind.SHARED_CHANNEL: N_("shared channel"),
    GroupKind.USER_GROUP: N_("user group"),
    GroupKind.GROUP_CHAT: N_("group chat"),
    GroupKind.TEAM: N_("team"),
    GroupKind.CHAT: N_("chat"),
    GroupKind.BASIC_GROUP: N_("basic group"),
    GroupKind.SUPERGROUP: N_("supergroup"),
    GroupKind.BROADCAST_CHANNEL: N_("broadcast channel"),
    GroupKind.M365_GROUP: N_("Microsoft 365 group"),
    GroupKind.SECURITY_GROUP: N_("security group"),
    GroupKind.DISTRIBUTION_LIST: N_("distribution list"),
}
ROLES: dict[str, str] = {
    Role.MEMBER: N_("member"),
    Role.ADMIN: N_("admin"),
    Role.OWNER: N_("owner"),
}
SENSITIVITIES: dict[str, str] = {
    Sensitivity.NORMAL: N_("normal"),
    Sensitivity.SENSITIVE: N_("sensitive"),
}
ASKED_AS: dict[str, str] = {
    As.OWNER: N_("by hand, by {person} (the group's owner)"),
    As.DEPUTY: N_("by hand, by {person} (the group's deputy)"),
    As.MANAGER: N_("by hand, by {person} (the manager)"),
    As.IT: N_("by hand, by {person} (IT)"),
}
WAYS: dict[str, str] = {
    Way.BOT: N_("by the bot"),
    Way.PERSON: N_("by hand"),
    Way.BY_HAND: N_("by hand"),
    Way.NOBODY: N_("not as things stand"),
}
OUTSIDERS: dict[str, str] = {
    AccountKind.GUEST: N_("a guest"),
    AccountKind.SINGLE_CHANNEL_GUEST: N_("a guest of one channel"),
    AccountKind.EXTERNAL: N_("from another organisation"),
    "linked_to_nobody": N_("tied to nobody in the directory"),
}
CERTAINTIES: dict[str, str] = {
    Certainty.CERTAIN: N_("certain"),
    Certainty.AMBIGUOUS: N_("not certain"),
    Certainty.NONE: N_("not seen now"),
}
BLIND: dict[str, str] = {
    "only_what_was_seen": N_("its members cannot be listed: this is only who was seen there"),
    "members_cannot_be_listed": N_("its members cannot be listed, and nobody was seen there yet"),
}


def said(table: dict[str, str], key: str | None, t: Translator) -> str:
    """Say a key in words; an unknown one as it is, none as nothing."""
    if not key:
        return ""
    return t.text(table[key]) if key in table else key


def person_text(who: Answerer | None, t: Translator) -> str:
    """Name somebody the registry names, and say it where they have left, leave, or are not known."""
    if who is None:
        return "-"
    name = t.isolate(who.name or who.id)
    if who.standing is Standing.UNKNOWN:
        return t.text("{person} (not known to HR)", person=name)
    if who.standing is Standing.GONE:
        return t.text("{person} (has left)", person=name)
    if who.standing is Standing.LEAVING:
        return t.text("{person} (leaves on {day})", person=name, day=day_text(who.last_day))
    return name


def day_text(day: date | datetime | None) -> str:
    """Write a day as in the files: 2026-11-20."""
    return f"{day:%Y-%m-%d}" if day else "-"


def exit_text(found: Exit, t: Translator) -> str:
    """Say by whom a membership can be ended, and why not by the bot."""
    if found.refusal is None:
        return said(WAYS, found.way, t)
    why = refusal_text(found.refusal, t)
    if found.way is Way.NOBODY:
        return t.text("not as things stand: {why}. {remedy}", why=why, remedy=remedy_text(found.refusal, t))
    if found.asked_as is None:
        return t.text("by hand, and nobody is named for it ({why})", why=why)
    whom = t.text(ASKED_AS[found.asked_as], person=t.isolate(found.asked))
    return t.text("{whom}: {why}", whom=whom, why=why)


def way_text(way: Way | None, refusal: Refusal | None, t: Translator) -> str:
    """Say shortly by whom anybody can be taken out of a group."""
    if way is None:
        return t.text("the platform is not connected")
    if refusal is None:
        return said(WAYS, way, t)
    return t.text("{way}: {why}", way=said(WAYS, way, t), why=refusal_text(refusal, t))


def blind_line(gap: Gap, name: str, reader: Reads) -> str:
    """Say what could not be seen, of one group or of a whole instance."""
    t = reader.t
    what = t.text(BLIND[gap.reason]) if gap.reason in BLIND else gap_text(gap.reason, t)
    where = " ".join(filter(None, (gap.instance, name)))
    return t.text("Not seen: {where}: {what}", where=t.isolate(where), what=what)
