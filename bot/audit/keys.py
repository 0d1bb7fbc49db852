"""The Ed25519 pair that signs checkpoints: made once, never re-made silently, checked without the secret."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

PRIVATE_NAME = "audit-signing.key"
PUBLIC_NAME = "audit-signing.pub"


class KeyProblem(Exception):
    """The signing keys cannot be used; says which file, and what to do."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Signs when it holds the private key; verifies always."""

    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None = field(default=None, repr=False)

    @classmethod
    def open(cls, directory: Path, *, entries: int) -> Self:
        """Load the pair; make it only if the log has no `entries` and no pair ever was; raises KeyProblem."""
        private_path, public_path = directory / PRIVATE_NAME, directory / PUBLIC_NAME
        if not private_path.exists():
            if entries or public_path.exists():
                raise KeyProblem(
                    f"{private_path} is missing, but the audit log was already signed ({entries} entries): "
                    "restore the file from your backup of secrets; a new key would hide a forged log"
                )
            _make_private(private_path)
        private = _load_private(private_path)
        keys = cls(private.public_key(), private)
        if not public_path.exists():
            _write_public(public_path, keys.public)
        elif keys.fingerprint != cls.open_public(public_path).fingerprint:
            raise KeyProblem(f"{public_path} does not belong to {private_path}: restore both from one backup")
        return keys

    @classmethod
    def open_public(cls, path: Path) -> Self:
        """Load the public key alone, to verify without the secret; raises KeyProblem."""
        try:
            key = load_pem_public_key(path.read_bytes())
        except FileNotFoundError as error:
            raise KeyProblem(f"{path} is missing: ask for the public key of this audit log") from error
        except ValueError as error:
            raise KeyProblem(f"{path} holds no public key in PEM: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyProblem(f"{path} holds a key that is not Ed25519")
        return cls(key)

    @property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
        raw = self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:16]

    def sign(self, message: bytes) -> str:
        """Sign, as hexadecimal; raises KeyProblem when only the public key was opened."""
        if self.private is None:
            raise KeyProblem("only the public key was opened: it can verify, not sign")
        return self.private.sign(message).hex()

    def verifies(self, message: bytes, signature: str) -> bool:
        """Whether this pair signed the message."""
        try:
            self.public.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _make_private(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # unlike a rename, refuses to replace the key of a faster process
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _load_private(path: Path) -> Ed25519PrivateKey:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyProblem(f"{path} can be read by others (mode {mode:o}): run `chmod 600 {path}`")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise KeyProblem(f"{path} holds no private key in PEM: restore it from your backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyProblem(f"{path} holds a key that is not Ed25519: restore it from your backup")
    return key


def _write_public(path: Path, key: Ed25519PublicKey) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    partial.replace(path)
