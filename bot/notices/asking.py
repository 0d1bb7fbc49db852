"""Who is asked to decide what waits: everybody whose role fits, by two operators, never about themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.access.actors import actor_of
from bot.access.roster import people_with
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.holds import open_holds
from bot.notices.channels import two_independent
from bot.notices.outbox import Contents, Outbox, Put
from bot.notices.recipients import Destination, Subject
from bot.notices.touched import concerned_by, operators_changed
from bot.release import signatures_of
from bot.signers import asked_of, signer_of, turn_of
from bot.states import HoldKind
from bot.store.access_tables import ConfirmationRow
from bot.store.notices import asked_about, told_questions
from bot.store.query import columns, one, where
from bot.store.tables import HoldRow, LinkQuestionRow, NoticeRow
from policies.roles import Permission, Role

DECIDERS = (Role.HR, Role.IT)


class Asking:
    """Writes down who is asked about holds, emergencies and questions; each person once for each channel."""

    def __init__(self, app: Bawab, outbox: Outbox) -> None:
        self._app = app
        self._outbox = outbox
        self._looked: dict[str, frozenset[str]] = {}
        """hold → who could sign it when it was looked at; after a restart everything is looked at again."""
        self._asked: tuple[object, ...] | None = None
        """Whom there was to ask, and about what, when everybody was last asked."""

    async def ask_due(self) -> int:
        """Store what must be asked now; gives how many messages are new. Safe to repeat."""
        async with self._app.store.read() as tx:
            standing = await self._standing(tx)
        stored = await self._ask_all() if standing != self._asked else 0
        self._asked = standing
        return stored

    async def _standing(self, tx: AsyncConnection) -> tuple[object, ...]:
        """Sum up whom there is to ask, and about what: as long as it stays, nobody is to be asked anew."""
        staff = [(row.id, *row.roles) for row in await people_with(self._app, tx, DECIDERS)]
        if not staff:
            return ()
        now, question = self._app.now(), columns(LinkQuestionRow).id
        holds = [(hold.digest, hold.shown is None) for hold in await open_holds(tx)]
        rows = await where(tx, ConfirmationRow, columns(ConfirmationRow).verdict.is_(None))
        emergencies = [(row.case_id, now >= row.due) for row in rows]
        questions = (await tx.scalars(select(question).order_by(question))).all()
        return tuple(staff), tuple(holds), tuple(emergencies), tuple(questions)

    async def _ask_all(self) -> int:
        async with self._app.store.write() as tx:
            staff = [row.id for row in await people_with(self._app, tx, DECIDERS)]
            if not staff:
                return 0
            stored = 0
            for hold in await open_holds(tx):
                if hold.kind == HoldKind.APPROVAL and hold.shown is None:
                    continue  # asked once it is known what it would end
                stored += await self._about_hold(tx, hold, staff)
            for row in await where(tx, ConfirmationRow, columns(ConfirmationRow).verdict.is_(None)):
                stored += await self._about_emergency(tx, row, staff)
            return stored + await self._about_questions(tx, staff)

    async def judge(self, tx: AsyncConnection, notice: NoticeRow) -> Subject | None:
        """Give whom a question is about; None where its reader may not decide it (any more)."""
        who = await actor_of(self._app, tx, notice.recipient_id, "cli")
        if who is None:
            return None
        if notice.hold_digest:
            hold = await one(tx, HoldRow, columns(HoldRow).digest == notice.hold_digest)
            may = hold is not None and (_decided(hold) or await self._may_sign(tx, hold, who, signed=True))
            return await self._subjects(tx, hold) if hold is not None and may else None
        if notice.kind.startswith("confirm/"):
            row = await one(tx, ConfirmationRow, columns(ConfirmationRow).case_id == notice.case_id)
            subject = await self._outbox.subject_of_case(tx, notice.case_id)
            return subject if row is not None and _may_confirm(row, who, subject) else None
        return Subject("") if who.may(Permission.LINK_DECIDE) else None

    async def _about_hold(self, tx: AsyncConnection, hold: HoldRow, staff: Sequence[str]) -> int:
        if self._looked.get(hold.digest) == frozenset(staff):
            return 0
        self._looked[hold.digest] = frozenset(staff)
        asked = await asked_about(tx, hold.digest)
        stored = 0
        subject = await self._subjects(tx, hold)
        changed = await operators_changed(self._app, tx, hold)
        for person in sorted(set(staff) - asked):
            who = await actor_of(self._app, tx, person, "cli")
            if who is not None and await self._may_sign(tx, hold, who):
                kind = f"approval/{hold.digest[:16]}"
                stored += await self._ask(tx, person, kind, "", subject, changed, hold)
        return stored

    async def _may_sign(
        self, tx: AsyncConnection, hold: HoldRow, who: Actor, *, signed: bool = False
    ) -> bool:
        """Whether somebody's name would be taken; `signed`: or has been."""
        signer = await signer_of(tx, who)
        words = await signatures_of(tx, hold.digest)
        if signed and any(word.by == who.id for word in words):
            return True
        return turn_of(await asked_of(tx, hold, signer), words, signer).is_theirs

    async def _subjects(self, tx: AsyncConnection, hold: HoldRow) -> Subject:
        """Gather everybody a hold is about with every address of theirs: nobody reads along of themselves."""
        ids = await concerned_by(tx, hold)
        return Subject("", await self._outbox.addresses_of(tx, ids), ids)

    async def _ask(
        self,
        tx: AsyncConnection,
        person: str,
        kind: str,
        case_id: str,
        subject: Subject,
        changed: Collection[str],
        hold: HoldRow | None = None,
    ) -> int:
        """Store one message for each of two operators; says in the log where they are not independent."""
        found = await self._outbox.addresses.of(tx, person, subject)
        channels = self._outbox.addresses.channels
        chosen = two_independent([channels[one.instance] for one in found], changed)
        if changed and all(channel.operator in changed for channel in chosen):
            await self._app.audit.append(tx, _alone(person, case_id, hold, chosen_names(found)))
        at = {one.instance: one for one in found}
        stored = 0
        for place, channel in enumerate(chosen or (None,), 1):
            to = at[channel.name] if channel else None
            digest = hold.digest if hold else None
            put = Put(case_id, subject, self._app.now(), f"{kind}/{place}", person, to, digest)
            stored += await self._outbox.write(tx, put, Contents()) is not None
        return stored

    async def _about_emergency(self, tx: AsyncConnection, row: ConfirmationRow, staff: Sequence[str]) -> int:
        late = self._app.now() >= row.due
        kind = f"confirm/{'late' if late else 'now'}"
        subject = await self._outbox.subject_of_case(tx, row.case_id)
        stored = 0
        for person in staff:
            who = await actor_of(self._app, tx, person, "cli")
            if who is not None and subject is not None and _may_confirm(row, who, subject):
                stored += await self._ask(tx, person, kind, row.case_id, subject, ())
        return stored

    async def _about_questions(self, tx: AsyncConnection, staff: Sequence[str]) -> int:
        """Tell each decider once of the questions they were not told of."""
        rows = await where(tx, LinkQuestionRow)
        stored = 0
        for person in staff if rows else ():
            told = await told_questions(tx, person)
            fresh = sorted(row.id for row in rows if row.id not in told and person not in row.people)
            who = await actor_of(self._app, tx, person, "cli") if fresh else None
            if who is not None and who.may(Permission.LINK_DECIDE):
                put = Put("", Subject(""), self._app.now(), f"questions/{fresh[0]}", person)
                stored += await self._outbox.write(tx, put, Contents(told=tuple(fresh))) is not None
        return stored


def _decided(hold: HoldRow) -> bool:
    return hold.released_at is not None or hold.withdrawn_at is not None


def _may_confirm(row: ConfirmationRow, who: Actor, subject: Subject | None) -> bool:
    asker = row.requested_by.removeprefix("person:")
    mine = subject is not None and subject.person_id == who.id
    return who.may(Permission.CASE_CONFIRM) and who.id != asker and not mine


def chosen_names(found: Iterable[Destination]) -> list[str]:
    """Name the channels somebody can be reached by."""
    return sorted({one.instance for one in found})


def _alone(person: str, case_id: str, hold: HoldRow | None, reached: Sequence[str]) -> Entry:
    detail: dict[str, object] = {"why": "only_over_what_is_changed", "channels": list(reached)}
    detail |= {"hold": hold.digest, "kind": hold.kind} if hold else {}
    return Entry(
        Action.NOTICE_SEND,
        "bawab",
        outcome="not_independent",
        case_id=case_id or None,
        personal={"recipient": person},
        person_id=person,
        detail=detail,
    )
