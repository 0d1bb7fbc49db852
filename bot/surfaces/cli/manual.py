"""`docs/cli.md`, written from the commands themselves: `python -m bot.surfaces.cli.manual > docs/cli.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from bot.locale import translator
from bot.surfaces.cli.commands import EXAMPLES, SHARED
from bot.surfaces.cli.exit_codes import MEANINGS
from bot.surfaces.cli.main import build

HEAD = """\
# The command line

Data goes to standard output and talk to standard error, so that `bawab status --json | jq` just works.
Nothing moves where nobody watches, and `NO_COLOR` is obeyed. `bawab --install-completion` teaches your shell
the commands. This page is written from the commands themselves; a test fails where the two differ.
"""
CODES = """\
## Exit codes

`bawab run` gives the worst that applies to what this run touched: an operator is needed, then held, then done
with exceptions. `bawab audit verify` gives 5 for a damaged log: somebody must look. A second Ctrl-C ends with
130.

| code | meaning |
|---|---|
"""
SHARED_HEAD = """\
## Options of every command

They may stand before or after the command's name.
"""


def page() -> str:
    """Give the whole page."""
    root = build(translator("en"))
    shared = {option for parameter in root.params for option in parameter.opts}
    codes = "".join(f"| {int(code)} | {text} |\n" for code, text in MEANINGS.items())
    ours = "".join(_row(one) for one in root.params if one.name in SHARED)
    table = "".join(f"| `bawab {path}` | {one.short_help} |\n" for path, one in _leaves(root))
    parts = [
        HEAD,
        f"## Commands\n\n| command | what it does |\n|---|---|\n{table}",
        CODES + codes,
        f"{SHARED_HEAD}\n| option | meaning |\n|---|---|\n{ours}",
        *(_section(path, one, shared) for path, one in _leaves(root)),
    ]
    return "\n".join(parts)


def _leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, one in below.items():
        yield from _leaves(one, f"{path} {name}".strip())


def _section(path: str, command: Any, shared: set[str]) -> str:
    """Examples first, then the prose, then what it takes."""
    examples = "".join(f"bawab {line}\n" for line in EXAMPLES[path])
    prose = command.help.split("\n\n", 1)[1]
    own = [one for one in command.params if not set(one.opts) & shared]
    rows = "".join(_row(one) for one in own)
    table = f"\n| takes | meaning |\n|---|---|\n{rows}" if rows else ""
    return f"## `bawab {path}`\n\n```sh\n{examples}```\n\n{prose}\n{table}"


def _row(parameter: Any) -> str:
    options = parameter.opts + parameter.secondary_opts
    named = parameter.param_type_name == "option"
    said = (
        ", ".join(f"`{one}`" for one in options)
        if named
        else f"`{parameter.metavar or parameter.name.upper()}`"
    )
    return f"| {said} | {parameter.help} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
