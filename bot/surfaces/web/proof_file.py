"""The proof as one file: a statement people read, the entries, a script that checks them without Bawab."""

from __future__ import annotations

import asyncio
import zipfile
from functools import partial
from importlib.resources import files
from pathlib import Path

from bot.acts.exports import Proof
from bot.audit.keys import PUBLIC_NAME
from bot.surfaces.web.pages.log_lines import LogWords
from bot.surfaces.web.pages.saying import say_for
from bot.surfaces.web.render import template
from bot.surfaces.web.visitor import Visitor
from bot.views.case_lines import case_line
from bot.views.case_steps import step_lines
from bot.views.platforms import title_of


async def write_proof(v: Visitor, proof: Proof, folder: Path) -> Path:
    """Write `proof.zip` into the folder: statement, entries, public key, script, and how to check them."""
    statement = _statement(v, proof)
    path, public = folder / "proof.zip", v.app.settings.data_dir / PUBLIC_NAME
    texts = {
        "statement.html": statement,
        "READ-ME.txt": template("audit_readme.html", v.t, proof=proof),
        "check.py": (files("bot.audit") / "standalone_check.py").read_text(encoding="utf-8"),
        "audit-signing.pub": public.read_text(encoding="ascii"),
    }
    await asyncio.to_thread(_zip, path, texts, proof.exported.path)
    return path


def _zip(path: Path, texts: dict[str, str], entries: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in texts.items():
            made.writestr(name, text)
        made.write(entries, "entries.jsonl")


def _statement(v: Visitor, proof: Proof) -> str:
    cases = [
        (case_line(v.app, v.who, file.case), step_lines(v.app, v.who, file.steps, {}), file)
        for file in proof.cases
    ]
    return template(
        "audit_statement.html",
        v.t,
        who=v.who,
        zone=v.who.zone,
        proof=proof,
        cases=cases,
        lines=proof.lines[::-1],
        say=say_for(v),
        log=LogWords(v),
        now=v.app.now(),
        titled=partial(title_of, v.app),
    )
