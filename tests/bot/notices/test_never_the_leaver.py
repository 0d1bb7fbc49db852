"""Whatever registries, links and preferences say: the leaver reads nothing, and nobody reads why."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.states import StepState
from bot.store.access_tables import PreferenceRow
from bot.store.query import add
from connectors.chat.slack.sandbox import Fault, FaultKind
from connectors.messages import Message, NoticeOutcome, NoticeReceipt
from policies.model import ExitType, Person
from tests.bot.notices.office import ANA, Office, open_office

PEOPLE = ("E1", "E2", "E3", "E7", "E9", None)
STATES = (StepState.VERIFIED_ABSENT, StepState.FAILED, StepState.STILL_PRESENT, StepState.BLOCKED)


class Everywhere:
    """A channel that takes everything and remembers whom it went to."""

    def __init__(self, platform: str, readers: frozenset[str] = frozenset()) -> None:
        self.platform = platform
        self.readers = readers
        self.sent: list[tuple[str, Message]] = []

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        self.sent.append((account_id, message))
        return NoticeReceipt(NoticeOutcome.SENT, reference=key)

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
        return NoticeReceipt(NoticeOutcome.UNKNOWN, detail=f"{account_id} {key}")


OWNERS = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.booleans(), st.sampled_from(STATES))
LINKS = st.lists(st.tuples(st.sampled_from(("E1", "E2", "E3")), st.sampled_from(("U7", "U71"))), max_size=3)
CHOICES = st.lists(st.sampled_from(("slack", "email", "teams", "webhook", "telegram")), max_size=4)
HIS = {"U7", "U71", "ana@corp.test", "E7"}


@dataclass(frozen=True, slots=True)
class Company:
    """One company as it may be found: whom the registry names, who claims which account, who wants what."""

    groups: list[tuple[str | None, str | None, bool, StepState]]
    links: list[tuple[str, str]]
    wishes: dict[str, list[str]]
    shared: bool
    """Whether an owner's work address is the leaver's too."""
    flow: frozenset[str]
    """Who reads where the workflow posts."""
    exit_type: ExitType


COMPANIES = st.builds(
    Company,
    groups=st.lists(OWNERS, min_size=1, max_size=5),
    links=LINKS,
    wishes=st.dictionaries(st.sampled_from(("E1", "E2", "E3", "E9")), CHOICES, max_size=3),
    shared=st.booleans(),
    flow=st.frozensets(st.sampled_from(("E1", "E2", "E7"))),
    exit_type=st.sampled_from([one for one in ExitType if one is not ExitType.UNSTATED]),
)


@given(company=COMPANIES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_leaver_is_in_no_recipient_list_and_nobody_is_told_why(
    empty_database: Path, company: Company
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_database, Path(folder) / "bawab.db")
        asyncio.run(_tell(Path(folder), company))


async def _tell(folder: Path, company: Company) -> None:
    posts = {
        "email": Everywhere("mail"),
        "flow": Everywhere("cards", company.flow),
        "own": Everywhere("hook"),
    }
    async with open_office(folder) as office:
        office.channels |= posts
        ana = replace(ANA, email="ana@corp.test", exit_type=company.exit_type)
        await _settle(office, company, ana)
        case = await office.leave(ana)
        for number, (owner, deputy, by_hand, state) in enumerate(company.groups):
            if by_hand:
                office.own_by_hand(f"hand {number}", owner, deputy)
                await office.hand_over(case, f"hand {number}")
            else:
                office.own(f"group {number}", owner, deputy)
                await office.step(case, f"group {number}", state)
        await office.enqueue(case, person=ana)
        for hours in (0, 13, 13, 13):
            office.now += timedelta(hours=hours)
            await office.tasks.remind_due(office.now)
            await office.sender.send_due(office.now)
        _judge(office, posts, company.exit_type)
        assert all(row.recipient_id != "E7" for row in await office.notices())


async def _settle(office: Office, company: Company, ana: Person) -> None:
    await office.rewrite(ana)
    if company.shared:
        await office.rewrite(Person("E1", "Badr Salem", email="ANA@corp.test"))
    for person, account in dict.fromkeys(company.links):
        await office.link(person, account)
    async with office.store.write() as tx:
        for person, channels in company.wishes.items():
            await add(tx, PreferenceRow(person_id=person, channels=channels, updated_at=office.now))


def _judge(office: Office, posts: Mapping[str, Everywhere], exit_type: ExitType) -> None:
    assert office.inbox("U7") == office.inbox("U71") == []
    said = [text for account in ("U1", "U2", "U3", "U9") for text in office.inbox(account)]
    for name, post in posts.items():
        assert not {account for account, _ in post.sent} & HIS, name
        assert not ("E7" in post.readers and post.sent), "the leaver reads what is posted there"
        said += [f"{message.title} {message.text}" for _, message in post.sent]
    assert not any(exit_type.value.replace("_", " ") in text.casefold() for text in said)


async def test_the_same_company_without_a_leaver_in_it_is_told(office: Office) -> None:
    """The property above would also hold of a service that says nothing."""
    office.channels["email"] = Everywhere("mail")
    office.own("sales", "E1")
    case = await office.leave()
    await office.step(case, "sales")
    await office.enqueue(case)
    assert await office.send() == 1


async def test_a_list_takes_the_way_on_which_nobody_it_is_about_reads_along(office: Office) -> None:
    flow = Everywhere("cards", frozenset({"E2", "E7"}))
    office.channels["flow"] = flow
    async with office.store.write() as tx:
        await add(tx, PreferenceRow(person_id="E2", channels=["teams"], updated_at=office.now))
    office.own_by_hand("family", "E2")
    await office.hand_over(await office.leave(), "family")
    await office.send(minutes=2)
    assert flow.sent == []
    assert len(office.inbox("U2")) == 1


async def test_where_the_leaver_reads_along_everywhere_the_list_leaves_them_out(office: Office) -> None:
    office.channels["flow"] = flow = Everywhere("cards", frozenset({"E2", "E7"}))
    office.limit(channels=("teams",))
    office.own_by_hand("family", "E2")
    await office.hand_over(await office.leave(), "family")
    await office.send(minutes=2)
    assert flow.sent == []


async def test_news_put_together_takes_no_way_on_which_one_of_its_people_reads_along(office: Office) -> None:
    omar = Person("E4", "Omar Said", account_ids=(("hq", "U4"),))
    flow = Everywhere("cards", frozenset({"E1", "E7"}))
    office.channels["flow"] = flow
    office.own("sales", "E1")
    for number, person in enumerate((omar, ANA)):
        case = await office.leave(person, f"case_{number}")
        await office.step(case, "sales", account_id=person.account_ids[0][1])
        await office.enqueue(case, person=person)
        await office.send(seconds=1) if number else office.limit(per_hour=0)
    office.limit(per_hour=100)
    office.fail(Fault(FaultKind.HTTP_500, "conversations.open", times=0))
    for _ in range(3):
        await office.send(hours=1)
    assert flow.sent == []
    office.sandbox.faults.clear()
    await office.send(hours=1)
    (said,) = office.inbox("U1")
    assert said.count("Where it stands") == 2
