"""Manifests: read whole into typed values, or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.chat.slack.connector import MANIFEST
from connectors.chat.slack.routes import ROUTES
from connectors.manifest import BadManifest, load_manifest
from policies.model import GroupKind, StepAction


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = MANIFEST.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "manifest.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_slacks_manifest_is_whole() -> None:
    manifest = load_manifest(MANIFEST)
    assert set(manifest.group_kinds) <= {kind.value for kind in GroupKind}
    assert manifest.lockout_order == (
        StepAction.END_SESSIONS,
        StepAction.HAND_OVER,
        StepAction.REVOKE,
        StepAction.CLOSE_WAY_BACK,
        StepAction.DEACTIVATE,
    )
    assert {route.limit for route in ROUTES} <= {limit.bucket for limit in manifest.limits}
    assert {scope.token for scope in manifest.scopes} == {"bot", "admin"}
    assert all((manifest.lockout_source, manifest.residual_access, manifest.undo))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("batch = 20", "bach = 20", "bach"),
        ("batch = 20", 'batch = "many"', "batch"),
        ('"end_sessions", "hand_over"', '"end_session", "hand_over"', "actions"),
        ("calls = 20", "calls = 0", "t2"),
        ("calls = 20", "cals = 20", "limits.1.cals"),
        ("needed_for", "why", "scopes.0.why"),
        ('platform = "slack"', "platform = ", "manifest.toml"),
        ('title = "Slack"', "", "title"),
    ],
)
def test_a_wrong_manifest_is_refused_by_the_name_of_its_fault(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    with pytest.raises(BadManifest) as raised:
        load_manifest(changed(tmp_path, old, new))
    assert named in str(raised.value)
    assert "manifest.toml" in str(raised.value)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match="nowhere"):
        load_manifest(tmp_path / "nowhere.toml")
