"""The composition root: everything is built once, here, and handed on; there are no globals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.audit.log import AuditLog, open_audit
from bot.instances import build_chat, build_hr
from bot.policy_shelf import PolicyShelf
from bot.settings import Settings, SettingsProblem
from bot.store.db import Store
from bot.store.migrate import migrate
from connectors.contract import ChatConnector, HrSource
from policies.loader import PolicyError
from policies.model import RegisteredGroup
from policies.registry import load_registry
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
    registry: tuple[RegisteredGroup, ...]
    limits: Limits
    chat: dict[str, ChatConnector]
    hr: tuple[HrSource, ...]
    now: Now


@asynccontextmanager
async def open_bawab(
    settings: Settings, *, now: Now = utc_now, read_only: bool = False, connect: bool = True
) -> AsyncIterator[Bawab]:
    """Build everything, and close it again.

    `read_only` lets no write leave the wire (preview, explain); `connect=False` builds no connector.
    Raises SettingsProblem, PolicyError or StoreProblem, each saying what to do.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    registry = _registry(settings.registry)
    shelf = PolicyShelf.load(settings.policies)
    store = Store.open(settings.database)
    chat: dict[str, ChatConnector] = {}
    try:
        await migrate(store)
        audit = await open_audit(store, settings.data_dir, now, witness_path=settings.witness)
        chat = build_chat(settings, registry, read_only=read_only, may_join=shelf.may_join) if connect else {}
        yield Bawab(
            settings=settings,
            store=store,
            audit=audit,
            shelf=shelf,
            registry=registry,
            limits=_limits(settings),
            chat=chat,
            hr=build_hr(settings),
            now=now,
        )
    finally:
        for connector in chat.values():
            await connector.aclose()
        await store.aclose()


def _registry(path: Path | None) -> tuple[RegisteredGroup, ...]:
    if path is None:
        return ()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsProblem(f"BAWAB_REGISTRY: {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1}"
        raise SettingsProblem(f"BAWAB_REGISTRY: {path} is not UTF-8 at {where}; save it as UTF-8") from None
    try:
        return load_registry(text, str(path))
    except PolicyError as error:
        raise SettingsProblem(str(error)) from None


def _limits(settings: Settings) -> Limits:
    return Limits(**settings.limits.model_dump(exclude_none=True))
