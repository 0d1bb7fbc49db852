"""The search of the log in words: what each qualifier finds, examples, and what is wrong with a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.audit.filter import TooManyPeople
from bot.audit.query import QUALIFIERS, QueryProblem
from bot.locale import N_, Translator

QUALIFIER_HELP: Mapping[str, str] = {
    "actor": N_("who did it: a name, an employee id, bawab, or system:cron"),
    "action": N_("what was done: step.record, a whole group such as step, or a pattern such as *.release"),
    "person": N_("whom it is about: a name, an employee id, an e-mail address or a pseudonym"),
    "group": N_("a group's id, or part of its name"),
    "platform": N_("slack, telegram, teams and so on"),
    "instance": N_("one workspace, bot or tenant, by the name it has in the settings"),
    "outcome": N_("how it ended: verified_absent, failed, blocked, delegated and so on"),
    "case": N_("a case's id, or its beginning and *"),
    "step": N_("a step's id"),
    "run": N_("a run's id"),
    "rule": N_("the rule of the policy"),
    "quality": N_("how good the evidence is: observed, acknowledged, attested, waived, unknown"),
    "request": N_("the platform's own id of the request"),
    "created": N_("when: 2026-11-01, >=2026-11-01, 2026-11-01..2026-11-30, 2026-11-01T18:00"),
}
_PROBLEMS: Mapping[str, str] = {
    "quote": N_('A quote is not closed, or stands inside a word. Write "the whole value".'),
    "empty": N_("{what} needs a value right after it."),
    "date": N_(
        "{value} is no date. Write 2026-11-01, >=2026-11-01, 2026-11-01..2026-11-30 or 2026-11-01T18:00."
    ),
    "much": N_("This asks for too much at once: {most} things at most. Ask in two searches."),
}


@dataclass(frozen=True, slots=True)
class Example:
    """A search to try, and what it asks."""

    query: str
    asks: str


def examples(today: date, t: Translator) -> list[Example]:
    """Give searches that mean something on any day."""
    month = today.replace(day=1).isoformat()
    asked = {
        "outcome:failed outcome:still_present": t.text("Who may still be in, because a removal failed?"),
        "action:step.block": t.text("What was not done, and why?"),
        "action:hold": t.text("What was held, who agreed to it, and who refused?"),
        f"action:step.read_back outcome:verified_absent created:>={month}": t.text(
            "Who was seen to be out this month?"
        ),
        "-actor:bawab": t.text("What did people do, and not Bawab?"),
        "action:audit.export action:audit.reveal": t.text("Who exported this log, or saw sealed fields?"),
        "action:access.refuse": t.text("Who was turned away?"),
    }
    return [Example(query, asks) for query, asks in asked.items()]


def problem_text(problem: QueryProblem, t: Translator) -> str:
    """Say what is wrong with a query, and what to write instead."""
    facts = {name: t.isolate(value) for name, value in problem.facts.items()}
    if problem.code != "unknown":
        return t.text(_PROBLEMS[problem.code], **facts)
    qualifier = t.isolate(f"{problem.facts['qualifier']}:")
    quoted = t.isolate(f'"{problem.facts["qualifier"]}:{problem.facts["value"]}"')
    near = problem.facts["near"]
    if near:
        meant = t.isolate(f"{near}:")
        return t.text(
            "{qualifier} is not known here. Did you mean {near}? To find the text itself, quote it: {quoted}",
            qualifier=qualifier,
            near=meant,
            quoted=quoted,
        )
    known = t.isolate(", ".join(f"{one}:" for one in QUALIFIERS))
    return t.text(
        "{qualifier} is not known here. There are: {known}. To find the text itself, quote it: {quoted}",
        qualifier=qualifier,
        known=known,
        quoted=quoted,
    )


def too_many_text(problem: TooManyPeople, t: Translator) -> str:
    """Say that a name means too many people."""
    return t.text(
        "{name} may mean {count} people. Write more of the name, or an employee id.",
        name=t.isolate(problem.name),
        count=t.number(problem.count),
    )
