"""Why nothing was backed up, restored or moved: a sentence in the reader's language that says what to do."""

from __future__ import annotations

from bot.locale import Translator, translator


class CannotKeep(Exception):
    """A backup, a restore or a move is refused, or failed; nothing half is left behind."""

    def __init__(self, sentence: str, **places: str) -> None:
        super().__init__(sentence)
        self._sentence = sentence
        self._places = places

    def said(self, t: Translator) -> str:
        """Say it in the reader's language."""
        return t.text(self._sentence, **{name: t.isolate(value) for name, value in self._places.items()})

    def __str__(self) -> str:
        return self.said(translator("en"))
