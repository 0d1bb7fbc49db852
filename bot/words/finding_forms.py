"""The forms of what connectors, the feed's gate and `bawab check` say; a place stands in braces."""

from __future__ import annotations

from bot.locale import N_

FORMS: tuple[str, ...] = (
    # A connector's check: tokens and permissions
    N_("{token} token works in {team} ({id})"),
    N_("the {token} token belongs to {found}, not {wanted} as configured"),
    N_("the admin token belongs to {admin}, the bot token to {bot}"),
    N_("Slack did not say which scopes the {token} token has"),
    N_("the {token} token lacks {scope}, needed for {purpose}"),
    N_("no admin token: sessions are not ended and accounts not deactivated by Bawab"),
    N_("Set {variable} to an owner's or admin's user token, or do both by hand in Slack."),
    N_("Slack does not tell apps who may remove people from channels; the first refused removal shows it"),
    N_("the bot is not in #{channel}; policy lets it join to act"),
    N_("the bot is not in #{channel}"),
    N_("Copy the {token} token again from the Slack app's pages"),
    N_("Slack cannot be reached, so the {token} token could not be tried: {problem}"),
    N_("Mend what it names, and check again."),
    N_("Mend what it names."),
    N_(
        "Check the network, the firewall and the proxy between this machine and Slack, and status.slack.com; "
        "then check again."
    ),
    N_("bot token works for @{name} ({id})"),
    N_("the bot may not be added to groups"),
    N_("In @BotFather: /setjoingroups > the bot > Enable."),
    N_("in groups the bot is given all messages; Bawab needs and keeps no message"),
    N_("in groups the bot is given only what concerns it (privacy mode); Bawab needs and keeps no message"),
    N_("Telegram could not deliver updates to the webhook: {problem}"),
    N_("Check that its address is reached from the internet, with a valid certificate."),
    N_("{count} updates wait to be fetched; Telegram drops old ones"),
    N_("Keep `bawab run` running: groups are learnt only from updates."),
    N_("the bot is no longer in the group"),
    N_("the bot has every right it needs"),
    N_("the bot lacks {rights}"),
    N_("the bot knows no group yet; in each it will need {rights}"),
    N_("Add the bot to every work group and channel, and make it an admin there."),
    N_("Copy the token again from @BotFather: /mybots > the bot > API Token."),
    N_("the bot could not be checked: {problem}"),
    N_("the app signs in to tenant {tenant}"),
    N_("the app lacks {permission}, needed for {purpose}"),
    N_("no application permission is granted: consent was never given, or was withdrawn"),
    N_(
        "Under Entra admin center > App registrations > the app > API permissions: add the application "
        "permission, then Grant admin consent."
    ),
    N_("{what} was refused, though it should be open with {permission}: {problem}"),
    N_("{count} groups are {kind}, such as {name}: Bawab does not change them"),
    N_("Correct the tenant id, or register the app in that tenant and give its id and secret."),
    N_("Entra admin center > App registrations > the app > Certificates & secrets, and Overview."),
    N_("Entra's token cannot be read, so the granted permissions are found out by trying"),
    N_(
        "Check the network, the firewall and the proxy between this machine and Microsoft, and "
        "status.cloud.microsoft; then check again."
    ),
    # What cannot be seen, and what a gap can be mended by
    N_("Slack shows a bot only the private channels it is in"),
    N_("Invite the bot to private channels it should look after"),
    N_("Invite the bot to the channel"),
    N_("Invite the bot to the group, or give it the scope that is named"),
    N_("Add the scope {scope} and reinstall the app, or look in Slack under Slack Connect"),
    N_("Add the scope {scope} and reinstall the app"),
    N_("Revoke it in Slack under Manage > Slack Connect, or tell the channel's owner"),
    N_("Add the bot as an admin to every work group and channel, and register the others by hand."),
    N_("Add the bot to the group as an admin, or look there by hand."),
    N_("Make the bot an admin of the group who may ban users; only then may it see who is in it."),
    N_("Nothing to do if the group was deleted; else add the bot to it again."),
    N_("Register the group again."),
    N_("Add the groups you know."),
    N_("no group is registered"),
    N_("Hand it to the group's owner."),
    N_("Plan it again."),
    N_("List the members in the registry, or tag the row {tag} to be asked each time."),
    N_("the registry lists no members"),
    # The gate a feed passes
    N_(
        "People who must be in every export are not in this one. Check the rights of the account that makes "
        "the export, and its filters."
    ),
    N_(
        "The export is dated in the future; taken now, it would make the next true ones look out of date. "
        "Check the date in the file name or column."
    ),
    N_(
        "The export has a header and nobody in it. Check the rights of the account that makes it, and its "
        "filters, and export again."
    ),
    N_("Everybody in the export is terminated. Check its filters and the status column, and export again."),
    N_(
        "This source delivered a {before} last time and a {now} now. Release it if the change is meant; it "
        "is then a new baseline."
    ),
    N_(
        "The last line has no line break, and it had one last time: the file may be cut off inside its last "
        "cell. Deliver it again."
    ),
    N_("{lost} of {before} rows are gone since the last export. Check that it is whole; release it if so."),
    N_(
        "{more} more people than last time are terminated, of {rows}. Check the status column; release it if "
        "that is true."
    ),
    N_(
        "Columns of the last export are gone or renamed: {removed}. New in this one: {added}. Map the new "
        "names, or release it if they are not needed."
    ),
    N_(
        "Columns of the last export are gone or renamed: {removed}. Map the new names, or release it if they "
        "are not needed."
    ),
    N_("The export has columns the last one did not have: {added}. Release it if that is meant."),
    N_(
        "The export is older than the last one accepted. Deliver the newest; release it only to go back on "
        "purpose."
    ),
    # What a check finds here, in the words it says it in itself
    N_("audit log: {heads} signed heads fit"),
    N_(
        "run guards, whichever is more: {run} people or {run_percent} % a run, {day} or {day_percent} % "
        "a day, {group} or {group_percent} % of a group a day"
    ),
    N_("{path} is open to other users (mode {mode}); it holds HR data and the signing key"),
    N_("Run: {command}"),
    N_("{path}: {free} MiB free"),
    N_("Free space before the disk is full."),
    N_("policy {digest}: {rules} rules from {files}"),
    N_("no group registry: no owner is told, and groups without an API are not known"),
    N_("Write a groups.yaml and name it in BAWAB_REGISTRY."),
    N_("groups in the registry: {n}"),
    N_("the registry names {group} of {instance}, which is not configured"),
    N_("Correct its instance."),
    N_("no HR source is configured"),
    N_("Set BAWAB_HR__<NAME>__PATH to the folder HR puts its exports into."),
    N_("{path} can be read; finished files there: {n}"),
    N_("Check the path and its rights."),
    N_("no default time zone: a last day of somebody without one is held, not guessed"),
    N_("Set BAWAB_TIME_ZONE, such as Asia/Riyadh."),
    N_("nobody in IT is named: what no owner does by hand reaches nobody"),
    N_("Set BAWAB_IT_CONTACT to an employee id."),
    N_("no chat platform is configured"),
    N_("this registry row matches no group that can be seen"),
    N_("Correct the id or the name, or let the bot into the group."),
    N_("nothing is sent: {why}"),
    N_("Mend what is named above; a check that passes lets it work again."),
    N_("Check the network and what is named above, then run `bawab check` again."),
)
"""In an order in which the more exact form stands before the one that would take its sentences too."""

NEEDS: frozenset[str] = frozenset(
    {
        N_("the command /offboard"),
        N_("listing public channels and who is in them"),
        N_("listing the private channels the bot is in"),
        N_("naming group direct messages as residual access"),
        N_("listing accounts and seeing which are deactivated"),
        N_("finding an account by the directory e-mail"),
        N_("listing user groups and their members"),
        N_("naming the workspace or organisation in `bawab check`"),
        N_("removing people from public channels"),
        N_("removing people from private channels"),
        N_("taking people out of user groups"),
        N_("joining a public channel in order to act there, only where policy says so"),
        N_("notices to group owners"),
        N_("opening the direct message a notice goes to"),
        N_("finding a notice again whose answer was lost"),
        N_("naming the open invitations to shared channels that a leaver sent; denying what they asked for"),
        N_("reading back that no session is left (Enterprise)"),
        N_("ending sessions; deactivating accounts (Enterprise)"),
        N_("naming the private channels the bot does not see (Enterprise)"),
        N_("removing people from channels the bot is not in (Enterprise)"),
        N_("seeing requests to invite somebody into the workspace that a leaver made (Enterprise)"),
        N_("denying such requests (Enterprise)"),
        N_("seeing who manages a channel (Enterprise)"),
        N_("making a successor channel manager, and taking a leaver's role away (Enterprise)"),
        N_("SCIM: deactivating accounts (Business+ and Enterprise)"),
        N_("removing and barring people, and seeing who is in a channel or a group with hidden members"),
        N_("renewing the bot's own invite link after a removal, and answering requests to join"),
        N_("demoting an admin the bot made before removing them, and handing a group over to a successor"),
        N_("listing accounts, seeing which are disabled, and which groups somebody owns"),
        N_("listing groups, who is in them, and taking people out"),
        N_("taking away and handing over the ownership of groups and teams"),
        N_("finding the teams whose shared channels somebody is in"),
        N_("taking several people out of a team in one call"),
        N_("listing private and shared channels"),
        N_("reading who is in private and shared channels, taking people out, handing ownership over"),
        N_("listing somebody's group chats"),
        N_("taking people out of group chats"),
        N_("disabling accounts"),
        N_("ending sessions"),
        N_("reading the members of groups that hide them"),
        N_("reading somebody's last day out of Entra; without it Graph leaves it empty and says nothing"),
    }
)
"""What permissions are needed for, as the manifests say it."""
