"""A one-time link for somebody who has a role, where no identity provider signs people in."""

from __future__ import annotations

from bot.access.actors import actor_of
from bot.access.first_day import VALID, OnceOnly
from bot.access.roster import staff_row
from bot.access.secrets import hash_of, make_secret
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import SignInCodeRow
from bot.store.query import add, change, columns


async def make_link(app: Bawab, staff_id: str, *, actor: str) -> OnceOnly:
    """Make a link that signs somebody in once; an earlier one of theirs that was not used is void.

    Raises CannotAct for whoever has no role now, and where an identity provider is configured: a link would
    let people past its second factor.
    """
    if app.settings.oidc is not None:
        raise CannotAct("provider_signs_in")
    text, now = make_secret(), app.now()
    async with app.store.write() as tx:
        row = await staff_row(tx, staff_id)
        if row is None or await actor_of(app, tx, staff_id, "web") is None:
            raise CannotAct("no_staff", what=staff_id)
        codes = columns(SignInCodeRow)
        unused = [codes.staff_id == staff_id, codes.used_at.is_(None), codes.expires_at > now]
        await change(tx, SignInCodeRow, {"expires_at": now}, *unused)
        made = SignInCodeRow(
            code_hash=hash_of(text), staff_id=staff_id, created_at=now, expires_at=now + VALID
        )
        await add(tx, made)
        detail = {"source": row.source, "link_until": made.expires_at.isoformat()}
        entry = Entry(Action.ACCESS_GRANT, actor, outcome="link", person_id=staff_id, detail=detail)
        await app.audit.append(tx, entry)
    return OnceOnly(text, made.expires_at)
