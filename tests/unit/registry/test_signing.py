"""Signatures: every byte of a sealed text counts, and so does whose key it is."""

from __future__ import annotations

import base64
import json
import random
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from billql.errors import InterfaceError
from billql.registry import RegistryError
from billql.registry.signing import PrivateKey, unseal
from support.registry.making import OTHER, OWN

TEXT = b'{\n  "issued": 1\n}'
SEALED = OWN.seal(TEXT)


def test_what_is_sealed_is_opened() -> None:
    assert unseal(SEALED, {OTHER.public, OWN.public}) == (TEXT, OWN.public)
    assert json.loads(SEALED)["signed"] == {"issued": 1}


def test_sealing_again_gives_the_same_bytes() -> None:
    assert OWN.seal(TEXT) == SEALED


def test_no_byte_may_be_another() -> None:
    rng = random.Random(1)
    for position in range(len(SEALED)):
        changed = bytearray(SEALED)
        changed[position] ^= rng.randrange(1, 256)
        with pytest.raises(RegistryError):
            unseal(bytes(changed), {OWN.public})


def test_nothing_may_be_added_or_missing() -> None:
    for length in range(len(SEALED)):
        with pytest.raises(RegistryError):
            unseal(SEALED[:length], {OWN.public})
    for more in (b" ", b"\n", b"{}", SEALED):
        for changed in (SEALED + more, more + SEALED):
            with pytest.raises(RegistryError):
                unseal(changed, {OWN.public})


def test_another_spelling_of_the_same_is_refused() -> None:
    value = json.loads(SEALED)
    for changed in (json.dumps(value), json.dumps(value, indent=2), json.dumps({**value, "a": 1})):
        with pytest.raises(RegistryError, match=r"not in the form of signed ones|not a signed one"):
            unseal(changed.encode(), {OWN.public})
    # The last letter of base64 has bits that mean nothing.
    with pytest.raises(RegistryError, match="not in the form of signed ones"):
        unseal(SEALED.replace(*_last_letter(SEALED)), {OWN.public})


def _last_letter(sealed: bytes) -> tuple[bytes, bytes]:
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    end = sealed[sealed.rindex(b"==") - 1 :]
    return end, bytes([letters[letters.index(end[:1]) + 1]]) + end[1:]


def test_a_key_that_is_not_trusted() -> None:
    with pytest.raises(RegistryError, match=f"not trusted here: {OWN.public}") as caught:
        unseal(SEALED, {OTHER.public})
    assert "add it to `keys` of the registry in the config file" in (caught.value.hint or "")


def test_a_key_that_did_not_sign() -> None:
    forged = SEALED.replace(OWN.public.encode(), OTHER.public.encode())
    with pytest.raises(RegistryError, match="was changed after it had been signed"):
        unseal(forged, {OTHER.public, OWN.public})


def test_a_signature_of_something_else() -> None:
    """A signature over the bare text does not count: what it is for is signed too."""
    bare = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).sign(TEXT)
    value = json.loads(SEALED)
    forged = SEALED.replace(value["signature"].encode(), base64.b64encode(bare))
    with pytest.raises(RegistryError, match="was changed after it had been signed"):
        unseal(forged, {OWN.public})


@given(st.binary(max_size=64))
def test_a_signature_of_any_length(signature: bytes) -> None:
    value = json.loads(SEALED)
    forged = SEALED.replace(value["signature"].encode(), base64.b64encode(signature))
    with pytest.raises(RegistryError, match="was changed after it had been signed"):
        unseal(forged, {OWN.public})


@given(st.binary() | st.text().map(str.encode))
def test_any_other_bytes(data: bytes) -> None:
    with pytest.raises(RegistryError, match="not a signed one"):
        unseal(data, {OWN.public})


def test_deep_nesting() -> None:
    with pytest.raises(RegistryError, match="not a signed one"):
        unseal(b'{"signed":' + b"[" * 100_000, {OWN.public})


# Keys and their files.


def test_a_new_key_is_private_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    made = PrivateKey.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert PrivateKey.read(path).public == made.public
    assert unseal(made.seal(b"1"), {made.public}).text == b"1"


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    PrivateKey.create(path)
    before = path.read_bytes()
    with pytest.raises(InterfaceError, match="is there already"):
        PrivateKey.create(path)
    assert path.read_bytes() == before
    with pytest.raises(InterfaceError, match="cannot be written"):
        PrivateKey.create(tmp_path / "nowhere" / "key.pem")


def pem(
    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, encryption: KeySerializationEncryption
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def test_a_file_without_such_a_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(InterfaceError, match="cannot be read: No such file"):
        PrivateKey.read(path)
    for content in (
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        pem(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"word")),
        pem(rsa.generate_private_key(65537, 2048), NoEncryption()),
    ):
        path.write_bytes(content)
        with pytest.raises(InterfaceError, match="does not hold an Ed25519 key"):
            PrivateKey.read(path)
