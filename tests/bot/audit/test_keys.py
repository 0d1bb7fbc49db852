"""The signing key is made once, kept from others, and never made again behind an auditor's back."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot.audit.keys import PRIVATE_NAME, PUBLIC_NAME, KeyProblem, SigningKeys
from bot.audit.log import AuditLog, open_audit
from tests.bot.audit.conftest import Bench, Clock


def test_the_first_use_makes_a_pair_that_only_its_owner_can_read(tmp_path: Path) -> None:
    keys = SigningKeys.open(tmp_path / "new", entries=0)
    assert (tmp_path / "new" / PRIVATE_NAME).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [PRIVATE_NAME, PUBLIC_NAME]
    again = SigningKeys.open(tmp_path / "new", entries=5)
    assert again.verifies(b"message", keys.sign(b"message"))


def test_a_public_key_verifies_without_the_secret_and_cannot_sign(tmp_path: Path) -> None:
    keys = SigningKeys.open(tmp_path, entries=0)
    public = SigningKeys.open_public(tmp_path / PUBLIC_NAME)
    assert public.fingerprint == keys.fingerprint
    assert public.verifies(b"message", keys.sign(b"message"))
    assert not public.verifies(b"other", keys.sign(b"message"))
    assert not public.verifies(b"message", "not hexadecimal")
    with pytest.raises(KeyProblem, match="can verify, not sign"):
        public.sign(b"message")


def test_a_missing_private_key_is_not_made_again_once_there_are_entries(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="already signed"):
        SigningKeys.open(tmp_path, entries=1)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_private_key_is_not_made_again_where_a_public_key_stands(tmp_path: Path) -> None:
    SigningKeys.open(tmp_path, entries=0)
    (tmp_path / PRIVATE_NAME).unlink()
    with pytest.raises(KeyProblem, match="restore the file from your backup"):
        SigningKeys.open(tmp_path, entries=0)


def test_a_missing_public_key_is_written_again_from_the_private_one(tmp_path: Path) -> None:
    keys = SigningKeys.open(tmp_path, entries=0)
    (tmp_path / PUBLIC_NAME).unlink()
    SigningKeys.open(tmp_path, entries=1)
    assert SigningKeys.open_public(tmp_path / PUBLIC_NAME).fingerprint == keys.fingerprint


def test_a_private_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    SigningKeys.open(tmp_path, entries=0)
    (tmp_path / PRIVATE_NAME).chmod(0o640)
    with pytest.raises(KeyProblem, match="run `chmod 600"):
        SigningKeys.open(tmp_path, entries=1)


def test_two_halves_of_different_pairs_are_refused(tmp_path: Path) -> None:
    SigningKeys.open(tmp_path / "one", entries=0)
    SigningKeys.open(tmp_path / "other", entries=0)
    (tmp_path / "other" / PUBLIC_NAME).replace(tmp_path / "one" / PUBLIC_NAME)
    with pytest.raises(KeyProblem, match="does not belong to"):
        SigningKeys.open(tmp_path / "one", entries=0)


def test_files_that_hold_no_such_key_are_refused(tmp_path: Path) -> None:
    SigningKeys.open(tmp_path, entries=0)
    private, public = tmp_path / PRIVATE_NAME, tmp_path / PUBLIC_NAME
    other = X25519PrivateKey.generate()
    for content in (b"", other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())):
        private.write_bytes(content)
        with pytest.raises(KeyProblem, match="restore it from your backup"):
            SigningKeys.open(tmp_path, entries=1)
    pem = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for content, answer in ((b"", "no public key"), (pem, "not Ed25519")):
        public.write_bytes(content)
        with pytest.raises(KeyProblem, match=answer):
            SigningKeys.open_public(public)
    public.unlink()
    with pytest.raises(KeyProblem, match="is missing"):
        SigningKeys.open_public(public)


def test_the_private_key_is_not_shown_by_repr(tmp_path: Path) -> None:
    assert "private" not in repr(SigningKeys.open(tmp_path, entries=0))


async def test_opening_a_written_log_without_its_key_is_refused(ten: Bench) -> None:
    (ten.directory / PRIVATE_NAME).unlink()
    (ten.directory / PUBLIC_NAME).unlink()
    with pytest.raises(KeyProblem, match="10 entries"):
        await open_audit(ten.store, ten.directory, Clock())


async def test_an_auditor_verifies_with_the_public_key_alone(ten: Bench) -> None:
    public = SigningKeys.open_public(ten.directory / PUBLIC_NAME)
    auditor = AuditLog(ten.store, public, ten.log.head_path, ten.log.witness_path, Clock())
    assert (await auditor.verify()).ok


async def test_a_wrong_public_key_verifies_nothing(ten: Bench) -> None:
    other = SigningKeys.open(ten.directory / "other", entries=0)
    auditor = AuditLog(ten.store, other, ten.log.head_path, ten.log.witness_path, Clock())
    found = await auditor.verify()
    assert {problem.code for problem in found.findings} == {"forged_head"}
    assert found.checkpoints == 0
