"""Links: doubts about whose account something is, answered with both sides in view; every link there is."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException
from starlette.responses import Response

from bot.acts import link_answers
from bot.acts.links import untie
from bot.acts.refusals import CannotAct
from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed
from bot.views.links import NoSuchQuestion, account_of, links, question_page
from bot.views.platforms import titles

router = APIRouter()
PATH: Final = "/links"


@router.get(PATH)
async def show(v: Signed, q: str = "", instance: str = "", after: int = 1) -> Response:
    """Show doubts first, then links: those that wait, those long unconfirmed, the others."""
    number = max(after, 1)
    found = await links(v.app, v.who, text=q, instance=instance, page=number)
    more = found.total > number * len(found.links) and bool(found.links)
    further = urlencode({"q": q, "instance": instance, "after": number + 1})
    return page(
        v,
        "links.html",
        w=words(v),
        found=found,
        asked={"q": q, "instance": instance},
        instance_options=titles(v.app),
        next_way=f"{PATH}?{further}" if more else "",
        first_way=PATH if number > 1 else "",
    )


@router.get(f"{PATH}/questions/{{question_id}}")
async def question(v: Signed, question_id: str) -> Response:
    """Show one doubt, with the accounts as their platform shows them now."""
    try:
        found = await question_page(v.app, v.who, question_id)
    except NoSuchQuestion:
        raise HTTPException(404) from None
    return page(v, "question.html", w=words(v), found=found)


@router.post(f"{PATH}/questions/{{question_id}}/confirm")
async def confirm(
    v: Signed, question_id: str, person: Annotated[str, Form()], account: Annotated[str, Form()]
) -> Response:
    """Say that this account is this person's; `account` is the key the page gave it."""
    try:
        account_id = await account_of(v.app, v.who, question_id, account)
        await link_answers.confirm(v.app, v.who, question_id, person, account_id)
    except NoSuchQuestion:
        raise HTTPException(404) from None
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    return redirect(v, PATH, v.t.text("Written down: the account is theirs."))


@router.post(f"{PATH}/questions/{{question_id}}/refuse")
async def refuse(v: Signed, question_id: str, note: Annotated[str, Form()] = "") -> Response:
    """Leave everything as it is."""
    try:
        await link_answers.refuse(v.app, v.who, question_id, note)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    return redirect(v, PATH, v.t.text("Left as it is; nothing was tied, and it is not asked again."))


@router.post(f"{PATH}/confirm")
async def still_so(v: Signed, person: Annotated[str, Form()], instance: Annotated[str, Form()]) -> Response:
    """Say that somebody's accounts on an instance are still theirs."""
    try:
        await link_answers.reconfirm(v.app, v.who, person, instance)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    return redirect(v, PATH, v.t.text("Confirmed today."))


@router.post(f"{PATH}/untie")
async def let_go(
    v: Signed,
    person: Annotated[str, Form()],
    instance: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Untie somebody's accounts on an instance; removals that wait for them stop."""
    try:
        gone = await untie(v.app, v.who, person, instance=instance, reason=reason)
    except CannotAct as error:
        return redirect(v, PATH, error.said(v.t, v.who.zone), "error")
    said = v.t.plural("{n} account is no longer theirs.", "{n} accounts are no longer theirs.", len(gone))
    return redirect(v, PATH, said)
