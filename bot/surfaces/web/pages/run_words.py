"""Words for runs on a page: what they are, how long they wait, how their steps ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bot.acts.refusals import SENTENCES
from bot.locale import N_
from bot.locale.keys import state_text
from bot.reviews import Standing
from bot.states import StepState
from bot.surfaces.web.visitor import Visitor
from bot.views.reviews import Review, RunLine
from bot.words.kinds import worded
from bot.words.spans import span_text

KINDS: Final[Mapping[str, str]] = {
    "service": N_("Bawab was running"),
    "once": N_("Bawab ran once"),
    "feed": N_("A file from HR"),
    "manual": N_("Asked for by hand"),
    "release": N_("Something held was decided anew"),
}
STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.RUNNING: N_("not over yet"),
    Standing.NOTHING: N_("nothing to review"),
    Standing.EARLIER: N_("from before reviews were kept"),
    Standing.FRESH: N_("to be reviewed"),
    Standing.AGEING: N_("waits for more than a day"),
    Standing.OVERDUE: N_("waits too long"),
    Standing.SIGNED: N_("reviewed"),
}
_A_MOMENT: Final = timedelta(minutes=1)
_TONES: Final = {
    Standing.RUNNING: "wait",
    Standing.FRESH: "wait",
    Standing.AGEING: "ask",
    Standing.OVERDUE: "bad",
    Standing.SIGNED: "good",
}


class RunWords:
    """The sentences about runs, for one reader."""

    def __init__(self, v: Visitor) -> None:
        self.t = v.t
        self._now = v.app.now()

    def title(self, line: RunLine) -> str:
        """Say what a run was: a file by its name, a request by who asked."""
        kind = worded(dict(KINDS), line.kind, self.t)
        if line.file:
            return self.t.text("{what}: {name}", what=kind, name=self.t.isolate(line.file))
        if line.by != "bawab":
            return self.t.text("{what}: {name}", what=kind, name=self.t.isolate(line.by))
        return kind

    def standing(self, review: Review) -> str:
        """Say where it stands with those who must look at it."""
        return self.t.text(STANDINGS[review.standing])

    def tone(self, review: Review) -> str:
        """The tone that is shown in."""
        return _TONES.get(review.standing, "quiet")

    def age(self, review: Review) -> str:
        """Say since how long it waits."""
        if review.over_at is None:
            return ""
        waits = self._now - review.over_at
        if waits < _A_MOMENT:
            return self.t.text("since a moment ago")
        return self.t.text("for {span}", span=span_text(waits, self.t))

    def why_not(self, review: Review) -> str:
        """Say why the reader may not sign it; empty where they may, or where it is nobody's to sign."""
        known = review.why_not in SENTENCES and not review.may_sign
        return self.t.text(SENTENCES[str(review.why_not)]) if known else ""

    def steps(self, counts: Mapping[StepState, int]) -> list[tuple[StepState, str]]:
        """Say how steps ended, with how many, the worst first."""
        order = sorted(counts, key=_ORDER.index)
        return [(state, f"{state_text(state, self.t)}: {self.t.number(counts[state])}") for state in order]


_ORDER: Final = [
    StepState.FAILED,
    StepState.STILL_PRESENT,
    StepState.BLOCKED,
    StepState.DELEGATED,
    StepState.OUTCOME_UNKNOWN,
    StepState.HELD,
    StepState.PENDING,
    StepState.REQUESTED,
    StepState.REMOVED_UNVERIFIED,
    StepState.WAIVED,
    StepState.LOCKED_OUT,
    StepState.ATTESTED,
    StepState.VERIFIED_ABSENT,
    StepState.ALREADY_ABSENT,
    StepState.CANCELLED,
]
