"""Every check of the contract, chapter by chapter; adding one here puts it to every connector."""

from tests.contract.checks import faults, manifest, read_back, reads, revoke, safety

CHECKS = (
    *manifest.CHAPTER.checks,
    *reads.CHAPTER.checks,
    *revoke.CHAPTER.checks,
    *faults.CHAPTER.checks,
    *read_back.CHAPTER.checks,
    *safety.CHAPTER.checks,
)
"""In reading order; names are unique (a test says so)."""
