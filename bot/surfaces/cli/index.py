"""Every command's name, its module, and its help as that module says it, known without loading any."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "run": (
            "run",
            (
                "Watch HR and carry out what is due, until stopped (or, with --once, until nothing is "
                "due).\n\n"
                "Tells what happens from the audit log as it grows. Ctrl-C finishes the step under way; a "
                "second Ctrl-C stops at once, and nothing is lost."
            ),
        ),
        "worker": (
            "worker",
            (
                "Take part in the work of many processes on one PostgreSQL, until stopped.\n\n"
                "Any number may run, on any host; a lane is drained by one of them at a time, and one of "
                "them ticks. Ctrl-C finishes the step under way and hands the rest over to the others."
            ),
        ),
        "preview": (
            "preview",
            (
                "Show who would lose what, when, by which rule, and why. Nothing is written anywhere.\n\n"
                "One row per person, platform, group and act; what could not be read is listed after "
                "them."
            ),
        ),
        "estimate": (
            "estimate",
            (
                "Reckon what a number of leavers costs on each platform: calls, least time, the chosen "
                "way.\n\n"
                "Arithmetic on the published limits, and on the pace learnt from the platforms where there "
                "is one; nothing is asked of any platform."
            ),
        ),
        "explain": (
            "explain",
            (
                "Say why a person stays in a group or not.\n\n"
                "From the plans of their open cases; with none open, as if they left today."
            ),
        ),
        "person": (
            "person",
            (
                "Say where somebody is now: every account and how surely it is theirs, every group and "
                "role, and by whom they can be taken out.\n\n"
                "Reads every platform; nothing is changed anywhere."
            ),
        ),
        "release": (
            "release",
            (
                "Let go what a guard holds, once, for exactly this digest.\n\n"
                "Shows the cause, the people and what each would lose, and asks you to type the count. "
                "What you were shown binds: whatever is found beyond it when a case is due is blocked and "
                "listed."
            ),
        ),
        "check": (
            "check",
            (
                "Say what is missing before the day: settings, permissions, groups out of reach, each "
                "with its remedy.\n\n"
                "A platform that was paused and is well again goes on working."
            ),
        ),
        "status": (
            "status",
            "Show what is open, overdue, held, paused, due next, and what HR last delivered.",
        ),
        "reconcile": (
            "reconcile",
            (
                "Compare everybody departed, and every mover, with every group, and record who is in "
                "again.\n\n"
                "Goes on where a run of the last day stopped. Takes nobody out itself: what the rule lets "
                "be removed, `bawab run` carries out; the rest waits in `bawab drift`."
            ),
        ),
        "demo": (
            "demo",
            "Play the worked example: forty people, three platforms, one leaver, one transfer.",
        ),
        "backup": (
            "backup",
            (
                "Back up the database, the log with its keys, files in quarantine, policies, registry and "
                "staff file.\n\n"
                "Bawab may work meanwhile; everything in the backup is of one moment. It is a new folder, "
                "whole or not there. Settings and the secrets of platforms are not in it: keep those "
                "elsewhere."
            ),
        ),
        "restore": (
            "restore",
            (
                "Make a backup the installation again.\n\n"
                "Its files are checked against their sums and its log is verified. What had still to be "
                "done then is looked at on the platforms first: what is gone already is left as it is. "
                "The restore is an entry of the log, with the newer end that its signed head names."
            ),
        ),
        "migrate-database": (
            "migrate_database",
            (
                "Move this installation into another, empty database: from SQLite to PostgreSQL, or back.\n\n"
                "Stop every `bawab run` first. All is copied in one transaction and compared, the whole "
                "log is verified there, and the move is an entry of it. The old database is not changed, "
                "and no longer used: each command says so and names the new one."
            ),
        ),
        "case": (
            "case",
            "Cases: list, show, open, cancel, hurry.",
        ),
        "feed": (
            "feed",
            "HR files: list, release from quarantine.",
        ),
        "policy": (
            "policy",
            "Policies: check, schema for editors.",
        ),
        "audit": (
            "audit",
            "The audit log: verify, search, export.",
        ),
        "task": (
            "task",
            "What only a person can do: list, confirm, leave undone.",
        ),
        "drift": (
            "drift",
            "Who is in again although they should be out: list, remove, accept.",
        ),
        "link": (
            "link",
            "Whose account is whose: make a one-time code, list, untie.",
        ),
        "groups": (
            "groups",
            "Every group known from any platform: list, show, report, register, set, review.",
        ),
        "staff": (
            "staff",
            "Who has which role here: list, the first day's link, untie an account.",
        ),
        "token": (
            "token",
            "API tokens: make, list, end.",
        ),
        "notices": (
            "notices",
            "Messages to people: stop them all, let them go on, see what waits.",
        ),
    }
)
"""In the order of the help; a test holds each text against its command's own."""
