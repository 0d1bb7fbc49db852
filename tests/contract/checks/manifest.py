"""The manifest: what a connector says of itself before anything is asked of a platform."""

from __future__ import annotations

from pathlib import Path

from tests.contract.stage import Need, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()
DOCS = Path(__file__).parents[3] / "docs" / "connectors"


@CHAPTER.check()
async def the_manifest_says_what_the_connector_is(stage: Stage) -> None:
    manifest = stage.connector.capabilities
    assert manifest.platform
    assert manifest.title
    assert manifest.batch >= 1
    assert manifest.group_kinds
    assert manifest.actions
    assert manifest.settle_seconds >= 0
    assert stage.connector.instance == stage.cast.leaver.instance


@CHAPTER.check()
async def the_lockout_order_names_every_action_once_and_has_a_source(stage: Stage) -> None:
    manifest = stage.connector.capabilities
    assert sorted(manifest.lockout_order) == sorted(manifest.actions)
    assert len(manifest.lockout_source.split()) >= 5, "say which document or measurement the order rests on"


@CHAPTER.check()
async def residual_access_and_undo_are_stated(stage: Stage) -> None:
    manifest = stage.connector.capabilities
    assert manifest.residual_access.strip()
    assert manifest.undo.strip()


@CHAPTER.check(Need.SCOPES)
async def scopes_and_limits_are_named(stage: Stage) -> None:
    manifest = stage.connector.capabilities
    assert manifest.limits
    assert len({limit.bucket for limit in manifest.limits}) == len(manifest.limits)
    assert all(limit.calls > 0 and limit.seconds > 0 for limit in manifest.limits)
    assert all(scope.name and scope.token and scope.needed_for for scope in manifest.scopes)
    assert any(scope.required for scope in manifest.scopes)
