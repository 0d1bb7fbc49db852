"""Checks an exported log with nothing but Python, `python3 check.py entries.jsonl`; goes with each proof."""

import hashlib
import json
import sys
from pathlib import Path

GENESIS = "0" * 64


def entry_hash(row: dict[str, object]) -> str:
    """Recompute an entry's hash from its columns, as docs/audit-log.md tells it."""
    told = b"bawab-audit-1\n"
    for name in sorted(set(row) - {"hash", "revealed"}):
        if row[name] is not None:
            text = str(row[name]).encode()
            told += f"{name}:{len(text)}:".encode() + text + b"\n"
    return hashlib.sha256(told).hexdigest()


def check(path: Path) -> str:
    """Say what the file proves; raises ValueError naming the entry that does not fit."""
    digest, before, seq, gaps = hashlib.sha256(), GENESIS, 0, 0
    with path.open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            if "end" in row:
                if row["sha256"] != digest.hexdigest() or row["head"]["hash"] != before:
                    raise ValueError(
                        "the file was cut or edited: its last line does not fit the lines before"
                    )
                return _said(row, gaps)
            digest.update(line)
            if entry_hash(row) != row["hash"]:
                raise ValueError(f"entry {row['seq']} was edited")
            if row["seq"] == seq + 1 and row["prev_hash"] != before:
                raise ValueError(f"entry {row['seq']} does not follow entry {seq}")
            gaps += row["seq"] != seq + 1
            before, seq = row["hash"], row["seq"]
    raise ValueError("the file was cut off: its last line is missing")


def _said(end: dict[str, object], gaps: int) -> str:
    whole = "one unbroken chain" if not gaps else f"chosen entries of the log, {gaps} gaps between them"
    head = end["head"]
    assert isinstance(head, dict)  # noqa: S101 - `check` has read it already
    return f"{end['entries']} entries fit their hashes: {whole}. Head: entry {head['seq']}, {head['hash']}"


def main(arguments: list[str]) -> int:
    """Check the named file; 0 where it is whole."""
    try:
        print(check(Path(arguments[0] if arguments else "entries.jsonl")))  # noqa: T201 - a script
    except (OSError, ValueError, KeyError) as problem:
        print(f"NOT WHOLE: {problem}", file=sys.stderr)  # noqa: T201 - a script
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
