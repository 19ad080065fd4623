"""Whether an installed version is as it was pulled: its files, its package, and the proof of that.

The proof is the index that had the version: the signed one, so that its signature is verified again
without a network, or one without a signature for what shipped with billql.
"""

from __future__ import annotations

from billql.registry import RegistryError, naming
from billql.registry.index import decode
from billql.registry.keys import Keyring
from billql.registry.package import unpack
from billql.registry.signing import named_key, unseal
from billql.registry.store import PACKAGE, Store


def problem(store: Store, keyring: Keyring, provider: str, version: str) -> str | None:
    """Return the problem of an installed version, or None."""
    try:
        _check(store.read(provider, version), keyring, provider, version)
    except RegistryError as error:
        return error.message
    return None


def signer(store: Store, provider: str, version: str) -> str | None:
    """Return the key that an installed version names as its signer, unverified.

    It is None for what shipped with billql. Raise RegistryError if there is no proof.
    """
    files = store.read(provider, version)
    return None if naming.UNSIGNED in files else named_key(files.get(naming.INDEX, b""))


def _check(files: dict[str, bytes], keyring: Keyring, provider: str, version: str) -> None:
    package = files.pop(PACKAGE, b"")
    text = files.pop(naming.UNSIGNED, None)
    if text is None:
        text, key = unseal(files.pop(naming.INDEX, b""), keyring.keys)
        keyring.check(key, provider)
    release = decode(text).providers.get(provider, {}).get(version)
    if release is None or not release.check(package):
        raise RegistryError(f"{PACKAGE} is not what was pulled")
    pulled = unpack(package)
    names = sorted(files.keys() | pulled.keys())
    if changed := [name for name in names if files.get(name) != pulled.get(name)]:
        raise RegistryError(f"Not what was pulled: {', '.join(changed)}")
