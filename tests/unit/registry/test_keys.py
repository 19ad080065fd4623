"""Keys: trusted by name, for some providers, and let go."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.errors import InterfaceError, OperationalError
from billql.registry import RegistryError, keys
from billql.registry.keys import Keyring, TrustedKey
from support.registry.making import OTHER, key


def trust(data: Path, name: str, public: str, *providers: str) -> None:
    keys.trust(data, name, public, providers)


def test_a_key_is_trusted_until_it_is_let_go(tmp_path: Path) -> None:
    assert keys.load(tmp_path / "data") == {}
    trust(tmp_path / "data", "acme", OTHER.public)
    trust(tmp_path / "data", "beta", key(3).public, "zeta", "beta")
    assert keys.load(tmp_path / "data") == {
        "acme": TrustedKey(key=OTHER.public),
        "beta": TrustedKey(key=key(3).public, providers=("beta", "zeta")),
    }
    keys.distrust(tmp_path / "data", "acme")
    assert list(keys.load(tmp_path / "data")) == ["beta"]
    with pytest.raises(InterfaceError, match="No trusted key is called acme") as caught:
        keys.distrust(tmp_path / "data", "acme")
    assert caught.value.hint == "There are: beta."


def test_a_key_may_be_trusted_for_more_later(tmp_path: Path) -> None:
    trust(tmp_path, "acme", OTHER.public, "acme")
    trust(tmp_path, "acme", OTHER.public, "acme", "zenith")
    assert keys.load(tmp_path)["acme"].providers == ("acme", "zenith")


def test_trust_that_makes_no_sense(tmp_path: Path) -> None:
    trust(tmp_path, "acme", OTHER.public)
    for name, public, problem in (
        ("acme", key(3).public, "The name acme belongs to another key"),
        ("zenith", OTHER.public, "trusted already, under the name acme"),
        ("zenith", "AAAA", "not a public key"),
        ("../zenith", key(3).public, "not a name"),
    ):
        with pytest.raises(InterfaceError, match=problem):
            trust(tmp_path, name, public)
    with pytest.raises(InterfaceError, match="not a name"):
        trust(tmp_path, "zenith", key(3).public, "Zenith")
    assert list(keys.load(tmp_path)) == ["acme"]


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    trust(tmp_path, "acme", OTHER.public)
    (path,) = (tmp_path / "keys").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(OperationalError, match=r"acme\.json is damaged"):
        keys.load(tmp_path)


def test_what_keys_may_sign() -> None:
    ring = Keyring(
        ["stripe"],
        {
            "acme": TrustedKey(key=OTHER.public),
            "bank": TrustedKey(key=key(3).public, providers=("bank", "stripe")),
        },
    )
    assert ring.keys == {OTHER.public, key(3).public}
    for public, provider in (
        (OTHER.public, "acme"),
        (OTHER.public, "bank"),
        (key(3).public, "bank"),
        (key(3).public, "stripe"),
    ):
        ring.check(public, provider)
    with pytest.raises(RegistryError, match="acme is not trusted for the provider stripe"):
        ring.check(OTHER.public, "stripe")
    with pytest.raises(RegistryError, match="bank is not trusted for the provider acme") as caught:
        ring.check(key(3).public, "acme")
    assert "--provider bank --provider stripe --provider acme" in (caught.value.hint or "")
