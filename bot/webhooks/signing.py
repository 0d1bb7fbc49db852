"""Signatures as standardwebhooks.com says: HMAC-SHA256 over id, instant and body, by each secret."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from bot.setting_parts import SettingsProblem

SHORTEST = 24
"""Bytes of a secret; the specification's own lower bound."""


def signers(name: str, text: str) -> tuple[Webhook, ...]:
    """Read one secret, or two while the receiver changes over (with a space or a line between).

    Raises SettingsProblem naming the variable.
    """
    variable = f"BAWAB_WEBHOOKS__{name.upper()}__SECRET"
    try:
        made = tuple(Webhook(secret) for secret in text.split())
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise SettingsProblem(f"{variable}: write whsec_ and then base64, {_example()}") from None
    if not made or len(made) > 2 or any(_size(secret) < SHORTEST for secret in text.split()):
        raise SettingsProblem(f"{variable}: one secret, or two, of {SHORTEST} bytes or more, {_example()}")
    return made


def headers(signers: tuple[Webhook, ...], id_: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Give the three headers; `at` is aware, and is the instant of this attempt."""
    instant = at.astimezone(UTC)
    signatures = [one.sign(id_, instant, body.decode()) for one in signers]
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _size(secret: str) -> int:
    return len(binascii.a2b_base64(secret.removeprefix("whsec_") + "=="))


def _example() -> str:
    return 'as `echo "whsec_$(openssl rand -base64 32)"` makes it'
