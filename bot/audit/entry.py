"""One act as the rest of Bawab describes it, before it is sealed and chained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.audit.actions import Action
from bot.states import StepState

_STEP_OUTCOMES = frozenset(StepState)


@dataclass(frozen=True, slots=True)
class Entry:
    """An act to log. What names a person goes into `person_id` and `personal`, never into the rest.

    `person_id` is stored as a pseudonym, `personal` (name, e-mail, account id) under the person's key.
    Raises ValueError for a `step.…` outcome that is no step state (`blocked(last_owner)` is
    `outcome="blocked"` with the reason in `detail`), and for personal fields without a person.
    """

    action: Action
    actor: str
    """`bawab`, `system:cron`, `person:<operator id>`."""
    outcome: str = "ok"
    person_id: str | None = None
    case_id: str | None = None
    step_id: str | None = None
    run_id: str | None = None
    instance: str | None = None
    platform: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    rule: str | None = None
    quality: str | None = None
    request_id: str | None = None
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    personal: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        if self.action.startswith("step.") and self.outcome not in _STEP_OUTCOMES:
            raise ValueError(f"{self.action}: {self.outcome!r} is not a state of a step")
        if self.personal and self.person_id is None:
            raise ValueError(f"{self.action}: personal fields need the person_id whose key seals them")
