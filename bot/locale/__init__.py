"""What people read, in their language: sentences, plurals, dates and lists in English and Arabic."""

from bot.locale.catalogue import LANGUAGES, N_
from bot.locale.translator import Translator, translator

__all__ = ["LANGUAGES", "N_", "Translator", "translator"]
