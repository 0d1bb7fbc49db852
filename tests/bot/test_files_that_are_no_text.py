"""A policy, registry or secret file saved in an old code page is told as one, by name, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import open_bawab
from bot.policy_shelf import PolicyShelf
from bot.settings import Settings, SettingsProblem, SlackInstance

ARABIC_WINDOWS = "# مبيعات\nversion: 1\n".encode("cp1256")


def test_a_policy_in_windows_1256_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_bytes(ARABIC_WINDOWS)
    with pytest.raises(SettingsProblem, match=r"policy\.yaml is not UTF-8 at byte 3; save it as UTF-8"):
        PolicyShelf.load(tmp_path)


async def test_a_registry_in_windows_1256_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "groups.yaml").write_bytes(ARABIC_WINDOWS)
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", registry=tmp_path / "groups.yaml")
    with pytest.raises(SettingsProblem, match=r"groups\.yaml is not UTF-8"):
        async with open_bawab(settings, connect=False):
            raise AssertionError("it was taken")


def test_a_secret_that_is_no_text_is_refused_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfex\0o\0x\0b\0")
    with pytest.raises(SettingsProblem, match="not text in UTF-8") as refused:
        SlackInstance(bot_token_file=tmp_path / "token").bot()
    assert "xo" not in str(refused.value)
