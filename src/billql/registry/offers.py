"""What sources offer: their indexes, read and checked.

It is checked who signed an index, that it is not older than the last one from there, and that its
day has not passed. What ships with billql needs no signature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from billql.registry import RegistryError, naming, seen
from billql.registry.index import INDEX_LIMIT, Index, Release, decode
from billql.registry.keys import Keyring
from billql.registry.signing import unseal
from billql.registry.source import Source


@dataclass(frozen=True)
class Offer:
    """A version that a source has; `proof` is the index with it, and `key` has signed that; None
    for what ships with billql.
    """

    provider: str
    version: str
    release: Release
    proof: bytes
    key: str | None
    source: Source

    @property
    def name(self) -> str:
        """The version, as messages call it."""
        return f"{self.provider} {self.version}"


def today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()


def offered(
    sources: Iterable[Source], keyring: Keyring, data: Path, today: Callable[[], date]
) -> Iterator[Offer]:
    """Yield what sources have, each read when it is needed.

    `data` is the folder that remembers the newest index of each. Raise RegistryError for an index
    that is rejected, ConnectionFailed or BadResponse for one that cannot be read.
    """
    for source in sources:
        with about(source.name):
            proof = source.read(naming.INDEX, INDEX_LIMIT)
            index, key = _checked(source, proof, keyring, data, today)
        for provider, versions in index.providers.items():
            for version, release in versions.items():
                yield Offer(provider, version, release, proof, key, source)


def _checked(
    source: Source, proof: bytes, keyring: Keyring, data: Path, today: Callable[[], date]
) -> tuple[Index, str | None]:
    """Return a source's index, and the key that has signed it."""
    if not source.signed:
        return decode(proof), None
    text, key = unseal(proof, keyring.keys)
    index = decode(text)
    seen.advance(data, source.name, index.issued)
    if index.expires is not None and today() > index.expires:
        raise RegistryError(
            f"The index has expired on {index.expires}",
            hint="A newer one may be held back by somebody between. If there is none, ask whoever "
            "publishes the registry.",
        )
    return index, key


@contextmanager
def about(name: str, hint: str | None = None) -> Iterator[None]:
    """Put a name before the message of an error, and add a hint if it has none."""
    try:
        yield
    except RegistryError as error:
        raise RegistryError(f"{name}: {error.message}", hint=error.hint or hint) from error
