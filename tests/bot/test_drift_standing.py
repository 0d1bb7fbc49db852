"""Which case says that somebody must be out: the latest that still holds, whatever came before and after."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.casework import PAST
from bot.drift.standing import BEGUN, standing
from bot.states import CASE_NOT_STARTED, CaseState
from bot.store.tables import CaseRow, PersonRow
from policies.model import EventKind
from tests.bot.world import START


def case(
    kind: str, *, at: int = 0, state: str = CaseState.COMPLETED, gone: bool = True, past: bool = False
) -> CaseRow:
    status = "terminated" if gone and kind != EventKind.MOVER else "active"
    return CaseRow(
        id=f"case_{at}",
        event_key=f"{PAST if past else ''}key-{at}",
        person_id="E1",
        kind=kind,
        exit_type="unstated",
        event={"person": {"status": status}},
        rule="policy/rule",
        state=state,
        created_at=START + timedelta(hours=at),
        updated_at=START,
    )


def person(status: str) -> PersonRow:
    return PersonRow(id="E1", source="hr", digest="", record="", name="Ana", status=status, updated_at=START)


GONE, HERE = person("terminated"), person("active")


def test_a_departure_holds_and_a_move_before_it_is_part_of_it() -> None:
    cases = [case("mover", at=1), case("leaver", at=2)]
    found = standing(cases, GONE)
    assert found is not None
    assert (found.case.id, found.sure) == ("case_2", True)


def test_who_was_hired_again_is_rightly_here_and_so_is_what_they_moved_out_of_before() -> None:
    assert standing([case("mover", at=1), case("leaver", at=2, past=True)], HERE) is None
    assert standing([case("leaver", at=2)], HERE) is None, "the record says so before the case does"


def test_a_move_after_the_rehire_holds() -> None:
    found = standing([case("leaver", at=1, past=True), case("mover", at=2)], HERE)
    assert found is not None
    assert found.case.kind == "mover"


def test_somebody_taken_out_by_hand_stays_out_although_hr_still_has_them() -> None:
    assert standing([case("leaver", gone=False)], HERE) is not None


def test_a_later_last_day_makes_it_unsure() -> None:
    found = standing([case("leaver", at=1), case("leaver", at=2, state=CaseState.SCHEDULED)], GONE)
    assert found is not None
    assert (found.case.id, found.sure) == ("case_1", False)


KINDS = st.sampled_from(["leaver", "contractor_end", "mover"])
CASES = st.lists(
    st.builds(
        case,
        KINDS,
        at=st.integers(0, 9),
        state=st.sampled_from(sorted(CaseState)),
        gone=st.booleans(),
        past=st.booleans(),
    ),
    max_size=6,
)


@given(CASES, st.sampled_from([GONE, HERE, None]))
def test_what_has_not_begun_or_was_cancelled_or_is_over_never_holds(
    cases: list[CaseRow], who: PersonRow | None
) -> None:
    found = standing(cases, who)
    if found is not None:
        assert found.case.state in BEGUN
        assert found.case.state not in CASE_NOT_STARTED | {CaseState.CANCELLED}
        assert found.case.kind == "mover" or not found.case.event_key.startswith(PAST)


@given(CASES, st.sampled_from([GONE, HERE, None]))
def test_the_order_in_which_cases_are_read_makes_no_difference(
    cases: list[CaseRow], who: PersonRow | None
) -> None:
    distinct = list({one.id: one for one in cases}.values())
    found, turned = standing(distinct, who), standing(distinct[::-1], who)
    assert (found and found.case.id, found and found.sure) == (
        turned and turned.case.id,
        turned and turned.sure,
    )
