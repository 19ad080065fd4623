"""One file for each document, which is replaced by what is made of it in another way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from billql.definitions import cache

MADE_OF = b"1" * 32
OTHER = b"2" * 32


def load(path: Path, made_of: bytes) -> bytes | None:
    found = cache.load(path, made_of)
    return None if found is None else bytes(found)


def test_what_was_stored_is_loaded_by_what_it_was_made_of(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "file"
    assert load(path, MADE_OF) is None
    assert not cache.is_current(path, MADE_OF)
    cache.store(path, MADE_OF, b"content")
    assert load(path, MADE_OF) == b"content"
    assert cache.is_current(path, MADE_OF)
    assert load(path, OTHER) is None
    assert not cache.is_current(path, OTHER)
    assert [one.stat().st_mode & 0o777 for one in (path, path.parent, path.parent.parent)] == [
        *(0o600, 0o700, 0o700)
    ]
    cache.store(path, OTHER, b"")
    assert load(path, OTHER) == b""
    assert load(path, MADE_OF) is None


@pytest.mark.parametrize("damage", [b"", MADE_OF, MADE_OF + b"\0\0\0\0x", MADE_OF + b"\0"])
def test_what_is_damaged_is_not_loaded(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(damage)
    assert load(path, MADE_OF) is None


def test_names_differ_by_their_parts_whatever_these_are() -> None:
    assert cache.digest("a", "b") != cache.digest("a", "c") != cache.digest("ab")
    assert cache.digest("\udcff") != cache.digest("\udcfe")


def test_two_that_replace_each_other_s_files_read_their_own(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def work(made_of: bytes) -> bool:
        content = made_of * 1000
        for _ in range(30):
            cache.store(path, made_of, content)
            if load(path, made_of) not in (None, content):
                return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, (MADE_OF, OTHER))) == [True, True]
    assert list(tmp_path.iterdir()) == [path]
