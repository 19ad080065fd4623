"""The index: strict, and one text for each."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.registry import RegistryError, naming
from billql.registry.index import Index, decode, encode, release_of

RELEASE = {"sha256": "0" * 64, "size": 10}
INDEX = {"billql": 1, "issued": 3, "providers": {"acme": {"1.0.0": RELEASE}}}


def test_an_index_is_written_in_one_way() -> None:
    index = msgspec.convert(INDEX, Index)
    text = encode(index)
    assert decode(text) == index
    assert encode(msgspec.convert(dict(reversed(INDEX.items())), Index)) == text
    assert text.startswith(b'{\n  "billql": 1,\n  "issued": 3,\n')


def test_a_release_is_its_checksum_and_its_size() -> None:
    release = release_of(b"package")
    assert release.sha256 == hashlib.sha256(b"package").hexdigest()
    assert release.check(b"package")
    assert not release.check(b"Package")
    assert not msgspec.structs.replace(release, size=8).check(b"package")


def test_what_an_index_may_not_say() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"billql": 2}, "billql"),
        ({"issued": 0}, "issued"),
        ({"issued": "3"}, "issued"),
        ({"more": 1}, "more"),
        ({"expires": "2026-02-30"}, "expires"),
        ({"expires": "soon"}, "expires"),
        ({"providers": {"../acme": {}}}, "providers"),
        ({"providers": {"Acme": {}}}, "providers"),
        ({"providers": {"acme\n": {}}}, "providers"),
        ({"providers": {"acme": {"1.0": RELEASE}}}, r"1\.0"),
        ({"providers": {"acme": {"01.0.0": RELEASE}}}, r"01\.0\.0"),
        ({"providers": {"acme": {"1.0.0/..": RELEASE}}}, r"1\.0\.0/\.\."),
    ]
    wrong += [
        (
            {"providers": {"acme": {"1.0.0": {**RELEASE, **change}}}},
            name,
        )
        for change, name in (
            ({"sha256": "0" * 63}, "sha256"),
            ({"sha256": "G" * 64}, "sha256"),
            ({"size": 0}, "size"),
            ({"size": 1 << 40}, "size"),
            ({"size": 1.5}, "size"),
            ({"url": "https://evil.example.com"}, "url"),
        )
    ]
    for change, named in wrong:
        with pytest.raises(RegistryError, match=f"cannot be read: .*{named}") as caught:
            decode(msgspec.json.encode({**INDEX, **change}))
        assert "newer billql" in (caught.value.hint or "")


@given(
    st.binary()
    | st.sampled_from([b"", b"1", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"billql":1}'])
)
def test_any_other_bytes(data: bytes) -> None:
    with pytest.raises(RegistryError, match="cannot be read"):
        decode(data)


def test_versions_are_ordered_by_their_numbers() -> None:
    versions = ["1.0.10", "0.10.0", "2.0.0", "0.9.0", "1.0.0"]
    ordered = ["0.9.0", "0.10.0", "1.0.0", "1.0.10", "2.0.0"]
    assert sorted(versions, key=naming.order) == ordered
    assert naming.order("999999999.0.1") > naming.order("999999998.9.9")


@pytest.mark.parametrize("text", ["1", "1.0", "1.0.0.0", "1.0.x", "٣.0.0", "1.0.0\n", "1" * 10])
def test_what_is_not_a_version(text: str) -> None:
    assert not naming.is_version(text)
