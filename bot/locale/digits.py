"""Digits as people type them: whoever reads Arabic or Persian may write ٣ or ۳ for 3."""

from __future__ import annotations


def western(text: str) -> str:
    """Give the digits 0 to 9 for those of every other script."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)
