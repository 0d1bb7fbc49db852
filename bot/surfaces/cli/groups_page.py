"""How groups are printed: the list, one group, and the reports, as tables and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.groups.report import Answerer, GroupEntry, ReportKind
from bot.groups.report_members import Findings, Inside
from bot.locale import N_
from bot.surfaces.cli.desk import Desk
from bot.words.groups import (
    KINDS,
    OUTSIDERS,
    ROLES,
    SENSITIVITIES,
    blind_line,
    day_text,
    person_text,
    said,
    way_text,
)
from bot.words.standing import gap_group

TITLES: dict[str, str] = {
    ReportKind.NO_OWNER: N_("Groups that nobody answers for"),
    ReportKind.LEAVER_OWNER: N_("Groups whose owner or deputy in the registry has left, or leaves soon"),
    ReportKind.UNREGISTERED: N_("Groups that nobody has registered"),
    ReportKind.UNREVIEWED: N_("Registered groups without a recent review"),
    ReportKind.OUTSIDERS: N_("Members from outside the company"),
    ReportKind.FORMER_STAFF: N_("Members who have left the company"),
}
NEXT: dict[str, str] = {
    ReportKind.NO_OWNER: N_("Name one: bawab groups set GROUP --owner WHO"),
    ReportKind.LEAVER_OWNER: N_("Name another: bawab groups set GROUP --owner WHO --deputy WHO"),
    ReportKind.UNREGISTERED: N_("Register them: bawab groups register GROUP, or --all"),
    ReportKind.UNREVIEWED: N_("After a look at who is inside: bawab groups review GROUP --as WHO"),
    ReportKind.OUTSIDERS: N_("Whoever does not belong there is taken out by the group's owner."),
    ReportKind.FORMER_STAFF: N_("See where somebody still is: bawab person WHO"),
}
NOTHING = N_("None.")


def show_list(desk: Desk, entries: Sequence[GroupEntry], since: datetime | None) -> None:
    """Print every group in one row; where some were not seen since `since`, also when each was."""
    t = desk.t
    old = [one for one in entries if one.group is not None and one.gone_at is None and _old(one, since)]
    headings = [
        t.text("Platform"),
        t.text("Group"),
        t.text("Kind"),
        t.text("Owner"),
        t.text("Deputy"),
        t.text("Sensitivity"),
        t.text("Last review"),
        t.text("Can be taken out"),
    ]
    rows = [_row(desk, one) for one in entries]
    if old:
        headings.append(t.text("Last seen"))
        rows = [[*row, _seen(desk, one, since)] for row, one in zip(rows, entries, strict=True)]
    desk.table(headings, rows)
    desk.say(t.plural("{n} group", "{n} groups", len(entries)))


def _row(desk: Desk, one: GroupEntry) -> list[str]:
    t, row = desk.t, one.row
    return [
        t.isolate(one.instance),
        t.isolate(one.name or one.id),
        said(KINDS, one.group.kind if one.group else None, t) or "-",
        person_text(one.owner, t) if row else t.text("not registered"),
        person_text(one.deputy, t),
        said(SENSITIVITIES, row.sensitivity, t) if row else "-",
        day_text(row.reviewed if row else None),
        _way(desk, one),
    ]


def _way(desk: Desk, one: GroupEntry) -> str:
    """Say in a word by whom; why is said where one group is shown, so that a row stays a line."""
    if one.group is None or one.gone_at is not None:
        return _seen(desk, one, None)
    return way_text(one.way, None, desk.t)


def _old(one: GroupEntry, since: datetime | None) -> bool:
    return one.gone_at is not None or one.last_seen is None or (since is not None and one.last_seen < since)


def _seen(desk: Desk, one: GroupEntry, since: datetime | None) -> str:
    t = desk.t
    if one.gone_at is not None:
        return t.text("no longer there since {when}", when=desk.stamp(one.gone_at))
    if one.last_seen is None:
        return t.text("never: no platform shows it")
    return desk.stamp(one.last_seen) if _old(one, since) else t.text("now")


def show_group(desk: Desk, one: GroupEntry) -> None:
    """Print everything that is known of one group."""
    t, row = desk.t, one.row
    desk.print(f"{t.isolate(one.name or one.id)} ({t.isolate(one.instance)})", style="bold")
    for label, value in _facts(desk, one):
        if value:
            desk.print(f"  {label}: {value}")
    if row is None:
        desk.print("  " + t.text("Nobody has registered it: bawab groups register {group}", group=one.id))


def _facts(desk: Desk, one: GroupEntry) -> Iterator[tuple[str, str]]:
    t, row, group = desk.t, one.row, one.group
    yield t.text("Id"), t.isolate(one.id)
    yield t.text("Platform"), t.isolate(one.platform)
    if group is not None:
        yield t.text("Kind"), said(KINDS, group.kind, t)
        yield t.text("Members"), t.number(group.member_count) if group.member_count is not None else ""
        yield t.text("Archived"), t.text("yes") if group.archived else ""
        yield t.text("Anybody can walk in"), t.text("yes") if group.self_join else ""
        yield t.text("Can be taken out"), way_text(one.way, one.refusal, t)
    yield t.text("Last seen"), _seen(desk, one, None) if _old(one, None) else desk.stamp(one.last_seen)
    if row is not None:
        yield t.text("Owner"), person_text(one.owner, t)
        yield t.text("Deputy"), person_text(one.deputy, t)
        yield t.text("Purpose"), t.isolate(row.purpose) if row.purpose else ""
        yield t.text("Sensitivity"), said(SENSITIVITIES, row.sensitivity, t)
        yield t.text("Tags"), t.list([t.isolate(tag) for tag in row.tags]) if row.tags else ""
        yield t.text("Language"), row.language or ""
        yield t.text("Link"), t.isolate(row.url) if row.url else ""
        yield t.text("Last review"), _review(desk, one)


def _review(desk: Desk, one: GroupEntry) -> str:
    day = day_text(one.row.reviewed if one.row else None)
    if one.reviewer is None:
        return day
    by = desk.t.isolate(one.reviewer.name or one.reviewer.id)
    return desk.t.text("{day}, by {person}", day=day, person=by)


def show_report(desk: Desk, kind: ReportKind, entries: Sequence[GroupEntry]) -> None:
    """Print a report over groups: what it is about, its rows, and what to do next."""
    t = desk.t
    table: dict[ReportKind, tuple[list[str], Callable[[GroupEntry], list[str]]]] = {
        ReportKind.NO_OWNER: ([t.text("Why")], lambda one: [_no_owner(desk, one)]),
        ReportKind.LEAVER_OWNER: (
            [t.text("Owner"), t.text("Deputy")],
            lambda one: [person_text(one.owner, t), person_text(one.deputy, t)],
        ),
        ReportKind.UNREGISTERED: ([t.text("Members")], lambda one: [_count(desk, one)]),
        ReportKind.UNREVIEWED: (
            [t.text("Owner"), t.text("Last review")],
            lambda one: [person_text(one.owner, t), day_text(one.row.reviewed if one.row else None)],
        ),
    }
    columns, cells = table[kind]
    headings = [t.text("Platform"), t.text("Group"), t.text("Kind"), *columns]
    _print(desk, kind, headings, [[*_row(desk, one)[:3], *cells(one)] for one in entries])
    if entries:
        desk.say(t.plural("{n} group", "{n} groups", len(entries)))


def _no_owner(desk: Desk, one: GroupEntry) -> str:
    t = desk.t
    if one.row is None:
        return t.text("not registered")
    return t.text("registered without an owner") if one.owner is None else person_text(one.owner, t)


def _count(desk: Desk, one: GroupEntry) -> str:
    count = one.group.member_count if one.group else None
    return "-" if count is None else desk.t.number(count)


def show_inside(desk: Desk, kind: ReportKind, found: Findings) -> None:
    """Print a report over members, then everything that could not be seen."""
    t = desk.t
    former = kind is ReportKind.FORMER_STAFF
    headings = [
        t.text("Platform"),
        t.text("Group"),
        t.text("Person") if former else t.text("Account"),
        t.text("Role"),
        t.text("Last day") if former else t.text("Why"),
    ]
    _print(desk, kind, headings, [_inside(desk, one, former=former) for one in found.inside])
    names = {(one.entry.instance, one.entry.id): one.entry.name for one in found.inside}
    for gap in found.blind:
        name = gap.detail if gap.reason in _NAMED else gap_group(gap)
        desk.say(blind_line(gap, names.get((gap.instance, gap.group_id or ""), name), desk))
    counted = [t.plural("{n} member found", "{n} members found", len(found.inside))]
    unlisted = {(gap.instance, gap.group_id) for gap in found.blind if gap.group_id}
    counted.append(t.plural("{n} group looked into", "{n} groups looked into", found.groups - len(unlisted)))
    desk.say(t.text("; ").join(counted))
    if found.doubtful:
        desk.say(
            t.plural(
                "{n} membership of an account whose owner is not certain is left out: bawab status",
                "{n} memberships of accounts whose owner is not certain are left out: bawab status",
                found.doubtful,
            )
        )


_NAMED = frozenset({"members_unknown", "only_what_was_seen", "members_cannot_be_listed"})
"""Gaps of ours, which hold the group's name itself."""


def _inside(desk: Desk, one: Inside, *, former: bool) -> list[str]:
    t = desk.t
    account = one.account.name or one.account.id
    why = said(OUTSIDERS, one.why, t)
    if former and one.person is not None:
        account, why = one.person.name or one.person.id, day_text(one.person.last_day)
    if one.seen_at is not None:
        why = t.text("{what} (seen {when})", what=why, when=desk.stamp(one.seen_at))
    return [
        t.isolate(one.entry.instance),
        t.isolate(one.entry.name or one.entry.id),
        t.isolate(account),
        said(ROLES, one.role, t),
        why,
    ]


def _print(desk: Desk, kind: ReportKind, headings: list[str], rows: list[list[str]]) -> None:
    t = desk.t
    desk.print(t.text(TITLES[kind]), style="bold")
    if not rows:
        desk.print(t.text(NOTHING))
        return
    desk.table(headings, rows)
    desk.say(t.text(NEXT[kind]))


def plain_entry(one: GroupEntry) -> dict[str, Any]:
    """Give a group as data."""
    row, group = one.row, one.group
    return {
        "instance": one.instance,
        "platform": one.platform,
        "id": one.id,
        "name": one.name,
        "kind": group.kind if group else None,
        "archived": group.archived if group else None,
        "members": group.member_count if group else None,
        "self_join": group.self_join if group else None,
        "registered": row is not None,
        "owner": plain_person(one.owner),
        "deputy": plain_person(one.deputy),
        "purpose": row.purpose if row else "",
        "sensitivity": row.sensitivity if row else None,
        "tags": list(row.tags) if row else [],
        "language": row.language if row else None,
        "url": row.url if row else "",
        "reviewed": row.reviewed if row else None,
        "reviewed_by": row.reviewed_by if row else "",
        "last_seen": one.last_seen,
        "gone_at": one.gone_at,
        "taken_out": one.way,
        "refusal": one.refusal,
    }


def plain_person(who: Answerer | None) -> dict[str, Any] | None:
    """Give an owner or deputy as data."""
    if who is None:
        return None
    return {"id": who.id, "name": who.name, "standing": who.standing, "last_day": who.last_day}


def plain_inside(one: Inside) -> dict[str, Any]:
    """Give a member as data."""
    return {
        "instance": one.entry.instance,
        "group_id": one.entry.id,
        "group": one.entry.name,
        "account_id": one.account.id,
        "account": one.account.name,
        "role": one.role,
        "why": one.why,
        "person": plain_person(one.person),
        "seen_at": one.seen_at,
    }
