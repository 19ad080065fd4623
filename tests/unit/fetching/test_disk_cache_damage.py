"""A disk cache whose file is damaged, locked, or another program's."""

from __future__ import annotations

import random
import sqlite3
import stat
from pathlib import Path

import apsw
import pytest

from support.cached_runs import LIST, Open, cached, read


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def page_of(path: Path, body: bytes) -> int:
    """Find where a body lies in the file."""
    return path.read_bytes().index(body)


@pytest.mark.parametrize(
    "content",
    [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000, b"\0" * 8192],
)
def test_a_file_that_is_no_database_is_put_aside(begin: Open, folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "responses.db").write_bytes(content)
    assert cached(begin(), LIST[0]) == []
    read(begin(), LIST)
    assert cached(begin(), LIST[0]) == LIST
    assert (folder / "responses.db.aside").read_bytes() == content
    assert {mode(path) for path in folder.iterdir()} <= {0o600, 0o644}
    assert mode(folder / "responses.db") == 0o600


def test_somebody_elses_database_is_put_aside(begin: Open, folder: Path) -> None:
    folder.mkdir(parents=True)
    other = sqlite3.connect(folder / "responses.db")
    other.execute("CREATE TABLE entry (mine)")
    other.close()
    assert cached(begin(), LIST[0]) == []
    read(begin(), LIST)
    assert cached(begin(), LIST[0]) == LIST
    aside = sqlite3.connect(folder / "responses.db.aside")
    assert aside.execute("SELECT count(*) FROM entry").fetchall() == [(0,)]
    aside.close()


def test_another_format_is_put_aside(begin: Open, folder: Path) -> None:
    read(begin(), LIST)
    newer = apsw.Connection(str(folder / "responses.db"))
    newer.pragma("user_version", 999)
    newer.close()
    assert cached(begin(), LIST[0]) == []
    read(begin(), LIST)
    assert cached(begin(), LIST[0]) == LIST


def test_an_entry_that_was_tampered_with_is_dropped(begin: Open, folder: Path) -> None:
    read(begin(), LIST, size=50)
    read(begin(), [b"other"])
    path = folder / "responses.db"
    content = bytearray(path.read_bytes())
    content[page_of(path, LIST[1] + b"....") + 10] ^= 1
    path.write_bytes(content)
    later = begin()
    assert cached(later, LIST[0]) == []
    assert cached(later, b"other") == [b"other"]
    read(later, LIST)
    assert cached(begin(), LIST[0]) == LIST


def test_an_entry_that_lacks_a_page_is_dropped(begin: Open, folder: Path) -> None:
    read(begin(), LIST)
    other = apsw.Connection(str(folder / "responses.db"))
    other.execute("DELETE FROM page WHERE id = 2")
    other.close()
    assert cached(begin(), LIST[0]) == []


@pytest.mark.parametrize("seed", range(12))
def test_damage_anywhere_never_leads_to_a_wrong_response(
    begin: Open, folder: Path, seed: int
) -> None:
    lists = [[b"%d %d" % (number, page) for page in range(5)] for number in range(20)]
    first = begin()
    for keys in lists:
        read(first, keys, size=500)
    first.close()
    path = folder / "responses.db"
    content, luck = bytearray(path.read_bytes()), random.Random(seed)
    for at in range(100 + seed * 997, len(content), 12 * 997):
        content[at : at + 8] = luck.randbytes(8)
    path.write_bytes(content)
    later = begin()
    expected = {keys[0]: [key + b"." * 500 for key in keys] for keys in lists}
    for keys in lists:
        assert cached(later, keys[0]) in (expected[keys[0]], [])
    read(later, LIST)
    read(later, LIST)
    assert cached(begin(), LIST[0]) == LIST


def test_a_file_that_is_cut_short(begin: Open, folder: Path) -> None:
    read(begin(), LIST, size=5000)
    path = folder / "responses.db"
    path.write_bytes(path.read_bytes()[:9000])
    assert cached(begin(), LIST[0]) == []
    read(begin(), LIST)
    read(begin(), LIST)
    assert cached(begin(), LIST[0]) == LIST


def test_a_file_that_vanishes_under_way(begin: Open, folder: Path) -> None:
    first = begin()
    read(first, LIST)
    (folder / "responses.db").unlink()
    read(first, [b"other"])
    assert cached(first, b"other") == [b"other"]
    read(begin(), LIST)


def test_who_finds_it_locked_does_without(begin: Open, folder: Path) -> None:
    read(begin(), LIST)
    other = apsw.Connection(str(folder / "responses.db"))
    other.execute("BEGIN EXCLUSIVE")
    later = begin()
    assert cached(later, LIST[0]) == []
    other.execute("COMMIT")
    other.close()
    assert cached(later, LIST[0]) == LIST


# Processes.
