"""What a file really is, whatever its name says: a login page is not an export."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path
from typing import NoReturn

from .complaints import Complaints

TEXT, XLSX = "text", "an XLSX workbook"
_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old .xls workbook, or one with a password"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a database"),
)
_PAGES = (
    (re.compile(r"\s*<(!doctype\s+html|html|head|body|table|script|meta)\b", re.IGNORECASE), "an HTML page"),
    (re.compile(r"\s*<\?xml|\s*<!--|\s*<\w+[\s>]", re.IGNORECASE), "an XML document"),
    (re.compile(r"\s*(\{\s*(\"|\}|$)|\[\s*([{\[\"\]]|$))"), "a JSON document"),
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_REMEDY = "Export the report as CSV (UTF-8) or .xlsx and deliver that file itself."


def require_kind(path: Path, name: str, complaints: Complaints) -> str:
    """Give `TEXT` or `XLSX`, as the file's name says and its first bytes agree; else raise BadFeed."""
    actual = kind_of(path)
    wanted = XLSX if Path(name).suffix.casefold() == ".xlsx" else TEXT
    if actual != wanted:
        _refuse(actual, wanted, complaints)
    return wanted


def _refuse(actual: str, wanted: str, complaints: Complaints) -> NoReturn:
    if actual == XLSX:
        complaints.refuse(
            "wrong_kind", "This is an XLSX workbook under another name.", "Deliver it as .xlsx.", line=1
        )
    said = "plain text" if actual == TEXT else actual
    complaints.refuse("wrong_kind", f"This is {said}, not {_expected(wanted)}.", _REMEDY, line=1)


def kind_of(path: Path) -> str:
    """Name what the first bytes show; `TEXT` where they show nothing else."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(path)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    start = _decoded(head)
    return next((kind for page, kind in _PAGES if page.match(start)), TEXT)


def _expected(wanted: str) -> str:
    return "an export in CSV" if wanted == TEXT else wanted


def _decoded(head: bytes) -> str:
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "latin-1")
    return head[: len(head) & ~1].decode(encoding, errors="replace")


def _archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return "a damaged or cut-off archive or workbook"
    if "xl/workbook.xml" in names:
        return XLSX
    return "an .xlsb workbook" if "xl/workbook.bin" in names else "a ZIP archive"
