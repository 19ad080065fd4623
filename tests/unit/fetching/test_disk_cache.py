"""The disk cache: whole lists that outlive a run, private and bounded."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import apsw
import pytest

from billql.errors import OperationalError
from billql.fetching.disk_cache import DiskCache
from billql.messages import Response
from support.cached_runs import KIB, LIST, Open, cached, read
from support.clock import FakeClock

# Across runs.


def test_a_later_run_recalls_what_an_earlier_one_has_read(begin: Open) -> None:
    first = begin()
    read(first, LIST)
    first.close()
    later = begin()
    assert cached(later, LIST[0]) == LIST
    assert cached(later, LIST[1]) == []
    found = later.lookup(LIST[0], 300)
    assert later.get(found[LIST[2]]) == Response(LIST[2], "text/csv")


def test_runs_at_once_see_what_the_others_read(begin: Open) -> None:
    one, other = begin(), begin()
    read(one, LIST)
    assert cached(other, LIST[0]) == LIST
    read(other, [b"page 1", b"another page 2"])
    assert cached(begin(), LIST[0]) == [b"page 1", b"another page 2"]


def test_it_expires(begin: Open, clock: FakeClock) -> None:
    read(begin(), LIST, ttl=300)
    clock.turn(200)
    later = begin()
    assert cached(later, LIST[0]) == LIST
    assert cached(begin(), LIST[0], ttl=100) == []
    clock.turn(150)
    assert cached(later, LIST[0]) == []
    assert cached(begin(), LIST[0]) == []


def test_copying_does_not_make_it_younger(begin: Open, clock: FakeClock) -> None:
    read(begin(), LIST, ttl=300)
    clock.turn(200)
    later = begin()
    cached(later, LIST[0])
    clock.turn(99)
    assert cached(later, LIST[0]) == LIST
    clock.turn(2)
    assert cached(later, LIST[0]) == []


def test_what_a_definition_states_holds_across_runs(begin: Open, clock: FakeClock) -> None:
    first = begin()
    number = first.put(b"a", Response(b"a", ""))
    first.commit(b"a", [number], 86400, ttl_is_from_definition=True)
    first.unpin([number])
    clock.turn(80000)
    assert cached(begin(), b"a", ttl=10) == [b"a"]


def test_a_wrong_response_is_invalidated_everywhere(begin: Open) -> None:
    read(begin(), LIST)
    later = begin()
    found = later.lookup(LIST[0], 300)
    later.invalidate(found[LIST[1]])
    assert cached(later, LIST[0]) == cached(begin(), LIST[0]) == []


def test_it_is_written_when_a_statement_ends(begin: Open) -> None:
    first = begin()
    numbers = [first.put(key, Response(key, "")) for key in LIST]
    first.commit(LIST[0], numbers, 300)
    assert cached(begin(), LIST[0]) == []
    first.unpin(numbers)
    assert cached(begin(), LIST[0]) == LIST


def test_what_repeats_a_secret_is_not_written(begin: Open, folder: Path) -> None:
    first = begin()
    for body, secret in ((b"has planted in it", "planted"), (b"harmless", "planted")):
        number = first.put(body, Response(body, ""))
        first.commit(body, [number], 300, secrets=(secret,))
        first.unpin([number])
    assert cached(begin(), b"has planted in it") == []
    assert cached(begin(), b"harmless") == [b"harmless"]
    assert b"planted" not in (folder / "responses.db").read_bytes()


def test_clear(begin: Open) -> None:
    read(begin(), LIST)
    begin().clear()
    assert cached(begin(), LIST[0]) == []


def test_an_empty_body_and_any_bytes(begin: Open) -> None:
    keys = [b"", b"\0", b"\xff" * 40]
    read(begin(), keys)
    assert cached(begin(), b"") == keys


# What it never holds.


def test_it_holds_no_header(begin: Open, folder: Path) -> None:
    first = begin()
    numbers = [
        first.put(b"a", Response(b"a", "application/pdf")),
        first.put(b"b", Response(b"b", "application/pdf", {"link": "<https://planted>"})),
    ]
    first.commit(b"a", numbers, 300)
    first.unpin(numbers)
    read(first, LIST)
    assert len(first.lookup(b"a", 300)) == 2
    assert cached(begin(), b"a") == []
    assert b"planted" not in (folder / "responses.db").read_bytes()


# Size.


def test_the_oldest_make_room(begin: Open, folder: Path) -> None:
    first = begin()
    for number in range(30):
        read(first, [b"%d" % number], size=15 * KIB)
    later = begin()
    assert [n for n in range(30) if cached(later, b"%d" % n)] == [24, 25, 26, 27, 28, 29]
    assert (folder / "responses.db").stat().st_size < 150 * KIB


def test_what_is_larger_than_all_of_it_is_not_cached(begin: Open, folder: Path) -> None:
    read(begin(), LIST, size=50 * KIB)
    assert cached(begin(), LIST[0]) == []
    assert (folder / "responses.db").stat().st_size < 150 * KIB


# Privacy.


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_can_read_it(begin: Open, folder: Path) -> None:
    old = os.umask(0)
    try:
        read(begin(), LIST)
    finally:
        os.umask(old)
    assert mode(folder) == 0o700
    assert {path.name: mode(path) for path in folder.iterdir()} == {"responses.db": 0o600}


def test_so_are_the_files_beside_it(begin: Open, folder: Path) -> None:
    read(begin(), LIST)
    other = apsw.Connection(str(folder / "responses.db"))
    other.execute("BEGIN IMMEDIATE; UPDATE entry SET ttl = 1")
    other.cache_flush()
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    other.close()


def test_a_file_that_others_can_read_is_closed_to_them(begin: Open, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "responses.db").touch(0o644)
    read(begin(), LIST)
    assert mode(folder / "responses.db") == 0o600


def test_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "responses.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OperationalError, match="cannot be used: Too many levels of symbolic"):
        DiskCache(folder, KIB)
    assert not (tmp_path / "elsewhere").exists()


def test_something_other_than_a_file_is_refused(folder: Path) -> None:
    (folder / "responses.db").mkdir(parents=True)
    with pytest.raises(OperationalError, match="cannot be used: Is a directory"):
        DiskCache(folder, KIB)
    (folder / "responses.db").rmdir()
    os.mkfifo(folder / "responses.db")
    with pytest.raises(OperationalError, match=r"responses\.db is not a file"):
        DiskCache(folder, KIB)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperationalError, match="Not a directory") as caught:
        DiskCache(tmp_path / "file" / "cache", KIB)
    assert caught.value.hint
