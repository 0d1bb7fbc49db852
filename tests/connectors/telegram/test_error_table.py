"""The error table as a golden list: what each of Telegram's refusals means, for every one we know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import BadRequest
from telegram.error import Forbidden as TelegramForbidden

from connectors.chat.telegram.answers import known_errors, meaning_of, normalised, undeliverable
from connectors.chat.telegram.remedies import REMEDIES, remedy_text
from connectors.contract import Outcome
from policies.model import Refusal

GOLDEN = {
    "admins_too_much": "refused unexpected",
    "bot is not a member of the *": "refused bot_not_in_group",
    "bot was kicked from the *": "refused bot_not_in_group",
    "can't promote self": "refused bot_itself",
    "can't remove chat owner": "refused creator",
    "can't restrict self": "refused bot_itself",
    "channel_private": "refused bot_not_in_group",
    "chat not found": "refused group_gone",
    "chat_admin_required": "refused no_right",
    "chat_write_forbidden": "refused no_right",
    "frozen_method_invalid": "refused no_right",
    "group chat was deactivated": "refused group_gone",
    "invalid user_id specified": "refused account_unknown",
    "member list is inaccessible": "refused no_right",
    "member not found": "refused account_unknown",
    "method is available for supergroup and channel chats only": "no_api",
    "need administrator rights*": "refused no_right",
    "not enough rights*": "refused no_right",
    "not in the chat": "refused bot_not_in_group",
    "participant_id_invalid": "refused account_unknown",
    "right_forbidden": "refused no_right",
    "the group chat was deleted": "refused group_gone",
    "user is an administrator of the chat": "refused unmanageable_admin",
    "user not found": "refused account_unknown",
    "user_admin_invalid": "refused unmanageable_admin",
    "user_creator": "refused creator",
    "user_id_invalid": "refused account_unknown",
    "user_not_participant": "said_absent",
}
# As the server writes them (tdlib/telegram-bot-api, Client.cpp), each with what it must come to.
ON_THE_WIRE = {
    "Bad Request: can't remove chat owner": Refusal.CREATOR,
    "Bad Request: user is an administrator of the chat": Refusal.UNMANAGEABLE_ADMIN,
    "Bad Request: not enough rights to restrict/unrestrict chat member": Refusal.NO_RIGHT,
    "Bad Request: not enough rights to manage chat invite link": Refusal.NO_RIGHT,
    "Bad Request: not enough rights": Refusal.NO_RIGHT,
    "Bad Request: can't restrict self": Refusal.BOT_ITSELF,
    "Bad Request: not in the chat": Refusal.BOT_NOT_IN_GROUP,
    "Bad Request: member not found": Refusal.ACCOUNT_UNKNOWN,
    "Bad Request: user not found": Refusal.ACCOUNT_UNKNOWN,
    "Bad Request: PARTICIPANT_ID_INVALID": Refusal.ACCOUNT_UNKNOWN,
    "Bad Request: CHAT_ADMIN_REQUIRED": Refusal.NO_RIGHT,
    "Bad Request: chat not found": Refusal.GROUP_GONE,
    "Bad Request: member list is inaccessible": Refusal.NO_RIGHT,
    "Forbidden: bot was kicked from the group chat": Refusal.BOT_NOT_IN_GROUP,
    "Forbidden: bot was kicked from the supergroup chat": Refusal.BOT_NOT_IN_GROUP,
    "Forbidden: bot was kicked from the channel chat": Refusal.BOT_NOT_IN_GROUP,
    "Forbidden: bot is not a member of the group chat": Refusal.BOT_NOT_IN_GROUP,
    "Forbidden: bot is not a member of the supergroup chat": Refusal.BOT_NOT_IN_GROUP,
    "Forbidden: bot is not a member of the channel chat": Refusal.BOT_NOT_IN_GROUP,
    "Forbidden: the group chat was deleted": Refusal.GROUP_GONE,
}


def test_every_known_error_means_what_the_list_says() -> None:
    table = {
        error: " ".join(filter(None, (meaning.outcome.value, meaning.refusal and meaning.refusal.value)))
        for error, meaning in known_errors().items()
    }
    assert table == GOLDEN


@pytest.mark.parametrize(("description", "refusal"), ON_THE_WIRE.items())
def test_the_servers_own_words_survive_what_the_sdk_makes_of_them(description: str, refusal: Refusal) -> None:
    forbidden = description.startswith("Forbidden")
    error = TelegramForbidden(description) if forbidden else BadRequest(description)
    assert meaning_of(error.message).refusal is refusal
    assert meaning_of(description).refusal is refusal
    assert meaning_of(
        f"{error.message}. The server response contained unknown parameters: {{'x': 1}}"
    ).refusal


def test_what_the_sdk_adds_is_cut_off() -> None:
    said = "Chat not found. The server response contained unknown parameters: {'secret': 'no'}"
    assert normalised(said) == "chat not found"


@given(st.text())
def test_an_error_nobody_foresaw_is_refused_and_never_a_success(text: str) -> None:
    meaning = meaning_of(text)
    assert meaning.outcome is not Outcome.REVOKED
    if normalised(text) not in GOLDEN and not normalised(text).startswith(("not enough", "need adm", "bot ")):
        assert (meaning.outcome, meaning.refusal) == (Outcome.REFUSED, Refusal.UNEXPECTED)


@pytest.mark.parametrize("error", sorted(GOLDEN))
def test_a_refusal_is_set_exactly_where_the_outcome_is_refused_and_has_a_remedy(error: str) -> None:
    meaning = known_errors()[error]
    assert (meaning.refusal is not None) == (meaning.outcome is Outcome.REFUSED)
    if meaning.outcome is not Outcome.SAID_ABSENT:
        assert remedy_text(meaning.remedy, "en")
        assert remedy_text(meaning.remedy, "ar")


def test_an_absence_is_claimed_by_one_refusal_only() -> None:
    absent = [row for row, meaning in known_errors().items() if meaning.outcome is Outcome.SAID_ABSENT]
    assert absent == ["user_not_participant"]


def test_every_remedy_stands_in_both_languages_and_none_is_unused() -> None:
    for key, remedy in REMEDIES.items():
        assert remedy.en.isascii(), key
        assert any("\u0600" <= letter <= "\u06ff" for letter in remedy.ar), key
    assert remedy_text("") == ""


def test_only_what_never_arrives_is_undeliverable() -> None:
    assert undeliverable("Forbidden: bot was blocked by the user")
    assert undeliverable("Forbidden: user is deactivated")
    assert not undeliverable("Bad Request: CHAT_WRITE_FORBIDDEN")
