"""What a person can do, in English and Arabic: the form of every connector's remedies, and those all give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy in both languages."""

    en: str
    ar: str


READ_BACK = Remedy(
    "The answer was lost; Bawab reads back what happened before it does anything else.",
    "ضاع الجواب؛ يقرأ بوّاب من جديد ليعرف ما حدث قبل أي فعل آخر.",
)
COMMON: Mapping[str, Remedy] = {
    "read_back": READ_BACK,
    "wrong_person": Remedy(
        "The step names two different accounts; nothing was sent. Plan the case again.",
        "تذكر الخطوة حسابين مختلفين؛ لم يُرسل شيء. يُعاد تخطيط الحالة.",
    ),
}


def text_of(remedies: Mapping[str, Remedy], key: str, language: str = "en") -> str:
    """Give a remedy in `en` or `ar`; an empty key gives an empty text. Raises KeyError for an unknown one."""
    if not key:
        return ""
    remedy = remedies[key]
    return remedy.ar if language == "ar" else remedy.en
