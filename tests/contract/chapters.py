"""The names of whole chapters of checks, for platforms that leave a chapter out as one."""

from __future__ import annotations

from tests.contract.checks import accounts, members, moving, ownership, ways_back
from tests.contract.stage import Need
from tests.contract.suite import Chapter


def _named(chapter: Chapter, *needs: Need) -> frozenset[str]:
    return frozenset(check.name for check in chapter.checks if not needs or set(needs) & set(check.needs))


MEMBER_CHECKS = _named(members.CHAPTER)
MOVING_CHECKS = _named(moving.CHAPTER)
OWNERSHIP_CHECKS = _named(ownership.CHAPTER)
WAY_BACK_CHECKS = _named(ways_back.CHAPTER)
ACCOUNT_CHECKS = _named(accounts.CHAPTER)
CLOSING_CHECKS = _named(accounts.CHAPTER, Need.DEACTIVATES)
SESSION_CHECKS = _named(accounts.CHAPTER, Need.ENDS_SESSIONS)
