"""A small office: a real database and audit log, a Slack that keeps state, and people with accounts on it."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.audit.chain import RAW
from bot.audit.log import AuditLog, open_audit
from bot.notices.directory import StoreDirectory
from bot.notices.ports import NoticeLimits
from bot.notices.send import NoticeSender
from bot.states import StepState
from bot.store.db import Store
from bot.store.query import add, change, columns, where
from bot.store.tables import CaseRow, LinkRow, NoticeRow, PersonRow, StepRow, TaskRow
from bot.tasks.tasks import TaskRules, Tasks
from bot.values import account_to_plain, event_to_plain, group_to_plain
from connectors.chat.slack import SlackConfig, SlackConnector
from connectors.chat.slack.sandbox import BOT_TOKEN, Fault, Sandbox, User, create_sandbox, running_sandbox
from connectors.hr.records import digest, person_to_json
from policies.model import (
    Account,
    EventKind,
    ExitType,
    Group,
    GroupKind,
    LifecycleEvent,
    Person,
    Post,
    Refusal,
    RegisteredGroup,
    Sensitivity,
)
from policies.rules import Rule, RuleAction

START = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
SLACK, PHONES = "hq", "phones"
RULE = Rule(id="leaver", on=(EventKind.LEAVER,), action=RuleAction.REMOVE)
LIMITS = NoticeLimits(
    time_zone="Asia/Riyadh", channels=("slack", SLACK, "telegram", "teams", "email", "webhook")
)
RULES = TaskRules(it_contact="E9")
SENSITIVE = {"sensitivity": Sensitivity.SENSITIVE}
FENCES = {0x2068: None, 0x2069: None}
ANA = Person(
    "E7",
    "Ana Quispe",
    post=Post(manager_id="E3"),
    exit_type=ExitType.DISMISSAL,
    account_ids=((SLACK, "U7"),),
)


@dataclass(slots=True)
class Office:
    """Everything a test may look at and change; `registry` and `limits` bind when `open_desk` is called."""

    store: Store
    audit: AuditLog
    sandbox: Sandbox
    slack: SlackConnector
    now: datetime = START
    registry: list[RegisteredGroup] = field(default_factory=list)
    limits: NoticeLimits = LIMITS
    rules: TaskRules = RULES
    channels: dict[str, object] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)
    sender: NoticeSender = field(init=False)
    tasks: Tasks = field(init=False)

    def clock(self) -> datetime:
        return self.now

    def open_desk(self) -> None:
        """Build sender and tasks anew, as after a restart: nothing but the database is carried over."""
        self.sender = NoticeSender(
            self.store,
            self.audit,
            {SLACK: self.slack, **self.channels},
            StoreDirectory(),
            self.registry,
            self.limits,
            self.clock,
            self.deaf,
        )
        self.tasks = Tasks(self.store, self.audit, self.sender.outbox, self.rules, self.clock)

    def limit(self, **changes: Any) -> None:
        self.limits = replace(self.limits, **changes)
        self.open_desk()

    def own(self, group: str, owner: str | None, deputy: str | None = None, **more: Any) -> None:
        """Register a group in Slack."""
        self.registry.append(
            RegisteredGroup(SLACK, f"C-{group}", name=group, owner_id=owner, deputy_id=deputy, **more)
        )
        self.open_desk()

    def own_by_hand(self, group: str, owner: str | None, deputy: str | None = None, **more: Any) -> None:
        """Register a WhatsApp group, which only a person can change."""
        row = RegisteredGroup(PHONES, group, platform="whatsapp", owner_id=owner, deputy_id=deputy, **more)
        self.registry.append(row)
        self.open_desk()

    async def hire(self, person: Person, account: str | None = None, evidence: str = "hr_record") -> None:
        """Let HR know a person, and tie their Slack account to them."""
        record = person_to_json(person)
        row = PersonRow(
            id=person.id,
            source="hr",
            digest=digest(record),
            record=record,
            name=person.name,
            status=person.status,
            email=person.email,
            updated_at=self.now,
        )
        async with self.store.write() as tx:
            await add(tx, row)
        if account is not None:
            self.sandbox.workspace.add(User(account, person.name))
            await self.link(person.id, account, evidence)

    async def link(self, person_id: str, account: str, evidence: str = "hr_record") -> None:
        row = LinkRow(
            person_id=person_id,
            instance=SLACK,
            account_id=account,
            evidence=evidence,
            created_at=self.now,
        )
        async with self.store.write() as tx:
            await add(tx, row)

    async def rewrite(self, person: Person) -> None:
        """Let HR change what it says of a person."""
        values = {"record": person_to_json(person), "status": person.status, "email": person.email}
        async with self.store.write() as tx:
            await change(tx, PersonRow, values, columns(PersonRow).id == person.id)

    async def leave(self, person: Person = ANA, case_id: str = "case_1", **more: Any) -> CaseRow:
        """Open a running case."""
        event = LifecycleEvent(EventKind.LEAVER, person)
        given: dict[str, Any] = {
            "id": case_id,
            "event_key": f"key-{case_id}",
            "person_id": person.id,
            "kind": EventKind.LEAVER,
            "exit_type": person.exit_type,
            "event": event_to_plain(event),
            "state": "executing",
            "created_at": self.now,
            "updated_at": self.now,
        }
        case = CaseRow(**given | more)
        async with self.store.write() as tx:
            await add(tx, case)
        return case

    async def step(
        self,
        case: CaseRow,
        group: str,
        state: StepState = StepState.VERIFIED_ABSENT,
        refusal: Refusal | None = None,
        **more: Any,
    ) -> StepRow:
        """Store one step of a case, in Slack unless said otherwise."""
        instance = more.pop("instance", SLACK)
        account_id = more.pop("account_id", "U7")
        platform, group_id = ("slack", f"C-{group}") if instance == SLACK else ("whatsapp", group)
        creator = more.pop("creator", None)
        value = Group(instance, platform, group_id, group, GroupKind.PUBLIC_CHANNEL, creator_id=creator)
        given: dict[str, Any] = {
            "id": f"step_{case.id}_{group}_{account_id}",
            "case_id": case.id,
            "person_id": case.person_id,
            "instance": instance,
            "platform": platform,
            "action": "revoke",
            "stage": 0,
            "account_id": account_id,
            "account": account_to_plain(Account(instance, account_id)),
            "group_id": group_id,
            "group": group_to_plain(value),
            "role": "member",
            "manner": "kick",
            "rule": "library/leaver",
            "why": "leaver_all_groups",
            "priority": 0,
            "state": state,
            "refusal": refusal,
            "created_at": self.now,
            "updated_at": self.now,
        }
        step = StepRow(**given | more)
        async with self.store.write() as tx:
            await add(tx, step)
        return step

    async def hand_over(self, case: CaseRow, group: str, **more: Any) -> TaskRow:
        """Delegate a step on a WhatsApp group, as the worker does."""
        step = await self.step(case, group, StepState.PENDING, instance=PHONES, account_id="", **more)
        async with self.store.write() as tx:
            return await self.tasks.open_task(tx, step)

    async def set_step(self, step: StepRow, state: StepState) -> None:
        async with self.store.write() as tx:
            await change(tx, StepRow, {"state": state}, columns(StepRow).id == step.id)

    async def enqueue(self, case: CaseRow, rule: Rule | None = RULE, person: Person = ANA) -> int:
        async with self.store.write() as tx:
            steps = await where(tx, StepRow, columns(StepRow).case_id == case.id)
            return await self.sender.enqueue_for_case(tx, case, steps, person, rule)

    async def send(self, **later: float) -> int:
        """Send what is due, after the clock has moved on by so much."""
        self.now += timedelta(**later)
        return await self.sender.send_due(self.now)

    def inbox(self, account: str) -> list[str]:
        """What an account has received, as a person reads it: without the marks that fence off names."""
        return [text.translate(FENCES) for text in self.raw_inbox(account)]

    def raw_inbox(self, account: str) -> list[str]:
        box = self.sandbox.workspace.channels.get(f"D{account}")
        return [html.unescape(message["text"]) for message in box.messages] if box else []

    def buttons(self, account: str) -> list[tuple[str, str]]:
        """(act, value) of every button that stands before an account now."""
        box = self.sandbox.workspace.channels.get(f"D{account}")
        blocks = [block for message in box.messages for block in message["blocks"]] if box else []
        rows = [block["elements"] for block in blocks if block["type"] == "actions"]
        return [(one["action_id"], one["value"]) for row in rows for one in row if "value" in one]

    def fail(self, fault: Fault) -> None:
        self.sandbox.faults.append(fault)

    async def notices(self, kind: str | None = None) -> list[NoticeRow]:
        async with self.store.read() as tx:
            rows = await where(tx, NoticeRow)
        return [row for row in rows if kind in (None, row.kind.partition("/")[0])]

    async def notice(self) -> NoticeRow:
        (only,) = await self.notices()
        return only

    async def task(self, task_id: str) -> TaskRow:
        async with self.store.read() as tx:
            (found,) = await where(tx, TaskRow, columns(TaskRow).id == task_id)
        return found

    async def step_now(self, step_id: str) -> StepRow:
        async with self.store.read() as tx:
            (found,) = await where(tx, StepRow, columns(StepRow).id == step_id)
        return found

    async def log(self) -> Sequence[Any]:
        """Every audit entry as stored, oldest first."""
        async with self.store.read() as tx:
            return (await tx.execute(select(RAW).order_by(RAW.c.seq))).mappings().all()

    async def acts(self, prefix: str) -> list[tuple[str, str]]:
        """(action, outcome) of the entries whose action begins so."""
        return [
            (row["action"], row["outcome"]) for row in await self.log() if row["action"].startswith(prefix)
        ]


@asynccontextmanager
async def open_office(folder: Path) -> AsyncIterator[Office]:
    """Open an office over the migrated `bawab.db` in a folder.

    Ana (E7) is leaving; Badr (E1), Huda (E2, who reads Arabic), Omar (E3) and Ines in IT (E9) stay.
    """
    store = Store.at(folder / "bawab.db")
    sandbox = create_sandbox()
    async with running_sandbox(sandbox) as url:
        config = SlackConfig(
            SLACK,
            BOT_TOKEN,
            base_url=f"{url}/api/",
            pace_scale=0.0,
            timeout_seconds=5.0,
            backoff_seconds=0.001,
        )
        slack = SlackConnector(config)
        try:
            office = Office(store, await open_audit(store, folder, lambda: START), sandbox, slack)
            office.open_desk()
            await _staff(office)
            yield office
        finally:
            await slack.aclose()
            await store.aclose()


async def _staff(office: Office) -> None:
    await office.hire(ANA, "U7")
    await office.hire(Person("E1", "Badr Salem", email="badr@corp.test"), "U1")
    await office.hire(Person("E2", "هدى العتيبي", language="ar", time_zone="Asia/Riyadh"), "U2")
    await office.hire(Person("E3", "Omar Diaz"), "U3")
    await office.hire(Person("E9", "Ines (IT)"), "U9")
