"""What the bot answers a person who enrols, in their language; never a name, and never why HR thinks so."""

from __future__ import annotations

from telegram import KeyboardButton, ReplyKeyboardMarkup, ReplyKeyboardRemove

from bot.locale import N_, Translator
from bot.people.enrolment import Enrolled

_ANSWERS: dict[Enrolled, str] = {
    Enrolled.LINKED: N_(
        "Thank you. This account is now tied to your staff record; there is nothing more to do."
    ),
    Enrolled.ALREADY: N_("This account is tied to your staff record already; there is nothing more to do."),
    Enrolled.WRONG: N_("This code is not known. Please copy it once more, or ask HR for a new one."),
    Enrolled.USED: N_("This code has been used already. Please ask HR for a new one."),
    Enrolled.EXPIRED: N_("This code is no longer valid. Please ask HR for a new one."),
    Enrolled.TAKEN: N_(
        "This account is tied to another staff record, so nothing was changed. HR has been asked to look."
    ),
    Enrolled.HELD: N_("Thank you. Your number is known; HR or IT now confirms that this account is yours."),
    Enrolled.ASKED: N_(
        "Thank you. The number alone does not tell whose account this is; HR has been asked to look at it."
    ),
}
_HOW = N_(
    "Welcome. To tie this account to your staff record, ask HR for a code and open the link that comes "
    "with it. Or share your own telephone number with the button below; HR then confirms it."
)
_OWN = N_("Please share your own contact, with the button below; another person's changes nothing.")
_WAIT = N_("Too many tries led nowhere. Please try again in a quarter of an hour, or ask HR.")
_BUTTON = N_("Share my telephone number")

Keyboard = ReplyKeyboardMarkup | ReplyKeyboardRemove


def enrolled(outcome: Enrolled, t: Translator) -> tuple[str, Keyboard]:
    """Say what became of a code or a contact."""
    return t.text(_ANSWERS[outcome]), ReplyKeyboardRemove()


def how_to(t: Translator) -> tuple[str, Keyboard]:
    """Say how an account is tied to a record, with the button that shares one's own number."""
    return t.text(_HOW), _keyboard(t)


def own_only(t: Translator) -> tuple[str, Keyboard]:
    """Ask for the sender's own contact."""
    return t.text(_OWN), _keyboard(t)


def wait(t: Translator) -> tuple[str, Keyboard]:
    """Ask whoever guesses to wait."""
    return t.text(_WAIT), ReplyKeyboardRemove()


def _keyboard(t: Translator) -> ReplyKeyboardMarkup:
    button = KeyboardButton(t.text(_BUTTON), request_contact=True)
    return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
