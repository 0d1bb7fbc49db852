"""The policy as people read it: its files with lines, the rules in them, a check of any text, a what-if."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.access.actor import Actor
from bot.app import Bawab
from bot.store.query import columns, one
from bot.store.tables import PolicyRow
from bot.what_if import (
    Decided,
    Difference,
    Loss,
    Outlook,
    Progress,
    Supposition,
    decided_otherwise,
    differences,
    what_if,
)
from bot.what_if_book import Book, read_now, remembered
from policies.complaints import PolicyComplaint, PolicyError
from policies.loader import combine, load
from policies.roles import Permission
from policies.rules import Policy, PostGroups, Rule
from policies.yaml_text import read

MOST_CHARACTERS = 100_000
"""Of a policy somebody pastes; the library's own are a hundredth of it."""
PASTED = "pasted.yaml"


@dataclass(frozen=True, slots=True)
class RuleAt:
    """One rule, and the line of its file it begins at (None: the file was changed since it was loaded)."""

    rule: Rule
    line: int | None


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One file as it is on disk now."""

    name: str
    lines: tuple[str, ...]
    rules: tuple[RuleAt, ...]
    problem: str
    """Why it cannot be read now; the policy that was loaded goes on deciding."""


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The policy in force."""

    digest: str
    files: tuple[PolicyFile, ...]
    posts: tuple[PostGroups, ...]
    protected: tuple[str, ...]
    """Employee ids of people who are never touched; empty for whoever may not read about people."""
    loaded_at: datetime | None
    released_at: datetime | None
    released_by: str
    changed_on_disk: bool
    """The files say something else by now; it counts when the service is started again."""
    may_try: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a text found: a policy, or everything wrong with it."""

    policy: Policy | None
    complaints: tuple[PolicyComplaint, ...]
    rules: tuple[RuleAt, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """A supposition worked out under one policy, or under two: then only the differences."""

    outlook: Outlook
    compared: tuple[Difference, ...] | None
    otherwise: tuple[tuple[Decided, Decided], ...]
    at: datetime
    live: bool
    """Whether platforms were read for it, or memory only."""


async def policies(app: Bawab, who: Actor) -> PolicyView:
    """Show the policy in force beside its files; raises NotAllowed."""
    who.must(Permission.POLICY_READ)
    current = app.shelf.current
    async with app.store.read() as tx:
        row = await one(tx, PolicyRow, columns(PolicyRow).digest == current.digest)
    read_files = await asyncio.to_thread(_files, app.shelf.files)
    found = [policy for _, policy in read_files if policy is not None]
    same = len(found) == len(read_files) and combine(found).digest == current.digest
    return PolicyView(
        digest=current.digest,
        files=tuple(file for file, _ in read_files),
        posts=current.posts,
        protected=current.protected if who.may(Permission.PERSON_READ) else (),
        loaded_at=row.loaded_at if row else None,
        released_at=row.released_at if row else None,
        released_by=(row.released_by or "") if row else "",
        changed_on_disk=not same,
        may_try=who.may(Permission.POLICY_TRY),
    )


def _files(paths: Sequence[Path]) -> list[tuple[PolicyFile, Policy | None]]:
    return [_file(path) for path in paths]


def _file(path: Path) -> tuple[PolicyFile, Policy | None]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return PolicyFile(path.name, (), (), str(error)), None
    lines = tuple(text.splitlines())
    found = _read(text, str(path))
    problem = "\n".join(map(str, found.complaints))
    return PolicyFile(path.name, lines, found.rules, problem), found.policy


def _read(text: str, file: str) -> Checked:
    try:
        policy = load(text, file)
    except PolicyError as error:
        return Checked(None, error.complaints)
    places = read(text, file).values
    rules = tuple(RuleAt(rule, places[("rules", at)][0]) for at, rule in enumerate(policy.rules))
    return Checked(policy, (), rules)


async def check_policy(who: Actor, text: str, name: str = PASTED) -> Checked:
    """Check a policy somebody pasted; nothing of it is kept. Raises NotAllowed.

    A text longer than MOST_CHARACTERS is one complaint; aliases, tags and deep nesting are others.
    """
    who.must(Permission.POLICY_TRY)
    if len(text) > MOST_CHARACTERS:
        said = f"longer than {MOST_CHARACTERS:,} characters"
        return Checked(None, (PolicyComplaint(name, 1, 1, said),))
    return await asyncio.to_thread(_read, text, name)


async def in_place_of(app: Bawab, who: Actor, text: str, file: str) -> Checked:
    """Check a text as if it stood in the place of one of today's files, beside the others.

    Its rules keep that file's name, so that a comparison finds what changed and not what was renamed.
    Raises NotAllowed.
    """
    names = [path.name for path in app.shelf.files]
    name = file if file in names else names[0]
    checked = await check_policy(who, text, name)
    if checked.policy is None:
        return checked
    read_files = await asyncio.to_thread(_files, app.shelf.files)
    others = [policy for each, policy in read_files if each.name != name and policy is not None]
    try:
        whole = combine([*others, checked.policy] if others else [checked.policy])
    except PolicyError as error:
        return Checked(None, error.complaints)
    return replace(checked, policy=whole)


async def try_policy(
    app: Bawab,
    who: Actor,
    supposed: Supposition,
    policy: Policy | None = None,
    *,
    live: bool = False,
    progress: Progress | None = None,
) -> Tried:
    """Work out a supposition under the policy in force, or under another beside it; raises NotAllowed.

    `live` reads the platforms first, reads only. Raises NobodyMeant.
    """
    who.must(Permission.POLICY_TRY)
    book: Book = await read_now(app, progress=progress) if live else await remembered(app)
    before = await what_if(app, app.shelf.current, supposed, book, progress=progress)
    if policy is None:
        return Tried(_cut(before, who), None, (), app.now(), live)
    after = await what_if(app, policy, supposed, book, progress=progress)
    compared = tuple(_cut_difference(each, who) for each in differences(before, after))
    return Tried(_cut(after, who), compared, decided_otherwise(before, after), app.now(), live)


def _cut(outlook: Outlook, who: Actor) -> Outlook:
    """HR is shown names of groups, never a platform's id of one."""
    if who.may(Permission.CONNECTOR_READ):
        return outlook
    return replace(outlook, rows=tuple(_cut_row(row) for row in outlook.rows))


def _cut_difference(each: Difference, who: Actor) -> Difference:
    if who.may(Permission.CONNECTOR_READ):
        return each
    return Difference(*(_cut_row(row) if row else None for row in (each.before, each.after)))


def _cut_row(row: Loss) -> Loss:
    return replace(row, group_id="-" if row.group_id else "")
