"""The composition root: everything is built once, here, and handed on; there are no globals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.access.staff_shelf import StaffShelf
from bot.alarm import Alarm
from bot.audit.log import AuditLog, open_audit
from bot.groups.registry_shelf import RegistryShelf
from bot.instances import build_chat, build_hr
from bot.keeping.moved import refuse_moved
from bot.policy_shelf import PolicyShelf
from bot.post_office import Post, build_posts
from bot.settings import Settings
from bot.store.db import Store
from bot.store.migrate import migrate
from connectors.contract import ChatConnector
from connectors.hr.contract import HrSource
from policies.model import RegisteredGroup
from policies.thresholds import Limits

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Tell the time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Bawab:
    """Everything the services need."""

    settings: Settings
    store: Store
    audit: AuditLog
    shelf: PolicyShelf
    registered: RegistryShelf
    staffed: StaffShelf
    limits: Limits
    chat: dict[str, ChatConnector]
    hr: tuple[HrSource, ...]
    now: Now
    posts: dict[str, Post] = field(default_factory=dict)
    """What carries messages and nothing else, by name: mail, workflows of Teams, webhooks."""
    alarm: Alarm = field(default_factory=Alarm)
    """Wakes this process's service for what must not wait for its tick."""

    @property
    def registry(self) -> tuple[RegisteredGroup, ...]:
        """The rows of the group registry as they are now; a long-lived holder asks again, or is told."""
        return self.registered.rows


@asynccontextmanager
async def open_bawab(
    settings: Settings,
    *,
    now: Now = utc_now,
    read_only: bool = False,
    connect: bool = True,
    even_broken_registry: bool = False,
) -> AsyncIterator[Bawab]:
    """Build everything, and close it again.

    `read_only` lets no write leave the wire (preview, explain); `connect=False` builds no connector;
    `even_broken_registry` is for whoever says that the registry or the staff file cannot be read (status).
    Raises SettingsProblem, PolicyError or StoreProblem, each saying what to do.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    refuse_moved(settings)
    registered = RegistryShelf.load(settings.registry, even_broken=even_broken_registry)
    staffed = StaffShelf.load(settings.staff, even_broken=even_broken_registry)
    shelf = PolicyShelf.load(settings.policies)
    store = Store.open(settings.database)
    chat: dict[str, ChatConnector] = {}
    posts: dict[str, Post] = {}
    try:
        await migrate(store)
        audit = await open_audit(store, settings.data_dir, now, witness_path=settings.witness)
        chat = _chat(settings, registered, shelf, read_only=read_only) if connect else {}
        posts = build_posts(settings, read_only=read_only) if connect else {}
        yield Bawab(
            settings=settings,
            store=store,
            audit=audit,
            shelf=shelf,
            registered=registered,
            staffed=staffed,
            limits=_limits(settings),
            chat=chat,
            hr=build_hr(settings),
            now=now,
            posts=posts,
        )
    finally:
        for connector in chat.values():
            await connector.aclose()
        for post in posts.values():
            await post.aclose()
        await store.aclose()


def _chat(
    settings: Settings, registered: RegistryShelf, shelf: PolicyShelf, *, read_only: bool
) -> dict[str, ChatConnector]:
    return build_chat(settings, registered.rows, read_only=read_only, may_join=shelf.may_join)


def _limits(settings: Settings) -> Limits:
    return Limits(**settings.limits.model_dump(exclude_none=True))
