"""Why it is asked whose account something is, by the stable key of the question."""

from __future__ import annotations

from collections.abc import Mapping

from bot.locale import N_

QUESTIONS: Mapping[str, str] = {
    "hr_id_unknown": N_("HR's record names an account that the platform does not know"),
    "bot_account": N_("the account belongs to a bot"),
    "stated_for_two_people": N_("HR's records name this account for two people"),
    "linked_to_another_person": N_("the account is tied to somebody else already"),
    "email_on_two_accounts": N_("two accounts carry this person's e-mail address"),
    "email_of_two_people": N_("two people have the e-mail address of this account"),
    "person_has_another_account": N_("this person has another account there already"),
    "code_for_linked_account": N_("somebody used a one-time code with an account that is another person's"),
    "contact_for_linked_account": N_("somebody shared a number for an account that is tied already"),
    "contact_unknown": N_("somebody shared a telephone number that HR has for nobody, or not for one only"),
}
