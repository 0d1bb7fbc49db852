"""In which encoding a text file is written; proven over the whole file before anything is read from it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from .complaints import Complaints

CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARABIC = "\u0621-\u063a\u0641-\u065f\u0670-\u06d3"
_ARABIC_WORD = re.compile(f"[{_ARABIC}]{{2,}}")
_MIXED_WORD = re.compile(f"[A-Za-z\u00c0-\u024f][{_ARABIC}]|[{_ARABIC}][A-Za-z\u00c0-\u024f\u00d7\u00f7]")
_UTF8_PAIRS = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2})[\x80-\xbf]")
_ASCII = bytes(range(128))
_NO_MARK = "Set encoding to utf-16-le or utf-16-be, or take it out of this source."
_REMEDY = "Export it as UTF-8, or set encoding for this source (cp1256 for Windows Arabic)."


class Undecodable(Exception):
    """Where decoding stopped: the line, the text before it in that line, and the byte in the file from 0."""

    def __init__(self, line: int, before: str, offset: int, at_end: bool) -> None:
        super().__init__(line, offset)
        self.line, self.before, self.offset, self.at_end = line, before, offset, at_end


def encoding_of(path: Path, configured: str | None, complaints: Complaints) -> tuple[str, bool]:
    """Give (codec name, whether the text ends with a line break); raise BadFeed where none fits."""
    marked = _marked(path)
    if marked == "utf-32":
        complaints.refuse("bad_encoding", "The file is UTF-32, which is not read.", _REMEDY, line=1)
    if configured is not None:
        return _configured(path, configured, marked, complaints)
    try:
        encoding = marked or "utf-8"
        return encoding, _prove(path, encoding, complaints)
    except Undecodable as stop:
        if marked or stop.at_end or not _is_arabic_windows(path):
            _refuse(stop, marked or "utf-8", complaints)
        return "cp1256", _prove(path, "cp1256", complaints)


def _configured(path: Path, wanted: str, marked: str | None, complaints: Complaints) -> tuple[str, bool]:
    name = codecs.lookup(wanted).name
    if marked is not None and name[:5] != marked[:5]:
        complaints.refuse(
            "encoding_mismatch", f"The file is marked {marked[:6]}, not {wanted}.", _REMEDY, line=1
        )
    if marked is None and name == "utf-16":
        complaints.refuse("encoding_mismatch", "The file has no UTF-16 mark at its start.", _NO_MARK, line=1)
    encoding = marked or name
    try:
        ends = _prove(path, encoding, complaints)
    except Undecodable as stop:
        _refuse(stop, encoding, complaints)
    if not name.startswith("utf") and _share_of_utf8(path) > 0.98:
        complaints.refuse(
            "encoding_mismatch",
            f"The file is UTF-8, not {wanted}.",
            "Take encoding out of this source.",
            line=1,
        )
    return encoding, ends


def _marked(path: Path) -> str | None:
    with path.open("rb") as stream:
        head = stream.read(4)
    return next((name for bom, name in _BOMS if head.startswith(bom)), None)


def _prove(path: Path, encoding: str, complaints: Complaints) -> bool:
    """Decode the whole file; refuse NUL; tell whether it ends with a line break. Raises Undecodable."""
    last, line, tail = "", 1, ""
    for text in _decoded(path, encoding):
        before, nul, _ = text.partition("\0")
        line += before.count("\n")
        tail = _tail(tail, before)
        if nul:
            complaints.refuse(
                "nul_byte",
                "The file holds a NUL: it is cut, damaged, or UTF-16 without its mark.",
                _REMEDY,
                line=line,
                column=_column(tail),
            )
        last = text[-1:] or last
    return last in {"\n", "\r"}


def _tail(held: str, text: str) -> str:
    """Give the line that is being read, as far as it is known."""
    return (held + text).rpartition("\n")[2][-CHUNK:]


def _column(before: str) -> int:
    """Give the column of what follows `before` in its line, whichever delimiter it is."""
    return 1 + max(before.count(mark) for mark in ",;\t")


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    line, tail, read, pending = 1, "", 0, 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = tail + _head(error, encoding)
                raise Undecodable(
                    line + before.count("\n"),
                    before.rpartition("\n")[2],
                    read - pending + error.start,
                    at_end=not chunk,
                ) from error
            read += len(chunk)
            pending = len(decoder.getstate()[0])
            line += text.count("\n")
            tail = _tail(tail, text)
            yield text
            if not chunk:
                return


def _head(error: UnicodeDecodeError, encoding: str) -> str:
    plain = {"utf-8-sig": "utf-8", "utf-16": error.encoding}.get(encoding, encoding)
    return error.object[: error.start].decode(plain, errors="replace")


def _refuse(stop: Undecodable, encoding: str, complaints: Complaints) -> NoReturn:
    column = _column(stop.before)
    if stop.at_end:
        complaints.refuse(
            "truncated",
            "The file ends in the middle of a letter: it was cut off.",
            "Deliver it again.",
            line=stop.line,
            column=column,
        )
    complaints.refuse(
        "bad_encoding",
        f"The byte at {stop.offset + 1} of the file is not {encoding}.",
        _REMEDY,
        line=stop.line,
        column=column,
    )


def _is_arabic_windows(path: Path) -> bool:
    """Tell whether Windows-1256 gives Arabic words, none of them mixed with Latin letters.

    Mostly valid UTF-8 with a few bad bytes is damaged UTF-8, which Windows-1256 would read as nonsense.
    """
    if _share_of_utf8(path) > 0.2:
        return False
    words = False
    for text in _decoded(path, "cp1256"):
        if _MIXED_WORD.search(text):
            return False
        words = words or _ARABIC_WORD.search(text) is not None
    return words


def _share_of_utf8(path: Path) -> float:
    """Give which share of the bytes beyond ASCII forms valid UTF-8; 0 where there are none."""
    high = valid = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            high += len(chunk.translate(None, _ASCII))
            valid += sum(len(pair) for pair in _UTF8_PAIRS.findall(chunk))
    return valid / high if high else 0.0
