"""The connector for groups no interface reaches: it reads the registry, and says that a person must act."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.chat.manual.tasks import platform_tasks
from connectors.contract import (
    NO_GROUPS,
    Capabilities,
    Evidence,
    Finding,
    KnownGroups,
    Outcome,
    Presence,
    Quality,
    Result,
    Revocation,
    Severity,
    Sight,
)
from connectors.manifest import load_manifest
from policies.model import Account, Gap, Group, GroupKind, Membership, Person, Refusal, RegisteredGroup, Role

MANIFEST = load_manifest(Path(__file__).with_name("manifest.toml"))
ACCOUNT_PREFIX = "manual:"
CHECK_ALWAYS = "check-always"
"""Registry tag: ask about everybody, whatever the list says; a forgotten group is worse than a question."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ManualConfig:
    """One set of hand-kept groups: `registry` may hold rows of other instances, which are left alone."""

    instance: str
    platform: str
    """A key of `tasks.toml`: whatsapp, messenger, instagram, snapchat or x."""
    title: str = ""
    registry: Sequence[RegisteredGroup] = ()
    language: str = "en"
    now: Callable[[], datetime] = _now


class ManualConnector:
    """A `ChatConnector` that never sends anything: there is nothing to send it to."""

    def __init__(self, config: ManualConfig) -> None:
        """Take this instance's rows; ValueError: a group registered twice, LookupError: no such platform."""
        self._config = config
        self._tasks = platform_tasks(config.platform)
        self.take(config.registry)

    def take(self, registry: Sequence[RegisteredGroup]) -> None:
        """Go by these rows from now on; ValueError where a group stands there twice, and nothing changes."""
        own = [row for row in registry if row.instance == self.instance]
        rows = {row.group: row for row in own}
        if len(rows) != len(own):
            raise ValueError(
                f"registry of {self.instance}: a group is registered twice, so a task could mean either; "
                "give each row its own `group` (add the place or the team to the name)"
            )
        self._rows = rows

    @property
    def instance(self) -> str:
        return self._config.instance

    @property
    def capabilities(self) -> Capabilities:
        title = self._config.title or self._tasks.title
        residual = self._tasks.residual.get(self._config.language, self._tasks.residual["en"])
        return replace(MANIFEST, platform=self._config.platform, title=title, residual_access=residual)

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:  # noqa: ARG002 - the contract's form
        """Say which groups nobody answers for, and which have no list of members."""
        if not self._rows:
            return (
                self._finding("no_groups_registered", "no group is registered", "Add the groups you know."),
            )
        return tuple(finding for row in self._rows.values() for finding in self._row_findings(row))

    async def own_account_ids(self) -> frozenset[str]:
        """Give nothing: no account of ours is in these groups."""
        return frozenset()

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Yield the person's one account, named by HR's own id and so certain; None: everybody registered."""
        if person is not None:
            yield self._account(person.id, person.name)
            return
        named = {
            id_ for row in self._rows.values() for id_ in (row.owner_id, row.deputy_id, *row.members) if id_
        }
        for id_ in sorted(named):
            yield self._account(id_)

    async def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:  # noqa: ARG002 - the contract's form
        """Yield the registered groups, and a gap for each whose members nobody wrote down."""
        for row in self._rows.values():
            yield self._group(row)
            if not row.members:
                yield self._gap(row)

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        """Yield the groups whose row names the person or asks always, and a gap where nobody knows.

        A group in `known` that is not registered is a gap too. ValueError: another instance's account.
        """
        person_id = self._person_id(account)
        for row in self._rows.values():
            if person_id in _named(row) or CHECK_ALWAYS in row.tags:
                yield self._membership(account, row, person_id)
            elif not row.members:
                yield self._gap(row)
        for group in known.groups:
            if group.instance == self.instance and group.id not in self._rows:
                yield Gap(self.instance, "not_registered", group.id, remedy="Register the group again.")

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        """Say `no_api` of each step; ValueError for more steps than the manifest allows."""
        if len(steps) > MANIFEST.batch:
            raise ValueError(
                f"{self.instance}: {len(steps)} steps in one call, at most {MANIFEST.batch}; split it"
            )
        return tuple(self._result(step) for step in steps)

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        """Say `unreadable` of each step: only a person can look."""
        evidence = self._evidence("manual.read_back")
        return tuple(
            Presence(step.step_id, Sight.UNREADABLE, evidence, "only a member can look") for step in steps
        )

    async def aclose(self) -> None:
        """Close nothing; nothing is open."""

    def _result(self, step: Revocation) -> Result:
        evidence = self._evidence("manual.revoke")
        if step.account_id != step.membership.account.id or step.membership.group.instance != self.instance:
            detail = "the step names two different accounts, or a group of another instance"
            refused = Refusal.AMBIGUOUS
            return Result(
                step.step_id, Outcome.REFUSED, evidence, refused, detail=detail, remedy="Plan it again."
            )
        detail = f"{self._tasks.title} lets no program remove a member"
        return Result(
            step.step_id, Outcome.NO_API, evidence, detail=detail, remedy="Hand it to the group's owner."
        )

    def _evidence(self, source: str) -> Evidence:
        return Evidence(Quality.UNKNOWN, self._config.now(), source)

    def _account(self, person_id: str, name: str = "") -> Account:
        return Account(self.instance, ACCOUNT_PREFIX + person_id, name)

    def _person_id(self, account: Account) -> str:
        if account.instance != self.instance or not account.id.startswith(ACCOUNT_PREFIX):
            raise ValueError(f"{self.instance}: {account.instance}/{account.id} is not one of its accounts")
        return account.id.removeprefix(ACCOUNT_PREFIX)

    def _group(self, row: RegisteredGroup) -> Group:
        count = len(row.members) or None
        name = row.name or row.group
        platform = self._config.platform
        return Group(self.instance, platform, row.group, name, GroupKind.GROUP_CHAT, member_count=count)

    def _membership(self, account: Account, row: RegisteredGroup, person_id: str) -> Membership:
        owner = person_id == row.owner_id
        role = Role.OWNER if owner else Role.ADMIN if person_id == row.deputy_id else Role.MEMBER
        return Membership(account, self._group(row), role, sole_owner=owner and row.deputy_id is None)

    def _gap(self, row: RegisteredGroup) -> Gap:
        remedy = f"List the members in the registry, or tag the row {CHECK_ALWAYS!r} to be asked each time."
        return Gap(self.instance, "members_unknown", row.group, "the registry lists no members", remedy)

    def _row_findings(self, row: RegisteredGroup) -> Iterable[Finding]:
        if row.owner_id is None:
            yield self._finding("no_owner", "nobody answers for this group", "Name an owner.", row.group)
        if not row.members and CHECK_ALWAYS not in row.tags:
            gap = self._gap(row)
            yield self._finding(gap.reason, gap.detail, gap.remedy, row.group)

    def _finding(self, code: str, message: str, remedy: str, group: str | None = None) -> Finding:
        return Finding(Severity.WARNING, self.instance, code, message, remedy, group)


def _named(row: RegisteredGroup) -> frozenset[str]:
    """Everybody the row names: its list, and whoever answers for the group, who can hardly be outside it."""
    return frozenset(id_ for id_ in (*row.members, row.owner_id, row.deputy_id) if id_)
