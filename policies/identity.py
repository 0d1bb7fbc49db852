"""Which accounts are a person's: certain, ambiguous or none, by recorded links and never by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from policies.model import Account, AccountKind, Certainty, IdentityLink, LinkEvidence, Person

_K = TypeVar("_K")
_V = TypeVar("_V")

_STRENGTH = {evidence: rank for rank, evidence in enumerate(LinkEvidence)}

IDENTITY_WHYS = frozenset(
    {evidence.value for evidence in LinkEvidence} | {"link_not_released", "claimed_by_two", "bot_account"}
)
"""Every `why` that `match` can give; surfaces hold their texts."""

AccountKey = tuple[str, str]
"""(connector instance, immutable account id)."""


@dataclass(frozen=True, slots=True)
class MatchedAccount:
    """An account tied to a person, how surely, and why (one of IDENTITY_WHYS)."""

    account: Account
    certainty: Certainty
    why: str


@dataclass(frozen=True, slots=True)
class IdentityQuestion:
    """What only somebody who knows can settle: is this account this person's? `why` is a stable key.

    `hr_id_unknown` HR names an id the platform does not know · `bot_account` a bot holds it ·
    `stated_for_two_people` HR gives one id to two people · `linked_to_another_person` the account is somebody
    else's already (a reused e-mail or id) · `email_of_two_people` · `email_on_two_accounts` ·
    `person_has_another_account` the person is tied to a different account there.
    """

    person_id: str
    instance: str
    account_id: str
    why: str
    others: tuple[str, ...] = ()
    """Employee ids of the other people concerned, sorted."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Links to store (e-mail ones still unreleased) and questions to ask."""

    new: tuple[IdentityLink, ...]
    questions: tuple[IdentityQuestion, ...]


def match(
    person: Person, accounts: Sequence[Account], links: Sequence[IdentityLink]
) -> Sequence[MatchedAccount]:
    """Give those of `accounts` that are linked to `person`, in the order given.

    `links` are ALL links that touch these accounts or this person: an account claimed by two people is
    ambiguous only if both claims are shown. Accounts without a link to this person are not returned.
    """
    claims = _by_account(links)
    return tuple(
        MatchedAccount(account, *_judge(person.id, account, claims[_key(account)]))
        for account in accounts
        if any(link.person_id == person.id for link in claims.get(_key(account), ()))
    )


def propose(
    people: Sequence[Person], accounts: Sequence[Account], links: Sequence[IdentityLink]
) -> Proposals:
    """Propose links that are still missing; whatever is not beyond doubt becomes a question.

    `people` is the whole directory (uniqueness is judged over it), `accounts` every account of the instances
    that were read (an e-mail there is one the platform has verified), `links` all that are stored. An id that
    HR states for an instance of which no account was given is left alone.
    """
    known = _Known(people, accounts, links)
    stated = tuple(_from_hr(known))
    taken = frozenset((link.person_id, link.instance) for link in stated if isinstance(link, IdentityLink))
    found = (*stated, *_from_email(known, taken))
    return Proposals(
        tuple(dict.fromkeys(item for item in found if isinstance(item, IdentityLink))),
        tuple(dict.fromkeys(item for item in found if isinstance(item, IdentityQuestion))),
    )


def _judge(person_id: str, account: Account, claims: Sequence[IdentityLink]) -> tuple[Certainty, str]:
    if account.kind is AccountKind.BOT:
        return Certainty.AMBIGUOUS, "bot_account"
    if any(link.person_id != person_id for link in claims):
        return Certainty.AMBIGUOUS, "claimed_by_two"
    strongest = min(claims, key=lambda link: (_STRENGTH[link.evidence], not link.released))
    if strongest.evidence is LinkEvidence.DIRECTORY_EMAIL and not strongest.released:
        return Certainty.AMBIGUOUS, "link_not_released"
    return Certainty.CERTAIN, strongest.evidence.value


class _Known:
    """Look-ups over one call's arguments, built once so that a large directory stays linear."""

    def __init__(
        self, people: Sequence[Person], accounts: Sequence[Account], links: Sequence[IdentityLink]
    ) -> None:
        self.people = people
        self.accounts = {_key(account): account for account in accounts}
        self.instances = frozenset(account.instance for account in accounts)
        self.claims = _by_account(links)
        self.tied = frozenset((link.person_id, link.instance) for link in links)
        self.stated = _grouped((key, person.id) for person in people for key in person.account_ids)
        self.mailboxes = _grouped(
            ((account.instance, _folded(account.email)), account.id) for account in self.accounts.values()
        )
        self.addresses = _grouped((_folded(person.email), person.id) for person in people)

    def others(self, key: AccountKey, person_id: str) -> tuple[str, ...]:
        """Give the other people to whom the account is linked."""
        claims = self.claims.get(key, ())
        return tuple(dict.fromkeys(link.person_id for link in claims if link.person_id != person_id))


Found = IdentityLink | IdentityQuestion


def _from_hr(known: _Known) -> Iterator[Found]:
    for person in known.people:
        for key in person.account_ids:
            if key[0] in known.instances:
                yield from _stated(known, person, key)


def _stated(known: _Known, person: Person, key: AccountKey) -> Iterator[Found]:
    if doubt := _doubt_on_stated(known, person, key):
        yield _question(person, key, *doubt)
    elif all(link.evidence is LinkEvidence.DIRECTORY_EMAIL for link in known.claims.get(key, ())):
        yield IdentityLink(person.id, *key, LinkEvidence.HR_RECORD)


def _doubt_on_stated(known: _Known, person: Person, key: AccountKey) -> tuple[str, Sequence[str]] | None:
    account = known.accounts.get(key)
    if account is None:
        return "hr_id_unknown", ()
    if account.kind is AccountKind.BOT:
        return "bot_account", ()
    if len(known.stated[key]) > 1:
        return "stated_for_two_people", known.stated[key]
    others = known.others(key, person.id)
    return ("linked_to_another_person", others) if others else None


def _question(person: Person, key: AccountKey, why: str, concerned: Iterable[str]) -> IdentityQuestion:
    return IdentityQuestion(person.id, *key, why, tuple(sorted({*concerned} - {person.id})))


def _from_email(known: _Known, just_tied: frozenset[tuple[str, str]]) -> Iterator[Found]:
    for person in known.people:
        for instance in sorted(known.instances) if _folded(person.email) else ():
            ids = known.mailboxes.get((instance, address), ())
            has_another = (person.id, instance) in known.tied or (person.id, instance) in just_tied
            for account_id in (ids := _unsettled(known, person, instance)):
                yield _mailed(known, person, (instance, account_id), ids, has_another=has_another)


def _unsettled(known: _Known, person: Person, instance: str) -> Sequence[str]:
    """Accounts with the person's e-mail, unless one of them is already stated or linked as theirs."""
    ids = known.mailboxes.get((instance, _folded(person.email)), ())
    keys = [(instance, account_id) for account_id in ids]
    mine = (link.person_id == person.id for key in keys for link in known.claims.get(key, ()))
    return () if any(mine) or any(key in person.account_ids for key in keys) else ids


def _mailed(
    known: _Known, person: Person, key: AccountKey, ids: Sequence[str], *, has_another: bool
) -> Found:
    namesakes = known.addresses[_folded(person.email)]
    others = known.others(key, person.id)
    doubts: tuple[tuple[bool, str, Sequence[str]], ...] = (
        (known.accounts[key].kind is AccountKind.BOT, "bot_account", ()),
        (bool(others), "linked_to_another_person", others),
        (len(ids) > 1, "email_on_two_accounts", ()),
        (len(namesakes) > 1, "email_of_two_people", namesakes),
        (has_another, "person_has_another_account", ()),
    )
    for doubtful, why, concerned in doubts:
        if doubtful:
            return _question(person, key, why, concerned)
    return IdentityLink(person.id, *key, LinkEvidence.DIRECTORY_EMAIL)


def _by_account(links: Sequence[IdentityLink]) -> Mapping[AccountKey, Sequence[IdentityLink]]:
    claims: defaultdict[AccountKey, list[IdentityLink]] = defaultdict(list)
    for link in links:
        claims[link.instance, link.account_id].append(link)
    return claims


def _grouped(pairs: Iterable[tuple[_K, _V]]) -> Mapping[_K, Sequence[_V]]:
    groups: defaultdict[_K, list[_V]] = defaultdict(list)
    for key, value in pairs:
        if value not in groups[key]:
            groups[key].append(value)
    return groups


def _key(account: Account) -> AccountKey:
    return account.instance, account.id


def _folded(email: str | None) -> str:
    """Directories keep the case of the local part, people do not: compare case-folded."""
    return (email or "").strip().casefold()
