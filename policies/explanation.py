"""Why a person stays in a group or not, read from the plan itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.model import Group, Person, Plan, Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a person stays in a group or not; `why` is one of WHY_KEYS, `params` fill its text."""

    rule: str
    verdict: Verdict | None
    """None where the plan has no row for the group."""
    why: str
    params: Mapping[str, str]


def explain(plan: Plan, person: Person, group: Group) -> Explanation:
    """Say why `person` stays in `group` or not, from the plan itself."""
    params = {"person": person.name, "group": group.name, "instance": group.instance}
    key = (group.instance, group.id)
    rows = [step for step in plan.steps if step.group and (step.group.instance, step.group.id) == key]
    if rows:
        row = min(rows, key=lambda step: tuple(Verdict).index(step.verdict))
        refusal = {} if row.refusal is None else {"refusal": row.refusal.value}
        return Explanation(row.rule, row.verdict, row.why, {**params, **refusal})
    for gap in plan.gaps:
        if gap.instance == group.instance and gap.group_id in (None, group.id):
            return Explanation("", None, "group_unreadable", {**params, "reason": gap.reason})
    return Explanation("", None, "not_a_member", params)
