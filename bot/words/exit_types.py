"""Words for why somebody leaves; only for who may read reasons, never for chat admins."""

from __future__ import annotations

from bot.locale import N_
from policies.model import ExitType

EXIT_TYPES: dict[str, str] = {
    ExitType.RESIGNATION: N_("Resignation"),
    ExitType.DISMISSAL: N_("Dismissal"),
    ExitType.RETIREMENT: N_("Retirement"),
    ExitType.CONTRACT_END: N_("End of contract"),
    ExitType.DEATH: N_("Death"),
    ExitType.UNSTATED: N_("Not stated"),
}
"""Exit type → its name, for `worded` or `t.text`."""
