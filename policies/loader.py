"""Policy files to a Policy and back; every complaint at file:line:column, all at once, with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from policies.complaints import PolicyComplaint, PolicyError
from policies.model import EventKind
from policies.rules import After, Policy, PostGroups, PostMatch, Rule, RuleAction, Selector, canonical
from policies.shape_errors import Parts, shape_complaints
from policies.yaml_text import Document, Path, read

__all__ = ["PolicyComplaint", "PolicyError", "combine", "from_text", "json_schema", "load", "to_text"]

_PARTS: Parts = {
    None: Policy,
    "rules": Rule,
    "groups": Selector,
    "except": Selector,
    "match": PostMatch,
    "when": After,
    "posts": PostGroups,
}
_ACCOUNT_EVENTS = frozenset({EventKind.LEAVER, EventKind.CONTRACTOR_END, EventKind.LEAVE_OF_ABSENCE})
_EXIT_EVENTS = frozenset({EventKind.LEAVER, EventKind.CONTRACTOR_END})
_KEEP_ONLY = frozenset(
    {EventKind.JOINER, EventKind.RETURN, EventKind.REHIRE, EventKind.RESCINDED, EventKind.VANISHED}
)


def load(text: str, file: str) -> Policy:
    """Read one policy file; rule ids become `file-stem/id`. Raises PolicyError."""
    document = read(text, file)
    try:
        policy = Policy.model_validate(_versioned(document.data))
    except ValidationError as error:
        raise PolicyError([*shape_complaints(document, error, _PARTS), *_empty_selectors(document)]) from None
    if complaints := [*_empty_selectors(document), *_sense(document, policy)]:
        raise PolicyError(complaints)
    stem = _stem(file)
    rules = tuple(rule.model_copy(update={"id": f"{stem}/{rule.id}"}) for rule in policy.rules)
    return policy.model_copy(update={"rules": rules})


def combine(policies: Sequence[Policy]) -> Policy:
    """Make one policy of a folder of files, in the order given. Raises PolicyError on equal rule ids."""
    rules = tuple(rule for policy in policies for rule in policy.rules)
    ids = [rule.id for rule in rules]
    if twice := sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1}):
        raise PolicyError(
            PolicyComplaint(
                rule_id.split("/")[0], 1, 1, f"two files give rule {rule_id!r}", "rename one file"
            )
            for rule_id in twice
        )
    return Policy(
        version=1,
        rules=rules,
        posts=tuple(post for policy in policies for post in policy.posts),
        protected=tuple(dict.fromkeys(person for policy in policies for person in policy.protected)),
    )


def to_text(policy: Policy) -> str:
    """Spell a policy as canonical JSON, defaults written out, to be stored with the cases it decides."""
    return canonical(policy)


def from_text(text: str) -> Policy:
    """Read back what `to_text` wrote. Raises PolicyError where it is something else."""
    try:
        return Policy.model_validate_json(text)
    except ValidationError as error:
        raise PolicyError(
            PolicyComplaint("stored policy", 1, 1, f"{'.'.join(map(str, one['loc']))}: {one['msg']}")
            for one in error.errors(include_url=False)
        ) from None


def json_schema() -> dict[str, object]:
    """Give the JSON Schema (2020-12) of a policy file, for editors."""
    head: dict[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bawab policy",
    }
    return {**Policy.model_json_schema(by_alias=True), **head}


def _versioned(data: dict[str, object] | object) -> object:
    """The one number of the file: scalars arrive as text."""
    if isinstance(data, dict) and data.get("version") == "1":
        return {**data, "version": 1}
    return data


def _stem(file: str) -> str:
    return re.sub(r"\.ya?ml$", "", re.split(r"[\\/]", file)[-1], flags=re.IGNORECASE)


def _empty_selectors(document: Document) -> Iterator[PolicyComplaint]:
    for path in document.values:
        if len(path) >= 2 and path[-2] in {"groups", "except"} and _at(document, path) == {}:
            yield document.complaint(
                path, "a selector must say something", "write 'groups: all' for every group"
            )


def _at(document: Document, path: Path) -> object:
    found: object = document.data
    for step in path:
        found = found[step]  # type: ignore[index] # the path was built from this very data
    return found


def _sense(document: Document, policy: Policy) -> Iterator[PolicyComplaint]:
    """What the shape allows and no reader could mean."""
    seen: set[str] = set()
    for index, rule in enumerate(policy.rules):
        path: Path = ("rules", index)
        if "/" in rule.id:
            yield document.complaint((*path, "id"), f"{rule.id!r}: a rule id has no slash")
        if rule.id in seen:
            yield document.complaint((*path, "id"), f"rule id {rule.id!r} is used twice", "rename one")
        seen.add(rule.id)
        yield from _rule_sense(document, rule, path)
    for index, post in enumerate(policy.posts):
        if not (post.model_fields_set - {"groups"}):
            yield document.complaint(
                ("posts", index), "a post needs a department, team, location or manager", "add one"
            )


def _rule_sense(document: Document, rule: Rule, path: Path) -> Iterator[PolicyComplaint]:
    kinds = frozenset(rule.on)
    if rule.changed is not None and kinds != {EventKind.MOVER}:
        yield document.complaint((*path, "changed"), "'changed' is for movers only", "set 'on: mover'")
    if rule.exit_type is not None and not kinds <= _EXIT_EVENTS:
        yield document.complaint((*path, "exit_type"), "'exit_type' is for leavers only", "set 'on: leaver'")
    if rule.account and not kinds <= _ACCOUNT_EVENTS:
        yield document.complaint(
            (*path, "account"), "only who leaves or is on leave loses the account itself", "remove 'account'"
        )
    if rule.action is not RuleAction.KEEP and kinds & _KEEP_ONLY:
        names = ", ".join(sorted(kinds & _KEEP_ONLY))
        yield document.complaint((*path, "action"), f"on {names} nothing is removed", "set 'action: keep'")
    if rule.match is not None and not rule.match.model_fields_set:
        yield document.complaint((*path, "match"), "'match' says nothing", "remove it, or name a department")
