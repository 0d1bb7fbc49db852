"""Says what is missing before the day: app, tenant, each permission by its grant and by a harmless read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from connectors.chat.teams.client import GraphClient
from connectors.chat.teams.identity import Identity
from connectors.chat.teams.listing import Listing
from connectors.chat.teams.permissions import WIDER, held
from connectors.chat.teams.probes import Probes
from connectors.chat.teams.refusals import GraphRefused
from connectors.chat.teams.remedies import remedy_text
from connectors.chat.teams.tokens import Token, WrongTenant
from connectors.contract import Finding, Scope, Severity
from connectors.errors import BadCredentials, ConnectorError, Unavailable
from policies.model import Gap, Group

_API_PERMISSIONS = "Entra admin center > App registrations > the app > API permissions"
_CONSENT = f"Under {_API_PERMISSIONS}: add the application permission, then Grant admin consent."
_TRIED = (
    "Nothing to mend: what cannot be read is named below. Writing is not tried, so compare the permissions "
    f"once by hand, under {_API_PERMISSIONS}."
)
_NOT_OFFERED = (
    "Permissions do not mend this: the server at BASE_URL does not know the request. What it would show is a "
    "gap in every case; look there by hand, or point BASE_URL at Microsoft Graph itself."
)
_REACH = (
    "Check the network, the firewall and the proxy between this machine and Microsoft, and "
    "status.cloud.microsoft; then check again."
)
_SILENT = {
    "User-LifeCycleInfo.Read.All": "Graph then gives an empty last day, and no error or warning",
    "Member.Read.Hidden": "groups that hide their members then cannot be read",
}


class Checking:
    """`bawab check` for one tenant; reads only."""

    def __init__(
        self,
        client: GraphClient,
        identity: Identity,
        listing: Listing,
        probes: Probes,
        scopes: tuple[Scope, ...],
    ) -> None:
        self._client = client
        self._instance = client.config.instance
        self._identity = identity
        self._listing = listing
        self._probes = probes
        self._scopes = scopes

    async def findings(self) -> Sequence[Finding]:
        """Give every finding; an app that cannot sign in ends the check at once, in one finding."""
        self._client.tokens.forget()
        try:
            token = await self._identity.token()
        except ConnectorError as error:
            return [self._sign_in_trouble(error)]
        findings = [
            self._finding(Severity.OK, "token", f"the app signs in to tenant {self._client.home_tenant}"),
            *self._tenant(),
            *self._permissions(token),
        ]
        try:
            findings += [self._refused(refused) for refused in await self._probes.refused(token)]
            findings += await self._blocked_groups()
        except ConnectorError as error:
            remedy = _REACH if isinstance(error, Unavailable) else "Mend what it names, and check again."
            findings.append(self._finding(Severity.ERROR, "listing_failed", str(error), remedy))
        return findings

    def _tenant(self) -> list[Finding]:
        """Say that only the address of the token speaks for the tenant, where nothing else does."""
        if not self._identity.tenant_unseen:
            return []
        message = (
            "neither the token nor Graph tells which tenant this is, so that tenant_id is taken at its word; "
            "Graph lets the token into no other"
        )
        remedy = "To have it compared, grant Organization.Read.All with admin consent."
        return [self._finding(Severity.WARNING, "tenant_unseen", message, remedy)]

    def _permissions(self, token: Token) -> list[Finding]:
        if token.roles is None:
            message = "Entra's token cannot be read, so the granted permissions are found out by trying"
            return [self._finding(Severity.WARNING, "permissions_unknown", message, _TRIED)]
        findings = []
        if not token.roles:
            message = "no application permission is granted: consent was never given, or was withdrawn"
            findings.append(self._finding(Severity.ERROR, "no_consent", message, _CONSENT))
        return findings + [self._lacking(scope) for scope in self._scopes if not held(token, scope.name)]

    def _lacking(self, scope: Scope) -> Finding:
        silent = f"; {_SILENT[scope.name]}" if scope.name in _SILENT else ""
        return self._finding(
            Severity.ERROR if scope.required else Severity.WARNING,
            "missing_scope",
            f"the app lacks {scope.name}, needed for {scope.needed_for}{silent}",
            _CONSENT,
        )

    def _refused(self, refused: tuple[str, str, ConnectorError]) -> Finding:
        """Say what Graph refuses although it was granted, or where the grant cannot be seen."""
        permission, what, error = refused
        if isinstance(error, GraphRefused) and error.not_offered:
            message = f"{what} is not offered by this server: {error}"
            return self._finding(Severity.WARNING, "not_offered", message, _NOT_OFFERED)
        needed = any(
            scope.required and permission in (scope.name, *WIDER[scope.name]) for scope in self._scopes
        )
        message = f"{what} was refused, though it should be open with {permission}: {error}"
        remedy = f"{_CONSENT} A consent given minutes ago may still be spreading: check again later."
        return self._finding(Severity.ERROR if needed else Severity.WARNING, "probe_refused", message, remedy)

    async def _blocked_groups(self) -> list[Finding]:
        """Name the groups Bawab will not change, by reason: they are many, and alike."""
        counts: Counter[str] = Counter()
        example: dict[str, Group] = {}
        gaps: list[Gap] = []
        async for item in self._listing.directory():
            if not isinstance(item, Group):
                gaps.append(item)
            elif item.managed_elsewhere:
                counts[item.managed_elsewhere] += 1
                example.setdefault(item.managed_elsewhere, item)
        blocked = [self._blocked(why, count, example[why]) for why, count in sorted(counts.items())]
        return blocked + [
            Finding(Severity.WARNING, gap.instance, gap.reason, gap.detail, gap.remedy, gap.group_id)
            for gap in gaps
        ]

    def _blocked(self, why: str, count: int, example: Group) -> Finding:
        word = why.replace("_", "-")
        message = f"{count} groups are {word}, such as {example.name}: Bawab does not change them"
        return self._finding(Severity.WARNING, f"blocked_{why}", message, remedy_text(why))

    def _sign_in_trouble(self, error: ConnectorError) -> Finding:
        if isinstance(error, WrongTenant):
            remedy = "Correct the tenant id, or register the app in that tenant and give its id and secret."
            return self._finding(Severity.ERROR, "wrong_tenant", str(error), remedy)
        if isinstance(error, BadCredentials):
            remedy = (
                "Entra admin center > App registrations > the app > Certificates & secrets, and Overview."
            )
            return self._finding(Severity.ERROR, "bad_credentials", str(error), remedy)
        remedy = _REACH if isinstance(error, Unavailable) else "Mend what it names, and check again."
        return self._finding(Severity.ERROR, "unavailable", str(error), remedy)

    def _finding(self, severity: Severity, code: str, message: str, remedy: str = "") -> Finding:
        return Finding(severity, self._instance, code, message, remedy)
