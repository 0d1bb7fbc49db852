"""Who may do what, as a table a person can read; and what no change of it may ever allow."""

import pytest

from policies.roles import RIGHTS, Permission, Role, may

READS = frozenset({"read", "export"})
"""Verbs that change nothing outside the log."""
TABLE = """\
                    hr  it  chat  auditor  break-glass
case.read           x   x   .     x        x
reason.read         x   x   .     x        .
case.open           x   .   .     .        .
case.cancel         x   .   .     .        .
case.reschedule     x   .   .     .        .
case.retry          .   x   .     .        .
case.revoke_now     x   x   .     .        x
case.confirm        x   x   .     .        .
hold.read           x   x   .     x        .
hold.release        x   x   .     .        .
person.read         x   x   .     x        x
group.read          x   x   .     x        .
group.write         .   x   .     .        .
own.groups          x   x   x     .        .
own.tasks           x   x   x     .        .
task.read           x   x   .     x        .
task.waive          .   x   .     .        .
drift.decide        .   x   .     .        .
link.read           x   x   .     x        .
link.decide         x   x   .     .        .
feed.read           x   x   .     x        .
connector.read      .   x   .     x        .
lane.resume         .   x   .     .        .
policy.read         x   x   .     x        .
policy.try          x   x   .     .        .
audit.read          .   x   .     x        .
audit.export        .   x   .     x        .
run.review          .   x   .     .        .
staff.read          .   x   .     x        .
staff.write         .   x   .     .        .
token.own           x   x   .     .        .
"""


def printed() -> str:
    heads = {Role.HR: "hr", Role.IT: "it", Role.CHAT_ADMIN: "chat", Role.AUDITOR: "auditor"}
    heads[Role.BREAK_GLASS] = "break-glass"
    lines = [" " * 20 + "  ".join(heads.values())]
    for permission in Permission:
        marks = [("x" if may([role], permission) else ".").ljust(len(head)) for role, head in heads.items()]
        lines.append(permission.ljust(20) + "  ".join(marks).rstrip())
    return "\n".join(lines) + "\n"


def test_the_rights_are_these_and_no_others() -> None:
    assert printed() == TABLE


def test_an_auditor_holds_no_right_that_changes_anything() -> None:
    assert {right.rpartition(".")[2] for right in RIGHTS[Role.AUDITOR]} <= READS


def test_a_chat_admin_sees_only_their_own() -> None:
    assert {right.partition(".")[0] for right in RIGHTS[Role.CHAT_ADMIN]} == {"own"}
    assert not may([Role.CHAT_ADMIN], Permission.REASON_READ)


def test_break_glass_removes_and_releases_nothing_it_could_confirm_itself() -> None:
    assert not may([Role.BREAK_GLASS], Permission.CASE_CONFIRM)
    assert not may([Role.BREAK_GLASS], Permission.HOLD_RELEASE)


@pytest.mark.parametrize("permission", list(Permission))
def test_every_right_is_somebodys(permission: Permission) -> None:
    assert may(list(Role), permission)
    assert not may([], permission)
