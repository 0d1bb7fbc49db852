"""What the shell is told: one enum, the same for every command."""

from __future__ import annotations

from enum import IntEnum

from bot.locale import N_


class ExitCode(IntEnum):
    """How a command ended; `docs/cli.md` shows this table."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    EXCEPTIONS = 3
    HELD = 4
    OPERATOR = 5

    @classmethod
    def worst(cls, *codes: ExitCode) -> ExitCode:
        """Give the code that matters most: operator, held, exceptions, done."""
        return max(codes, default=cls.DONE)


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: N_("done"),
    ExitCode.ERROR: N_("an unexpected error: please report it"),
    ExitCode.USAGE: N_("the command was not understood, or what it names does not exist"),
    ExitCode.EXCEPTIONS: N_(
        "done with exceptions: some steps are blocked, failed, still present, or wait for a person"
    ),
    ExitCode.HELD: N_("held by a guard: something waits for a release"),
    ExitCode.OPERATOR: N_(
        "an operator is needed: settings, credentials, a missing permission, the database or disk, "
        "a damaged audit log, or a second run"
    ),
}
