"""What is asked for, as request bodies; every text is bounded, and unknown fields are refused."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.states import CaseState
from bot.surfaces.api.moments import Instant, Moment
from bot.surfaces.api.shapes.base import Digest, Name, Request, Text, Zone
from policies.model import ExitType, Sensitivity


class Wish(Request):
    """Who leaves, and when; without a last day, at once."""

    person_id: Name = Field(examples=["E7"])
    last_day: Moment | None = Field(
        None,
        description="A day, which ends where the person works, or an instant with its offset; null: at once",
        examples=["2026-11-30"],
    )
    zone: Zone | None = Field(
        None, description="The IANA zone a day is meant in; HR's own otherwise", examples=["Asia/Riyadh"]
    )
    exit_type: ExitType = ExitType.UNSTATED


class NewCase(Wish):
    """A departure to be opened."""

    counted: int | None = Field(
        None,
        ge=0,
        le=100_000,
        description="The `count` POST /preview gave: where it is another by now, nothing is opened",
        examples=[3],
    )


class Cancel(Request):
    """Why a case is called off, and the state it was seen in."""

    reason: Text = Field(min_length=1, examples=["HR entered the wrong person"])
    expected: CaseState | None = Field(
        None, description="Where the case has moved on from this state, nothing is cancelled"
    )


class Reschedule(Request):
    """Another last day; a later one needs a reason."""

    last_day: Moment = Field(examples=["2026-12-31"])
    zone: Zone | None = Field(None, examples=["Asia/Riyadh"])
    reason: Text = Field("", examples=["The contract was prolonged"])
    expected: CaseState | None = None


class RevokeNow(Request):
    """Why access ends at once; a second person is asked afterwards."""

    reason: Text = Field(min_length=1, examples=["Dismissed today"])


class RevokePersonNow(RevokeNow):
    """The same, for somebody who may have no case yet."""

    exit_type: ExitType = ExitType.UNSTATED


class Confirm(Request):
    """A second person's word on an emergency."""

    verdict: Literal["confirmed", "disputed"]
    note: Text = ""


class Nothing(Request):
    """An empty object."""


class Sign(Request):
    """One person's word on a hold."""

    verdict: Literal["approve", "reject"]
    note: Text = ""
    shown: Digest | None = Field(
        None,
        description="`shown` of GET /holds/{digest}?preview=true: the approval binds what was shown then, "
        "and where it is something else by now, nothing is signed",
    )


class TaskDone(Request):
    """That it was done, or seen done."""

    note: Text = Field("", examples=["Removed in the app"])


class TaskWaive(Request):
    """Why it stays undone, and how long at most."""

    reason: Text = Field(min_length=1, examples=["Hands over until Sunday"])
    until: Instant = Field(examples=["2026-12-31T18:00:00+03:00"])


class Registration(Request):
    """A group's row in the registry; null takes a value out, a field that is left out stays as it is."""

    owner: Name | None = Field(None, examples=["E7"])
    deputy: Name | None = Field(None, examples=["E8"])
    purpose: Text | None = Field(None, examples=["Sales of the region"])
    sensitivity: Sensitivity | None = None


class ReviewNote(Request):
    """What IT saw in a run."""

    note: Text = Field(min_length=1, examples=["Checked all three failures"])


class ExportWish(Request):
    """What of the log is wanted as a file."""

    q: Text = Field("", description="A search, as in GET /audit", examples=["case:case_4f2a9c01d3b7"])
    format: Literal["jsonl", "csv"] = "jsonl"
    reveal: bool = Field(
        False, description="Show sealed personal fields, too; needs `person.read` and a reason"
    )
    reason: Text = Field("", examples=["Audit of November"])
