"""What is done about cases: opened, cancelled, rescheduled, hurried, confirmed, tried again."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response

from bot.acts import cases as acts
from bot.surfaces.api.caller import Called, Caller
from bot.surfaces.api.moments import meant
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.routes.cases import CaseId, the_case
from bot.surfaces.api.routes.preview import offered
from bot.surfaces.api.shapes.asked import (
    Cancel,
    Confirm,
    NewCase,
    Nothing,
    Reschedule,
    RevokeNow,
    RevokePersonNow,
)
from bot.surfaces.api.shapes.base import Key
from bot.surfaces.api.shapes.cases import Case

router = APIRouter(route_class=Route, tags=["cases"])
PersonId = Annotated[str, Path(min_length=1, max_length=200, examples=["E7"])]
_LOCATED: Final[dict[int | str, dict[str, Any]]] = {
    201: {"headers": {"Location": {"description": "The case", "schema": {"type": "string"}}}}
}


def _needs(right: str) -> dict[str, Any]:
    return {PERMISSION: [right, "case.read"]}


@router.post("/cases", status_code=201, responses=_LOCATED, openapi_extra=_needs("case.open"))
async def open_case(caller: Called, asked: NewCase, response: Response, key: Key) -> Case:  # noqa: ARG001 - read by the route
    """Open a departure for somebody HR knows, through the same guards as HR's own feed."""
    case_id = caller.did["case_id"] if caller.did else await _opened(caller, asked)
    response.headers["Location"] = f"/api/v1/cases/{case_id}"
    return await the_case(caller, case_id)


async def _opened(caller: Caller, asked: NewCase) -> str:
    last_day = meant(asked.last_day)
    if asked.counted is not None:
        await offered(caller, asked, counted=asked.counted)
    opened = await acts.open_case(
        caller.app,
        caller.who,
        person_id=asked.person_id,
        last_day=last_day,
        zone=asked.zone,
        exit_type=asked.exit_type,
    )
    return opened.case.id


@router.post("/cases/{case_id}/cancel", openapi_extra=_needs("case.cancel"))
async def cancel_case(caller: Called, case_id: CaseId, asked: Cancel, key: Key) -> Case:  # noqa: ARG001 - read by the route
    """Call a case off; what was done already stays done."""
    if not caller.did:
        await acts.cancel_case(caller.app, caller.who, case_id, asked.reason, expected=asked.expected)
    return await the_case(caller, case_id)


@router.post("/cases/{case_id}/reschedule", openapi_extra=_needs("case.reschedule"))
async def reschedule_case(caller: Called, case_id: CaseId, asked: Reschedule, key: Key) -> Case:  # noqa: ARG001 - read by the route
    """Give a departure that has not begun another last day."""
    last_day = meant(asked.last_day)
    assert last_day is not None  # noqa: S101 - the body has one
    if not caller.did:
        await acts.reschedule_case(
            caller.app,
            caller.who,
            case_id,
            last_day,
            asked.zone,
            reason=asked.reason,
            expected=asked.expected,
        )
    return await the_case(caller, case_id)


@router.post("/cases/{case_id}/revoke-now", openapi_extra=_needs("case.revoke_now"))
async def revoke_now(caller: Called, case_id: CaseId, asked: RevokeNow, key: Key) -> Case:  # noqa: ARG001 - read by the route
    """The emergency: begin at once; a second person confirms afterwards."""
    if not caller.did:
        await acts.revoke_now(caller.app, caller.who, case_id, asked.reason)
    return await the_case(caller, case_id)


@router.post(
    "/people/{person_id}/revoke-now",
    status_code=201,
    responses=_LOCATED,
    openapi_extra=_needs("case.revoke_now"),
)
async def revoke_person_now(
    caller: Called,
    person_id: PersonId,
    asked: RevokePersonNow,
    response: Response,
    key: Key,  # noqa: ARG001 - read by the route
) -> Case:
    """The emergency for somebody who may have no case yet."""
    if caller.did:
        case_id = caller.did["case_id"]
    else:
        done = await acts.revoke_person_now(caller.app, caller.who, person_id, asked.exit_type, asked.reason)
        case_id = done.case.id
    response.headers["Location"] = f"/api/v1/cases/{case_id}"
    return await the_case(caller, case_id)


@router.post("/cases/{case_id}/confirm", openapi_extra=_needs("case.confirm"))
async def confirm_emergency(caller: Called, case_id: CaseId, asked: Confirm, key: Key) -> Case:  # noqa: ARG001 - read by the route
    """Say of an emergency, afterwards, whether it was right."""
    if not caller.did:
        await acts.confirm_emergency(caller.app, caller.who, case_id, asked.verdict, asked.note)
    return await the_case(caller, case_id)


@router.post("/cases/{case_id}/retry", openapi_extra=_needs("case.retry"))
async def retry_case(caller: Called, case_id: CaseId, asked: Nothing, key: Key) -> Case:  # noqa: ARG001 - read by the route
    """Try once more what a case left undone, past every guard anew."""
    if not caller.did:
        await acts.retry_case(caller.app, caller.who, case_id)
    return await the_case(caller, case_id)
