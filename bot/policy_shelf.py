"""The policy in force, and every earlier version a running case may still need."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.settings import SettingsProblem
from bot.store.query import add, columns, one
from bot.store.tables import PolicyRow
from policies.loader import combine, from_text, load, to_text
from policies.rules import Policy

LIBRARY = Path(__file__).resolve().parent.parent / "policies" / "library"


@dataclass(slots=True)
class PolicyShelf:
    """Today's policy as read from its files; older versions come from the store by digest."""

    current: Policy
    files: tuple[Path, ...]
    _older: dict[str, Policy] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None) -> PolicyShelf:
        """Read a file or a folder of `*.yaml` (default: the library); raises PolicyError, SettingsProblem."""
        files = policy_files(path or LIBRARY)
        policies = [load(_text(file), str(file)) for file in files]
        return cls(combine(policies), files)

    @property
    def may_join(self) -> bool:
        """Whether any rule lets the bot join a public channel to act there."""
        return any(rule.join_to_act for rule in self.current.rules)

    async def remember(self, tx: AsyncConnection, row: PolicyRow) -> bool:
        """Store today's version if it is new; say whether it was."""
        if await one(tx, PolicyRow, columns(PolicyRow).digest == row.digest):
            return False
        await add(tx, row)
        return True

    async def version(self, tx: AsyncConnection, digest: str) -> Policy:
        """Give the version a case was decided under."""
        if digest == self.current.digest:
            return self.current
        if digest not in self._older:
            row = await one(tx, PolicyRow, columns(PolicyRow).digest == digest)
            if row is None:
                raise LookupError(f"policy version {digest[:12]} is not in the store")
            self._older[digest] = from_text(row.text)
        return self._older[digest]

    def text(self) -> str:
        """Spell today's version canonically, as it is stored."""
        return to_text(self.current)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1}"
        raise SettingsProblem(f"BAWAB_POLICIES: {file} is not UTF-8 at {where}; save it as UTF-8") from None


def policy_files(path: Path) -> tuple[Path, ...]:
    """Find the policy files; raises SettingsProblem where there are none."""
    if path.is_file():
        return (path,)
    files = tuple(sorted(path.glob("*.yaml"))) + tuple(sorted(path.glob("*.yml")))
    if not files:
        raise SettingsProblem(f"BAWAB_POLICIES: {path} holds no policy file (*.yaml)")
    return files
