"""Every error a service raises, as an exit code and a sentence: the one place that maps them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.acts.refusals import CannotAct
from bot.audit.keys import KeyProblem
from bot.audit.query import QueryProblem
from bot.audit.search import TooManyPeople
from bot.case_file import NoSuchCase
from bot.explaining import CannotExplain
from bot.groups.register import NotOneGroup
from bot.groups.registry_file import RegistryProblem
from bot.keeping.refusals import CannotKeep
from bot.locale import N_, Translator, translator
from bot.manual_cases import CannotCancel, CannotOpen
from bot.only_one import AlreadyRunning
from bot.people.enrolment import CannotLink
from bot.people.who import NotOnePerson
from bot.preview import NothingToPreview
from bot.release import CannotRelease
from bot.settings import SettingsProblem
from bot.store.db import StoreProblem
from bot.surfaces.cli.exit_codes import ExitCode
from bot.tasks.desk import TaskProblem
from connectors.errors import BadCredentials, BadFeed, ConnectorError, MissingScope, Unavailable
from policies.complaints import PolicyError


class Refused(Exception):
    """A command will not do as asked: the sentence, already in the reader's language."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How an error is told: the code for the shell, and a sentence that leads to the details."""

    code: ExitCode
    lead: str


_FAULTS: tuple[tuple[type[BaseException], Fault], ...] = (
    (Refused, Fault(ExitCode.USAGE, "")),
    (CannotAct, Fault(ExitCode.USAGE, "")),
    (CannotKeep, Fault(ExitCode.OPERATOR, "")),
    (SettingsProblem, Fault(ExitCode.OPERATOR, N_("A setting must be mended first:"))),
    (PolicyError, Fault(ExitCode.OPERATOR, N_("A policy or registry file must be mended first:"))),
    (StoreProblem, Fault(ExitCode.OPERATOR, N_("The database cannot be used:"))),
    (KeyProblem, Fault(ExitCode.OPERATOR, N_("The audit log's signing key cannot be used:"))),
    (AlreadyRunning, Fault(ExitCode.OPERATOR, N_("Bawab is running already:"))),
    (BadCredentials, Fault(ExitCode.OPERATOR, N_("A platform does not accept the credentials:"))),
    (MissingScope, Fault(ExitCode.OPERATOR, N_("A permission is missing; `bawab check` names them all:"))),
    (Unavailable, Fault(ExitCode.EXCEPTIONS, N_("A platform cannot answer now; try again later:"))),
    (BadFeed, Fault(ExitCode.HELD, N_("The HR file cannot be read, and changes nothing:"))),
    (ConnectorError, Fault(ExitCode.OPERATOR, N_("A platform could not be asked:"))),
    (CannotRelease, Fault(ExitCode.USAGE, N_("Not released:"))),
    (NotOneGroup, Fault(ExitCode.USAGE, N_("It is not clear which group is meant:"))),
    (RegistryProblem, Fault(ExitCode.USAGE, N_("The registry was not changed:"))),
    (TaskProblem, Fault(ExitCode.USAGE, N_("The task was not changed:"))),
    (CannotOpen, Fault(ExitCode.USAGE, N_("No case was opened:"))),
    (CannotCancel, Fault(ExitCode.USAGE, N_("The case was not cancelled:"))),
    (CannotLink, Fault(ExitCode.USAGE, N_("Nothing was tied or untied:"))),
    (NothingToPreview, Fault(ExitCode.USAGE, N_("There is nothing to preview:"))),
    (CannotExplain, Fault(ExitCode.USAGE, N_("There is nothing to explain:"))),
    (NoSuchCase, Fault(ExitCode.USAGE, N_("No such case:"))),
    (NotOnePerson, Fault(ExitCode.USAGE, N_("It is not clear who is meant:"))),
    (QueryProblem, Fault(ExitCode.USAGE, N_("The search was not understood:"))),
    (TooManyPeople, Fault(ExitCode.USAGE, N_("The search names too many people:"))),
    (OSError, Fault(ExitCode.OPERATOR, N_("A file or the disk cannot be used:"))),
)
"""In order: the first class that fits wins, so narrower ones stand before wider ones."""

UNEXPECTED = Fault(
    ExitCode.ERROR,
    N_("Something unexpected went wrong; run it again with --debug and report what it prints:"),
)


def fault_of(error: BaseException) -> Fault:
    """Find how an error is told; what nobody thought of is `unexpected`."""
    return next((fault for kind, fault in _FAULTS if isinstance(error, kind)), UNEXPECTED)


def details_of(error: BaseException, t: Translator | None = None, zone: str = "UTC") -> str:
    """Give the error's own words: what happened, where, and what to do; where it can, in the reader's."""
    if isinstance(error, CannotAct):
        return error.said(t or translator("en"), zone)
    if isinstance(error, CannotKeep):
        return error.said(t or translator("en"))
    if isinstance(error, BadFeed):
        return "\n".join(str(complaint) for complaint in error.complaints)
    if fault_of(error) is UNEXPECTED:
        return f"{type(error).__name__}: {error}"
    return str(error) or type(error).__name__
