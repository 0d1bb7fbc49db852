"""Help in both languages with examples first; the page in docs and the settings example kept true."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bot.locale import translator
from bot.setting_parts import CardsSettings, OidcSettings, SmtpSettings, WebhookSettings
from bot.settings import (
    HrFeed,
    ManualInstance,
    Settings,
    SlackInstance,
    TeamsInstance,
    TelegramInstance,
    load_settings,
)
from bot.surfaces.cli.commands import EXAMPLES
from bot.surfaces.cli.exit_codes import MEANINGS, ExitCode
from bot.surfaces.cli.faults import UNEXPECTED, details_of, fault_of
from bot.surfaces.cli.main import build
from bot.surfaces.cli.manual import page
from tests.bot.cli.shop import run_main

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / ".env.example"
ARABIC = ("\u0600", "\u06ff")


def _leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, below in getattr(command, "commands", {}).items():
        yield from _leaves(below, f"{path} {name}".strip())
    if not hasattr(command, "commands"):
        yield path, command


COMMANDS = dict(_leaves(build(translator("en"))))


@pytest.mark.parametrize("path", COMMANDS)
def test_help_begins_with_examples(path: str) -> None:
    answer = run_main(*path.split(), "--help")
    assert answer.code == 0
    lines = [line.strip() for line in answer.out.splitlines() if line.strip()]
    assert lines[1] == "Examples:"
    assert lines[2].startswith(f"bawab {path}")


@pytest.mark.parametrize("group", sorted({path.split()[0] for path in COMMANDS if " " in path}))
def test_the_help_of_a_group_begins_with_an_example_of_each_of_its_commands(group: str) -> None:
    out = run_main(group, "--help").out
    for path in COMMANDS:
        if path.startswith(f"{group} "):
            assert f"bawab {path}" in out


def test_the_version_is_told() -> None:
    answer = run_main("--version")
    assert (answer.code, answer.out) == (0, f"bawab {version('bawab')}\n")


@pytest.mark.parametrize("path", COMMANDS)
def test_help_speaks_arabic(path: str) -> None:
    answer = run_main("--lang", "ar", *path.split(), "--help")
    said = [line for line in answer.out.splitlines() if any(ARABIC[0] <= c <= ARABIC[1] for c in line)]
    assert "أمثلة:" in answer.out
    assert len(said) >= 3


def test_every_example_names_options_its_command_has() -> None:
    for path, examples in EXAMPLES.items():
        known = {option for one in getattr(COMMANDS.get(path), "params", ()) for option in one.opts}
        for example in examples:
            used = {word for word in example.split("#")[0].split() if word.startswith("--") and word != "--"}
            assert used <= known, example


def test_the_page_in_docs_is_what_the_commands_say() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m bot.surfaces.cli.manual > docs/cli.md"


def test_every_exit_code_has_its_meaning() -> None:
    assert set(MEANINGS) == set(ExitCode)


def test_completion_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_BAWAB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "bawab ca")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert run_main().out.split() == ["case"]


def test_an_error_nobody_thought_of_is_named_and_asks_to_be_reported() -> None:
    error = ZeroDivisionError("division by zero")
    assert fault_of(error) is UNEXPECTED
    assert fault_of(error).code is ExitCode.ERROR
    assert details_of(error) == "ZeroDivisionError: division by zero"


# The example of the settings


def _variables() -> set[str]:
    """Every variable a setting has; a map stands for one instance of each kind."""
    maps: dict[str, tuple[str, type[Any]]] = {
        "hr": ("MAIN", HrFeed),
        "slack": ("ACME", SlackInstance),
        "telegram": ("STAFF", TelegramInstance),
        "teams": ("CONTOSO", TeamsInstance),
        "manual": ("PHONES", ManualInstance),
        "cards": ("CHANNEL", CardsSettings),
        "webhooks": ("SIEM", WebhookSettings),
        "oidc": ("", OidcSettings),
        "smtp": ("", SmtpSettings),
    }
    found = set()
    for name, field in Settings.model_fields.items():
        instance, kind = maps.get(name, ("", field.annotation))
        parts = getattr(kind, "model_fields", None)
        start = f"BAWAB_{name}" + (f"__{instance}" if instance else "")
        found |= {f"{start}__{part}" for part in parts} if parts else {start}
    return {variable.upper() for variable in found}


def _lines(*, all_: bool) -> list[str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return [
        line.removeprefix("#")
        for line in lines
        if line.startswith("BAWAB_") or (all_ and line.startswith("#BAWAB_"))
    ]


def test_every_setting_stands_in_the_example_and_nothing_else() -> None:
    assert {line.partition("=")[0] for line in _lines(all_=True)} == _variables()


@pytest.mark.parametrize("all_", [False, True], ids=["as it is", "with every line taken in"])
def test_the_example_parses(tmp_path: Path, all_: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.env").write_text("\n".join(_lines(all_=all_)), encoding="utf-8")
    settings = load_settings(tmp_path / "example.env")
    assert settings.slack["acme"].bot() == "xoxb-put-your-bot-token-here"
    assert settings.hr["main"].path == Path("hr")
    assert (settings.limits.run_count == 3) is all_


def test_values_shown_as_defaults_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.env").write_text("\n".join(_lines(all_=False)), encoding="utf-8")
    (tmp_path / "all.env").write_text("\n".join(_lines(all_=True)), encoding="utf-8")
    few, full = load_settings(tmp_path / "few.env"), load_settings(tmp_path / "all.env")
    for name in ("language", "tick_seconds", "recheck_after"):
        assert getattr(few, name) == getattr(full, name)
    assert few.slack["acme"].pace_scale == full.slack["acme"].pace_scale
    assert few.hr["main"].settle_seconds == full.hr["main"].settle_seconds
    assert few.notices.per_hour == full.notices.per_hour


def test_every_slack_scope_is_explained() -> None:
    manifest = tomllib.loads((ROOT / "connectors/chat/slack/manifest.toml").read_text(encoding="utf-8"))
    comments = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.startswith("#   ")]
    explained = {line[1:].split()[0] for line in comments if len(line[1:].split()) > 1}
    assert {scope["name"] for scope in manifest["scopes"]} <= explained
