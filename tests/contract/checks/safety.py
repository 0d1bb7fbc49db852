"""Safety: what is missing is said before the day, a dry run sends nothing, and secrets stay secret."""

from __future__ import annotations

from connectors.contract import Outcome, Severity
from connectors.errors import Forbidden
from tests.contract.acts import caught, everything_in, look, memberships, revoke_one, writes
from tests.contract.stage import Fault, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()


@CHAPTER.check()
async def a_sound_installation_has_no_errors(stage: Stage) -> None:
    findings = await stage.connector.check(stage.cast.known)
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    assert {finding.instance for finding in findings} <= {stage.connector.instance}


@CHAPTER.check(Need.SCOPES)
async def every_missing_scope_is_named_with_its_remedy(stage: Stage) -> None:
    required = [scope.name for scope in stage.connector.capabilities.scopes if scope.required]
    for name in required:
        await stage.withhold_scope(name)
    findings = [
        finding
        for finding in await stage.connector.check(stage.cast.known)
        if finding.severity is not Severity.OK
    ]
    for name in required:
        naming = [finding for finding in findings if name in finding.message]
        assert naming, f"nothing says that {name} is missing"
        assert any(finding.remedy for finding in naming)


@CHAPTER.check(Need.REVOKES, read_only=True)
async def a_dry_run_sends_no_write(stage: Stage) -> None:
    before = await stage.truth()
    try:
        result = await revoke_one(stage, stage.revocation(stage.cast.groups[0]))
    except Forbidden:
        pass
    else:
        assert result.outcome not in {Outcome.REVOKED, Outcome.REQUESTED}
    assert await writes(stage) == 0
    assert await stage.truth() == before


@CHAPTER.check(Need.REVOKES, (Fault.SERVER_ERROR, Place.WRITE), (Fault.TOKEN_REVOKED, Place.WRITE))
async def no_secret_is_in_anything_the_connector_gives(stage: Stage) -> None:
    first, second, third = stage.cast.groups[:3]
    await stage.inject(Fault.SERVER_ERROR, Place.WRITE, second)
    await stage.inject(Fault.TOKEN_REVOKED, Place.WRITE, third)
    given: list[object] = [
        stage.connector,
        *await stage.connector.check(stage.cast.known),
        *await memberships(stage),
    ]
    given += [await revoke_one(stage, stage.revocation(group)) for group in (first, second)]
    given += await look(stage, stage.revocation(first), stage.revocation(second))
    given.append(await caught(stage.connector.revoke([stage.revocation(third)])))
    for thing in given:
        text = everything_in(thing)
        assert not [secret for secret in stage.secrets if secret in text], (
            f"{type(thing).__name__} shows a token"
        )
