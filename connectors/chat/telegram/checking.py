"""Says what is missing before the day: the token, the webhook, and the bot's rights in each known group."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import WebhookInfo

from connectors.chat.telegram import gaps
from connectors.chat.telegram.client import TelegramClient
from connectors.chat.telegram.group_listing import ours
from connectors.chat.telegram.objects import is_basic
from connectors.chat.telegram.reading import Place, Reading
from connectors.chat.telegram.remedies import remedy_text
from connectors.contract import Finding, KnownGroups, Scope, Severity
from connectors.errors import BadCredentials, ConnectorError, Unavailable
from policies.model import Group

_REACH = (
    "Check the network, the firewall and the proxy between this machine and api.telegram.org (or BASE_URL, "
    "where it is set); then check again."
)
# More waiting than this, and nobody is fetching them.
_BACKLOG = 100


class Checking:
    """`bawab check` for one bot; reads only."""

    def __init__(
        self, instance: str, client: TelegramClient, reading: Reading, scopes: tuple[Scope, ...]
    ) -> None:
        self._instance = instance
        self._client = client
        self._reading = reading
        self._scopes = scopes

    async def findings(self, known: KnownGroups) -> Sequence[Finding]:
        """Give every finding; a token that does not work ends the check at once, in one finding."""
        self._reading.forget_me()
        findings: list[Finding] = []
        try:
            findings += await self._of_the_bot()
            findings += await self._of_the_webhook()
            for group in ours(known, self._instance):
                findings.append(await self._of_group(group))
        except ConnectorError as error:
            return [*findings, self._trouble(error)]
        if not known.groups:
            message = "the bot knows no group yet; in each it will need " + self._names(self._scopes)
            remedy = "Add the bot to every work group and channel, and make it an admin there."
            findings.append(self._finding(Severity.WARNING, "no_groups_known", message, remedy))
        return findings

    async def _of_the_bot(self) -> list[Finding]:
        me = await self._reading.me()
        findings = [self._finding(Severity.OK, "bot_token", f"bot token works for @{me.username} ({me.id})")]
        if me.can_join_groups is False:
            message = "the bot may not be added to groups"
            remedy = "In @BotFather: /setjoingroups > the bot > Enable."
            findings.append(self._finding(Severity.WARNING, "cannot_join_groups", message, remedy))
        sees = "all messages" if me.can_read_all_group_messages else "only what concerns it (privacy mode)"
        message = f"in groups the bot is given {sees}; Bawab needs and keeps no message"
        findings.append(self._finding(Severity.OK, "privacy_mode", message))
        return findings

    async def _of_the_webhook(self) -> list[Finding]:
        answer = await self._client.ask("getWebhookInfo", self._client.bot.get_webhook_info())
        hook: WebhookInfo = answer.result()
        findings = []
        if hook.url and hook.last_error_message:
            said = self._client.redact(hook.last_error_message)
            message = f"Telegram could not deliver updates to the webhook: {said}"
            remedy = "Check that its address is reached from the internet, with a valid certificate."
            findings.append(self._finding(Severity.WARNING, "webhook_failing", message, remedy))
        if hook.pending_update_count > _BACKLOG:
            message = f"{hook.pending_update_count} updates wait to be fetched; Telegram drops old ones"
            remedy = "Keep `bawab run` running: groups are learnt only from updates."
            findings.append(self._finding(Severity.WARNING, "updates_waiting", message, remedy))
        return findings

    async def _of_group(self, group: Group) -> Finding:
        answer = await self._reading.bot_in(group.id, basic=is_basic(group))
        if answer.moved_to is not None:
            answer = await self._reading.bot_in(answer.moved_to, basic=False)
        if answer.value is None:
            gap = gaps.of_refusal(self._instance, group.id, answer.method, answer.error)
            return self._finding(Severity.WARNING, gap.reason, gap.detail, gap.remedy, group.id)
        return self._of_rights(group.id, answer.value)

    def _of_rights(self, group_id: str, place: Place) -> Finding:
        if not place.inside:
            message = "the bot is no longer in the group"
            remedy = remedy_text("bot_not_in_group")
            return self._finding(Severity.WARNING, "bot_not_in_group", message, remedy, group_id)
        lacking = [scope for scope in self._scopes if not place.may(scope.name)]
        if not lacking:
            return self._finding(Severity.OK, "rights", "the bot has every right it needs", group=group_id)
        severity = Severity.ERROR if any(scope.required for scope in lacking) else Severity.WARNING
        message = f"the bot lacks {self._names(lacking)}"
        return self._finding(severity, "missing_right", message, remedy_text("no_right"), group_id)

    def _names(self, scopes: Sequence[Scope]) -> str:
        return "; ".join(f"{scope.name}, for {scope.needed_for}" for scope in scopes)

    def _trouble(self, error: ConnectorError) -> Finding:
        """Blame the token only where Telegram itself refused it."""
        if isinstance(error, BadCredentials):
            remedy = "Copy the token again from @BotFather: /mybots > the bot > API Token."
            return self._finding(Severity.ERROR, "bad_credentials", str(error), remedy)
        if isinstance(error, Unavailable):
            message = f"the bot could not be checked: {error}"
            return self._finding(Severity.ERROR, "unavailable", message, _REACH)
        return self._finding(Severity.ERROR, "unavailable", str(error), "Mend what it names.")

    def _finding(
        self, severity: Severity, code: str, message: str, remedy: str = "", group: str | None = None
    ) -> Finding:
        return Finding(severity, self._instance, code, message, remedy, group)
