"""What acts and views refuse, as problems: nothing there, not now, not so; in the refusal's own words."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError

from bot.acts.refusals import CannotAct
from bot.audit.query import QueryProblem
from bot.audit.search import TooManyPeople
from bot.case_file import NoSuchCase
from bot.people.who import NotOnePerson
from bot.preview import NothingToPreview
from bot.surfaces.api.caller import Caller
from bot.surfaces.api.problems import Code, FieldProblem, Problem
from bot.views.connectors import NoSuchInstance
from bot.views.feeds import NoSuchFeed
from bot.views.groups import NoSuchGroup
from bot.views.offboarding import NobodyThere
from bot.views.reviews import NoSuchRun

_NOTHING: Final = (
    NobodyThere,
    NoSuchCase,
    NoSuchFeed,
    NoSuchGroup,
    NoSuchInstance,
    NoSuchRun,
    NotOnePerson,
    NothingToPreview,
)
_ABSENT: Final = frozenset(
    {"no_hold", "no_case", "no_task", "no_run", "no_person", "not_one_person", "no_lane"}
)
"""Refusals of acts that mean: there is no such thing."""

logger = structlog.get_logger(__name__)


def as_problem(error: Exception, caller: Caller) -> Problem | None:
    """Give the problem of a refusal; None for anything that is none."""
    if isinstance(error, CannotAct):
        code = Code.NOT_FOUND if error.code in _ABSENT else Code.CANNOT
        return Problem(code, error.said(caller.t, caller.who.zone), reason=error.code)
    if isinstance(error, IntegrityError):
        # Two people at the same row: the transaction is rolled back, so nothing of this request was done.
        logger.error("api_conflict", request_id=caller.request_id, constraint=str(error.orig))
        return as_problem(CannotAct("moved_meanwhile"), caller)
    if isinstance(error, _NOTHING):
        return Problem(Code.NOT_FOUND, "nothing this token may see is called so; the lists say what there is")
    if isinstance(error, QueryProblem | TooManyPeople):
        told = FieldProblem(place="query", pointer="/q", code="search", detail=str(error))
        return Problem(Code.INVALID, f"the search is not understood: {error}", errors=[told])
    return None
