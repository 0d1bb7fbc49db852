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

TO_BE_RELEASED = frozenset({LinkEvidence.SHARED_CONTACT, LinkEvidence.DIRECTORY_EMAIL})
"""Evidence that counts only after HR or IT has looked at it."""

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
    """What only a person can settle: who owns these accounts? `why` is a stable key.

    `hr_id_unknown` HR names an id the platform does not know · `bot_account` a bot holds it ·
    `stated_for_two_people` HR gives one id to two people · `linked_to_another_person` the account is somebody
    else's already (a reused e-mail or id) · `email_of_two_people` · `email_on_two_accounts` ·
    `person_has_another_account` the person is tied to a different account there.
    """

    why: str
    instance: str
    person_ids: tuple[str, ...]
    account_ids: tuple[str, ...]


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
    if strongest.evidence in TO_BE_RELEASED and not strongest.released:
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
        """Give the other people to whom the account is linked, or to whom HR gives it."""
        linked = (link.person_id for link in self.claims.get(key, ()))
        people = dict.fromkeys((*linked, *self.stated.get(key, ())))
        return tuple(other for other in people if other != person_id)


Found = IdentityLink | IdentityQuestion


def _from_hr(known: _Known) -> Iterator[Found]:
    for person in known.people:
        for key in person.account_ids:
            if key[0] in known.instances:
                yield from _stated(known, person, key)


def _stated(known: _Known, person: Person, key: AccountKey) -> Iterator[Found]:
    instance, account_id = key
    if doubt := _doubt_on_stated(known, person, key):
        why, person_ids = doubt
        yield IdentityQuestion(why, instance, tuple(sorted(person_ids)), (account_id,))
    elif all(link.evidence is LinkEvidence.DIRECTORY_EMAIL for link in known.claims.get(key, ())):
        yield IdentityLink(person.id, instance, account_id, LinkEvidence.HR_RECORD)


def _doubt_on_stated(known: _Known, person: Person, key: AccountKey) -> tuple[str, Iterable[str]] | None:
    account = known.accounts.get(key)
    if account is None:
        return "hr_id_unknown", (person.id,)
    if account.kind is AccountKind.BOT:
        return "bot_account", (person.id,)
    if len(known.stated[key]) > 1:
        return "stated_for_two_people", known.stated[key]
    if others := known.others(key, person.id):
        return "linked_to_another_person", (person.id, *others)
    return None


def _from_email(known: _Known, just_tied: frozenset[tuple[str, str]]) -> Iterator[Found]:
    for person in known.people:
        address = _folded(person.email)
        if not address:
            continue
        for instance in sorted(known.instances):
            ids = known.mailboxes.get((instance, address), ())
            free = _unsettled(known, person, instance, ids)
            if free:
                here = (person.id, instance)
                has_another = here in known.tied or here in just_tied or len(free) < len(ids)
                yield _mailed(known, person, instance, free, has_another=has_another)


def _unsettled(known: _Known, person: Person, instance: str, ids: Sequence[str]) -> tuple[str, ...]:
    """Accounts with the person's e-mail that are neither stated nor linked as theirs yet."""
    return tuple(sorted(id_ for id_ in ids if not _is_settled(known, person, (instance, id_))))


def _is_settled(known: _Known, person: Person, key: AccountKey) -> bool:
    return key in person.account_ids or any(link.person_id == person.id for link in known.claims.get(key, ()))


def _mailed(
    known: _Known, person: Person, instance: str, ids: tuple[str, ...], *, has_another: bool
) -> Found:
    namesakes = known.addresses[_folded(person.email)]
    others = tuple(other for account_id in ids for other in known.others((instance, account_id), person.id))
    bots = any(known.accounts[instance, account_id].kind is AccountKind.BOT for account_id in ids)
    doubts = (
        (bots, "bot_account", (person.id,)),
        (len(ids) > 1, "email_on_two_accounts", namesakes),
        (bool(others), "linked_to_another_person", (person.id, *others)),
        (len(namesakes) > 1, "email_of_two_people", namesakes),
        (has_another, "person_has_another_account", (person.id,)),
    )
    for doubtful, why, person_ids in doubts:
        if doubtful:
            return IdentityQuestion(why, instance, tuple(sorted(set(person_ids))), ids)
    return IdentityLink(person.id, instance, ids[0], LinkEvidence.DIRECTORY_EMAIL)


def _by_account(links: Sequence[IdentityLink]) -> Mapping[AccountKey, Sequence[IdentityLink]]:
    claims: defaultdict[AccountKey, list[IdentityLink]] = defaultdict(list)
    for link in links:
        claims[link.instance, link.account_id].append(link)
    return claims


def _grouped(pairs: Iterable[tuple[_K, _V]]) -> Mapping[_K, Sequence[_V]]:
    groups: defaultdict[_K, dict[_V, None]] = defaultdict(dict)
    for key, value in pairs:
        groups[key][value] = None
    return {key: tuple(values) for key, values in groups.items()}


def _key(account: Account) -> AccountKey:
    return account.instance, account.id


def _folded(email: str | None) -> str:
    """Directories keep the case of the local part, people do not: compare case-folded."""
    return (email or "").strip().casefold()
