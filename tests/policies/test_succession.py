"""Who takes over a group whose last owner goes, and what becomes of the removal."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policies.model import Account, Refusal, StepAction, Verdict, WayBack, WayKind
from policies.plan import plan
from policies.plan_context import PlanContext
from policies.rules import Successor
from policies.succession import SUCCESSION_WHYS, Candidate, choose
from tests.policies.builders import ACCOUNT, SLACK, case, context, group, in_group, leaving, moving, policy

NOOR = Account("acme", "U9", "noor")
MAJED = Account("acme", "U5", "majed")
DEPUTY = Candidate(Successor.DEPUTY, "E9", True, NOOR)
MANAGER = Candidate(Successor.MANAGER, "E5", True, MAJED)
ABLE = replace(
    SLACK,
    actions=(*SLACK.actions, StepAction.HAND_OVER, StepAction.CLOSE_WAY_BACK),
    lockout_order=(
        StepAction.END_SESSIONS,
        StepAction.HAND_OVER,
        StepAction.REVOKE,
        StepAction.CLOSE_WAY_BACK,
        StepAction.DEACTIVATE,
    ),
)
LEAVER = "on: leaver\naction: remove_and_bar"


def _context(*candidates: Candidate, **more: object) -> PlanContext:
    known = {("acme", "C-board"): tuple(candidates)}
    return replace(context(facts=ABLE), candidates=known, **more)  # type: ignore[arg-type] # fields by name


def _rows(rule: str, *candidates: Candidate) -> list[tuple[str, str, str, str | None, str]]:
    drawn = plan(
        case(leaving()),
        policy(rule),
        [in_group("board", sole_owner=True), in_group("lunch")],
        (),
        _context(*candidates),
    )
    return [
        (step.action.value, step.group.name if step.group else "", step.verdict.value, step.refusal, step.why)
        for step in drawn.steps
    ]


def test_the_deputy_becomes_owner_first_and_then_the_last_owner_goes() -> None:
    assert _rows(LEAVER, DEPUTY, MANAGER) == [
        ("hand_over", "board", "act", None, "successor_deputy"),
        ("revoke", "board", "act", None, "leaver_all_groups"),
        ("revoke", "lunch", "act", None, "leaver_all_groups"),
    ]


def test_the_manager_comes_next_where_the_deputy_is_leaving_too() -> None:
    rows = _rows(LEAVER, replace(DEPUTY, present=False), MANAGER)
    assert rows[0] == ("hand_over", "board", "act", None, "successor_manager")


def test_with_nobody_to_take_over_only_that_group_is_blocked_and_says_why() -> None:
    assert _rows(LEAVER, replace(DEPUTY, account=None)) == [
        ("revoke", "board", "blocked", Refusal.LAST_OWNER, "successor_without_account"),
        ("revoke", "lunch", "act", None, "leaver_all_groups"),
    ]


def test_a_policy_may_forbid_handing_over_by_itself() -> None:
    rows = _rows(f"{LEAVER}\nsuccessor: []", DEPUTY)
    assert rows[0] == ("revoke", "board", "blocked", Refusal.LAST_OWNER, "hand_over_not_wanted")


def test_a_platform_that_cannot_make_owners_blocks_as_before() -> None:
    known = {("acme", "C-board"): (DEPUTY,)}
    drawn = plan(
        case(leaving()),
        policy(LEAVER),
        [in_group("board", sole_owner=True)],
        (),
        replace(context(), candidates=known),
    )
    (step,) = drawn.steps
    assert (step.verdict, step.refusal) == (Verdict.BLOCKED, Refusal.LAST_OWNER)


def test_a_group_beyond_what_was_approved_is_not_handed_over_either() -> None:
    approved = case(leaving(), cap=0, approved=frozenset({("acme", "C-other")}))
    drawn = plan(approved, policy(LEAVER), [in_group("board", sole_owner=True)], (), _context(DEPUTY))
    assert [(step.action, step.refusal) for step in drawn.steps] == [
        (StepAction.HAND_OVER, Refusal.BEYOND_APPROVED),
        (StepAction.REVOKE, Refusal.BEYOND_APPROVED),
    ]


def test_the_digest_of_an_approval_binds_the_successor() -> None:
    digests = {
        plan(
            case(leaving()), policy(LEAVER), [in_group("board", sole_owner=True)], (), _context(candidate)
        ).digest
        for candidate in (DEPUTY, MANAGER)
    }
    assert len(digests) == 2


LINK = WayBack("primary", WayKind.INVITE_LINK, group("lunch"), "ab12")
ELSEWHERE = WayBack("primary", WayKind.INVITE_LINK, group("kept"), "cd34")
INVITATION = WayBack("i1", WayKind.INVITATION)


def _closed(rule: str, *, move: bool = False) -> list[str]:
    ways = {(ACCOUNT.instance, ACCOUNT.id): (LINK, ELSEWHERE, INVITATION)}
    drawn = plan(
        case(moving() if move else leaving()),
        policy(rule, "posts:\n  - department: Sales\n    groups:\n      - name: lunch\n"),
        [in_group("lunch")],
        (),
        _context(ways=ways),
    )
    return [step.way.id for step in drawn.steps if step.way is not None]


def test_what_leads_into_the_lost_groups_is_closed_where_the_policy_bars() -> None:
    assert _closed(LEAVER) == ["i1", "primary"]


def test_a_policy_that_only_removes_leaves_links_alone_unless_it_says_so() -> None:
    assert _closed("on: leaver\naction: remove") == []
    assert _closed("on: leaver\naction: remove\nway_back: close") == ["i1", "primary"]


def test_a_mover_keeps_the_way_into_the_workspace() -> None:
    assert _closed("on: mover\naction: remove\nway_back: close", move=True) == ["primary"]


_ACCOUNTS = st.none() | st.sampled_from([NOOR, MAJED, replace(NOOR, active=False)])
_CANDIDATES = st.lists(
    st.builds(
        Candidate, st.sampled_from(Successor), st.sampled_from(["E7", "E9", "E5"]), st.booleans(), _ACCOUNTS
    ),
    max_size=5,
)


@given(st.lists(st.sampled_from(Successor), unique=True), _CANDIDATES)
def test_nobody_is_chosen_who_is_the_leaver_absent_or_without_an_active_account(
    order: list[Successor], candidates: list[Candidate]
) -> None:
    choice = choose(order, candidates, "E7")
    assert choice.why in SUCCESSION_WHYS
    able = [
        one
        for one in candidates
        if one.part in order and one.person_id != "E7" and one.present and one.account and one.account.active
    ]
    assert (choice.candidate is None) == (not able)
    if choice.candidate is not None:
        assert choice.candidate in able
        assert order.index(choice.candidate.part) == min(order.index(one.part) for one in able)
