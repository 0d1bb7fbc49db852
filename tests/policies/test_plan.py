"""Exactly which memberships a case takes: nothing is dropped, everything left alone has its reason."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import (
    Account,
    AccountKind,
    Certainty,
    Gap,
    GroupKind,
    Manner,
    Membership,
    Plan,
    PlannedStep,
    Refusal,
    RegisteredGroup,
    Sensitivity,
    StepAction,
    Verdict,
)
from policies.plan import WHY_KEYS, Explanation, InstanceFacts, PlanContext, UnknownRule, explain, plan
from policies.rules import Policy
from tests.policies.builders import (
    ACCOUNT,
    ANA,
    SLACK,
    case,
    context,
    group,
    in_group,
    leaving,
    moving,
    policy,
)

ALL = policy("on: leaver\naction: remove")
POSTS = """posts:
  - {department: Sales, groups: [{name: "sales-*"}, {name: shared}]}
  - {department: Finance, groups: [{name: "fin-*"}, {name: shared}]}
"""
MOVE = policy("on: mover\naction: remove", POSTS)


def leave(
    *memberships: Membership, by: Policy = ALL, around: PlanContext | None = None, cap: int | None = None
) -> Plan:
    return plan(case(leaving(), cap=cap), by, memberships, (), around or context())


def move(*memberships: Membership, by: Policy = MOVE, around: PlanContext | None = None) -> Plan:
    return plan(case(moving()), by, memberships, (), around or context())


def said(found: Plan) -> list[tuple[str, str, str]]:
    """Group (or account), verdict, and the reason that is shown."""
    return [
        (step.group.name if step.group else step.account.id, step.verdict.value, step.refusal or step.why)
        for step in found.steps
    ]


def only(found: Plan) -> PlannedStep:
    (step,) = found.steps
    return step


# Leavers


def test_a_leaver_loses_every_group_in_the_order_of_their_names() -> None:
    assert said(leave(in_group("zebra"), in_group("Alpha"))) == [
        ("Alpha", "act", "leaver_all_groups"),
        ("zebra", "act", "leaver_all_groups"),
    ]


def test_a_row_says_what_is_done_to_whom_in_which_role_and_by_which_rule() -> None:
    assert only(leave(in_group("sales"))) == PlannedStep(
        StepAction.REVOKE,
        Verdict.ACT,
        ACCOUNT,
        group("sales"),
        in_group("sales").role,
        Manner.KICK,
        "p/r",
        "leaver_all_groups",
    )


def test_removing_and_barring_closes_the_way_back() -> None:
    assert (
        only(leave(in_group("sales"), by=policy("on: leaver\naction: remove_and_bar"))).manner is Manner.BAR
    )


def test_groups_that_policy_excepts_or_does_not_name_are_kept_and_listed() -> None:
    by = policy("on: leaver\naction: remove\ngroups: [{name: 's*'}]\nexcept: [{name: 'social*'}]")
    assert said(leave(in_group("sales"), in_group("social-club"), in_group("random"), by=by)) == [
        ("random", "keep", "not_named_by_policy"),
        ("sales", "act", "named_by_policy"),
        ("social-club", "keep", "excepted_by_policy"),
    ]


@pytest.mark.parametrize(
    ("action", "verdict", "why"),
    [("keep", Verdict.KEEP, "kept_by_policy"), ("ask_owner", Verdict.ASK_OWNER, "asked_by_policy")],
)
def test_a_rule_may_keep_or_ask_instead(action: str, verdict: Verdict, why: str) -> None:
    step = only(leave(in_group("sales", sole_owner=True), by=policy(f"on: leaver\naction: {action}")))
    assert (step.verdict, step.why, step.refusal) == (verdict, why, None)


def test_sensitive_groups_are_known_from_the_registry() -> None:
    by = policy("on: leaver\naction: remove\ngroups: [{sensitivity: sensitive}]")
    registry = [RegisteredGroup("acme", "C-board", sensitivity=Sensitivity.SENSITIVE)]
    assert said(leave(in_group("board"), in_group("lunch"), by=by, around=context(registry=registry))) == [
        ("board", "act", "named_by_policy"),
        ("lunch", "keep", "not_named_by_policy"),
    ]


# Guards


def test_what_a_guard_refuses_is_blocked_with_its_reason_and_the_rest_runs() -> None:
    found = leave(in_group("general", is_default=True), in_group("sales"), in_group("team", sole_owner=True))
    assert said(found) == [
        ("general", "blocked", "default_group"),
        ("sales", "act", "leaver_all_groups"),
        ("team", "blocked", "last_owner"),
    ]


def test_a_group_that_is_kept_is_not_also_blocked() -> None:
    by = policy("on: leaver\naction: remove\nexcept: [{name: general}]")
    assert said(leave(in_group("general", is_default=True), by=by)) == [
        ("general", "keep", "excepted_by_policy")
    ]


def test_protected_people_are_named_by_the_context_and_by_the_policy() -> None:
    assert (
        only(leave(in_group("sales"), around=context(protected=frozenset({"E7"})))).refusal
        is Refusal.PROTECTED
    )
    by = policy("on: leaver\naction: remove", "protected: [E7]\n")
    assert only(leave(in_group("sales"), by=by)).refusal is Refusal.PROTECTED


def test_an_ambiguous_account_is_never_acted_on_and_the_row_says_what_is_unsure() -> None:
    unsure = context(certainty=(Certainty.AMBIGUOUS, "link_not_released"))
    step = only(leave(in_group("sales"), around=unsure))
    assert (step.verdict, step.refusal, step.why) == (Verdict.BLOCKED, Refusal.AMBIGUOUS, "link_not_released")


def test_an_account_nobody_vouched_for_is_ambiguous() -> None:
    stranger = in_group("sales", replace(ACCOUNT, id="U99"))
    step = only(leave(stranger))
    assert (step.verdict, step.refusal, step.why) == (Verdict.BLOCKED, Refusal.AMBIGUOUS, "identity_unknown")


def test_a_reason_that_surfaces_cannot_translate_is_shown_as_unknown_identity() -> None:
    step = only(leave(in_group("sales"), around=context(certainty=(Certainty.NONE, "a hunch"))))
    assert step.why == "identity_unknown"


# Accounts


BY_ACCOUNT = policy("on: leaver\naction: remove\naccount: [end_sessions, deactivate]")


def test_acts_on_the_account_come_where_the_platform_wants_them() -> None:
    found = leave(in_group("a"), in_group("b"), by=BY_ACCOUNT)
    assert [step.action for step in found.steps] == [
        StepAction.END_SESSIONS,
        StepAction.REVOKE,
        StepAction.REVOKE,
        StepAction.DEACTIVATE,
    ]
    assert found.notes == ()


def test_another_platform_locks_the_account_before_the_groups() -> None:
    entra = InstanceFacts("entra", SLACK.actions, (StepAction.DEACTIVATE, StepAction.REVOKE))
    found = leave(in_group("a"), by=BY_ACCOUNT, around=context(facts=entra))
    assert [step.action for step in found.steps] == [
        StepAction.DEACTIVATE,
        StepAction.REVOKE,
        StepAction.END_SESSIONS,
    ]


def test_what_the_platform_cannot_do_to_an_account_is_no_step_but_a_note() -> None:
    basic = InstanceFacts("slack", (StepAction.REVOKE, StepAction.END_SESSIONS), (StepAction.REVOKE,))
    found = leave(in_group("a"), by=BY_ACCOUNT, around=context(facts=basic))
    assert [step.action for step in found.steps] == [StepAction.REVOKE, StepAction.END_SESSIONS]
    assert found.notes == ("unsupported:deactivate:acme",)


def test_what_only_another_token_could_do_to_an_account_is_blocked_and_listed() -> None:
    bot_only = InstanceFacts("slack", (StepAction.REVOKE,), SLACK.lockout_order)
    found = leave(in_group("a"), by=BY_ACCOUNT, around=context(facts=bot_only))
    blocked = [(step.action, step.refusal) for step in found.steps if step.verdict is Verdict.BLOCKED]
    assert sorted(blocked) == [
        (StepAction.DEACTIVATE, Refusal.MISSING_SCOPE),
        (StepAction.END_SESSIONS, Refusal.MISSING_SCOPE),
    ]
    assert found.notes == ()


def test_an_instance_nobody_described_can_do_nothing_to_accounts() -> None:
    nowhere = replace(ACCOUNT, instance="nowhere")
    found = leave(in_group("a", nowhere, instance="nowhere"), by=BY_ACCOUNT, around=context([nowhere]))
    assert said(found) == [("a", "act", "leaver_all_groups")]
    assert found.notes == ("unsupported:end_sessions:nowhere", "unsupported:deactivate:nowhere")


@pytest.mark.parametrize(
    ("account", "around", "expected"),
    [
        (ACCOUNT, {}, ("act", "account_by_policy")),
        (replace(ACCOUNT, active=False), {}, ("keep", "already_inactive")),
        (replace(ACCOUNT, primary_owner=True), {}, ("blocked", "owner")),
        (replace(ACCOUNT, kind=AccountKind.EXTERNAL), {}, ("blocked", "external_account")),
        (ACCOUNT, {"protected": frozenset({"E7"})}, ("blocked", "protected")),
        (ACCOUNT, {"own_accounts": frozenset({("acme", "U7")})}, ("blocked", "bot_itself")),
        (ACCOUNT, {"certainty": (Certainty.AMBIGUOUS, "claimed_by_two")}, ("blocked", "ambiguous")),
    ],
)
def test_the_guards_stand_before_the_account_too(
    account: Account, around: dict[str, Any], expected: tuple[str, str]
) -> None:
    found = leave(
        by=policy("on: leaver\naction: remove\naccount: deactivate"), around=context([account], **around)
    )
    assert said(found) == [("U7", *expected)]


def test_a_mover_keeps_the_account_even_if_a_stored_policy_says_otherwise() -> None:
    rule = MOVE.rules[0].model_copy(update={"account": (StepAction.DEACTIVATE,)})
    assert said(move(by=MOVE.model_copy(update={"rules": (rule,)}))) == []


# Movers


def test_a_mover_loses_the_groups_of_the_old_post_and_keeps_those_of_the_new() -> None:
    found = move(in_group("sales-emea"), in_group("shared"), in_group("fin-team"), in_group("football"))
    assert said(found) == [
        ("fin-team", "keep", "new_post"),
        ("football", "ask_owner", "other_group"),
        ("sales-emea", "act", "old_post"),
        ("shared", "keep", "new_post"),
    ]


def test_a_mover_rule_may_ask_about_old_groups_instead_of_removing() -> None:
    by = policy("on: mover\naction: ask_owner", POSTS)
    assert said(move(in_group("sales-emea"), by=by)) == [("sales-emea", "ask_owner", "asked_by_policy")]


def test_a_mover_rule_may_leave_groups_out_of_the_question() -> None:
    by = policy("on: mover\naction: remove\nexcept: [{name: 'social*'}]", POSTS)
    assert said(move(in_group("social"), by=by)) == [("social", "keep", "excepted_by_policy")]


def test_groups_of_the_new_post_are_previewed_and_never_joined() -> None:
    groups = [
        group("fin-team"),
        group("fin-old", archived=True),
        group("fin-in"),
        group("lunch"),
        group("shared"),
    ]
    found = move(in_group("fin-in"), in_group("sales-emea"), around=context(groups=groups))
    assert said(found) == [
        ("fin-in", "keep", "new_post"),
        ("sales-emea", "act", "old_post"),
        ("fin-team", "preview_only", "new_post"),
        ("shared", "preview_only", "new_post"),
    ]
    assert [step.action for step in found.steps[2:]] == [StepAction.ADD, StepAction.ADD]


def test_only_one_certain_and_active_account_would_join() -> None:
    inactive, second, third = (replace(ACCOUNT, id=name, active=name != "U1") for name in ("U1", "U2", "U3"))
    around = context([replace(ACCOUNT, instance="beta"), inactive, second, third], groups=[group("fin-team")])
    assert [step.account.id for step in move(around=around).steps] == ["U2"]
    unsure = context(certainty=(Certainty.AMBIGUOUS, "claimed_by_two"), groups=[group("fin-team")])
    assert move(around=unsure).steps == ()


def test_a_leaver_is_shown_no_groups_to_join() -> None:
    assert (
        leave(by=policy("on: leaver\naction: remove", POSTS), around=context(groups=[group("fin-a")])).steps
        == ()
    )


# What an approval covers


def approved(*names: str) -> frozenset[tuple[str, str]]:
    return frozenset(("acme", f"C-{name}") for name in names)


def test_groups_joined_since_the_approval_run_while_they_fit_and_are_shown_as_such() -> None:
    seen = case(leaving(), cap=2, approved=approved("b"))
    found = plan(seen, ALL, [in_group("a"), in_group("b")], (), context())
    assert [(step.verdict, step.since_approval) for step in found.steps] == [
        (Verdict.ACT, True),
        (Verdict.ACT, False),
    ]


def test_what_goes_beyond_the_approval_is_blocked_and_the_approved_part_runs() -> None:
    seen = case(leaving(), cap=2, approved=approved("y", "z"))
    found = plan(seen, ALL, [in_group(name) for name in ("a", "y", "z")], (), context())
    assert said(found) == [
        ("a", "blocked", "beyond_approved"),
        ("y", "act", "leaver_all_groups"),
        ("z", "act", "leaver_all_groups"),
    ]


def test_a_cap_counts_removals_only() -> None:
    found = plan(
        case(leaving(), cap=1), BY_ACCOUNT, [in_group("a"), in_group("g", is_default=True)], (), context()
    )
    assert [step.verdict for step in found.steps] == [Verdict.ACT, Verdict.ACT, Verdict.BLOCKED, Verdict.ACT]


@pytest.mark.parametrize("cap", [0, -1])
def test_a_cap_of_nothing_removes_nothing(cap: int) -> None:
    assert {step.refusal for step in leave(in_group("a"), in_group("b"), cap=cap).steps} == {
        Refusal.BEYOND_APPROVED
    }


def test_without_an_approval_nothing_is_since_it() -> None:
    assert only(leave(in_group("a"))).since_approval is False


# Digest


def test_the_digest_names_what_is_done_and_not_the_order_it_was_read_in() -> None:
    one, other = in_group("a"), in_group("b")
    assert leave(one, other).digest == leave(other, one).digest
    assert leave(one, other).digest != leave(one).digest
    assert leave(one, in_group("g", is_default=True)).digest == leave(one).digest


def test_the_digest_binds_person_event_instant_accounts_rule_and_policy_version() -> None:
    seen = case(leaving())
    later = replace(seen, due=seen.due.replace(hour=23))
    other_day = replace(seen, event=leaving(replace(ANA, last_day=seen.due.date())))
    other_person = replace(seen, event=leaving(replace(ANA, id="E8")))
    digests = {plan(one, ALL, (), (), context()).digest for one in (seen, later, other_day, other_person)}
    digests.add(plan(seen, policy("on: leaver\naction: remove\nurgent: true"), (), (), context()).digest)
    digests.add(plan(seen, ALL, (), (), context([ACCOUNT, replace(ACCOUNT, id="U8")])).digest)
    assert len(digests) == 6


# Errors and explanations


def test_a_case_under_another_version_of_the_policy_is_refused() -> None:
    with pytest.raises(UnknownRule, match="case case-1: no rule 'p/other'"):
        plan(case(leaving(), "p/other"), ALL, (), (), context())


def test_gaps_are_carried_into_the_plan() -> None:
    gap = Gap("acme", "private_channels_unseen")
    assert plan(case(leaving()), ALL, (), [gap], context()).gaps == (gap,)


def test_explain_says_the_rule_and_the_reason() -> None:
    found = leave(in_group("sales"), in_group("general", is_default=True))
    params = {"person": "Ana", "group": "sales", "instance": "acme"}
    assert explain(found, ANA, group("sales")) == Explanation("p/r", Verdict.ACT, "leaver_all_groups", params)
    blocked = explain(found, ANA, group("general"))
    assert (blocked.verdict, blocked.params["refusal"]) == (Verdict.BLOCKED, "default_group")


def test_explain_shows_the_removal_first_where_two_accounts_are_in_one_group() -> None:
    second = replace(ACCOUNT, id="U8", primary_owner=True)
    found = leave(in_group("sales", second), in_group("sales"), around=context([ACCOUNT, second]))
    assert explain(found, ANA, group("sales")).verdict is Verdict.ACT


def test_explain_tells_not_being_in_a_group_from_not_being_able_to_see() -> None:
    everywhere, one, elsewhere = Gap("acme", "unseen"), Gap("acme", "unseen", "C-x"), Gap("beta", "unseen")

    def why(group_name: str, *gaps: Gap) -> str:
        return explain(plan(case(leaving()), ALL, (), gaps, context()), ANA, group(group_name)).why

    assert why("x") == "not_a_member"
    assert why("x", elsewhere, one) == "group_unreadable"
    assert why("y", elsewhere, one) == "not_a_member"
    assert why("y", everywhere) == "group_unreadable"


# For all memberships

accounts = st.builds(
    Account,
    instance=st.sampled_from(["acme", "beta"]),
    id=st.sampled_from(["U7", "U8", "B1"]),
    primary_owner=st.booleans(),
    active=st.booleans(),
)
memberships = st.builds(
    in_group,
    st.sampled_from(["sales-a", "fin-a", "general", "lunch", "shared"]),
    accounts,
    sole_owner=st.booleans(),
    is_default=st.booleans(),
    archived=st.booleans(),
    kind=st.sampled_from(GroupKind),
    managed_elsewhere=st.sampled_from([None, "synced", "x"]),
)
policies = st.sampled_from(
    [ALL, BY_ACCOUNT, policy("on: leaver\naction: keep"), policy("on: leaver\naction: ask_owner")]
)


@given(st.lists(memberships, max_size=8), policies, st.none() | st.integers(-1, 5), st.booleans())
def test_every_membership_has_exactly_one_row_and_nothing_is_dropped(
    given_rows: list[Membership], by: Policy, cap: int | None, moves: bool
) -> None:
    event, used = (moving(), MOVE) if moves else (leaving(), by)
    found = plan(case(event, cap=cap, approved=approved("lunch")), used, given_rows, (), context())
    rows = [step for step in found.steps if step.action is StepAction.REVOKE]
    key = Membership.__repr__
    again = [Membership(step.account, step.group) for step in rows if step.group]
    assert sorted(map(key, again)) == sorted(key(replace(one, sole_owner=False)) for one in given_rows)
    assert {step.why for step in found.steps} <= WHY_KEYS
    assert all((step.refusal is None) == (step.verdict is not Verdict.BLOCKED) for step in found.steps)
    acting = [step for step in rows if step.verdict is Verdict.ACT]
    assert cap is None or len(acting) <= max(cap, 0)


@given(st.lists(memberships, max_size=8), policies)
def test_no_row_acts_on_the_bot_on_protected_people_or_on_an_unsure_account(
    given_rows: list[Membership], by: Policy
) -> None:
    own = frozenset({("acme", "B1")})
    for step in leave(*given_rows, by=by, around=context(own_accounts=own)).steps:
        if step.verdict is Verdict.ACT:
            assert (step.account.instance, step.account.id) == ("acme", "U7")
    guarded = leave(*given_rows, by=by, around=context(protected=frozenset({"E7"})))
    assert all(step.verdict is not Verdict.ACT for step in guarded.steps)


@given(st.lists(memberships, max_size=6), st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_in_which_things_were_read(
    given_rows: list[Membership], shuffler: object
) -> None:
    shuffled = list(given_rows)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random made by hypothesis
    assert leave(*given_rows).digest == leave(*shuffled).digest


def test_whoever_has_moved_back_or_on_meanwhile_keeps_the_groups_of_where_they_are() -> None:
    """A move that is carried out late must not take what a later move gave back."""
    left = case(moving()).event.before
    assert left is not None
    back = replace(context(), post_now=replace(left, manager_id="E99"))
    assert said(move(in_group("sales-emea"), around=back)) == [("sales-emea", "keep", "new_post")]
    elsewhere = replace(context(), post_now=replace(left, department="Legal"))
    assert said(move(in_group("sales-emea"), around=elsewhere)) == [("sales-emea", "act", "old_post")]
