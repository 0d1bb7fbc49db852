"""Policies: read with their lines and in plain words; a text checked and not kept; a supposition tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, UploadFile
from starlette.responses import Response

from bot.surfaces.web.errands import Report, TooMany, begin, errand
from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.policies import MOST_CHARACTERS, Checked, check_policy, in_place_of, policies, try_policy
from bot.what_if import NobodyMeant, Supposition, Who
from policies.roles import Permission

router = APIRouter()
PATH: Final = "/policies"
TRIAL: Final = "what-if"
SHOWN: Final = 300


@router.get(PATH)
async def show(v: Signed) -> Response:
    """Show the policy in force."""
    return page(v, "policies.html", w=words(v), found=await policies(v.app, v.who))


@router.get(f"{PATH}/check")
async def check_form(v: Signed) -> Response:
    """Show where a policy is pasted or uploaded."""
    v.who.must(Permission.POLICY_TRY)
    return page(v, "policy_check.html", w=words(v), typed="", checked=None, most=MOST_CHARACTERS)


@router.post(f"{PATH}/check")
async def check(
    v: Signed, policy: Annotated[str, Form()] = "", file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """Check what was pasted, or the file; nothing of it is kept."""
    text = await _uploaded(file) or policy
    checked = await check_policy(v.who, text)
    return page(v, "policy_check.html", w=words(v), typed=text, checked=checked, most=MOST_CHARACTERS)


async def _uploaded(file: UploadFile | None) -> str:
    """Give a file's text; bytes that are no UTF-8 become a character that no policy may hold."""
    if file is None or not file.filename:
        return ""
    return (await file.read(4 * MOST_CHARACTERS)).decode("utf-8-sig", errors="replace")


@dataclass(frozen=True, slots=True)
class Trial:
    """What was asked of a supposition, as the form held it."""

    kind: str = Who.PERSON
    person: str = ""
    department: str = ""
    to: str = ""
    live: bool = False
    file: str = ""
    policy: str = ""

    @property
    def supposed(self) -> Supposition:
        """Say it as a supposition."""
        kind = Who(self.kind) if self.kind in set(Who) else Who.PERSON
        who = {Who.PERSON: self.person, Who.DEPARTMENT: self.department}.get(kind, "")
        return Supposition(kind, who.strip(), self.to.strip())


@router.get(f"{PATH}/what-if")
async def trial_form(v: Signed) -> Response:
    """Show what can be supposed, and the last supposition of this reader."""
    v.who.must(Permission.POLICY_TRY)
    begun = errand(v, TRIAL)
    trial, result, nobody = Trial(), None, False
    if begun is not None and begun.over:
        nobody = isinstance(begun.fault, NobodyMeant)
        trial, result = begun.result if begun.fault is None else (trial, None)
    return await _trial(v, trial, result=result, errand=begun, nobody=nobody)


async def _trial(v: Visitor, trial: Trial, status: int = 200, **more: Any) -> Response:
    shown = {"result": None, "errand": None, "checked": None, "nobody": False, **more}
    files = [path.name for path in v.app.shelf.files]
    shown |= {"files": files, "file_options": [(each, each) for each in files], "shown": SHOWN}
    return page(v, "what_if.html", status, w=words(v), trial=trial, **shown)


@router.post(f"{PATH}/what-if")
async def supposing(
    v: Signed,
    kind: Annotated[str, Form()] = "",
    person: Annotated[str, Form()] = "",
    department: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "",
    live: Annotated[str, Form()] = "",
    file: Annotated[str, Form()] = "",
    policy: Annotated[str, Form()] = "",
) -> Response:
    """Work a supposition out, under today's policy or under a changed file beside it."""
    v.who.must(Permission.POLICY_TRY)
    trial = Trial(kind, person, department, to, bool(live), file, policy)
    checked: Checked | None = None
    if policy.strip():
        checked = await in_place_of(v.app, v.who, policy, file)
        if checked.policy is None:
            return await _trial(v, trial, 409, checked=checked)

    async def doing(report: Report) -> object:
        other = checked.policy if checked else None
        tried = await try_policy(v.app, v.who, trial.supposed, other, live=trial.live, progress=report)
        return trial, tried

    try:
        await begin(v, TRIAL, doing)
    except TooMany:
        said = v.t.text("Too much is being read already. Try again in a minute.")
        return redirect(v, f"{PATH}/what-if", said, "error")
    return redirect(v, f"{PATH}/what-if")


@router.get(f"{PATH}/what-if/progress")
async def progress(v: Signed) -> Response:
    """Show how far that is, as a part of the page."""
    v.who.must(Permission.POLICY_TRY)
    way = f"{PATH}/what-if"
    return page(v, "errand.html", errand=errand(v, TRIAL), address=f"{way}/progress", back=way, w=words(v))
