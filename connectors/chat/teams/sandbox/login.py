"""The login half: `POST /{tenant}/oauth2/v2.0/token` for an app's own secret, with Entra's refusals."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.chat.teams.sandbox.state import App, Tenant
from connectors.chat.teams.sandbox.tokens import AUDIENCE, Tokens

SCOPE = f"{AUDIENCE}/.default"


class LoginRefused(Exception):
    """Entra's refusal: an OAuth error, and a description that begins with its AADSTS number."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(f"{status} {error}: AADSTS{number}")
        self.status = status
        self.error = error
        self.number = number
        self.text = text

    def body(self) -> dict[str, Any]:
        """Give the refusal in Entra's form."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        return {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [self.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        }


def sign_in(
    tenant: Tenant, tokens: Tokens, tenant_id: str, form: Mapping[str, str], lifetime: float
) -> dict[str, Any]:
    """Give a token for the app's own permissions; raises LoginRefused."""
    if tenant_id not in {tenant.id, *tenant.other_tenants}:
        raise LoginRefused(
            400,
            "invalid_request",
            90002,
            f"Tenant '{tenant_id}' not found. Check to make sure you have the correct tenant ID and are "
            "signing into the correct cloud.",
        )
    _judge_request(form)
    app = _app(tenant, form, tenant_id)
    roles = list(app.granted) if tenant_id == tenant.id else []
    token = tokens.make(app, tenant_id, lifetime, roles)
    return {
        "token_type": "Bearer",
        "expires_in": int(lifetime),
        "ext_expires_in": int(lifetime),
        "access_token": token,
    }


def _judge_request(form: Mapping[str, str]) -> None:
    if form.get("grant_type") != "client_credentials":
        raise LoginRefused(
            400,
            "unsupported_grant_type",
            70003,
            f"The app requested an unsupported grant type '{form.get('grant_type', '')}'.",
        )
    if form.get("scope") != SCOPE:
        raise LoginRefused(
            400,
            "invalid_scope",
            1002012,
            f"The provided value for scope {form.get('scope', '')} is not valid. Client credential flows "
            "must have a scope value with /.default suffixed to the resource identifier (application ID "
            "URI).",
        )


def _app(tenant: Tenant, form: Mapping[str, str], tenant_id: str) -> App:
    app = tenant.apps.get(form.get("client_id", ""))
    if app is None:
        raise LoginRefused(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{form.get('client_id', '')}' was not found in the directory "
            f"'{tenant_id}'. This can happen if the application has not been installed by the administrator "
            "of the tenant or consented to by any user in the tenant.",
        )
    if not app.enabled:
        raise LoginRefused(
            400,
            "unauthorized_client",
            7000112,
            f"Application '{app.client_id}'({app.display_name}) is disabled.",
        )
    if form.get("client_secret") not in app.secrets:
        raise LoginRefused(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client "
            f"secret value, not the client secret ID, for a secret added to app '{app.client_id}'.",
        )
    return app
