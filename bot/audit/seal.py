"""Personal fields under a key per person: AES-GCM, bound to the person's pseudonym."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Final, cast

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION: Final = "1:"
_NONCE_BYTES: Final = 12


def new_key() -> bytes:
    """Make a person's key: 256 random bits."""
    return AESGCM.generate_key(256)


def seal(cipher: AESGCM, pseudonym: str, personal: bytes) -> str:
    """Encrypt JSON as text, with a person's key: version, then base64 of nonce, ciphertext and tag."""
    nonce = os.urandom(_NONCE_BYTES)
    text = nonce + cipher.encrypt(nonce, personal, pseudonym.encode())
    return _VERSION + binascii.b2a_base64(text, newline=False).decode()


def unseal(key: bytes, pseudonym: str, sealed: str) -> Mapping[str, object] | None:
    """Decrypt what `seal` made; None if it was not sealed for this person with this key."""
    try:
        data = base64.b64decode(sealed.removeprefix(_VERSION), validate=True)
        plain = AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], pseudonym.encode())
    except (InvalidTag, ValueError, binascii.Error):
        return None
    return cast("Mapping[str, object]", orjson.loads(plain))
