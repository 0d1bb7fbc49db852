"""Cases as the API says them: the line of a list, and one case with its steps, evidence and log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from bot.states import CaseState, HoldKind, StepState
from bot.surfaces.api.shapes.base import EachSorted, Shape, Sorted
from bot.views.case_acts import Act, Next, Turn
from policies.approvals import NotYours
from policies.roles import Role


class CaseLine(Shape):
    """What is being done for whom, and when."""

    id: str = Field(examples=["case_4f2a9c01d3b7"])
    person_id: str = Field(examples=["E7"])
    person: str = Field(examples=["Ana Quispe"])
    kind: str = Field(examples=["leaver"])
    state: CaseState
    effective: datetime | None = Field(description="When HR says that it takes effect")
    due: datetime | None = Field(description="When Bawab begins")
    zone: str = Field(examples=["Asia/Riyadh"])
    overdue: bool
    urgent: bool
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None = Field(
        description="Why it is held, cancelled or set aside; only for `reason.read` where a person wrote it"
    )
    exit_type: str | None = Field(description="Only for `reason.read`", examples=["resignation"])
    hold: str | None = Field(description="Digest of what holds it; only for `hold.read`")


class Step(Shape):
    """One act on one membership or account; ids and evidence only for `connector.read`."""

    id: str = Field(examples=["step_4f2a9c01d3b7"])
    instance: str = Field(examples=["acme"])
    platform: str = Field(examples=["slack"])
    action: str = Field(examples=["revoke"])
    state: StepState
    success: bool = Field(description="Verified absent, already absent, locked out, or attested")
    weak: bool = Field(description="A success that is less than a platform's own word")
    quality: str = Field(description="Of the evidence", examples=["observed"])
    group: str = Field(description="Its name; empty for an act on the account itself")
    group_kind: str
    role: str
    refusal: str | None = Field(examples=["last_owner"])
    remedy: str
    successor: str = Field(description="Whom a hand-over makes owner")
    since_approval: bool
    rule: str
    why: str
    next_attempt_at: datetime | None
    verified_at: datetime | None
    updated_at: datetime
    attempts: int
    account_id: str = Field(description="Empty without `connector.read`")
    group_id: str = Field(description="Empty without `connector.read`")
    detail: str = Field(description="Empty without `connector.read`")
    request_id: str = Field(description="The platform's; empty without `connector.read`")
    evidence: list[dict[str, Any]] = Field(description="Empty without `connector.read`")


class Gap(Shape):
    """Something that could not be seen, and so was not done."""

    instance: str
    reason: str = Field(examples=["bot_not_in_group"])
    group: str
    detail: str
    remedy: str


class NextAct(Shape):
    """What happens next, and whose turn it is."""

    what: Next
    by: Turn
    at: datetime | None
    people: list[str]


class LogLine(Shape):
    """One entry of the log; personal fields stay sealed."""

    seq: int
    at: datetime
    actor: str = Field(examples=["person:E7"])
    action: str = Field(examples=["step.read_back"])
    outcome: str
    instance: str | None
    group_name: str | None
    rule: str | None
    quality: str | None
    detail: dict[str, Any] | None


class Signed(Shape):
    """One person's word under a hold."""

    by: str
    name: str
    verdict: str = Field(examples=["approve"])
    at: datetime
    note: str


class Hold(Shape):
    """Something a run guard holds, whom it concerns, and who has signed."""

    digest: str
    kind: HoldKind
    cause: dict[str, Any]
    count: int = Field(description="People, links or steps a release lets through")
    created_at: datetime
    people: list[str] = Field(description="Names")
    cases: list[str]
    signed: list[Signed]
    missing: Annotated[list[list[Role]], EachSorted] = Field(
        description="Signatures it still wants: for each, the roles one of which must sign"
    )
    may_sign: bool = Field(description="Whether the token's owner may sign it now")
    why_not: NotYours | None


class Emergency(Shape):
    """An emergency that ran first, and waits for a second person's word."""

    case_id: str
    requested_by: str
    reason: str = Field(description="Empty without `reason.read`")
    requested_at: datetime
    due: datetime
    verdict: str | None = Field(examples=["confirmed"])
    decided_by: str
    may_confirm: bool


class Effort(Shape):
    """Calls for a case on one platform, read-back included."""

    instance: str
    planned: int = Field(description="What its steps were reckoned to cost")
    made: int


class Case(CaseLine):
    """One case whole."""

    rule: str
    policy: str = Field(description="Digest of the policy version it runs under")
    requested_by: str
    released_by: str
    next_act: NextAct
    acts: Annotated[list[Act], Sorted] = Field(description="What the token's owner may do about it now")
    steps: list[Step]
    gaps: list[Gap]
    unplanned: list[str] = Field(description="Instances that could not be read yet")
    residual: dict[str, str] = Field(description="Instance → what the person keeps after a complete removal")
    hold_line: Hold | None
    emergency: Emergency | None
    effort: list[Effort] = Field(description="Empty without `connector.read`")
    log: list[LogLine] = Field(description="Oldest first")


def log_line(row: Mapping[str, Any]) -> LogLine:
    """Give one row of the log, as the views hand it out."""
    return LogLine.model_validate({name: row.get(name) for name in LogLine.model_fields})
