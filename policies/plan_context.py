"""What a plan must know beside the memberships: the case, platforms, accounts, registry, successors, ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from policies.model import (
    Account,
    Certainty,
    Group,
    LifecycleEvent,
    Post,
    RegisteredGroup,
    StepAction,
    WayBack,
)
from policies.succession import Candidate


@dataclass(frozen=True, slots=True)
class Case:
    """One lifecycle event being carried out for one person, as far as a plan needs to know it."""

    id: str
    event: LifecycleEvent
    rule: str
    due: datetime
    cap: int | None = None
    """The number of memberships an approval covers; None where none was needed."""
    approved: frozenset[tuple[str, str]] = frozenset()
    """(instance, group id) pairs seen when it was approved."""


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """What a plan must know of a connector instance: what it can do, and its order of lock-out."""

    platform: str
    actions: tuple[StepAction, ...]
    """What this instance's tokens allow."""
    lockout_order: tuple[StepAction, ...]
    """What the platform knows, in its order; an act in here but not in `actions` needs another token."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What was read beside the memberships."""

    certainty: Mapping[tuple[str, str], tuple[Certainty, str]]
    """(instance, account id) → how surely it is the person's, and why; what is missing counts as unknown."""
    accounts: Sequence[Account]
    """The person's accounts."""
    protected: frozenset[str]
    """Employee ids never touched, beside those the policy names."""
    own_accounts: frozenset[tuple[str, str]]
    """(instance, account id) of the bot itself."""
    registry: Sequence[RegisteredGroup]
    groups: Sequence[Group]
    """Every group that was seen, for what a mover may join."""
    instances: Mapping[str, InstanceFacts]
    candidates: Mapping[tuple[str, str], Sequence[Candidate]] = field(default_factory=dict)
    """(instance, group id) → who could take over a group whose last owner goes."""
    ways: Mapping[tuple[str, str], Sequence[WayBack]] = field(default_factory=dict)
    """(instance, account id) → what of the ways back the platform lets us close."""
    post_now: Post | None = None
    """Where HR says the person works today: its groups are kept. None while a move is only announced."""
