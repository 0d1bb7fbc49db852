"""Says what is missing before the day: tokens, scopes, workspace, and each channel the bot is not in."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.identity import Identity, TokenOwner
from connectors.chat.slack.listing import Listing
from connectors.chat.slack.remedies import remedy_text
from connectors.contract import Finding, Scope, Severity
from connectors.errors import BadCredentials, ConnectorError, Unavailable
from policies.model import Gap

_REACH = (
    "Check the network, the firewall and the proxy between this machine and Slack, and status.slack.com; "
    "then check again."
)


class Checking:
    """`bawab check` for one workspace; reads only."""

    def __init__(
        self,
        config: SlackConfig,
        client: SlackClient,
        identity: Identity,
        listing: Listing,
        scopes: tuple[Scope, ...],
    ) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._listing = listing
        self._scopes = scopes

    async def findings(self) -> Sequence[Finding]:
        """Give every finding; a token that does not work ends the check at once, in one finding."""
        self._identity.forget()
        try:
            bot = await self._identity.bot()
        except ConnectorError as error:
            return [_token_trouble(self._config.instance, "bot", error)]
        findings = [*self._token_findings("bot", bot), *await self._admin_findings(bot)]
        findings += await self._group_findings({scope.name for scope in self._lacking("bot", bot)})
        return findings

    def _token_findings(self, token: str, owner: TokenOwner) -> list[Finding]:
        findings = [
            self._finding(
                Severity.OK, f"{token}_token", f"{token} token works in {owner.team} ({owner.team_id})"
            )
        ]
        if self._config.team_id and self._config.team_id not in (owner.team_id, owner.enterprise_id):
            findings.append(
                self._finding(
                    Severity.ERROR if owner.enterprise_id is None else Severity.WARNING,
                    "wrong_team",
                    f"the {token} token belongs to {owner.team_id}, not {self._config.team_id} as configured",
                    remedy_text("wrong_team"),
                )
            )
        return findings + self._scope_findings(token, owner)

    def _scope_findings(self, token: str, owner: TokenOwner) -> list[Finding]:
        if owner.scopes is None:
            message = f"Slack did not say which scopes the {token} token has"
            return [self._finding(Severity.WARNING, "scopes_unknown", message)]
        return [
            self._finding(
                Severity.ERROR if scope.required else Severity.WARNING,
                "missing_scope",
                f"the {token} token lacks {scope.name}, needed for {scope.needed_for}",
                remedy_text("missing_scope"),
            )
            for scope in self._lacking(token, owner)
        ]

    def _lacking(self, token: str, owner: TokenOwner) -> list[Scope]:
        return [scope for scope in self._scopes if scope.token == token and not owner.may(scope.name)]

    async def _admin_findings(self, bot: TokenOwner) -> list[Finding]:
        if self._config.admin_token is None:
            message = "no admin token: sessions are not ended and accounts not deactivated by Bawab"
            variable = f"BAWAB_SLACK__{self._config.instance.upper()}__ADMIN_TOKEN"
            remedy = f"Set {variable} to an owner's or admin's user token, or do both by hand in Slack."
            return [self._finding(Severity.WARNING, "no_admin_token", message, remedy)]
        try:
            admin = await self._identity.admin()
        except ConnectorError as error:
            return [_token_trouble(self._config.instance, "admin", error)]
        if admin is None:
            return []
        findings = self._token_findings("admin", admin)
        same = admin.team_id == bot.team_id or (
            admin.enterprise_id is not None and admin.enterprise_id == bot.enterprise_id
        )
        if not same:
            message = f"the admin token belongs to {admin.team_id}, the bot token to {bot.team_id}"
            findings.append(self._finding(Severity.ERROR, "wrong_team", message, remedy_text("wrong_team")))
        return findings

    async def _group_findings(self, lacking: set[str]) -> list[Finding]:
        findings = [self._preference()]
        try:
            seen: set[str] = set()
            async for channel in self._listing.channels():
                seen.add(str(channel["id"]))
                if not channel.get("is_member") and not channel.get("is_archived"):
                    findings.append(self._outside(str(channel["id"]), str(channel.get("name", ""))))
            gaps = [gap async for gap in self._listing.gaps(seen)]
            findings += [self._of_gap(gap) for gap in gaps if not _said_already(gap, lacking)]
        except ConnectorError as error:
            remedy = _REACH if isinstance(error, Unavailable) else "Mend what it names, and check again."
            findings.append(self._finding(Severity.ERROR, "listing_failed", str(error), remedy))
        return findings

    def _preference(self) -> Finding:
        message = (
            "Slack does not tell apps who may remove people from channels; the first refused removal shows it"
        )
        return self._finding(Severity.WARNING, "preference_unreadable", message, remedy_text("allow_removal"))

    def _outside(self, channel_id: str, name: str) -> Finding:
        joins = self._config.may_join_public or self._config.some_rule_may_join
        return Finding(
            Severity.OK if joins else Severity.WARNING,
            self._config.instance,
            "bot_not_in_channel",
            f"the bot is not in #{name}" + ("; policy lets it join to act" if joins else ""),
            remedy_text("bot_not_in_channel"),
            group=channel_id,
        )

    def _of_gap(self, gap: Gap) -> Finding:
        return Finding(
            Severity.WARNING, gap.instance, gap.reason, gap.detail, remedy=gap.remedy, group=gap.group_id
        )

    def _finding(self, severity: Severity, code: str, message: str, remedy: str = "") -> Finding:
        return Finding(severity, self._config.instance, code, message, remedy)


def _said_already(gap: Gap, lacking: set[str]) -> bool:
    """A kind of group that a missing scope hides was said with the scope."""
    return gap.reason == "group_kind_unseen" and any(
        gap.detail.endswith(f" lacks {scope}") for scope in lacking
    )


def _token_trouble(instance: str, token: str, error: ConnectorError) -> Finding:
    """Blame the token only where Slack itself refused it."""
    if isinstance(error, BadCredentials):
        remedy = f"Copy the {token} token again from the Slack app's pages"
        return Finding(Severity.ERROR, instance, "bad_credentials", f"{token} token: {error}", remedy)
    if isinstance(error, Unavailable):
        message = f"Slack cannot be reached, so the {token} token could not be tried: {error}"
        return Finding(Severity.ERROR, instance, "unavailable", message, _REACH)
    return Finding(Severity.ERROR, instance, "unavailable", f"{token} token: {error}", "Mend what it names.")
