"""A message's buttons as Telegram's inline keyboard: one row for each passage that has any."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit, InlineKeyboardMarkupLimit

from connectors.messages import Button, Message

_CUT = "…"
LONGEST_LABEL = 64
"""Nothing is published; a phone shows about so much."""


def keyboard(message: Message) -> InlineKeyboardMarkup | None:
    """Give the buttons, at most 100 in all and 8 in a row; None where there are none.

    What comes back when one is pressed is `act:value`. Raises ValueError where that is over 64 bytes: a
    button cut short would act on something else.
    """
    rows = [row for passage in message.passages for row in _rows(passage.buttons)]
    kept: list[list[InlineKeyboardButton]] = []
    room = int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER)
    for row in rows:
        if len(row) > room:
            break
        kept.append(row)
        room -= len(row)
    return InlineKeyboardMarkup(kept) if kept else None


def _rows(buttons: Sequence[Button]) -> list[list[InlineKeyboardButton]]:
    most = int(InlineKeyboardMarkupLimit.BUTTONS_PER_ROW)
    made = [_button(button) for button in buttons]
    return [made[start : start + most] for start in range(0, len(made), most)]


def _button(button: Button) -> InlineKeyboardButton:
    label = button.label if len(button.label) <= LONGEST_LABEL else button.label[: LONGEST_LABEL - 1] + _CUT
    if button.url is not None:
        return InlineKeyboardButton(label, url=button.url)
    data = f"{button.act}:{button.value}"
    if len(data.encode()) > InlineKeyboardButtonLimit.MAX_CALLBACK_DATA:
        raise ValueError(
            f"the button {button.act!r} carries more than Telegram's 64 bytes: shorten its value"
        )
    return InlineKeyboardButton(label, callback_data=data)
