"""How a person does by hand what the bot cannot, step by step, for each platform and in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.locale import N_, Translator
from connectors.chat.manual.tasks import fill_steps, task_steps
from policies.model import StepAction

_THEN = N_("Look once more that {person} is no longer listed, then come back and confirm it here.")
GUIDES: Mapping[str, tuple[str, ...]] = {
    "slack": (
        N_("In Slack open {group} and click its name at the top."),
        N_("Open the tab with the members and search for {person}."),
        N_("Choose “Remove from channel”, and confirm."),
        _THEN,
    ),
    "telegram": (
        N_("In Telegram open {group} and tap its name at the top."),
        N_("Find {person} among the members."),
        N_("Hold the name (on a computer: right-click it) and choose to remove them from the group."),
        _THEN,
    ),
    "teams": (
        N_("In Teams open the members of {group}: three dots beside its name, then “Manage team”."),
        N_("Find {person} among the members and guests."),
        N_("Click the cross beside the name, and confirm."),
        _THEN,
    ),
}


def guide(platform: str, action: StepAction, *, person: str, group: str, t: Translator) -> list[str]:
    """Give the steps in order; none where no guide is written for the platform and the act."""
    if action is not StepAction.REVOKE:
        return []
    if platform in GUIDES:
        names = {"person": t.isolate(person), "group": t.isolate(group)}
        return [t.text(step, **names) for step in GUIDES[platform]]
    try:
        return list(fill_steps(task_steps(platform, action, t.language), person=person, group=group))
    except LookupError:
        return []
