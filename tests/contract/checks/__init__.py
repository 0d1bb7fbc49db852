"""Every check of the contract, chapter by chapter; adding one here puts it to every connector."""

from tests.contract.checks import (
    accounts,
    faults,
    manifest,
    members,
    moving,
    ownership,
    read_back,
    reads,
    revoke,
    safety,
    ways_back,
)

CHECKS = (
    *manifest.CHAPTER.checks,
    *reads.CHAPTER.checks,
    *revoke.CHAPTER.checks,
    *faults.CHAPTER.checks,
    *read_back.CHAPTER.checks,
    *members.CHAPTER.checks,
    *moving.CHAPTER.checks,
    *ownership.CHAPTER.checks,
    *ways_back.CHAPTER.checks,
    *accounts.CHAPTER.checks,
    *safety.CHAPTER.checks,
)
"""In reading order; names are unique (a test says so)."""
