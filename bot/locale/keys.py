"""A human sentence for every stable key that a person may meet: states, refusals, remedies, holds, gaps."""

from __future__ import annotations

from bot.locale.catalogue import N_
from bot.locale.translator import Translator
from bot.states import CaseState, HoldKind, StepState
from policies.acts import Refusal, StepAction

STEP_STATES: dict[StepState, str] = {
    StepState.PENDING: N_("waiting for its turn"),
    StepState.HELD: N_("held until somebody releases it"),
    StepState.REQUESTED: N_("requested, not confirmed yet"),
    StepState.OUTCOME_UNKNOWN: N_("no clear answer; we are checking"),
    StepState.REMOVED_UNVERIFIED: N_("removed, not yet seen to be gone"),
    StepState.VERIFIED_ABSENT: N_("removed, and checked"),
    StepState.ALREADY_ABSENT: N_("was no longer a member; checked"),
    StepState.LOCKED_OUT: N_("cannot get in because the account is closed; the membership itself may remain"),
    StepState.STILL_PRESENT: N_("still a member; IT is looking into it"),
    StepState.BLOCKED: N_("not done"),
    StepState.DELEGATED: N_("to be done by hand, and confirmed"),
    StepState.ATTESTED: N_("done by hand, as confirmed by a person"),
    StepState.WAIVED: N_("left as it is, by an agreed exception"),
    StepState.FAILED: N_("failed; still a member as far as we know"),
    StepState.CANCELLED: N_("cancelled before anything was done"),
}

CASE_STATES: dict[CaseState, str] = {
    CaseState.RECEIVED: N_("received from HR"),
    CaseState.PLANNED: N_("planned"),
    CaseState.AWAITING_APPROVAL: N_("waiting for approval"),
    CaseState.SCHEDULED: N_("scheduled"),
    CaseState.EXECUTING: N_("being carried out"),
    CaseState.AWAITING_MANUAL: N_("waiting for work by hand"),
    CaseState.VERIFYING: N_("done, being checked"),
    CaseState.COMPLETED: N_("completed"),
    CaseState.COMPLETED_WITH_EXCEPTIONS: N_("completed, with exceptions"),
    CaseState.CANCELLED: N_("cancelled"),
    CaseState.QUARANTINED: N_("set aside until a person looks at it"),
}

REFUSALS: dict[Refusal, str] = {
    Refusal.PROTECTED: N_("this person is on the protected list"),
    Refusal.LAST_OWNER: N_("this person is the only owner of the group"),
    Refusal.LAST_MEMBER: N_("this person is the only member left, and the platform keeps no empty group"),
    Refusal.OWNER: N_("the platform does not let the owner be removed"),
    Refusal.CREATOR: N_("this person created the group, and nobody else can give it away"),
    Refusal.UNMANAGEABLE_ADMIN: N_("this person is an admin here whom Bawab may not demote"),
    Refusal.BOT_ITSELF: N_("this account is Bawab's own"),
    Refusal.AMBIGUOUS: N_("it is not certain that this account belongs to this person"),
    Refusal.NOT_MANAGED: N_("this group is not managed by Bawab"),
    Refusal.BEYOND_APPROVED: N_("this goes beyond what was approved"),
    Refusal.DEFAULT_GROUP: N_("everybody in the workspace belongs to this group"),
    Refusal.SYNCED: N_("the members are synced from another directory"),
    Refusal.DYNAMIC: N_("a rule of the platform decides who is a member"),
    Refusal.MAIL_ENABLED: N_("the members of this mailing group are kept in the mail system"),
    Refusal.ROLE_ASSIGNABLE: N_(
        "this group gives administrator roles, and takes a higher permission to change"
    ),
    Refusal.NESTED: N_("this person is in the group only through another group"),
    Refusal.GROUP_MANAGED_ELSEWHERE: N_("the members of this group are kept in another system"),
    Refusal.FIXED_MEMBERSHIP: N_("nobody can be taken out of a group conversation of this kind"),
    Refusal.EXTERNAL_ACCOUNT: N_("the account belongs to another organisation"),
    Refusal.NO_RIGHT: N_("Bawab lacks the right to remove members here"),
    Refusal.BOT_NOT_IN_GROUP: N_("Bawab is not in this group"),
    Refusal.MISSING_SCOPE: N_("Bawab's access to the platform lacks a permission"),
    Refusal.GROUP_GONE: N_("the group does not exist any more"),
    Refusal.ACCOUNT_UNKNOWN: N_("the platform does not know this account"),
    Refusal.NO_API: N_("the platform offers no way to do this automatically"),
    Refusal.ARCHIVED: N_("the group is archived, so its members cannot be changed"),
    Refusal.UNEXPECTED: N_("the platform refused with an answer Bawab does not know"),
}

REMEDIES: dict[Refusal, str] = {
    Refusal.PROTECTED: N_("If access must end all the same, IT changes the protected list first."),
    Refusal.LAST_OWNER: N_("Please make somebody else an owner; then IT tries again: `bawab case retry`."),
    Refusal.LAST_MEMBER: N_("Please add somebody else or close the group."),
    Refusal.OWNER: N_("Please hand the ownership over to somebody else first."),
    Refusal.CREATOR: N_(
        "Please have the person transfer the ownership in the app; where they cannot, move the group's work "
        "to a new group."
    ),
    Refusal.UNMANAGEABLE_ADMIN: N_(
        "Please have the group's owner take the admin role away; then remove the person."
    ),
    Refusal.BOT_ITSELF: N_("Nothing needs to be done."),
    Refusal.AMBIGUOUS: N_("IT or HR must confirm whose account it is."),
    Refusal.NOT_MANAGED: N_("If it should be, IT adds it to the policy."),
    Refusal.BEYOND_APPROVED: N_("HR must approve the rest."),
    Refusal.DEFAULT_GROUP: N_("Access ends when IT closes the account."),
    Refusal.SYNCED: N_("IT must remove the membership in the directory it is synced from."),
    Refusal.DYNAMIC: N_("IT must change the rule, or what the directory says of the person."),
    Refusal.MAIL_ENABLED: N_("IT must remove the membership in the mail system."),
    Refusal.ROLE_ASSIGNABLE: N_(
        "An administrator of roles (Privileged Role Administrator) takes the person out in the Entra centre."
    ),
    Refusal.NESTED: N_("The person leaves with the inner group; check that it is managed."),
    Refusal.GROUP_MANAGED_ELSEWHERE: N_("IT must remove the membership in the system that keeps it."),
    Refusal.FIXED_MEMBERSHIP: N_("Please continue in a new conversation without this person."),
    Refusal.EXTERNAL_ACCOUNT: N_("Please ask the other organisation, or remove the account by hand."),
    Refusal.NO_RIGHT: N_("Please remove the person by hand, or make Bawab an admin of the group."),
    Refusal.BOT_NOT_IN_GROUP: N_("Please remove the person by hand, or invite Bawab to the group."),
    Refusal.MISSING_SCOPE: N_("IT must grant the permission; `bawab check` names it."),
    Refusal.GROUP_GONE: N_("Nothing needs to be done."),
    Refusal.ACCOUNT_UNKNOWN: N_("IT must check the link between the person and the account."),
    Refusal.NO_API: N_("Please remove the person by hand and confirm it."),
    Refusal.ARCHIVED: N_("Please restore the group first if the membership must end."),
    Refusal.UNEXPECTED: N_("IT will find the answer in the case."),
}

HOLDS: dict[HoldKind, str] = {
    HoldKind.FEED: N_("the HR file looks damaged or incomplete"),
    HoldKind.OBSERVE: N_("first run: Bawab only shows what it would do"),
    HoldKind.POLICY_CHANGE: N_("the policy has changed; new decisions are only shown until it is released"),
    HoldKind.FIRST_SEEN: N_("the person was already gone when Bawab first saw the record"),
    HoldKind.RUN_THRESHOLD: N_("too many people at once"),
    HoldKind.DAY_THRESHOLD: N_("too many people in one day"),
    HoldKind.GROUP_THRESHOLD: N_("too many members of one group"),
    HoldKind.APPROVAL: N_("the policy asks for approval"),
    HoldKind.IDENTITY_LINKS: N_("accounts matched by e-mail or telephone must be confirmed first"),
    HoldKind.NO_TIME_ZONE: N_("no time zone is known, so the right moment is not certain"),
}

GAPS: dict[str, str] = {
    "account_gone": N_("the account no longer exists on the platform"),
    "account_id_not_numeric": N_("the account is not linked by its number, so nothing can be asked about it"),
    "account_never_met": N_("the bot never met this account in the group, so it cannot ask about it"),
    "ask_owner": N_("whether the person should stay here is for the group's owner to say"),
    "bot_not_in_group": N_("Bawab is not in this group, so it cannot see who is"),
    "channel_managers_unseen": N_("who manages the channels cannot be seen by Bawab"),
    "channels_unreadable": N_("private and shared channels cannot be seen by Bawab"),
    "chats_unreadable": N_("group chats cannot be seen by Bawab"),
    "connect_invite_pending": N_("an invitation this person sent to another organisation is still open"),
    "connect_invites_unknown": N_("whether invitations to other organisations are still open cannot be seen"),
    "connect_requests_unknown": N_("whether this person asked to bring outsiders into a channel is unknown"),
    "group_chats_unlisted": N_("group chats are found by person only, so no list of them all is possible"),
    "group_gone": N_("the group was deleted, or Bawab no longer sees it"),
    "group_kind_unseen": N_("groups of this kind cannot be seen by Bawab"),
    "group_moved": N_("the group goes by another id now; Bawab follows it"),
    "group_unreadable": N_("the group cannot be read, for a reason Bawab does not know"),
    "groups_learnt_only": N_("the platform lists no groups: only those Bawab was added to are known"),
    "hidden_memberships_unseen": N_("groups that hide their members cannot be seen by Bawab"),
    "invite_request_for_address": N_("an invitation that names this person's address waits for an admin"),
    "invite_request_shared": N_("this person and others asked for an invitation that waits for an admin"),
    "invite_requests_unknown": N_("whether this person asked for invitations to the workspace is unknown"),
    "linked_group_unseen": N_("a channel or discussion group that belongs to this one is not known to Bawab"),
    "links_of_others": N_("invite links made by other admins of the group may still lead in"),
    "members_unreadable": N_("Bawab lacks the right to see who is in this group"),
    "members_unknown": N_("the registry does not say who is in this group, so it must be looked at by hand"),
    "members_unseen": N_("who is in this group cannot be seen by Bawab"),
    "nested_groups_unseen": N_("groups the person is in by way of another group cannot be seen by Bawab"),
    "no_account_linked": N_("no account of this person is known on this platform"),
    "not_registered": N_("the group is no longer in the group registry"),
    "owned_groups_unseen": N_("groups the person only owns, without being a member, cannot be seen by Bawab"),
    "private_channel_unseen": N_("a private channel that Bawab is not in cannot be seen"),
    "private_channels_unseen": N_("private channels that Bawab is not in cannot be seen"),
    "public_group": N_("anybody can join this group by its public name"),
    "shared_channel_elsewhere": N_("the person is in a shared channel that another organisation hosts"),
    "user_groups_unseen": N_("user groups cannot be seen by Bawab"),
}
"""By the reason of a gap; connectors name the reasons."""

REASONS: dict[str, str] = {
    "by_hand": N_("cancelled by hand"),
    "disputed": N_("a second person disputed the emergency"),
    "first_seen_live": N_("had left before the first HR file, and is still in groups"),
    "identity_question": N_("an account may still be theirs: somebody must say whose it is"),
    "no_account_linked": N_("no account of this person was found on any platform"),
    "no_live_membership": N_("had left before, and is in no group any more"),
    "no_rule": N_("no rule of the policy speaks of this event"),
    "nothing_to_remove": N_("was in no group that the policy takes"),
    "rehire": N_("HR hired the person again"),
    "rejected": N_("rejected by a person"),
    "rescinded": N_("HR took it back"),
    "superseded": N_("newer news from HR replaced it"),
    "unknown_time_zone": N_("the person's time zone is not a known one"),
}
"""By the reason of a case, where it is not the kind of a hold."""

WHYS: dict[str, str] = {
    "account_by_policy": N_("the policy says what happens to the account itself"),
    "already_inactive": N_("the account is closed already"),
    "asked_by_policy": N_("the policy leaves it to the group's owner"),
    "excepted_by_policy": N_("the policy makes an exception for this group"),
    "group_unreadable": N_("the members of this group cannot be read"),
    "identity_unknown": N_("nothing ties this account to the person with certainty"),
    "kept_by_policy": N_("the policy keeps this membership"),
    "leaver_all_groups": N_("whoever leaves is taken out of every managed group"),
    "named_by_policy": N_("the policy names this group"),
    "new_post": N_("the group belongs to the new post"),
    "not_a_member": N_("the person is not a member of this group"),
    "not_named_by_policy": N_("the policy does not name this group"),
    "old_post": N_("the group belongs to the post that is left, and not to the new one"),
    "other_group": N_(
        "the group belongs to no post that policy knows; the person stays in, and its owner is the one to ask"
    ),
    "way_back_by_policy": N_("the policy closes links and invitations of the groups that are lost"),
    "successor_deputy": N_("the group registry names the successor"),
    "successor_manager": N_("the person's manager takes the group over"),
    "hand_over_not_wanted": N_("the policy hands no group over by itself"),
    "nobody_registered": N_("the registry names nobody who could take the group over"),
    "successor_not_present": N_(
        "whoever should take the group over is not at work, or is about to leave too"
    ),
    "successor_without_account": N_("whoever should take the group over has no certain account there"),
    "sso": N_("the account is tied to the person by single sign-on"),
    "hr_record": N_("the HR record names this account"),
    "self_link": N_("the person linked this account with a code"),
    "shared_contact": N_(
        "the person shared a telephone number that HR has for nobody else, and it was released"
    ),
    "admin": N_("an admin confirmed whose account this is"),
    "directory_email": N_("the e-mail address in the directory is this person's alone, and was released"),
    "link_not_released": N_("the match by e-mail address has not been released yet"),
    "claimed_by_two": N_("two people are tied to this account"),
    "bot_account": N_("the account belongs to a bot"),
}
"""By `policies.plan.WHY_KEYS`."""

RESIDUAL: tuple[str, ...] = (
    N_(
        "Group direct messages keep their members for ever; private channels the bot is not in are not "
        "seen; files and messages already copied stay with the person; invitations they sent, to shared "
        "channels or the workspace, stay valid until revoked by hand or expired; they can walk into public "
        "channels again while the account is open; without an Enterprise admin token, sessions stay open "
        "until the account is deactivated."
    ),
    N_(
        "Everything already on the phone stays there, and nobody can observe from outside that a removal "
        "happened."
    ),
    N_("Keeps every message and file already on the phone, and the phone numbers of the members."),
    N_("Keeps the conversation up to the removal, and whatever was saved from it."),
    N_("Keeps the conversation up to the removal, and whatever was saved from it; still sees public posts."),
    N_("Keeps saved chats and snaps; unsaved ones vanish by themselves."),
    N_(
        "The Telegram account is the person's own: its sessions cannot be ended, and every message and "
        "file already on the phone stays. Invite links of other admins cannot be listed or revoked by a "
        "bot, and groups the bot was never in are not seen."
    ),
    N_(
        "Access already open in Teams, Outlook or SharePoint can last up to an hour after sessions were "
        "revoked, and Teams may show a removed group longer; files downloaded or synced stay with the "
        "person; shared channels of other organisations, guest accounts elsewhere and files shared with "
        "them one by one, and meeting chats and conversations of two, are not ended here."
    ),
)
"""What remains with a person after a complete removal, as the connectors' manifests say it."""


def residual_text(line: str, t: Translator) -> str:
    """Say what remains on a platform; a line that only a connector knows is shown as it wrote it."""
    return t.text(line) if line in RESIDUAL else t.isolate(line)


ACT_STATES: dict[StepAction, dict[StepState, str]] = {
    StepAction.END_SESSIONS: {
        StepState.VERIFIED_ABSENT: N_("signed out everywhere, and checked"),
        StepState.ALREADY_ABSENT: N_("was signed in nowhere; checked"),
        StepState.REMOVED_UNVERIFIED: N_("signed out, not yet seen"),
        StepState.STILL_PRESENT: N_("still signed in; IT is looking into it"),
        StepState.FAILED: N_("failed; still signed in as far as we know"),
    },
    StepAction.DEACTIVATE: {
        StepState.VERIFIED_ABSENT: N_("account closed, and checked"),
        StepState.ALREADY_ABSENT: N_("account was closed already; checked"),
        StepState.REMOVED_UNVERIFIED: N_("account closed, not yet seen"),
        StepState.STILL_PRESENT: N_("account still open; IT is looking into it"),
        StepState.FAILED: N_("failed; the account is open as far as we know"),
    },
    StepAction.HAND_OVER: {
        StepState.VERIFIED_ABSENT: N_("handed over, and seen"),
        StepState.ALREADY_ABSENT: N_("had a second owner already"),
        StepState.REMOVED_UNVERIFIED: N_("handed over, not seen yet"),
        StepState.STILL_PRESENT: N_("not handed over"),
        StepState.FAILED: N_("not handed over"),
    },
    StepAction.CLOSE_WAY_BACK: {
        StepState.VERIFIED_ABSENT: N_("closed, and seen"),
        StepState.ALREADY_ABSENT: N_("was closed already"),
        StepState.REMOVED_UNVERIFIED: N_("closed, not seen yet"),
        StepState.STILL_PRESENT: N_("still open"),
        StepState.FAILED: N_("still open"),
    },
}
"""Where an act has words of its own for the same states: a session is not a membership."""


def step_text(action: StepAction, state: StepState, t: Translator) -> str:
    """Say where a step stands, in the words of its act."""
    return t.text(ACT_STATES.get(action, {}).get(state) or STEP_STATES[state])


def state_text(state: StepState | CaseState, t: Translator) -> str:
    """Say where a step or a case stands."""
    return t.text(STEP_STATES[state] if isinstance(state, StepState) else CASE_STATES[state])


def refusal_text(refusal: Refusal, t: Translator) -> str:
    """Say why a step is not done by the bot."""
    return t.text(REFUSALS[refusal])


def remedy_text(refusal: Refusal, t: Translator) -> str:
    """Say what to do about a refusal, and who does it."""
    return t.text(REMEDIES[refusal])


def hold_text(kind: HoldKind, t: Translator) -> str:
    """Say why a run guard stopped something."""
    return t.text(HOLDS[kind])


def gap_text(reason: str, t: Translator) -> str:
    """Say what could not be read; a connector's new reason is shown by its key rather than hidden."""
    known = GAPS.get(reason)
    return t.text(known) if known else t.text("could not be read ({reason})", reason=reason)


def reason_text(reason: str, t: Translator) -> str:
    """Say why a case is held, cancelled, or ended as it did; a word typed by a person is shown as typed."""
    if reason in set(HoldKind):
        return hold_text(HoldKind(reason), t)
    known = REASONS.get(reason)
    return t.text(known) if known else t.isolate(reason)


def why_text(why: str, t: Translator) -> str:
    """Say why a plan holds a row; a new key is shown as it is rather than hidden."""
    known = WHYS.get(why)
    return t.text(known) if known else why
