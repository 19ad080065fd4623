"""Keys: those of the configured registries, each for some providers."""

from __future__ import annotations

import pytest

from billql.config.file import RegistryConfig
from billql.registry import RegistryError
from billql.registry.keys import Keyring
from support.registry.making import OTHER, OWN, key


def configured(*keys: str, providers: tuple[str, ...] = ()) -> RegistryConfig:
    return RegistryConfig(url="https://example.com", keys=keys, providers=providers)


def test_what_keys_may_sign() -> None:
    ring = Keyring(
        ["stripe"],
        {
            "acme": configured(OTHER.public),
            "bank": configured(key(3).public, providers=("bank", "stripe")),
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
    assert "add acme to `providers` of [registries.bank]" in (caught.value.hint or "")


def test_a_key_of_two_registries_may_sign_what_either_may() -> None:
    ring = Keyring(
        ["stripe"],
        {
            "here": configured(OTHER.public, providers=("acme",)),
            "there": configured(OTHER.public, providers=("stripe",)),
        },
    )
    ring.check(OTHER.public, "acme")
    ring.check(OTHER.public, "stripe")
    assert not ring.allows(OTHER.public, "zenith")


def test_whose_keys_are_one() -> None:
    ring = Keyring(
        [], {"own": configured(OWN.public, key(4).public), "b": configured(key(3).public)}
    )
    assert ring.are_one(OWN.public, key(4).public)
    assert ring.are_one(OTHER.public, OTHER.public)
    assert not ring.are_one(OTHER.public, OWN.public)
    assert not ring.are_one(key(3).public, OWN.public)
