"""The row memo: its account is exact, whatever is stored again, and it forgets the oldest first."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest

from billql.fetching._row_memo import RowMemo
from billql.fetching.row_decoder import TableRow


def rows(count: int, width: int = 4) -> list[TableRow]:
    return [tuple(range(width)) for _ in range(count)]


def store(memo: RowMemo, name: object, found: list[TableRow]) -> None:
    """Read a key, two rows at a time."""
    batches = (found[at : at + 2] for at in range(0, len(found), 2))
    assert [row for batch in memo.memoize(name, batches) for row in batch] == found


def test_a_key_that_is_stored_again_counts_once() -> None:
    memo = RowMemo(100)
    for _ in range(50):
        store(memo, "again", rows(3))
    assert memo.cells == 13
    for name in range(6):
        store(memo, name, rows(3))
    assert memo.cells == 7 * 13
    assert memo.get("again") == rows(3)


def test_two_scans_of_one_key_side_by_side() -> None:
    memo = RowMemo(100)
    first, second = (memo.memoize("key", iter([rows(1), rows(2)])) for _ in range(2))
    for one in (first, second, first, second, first, second):
        next(one, None)
    assert memo.cells == 13


def test_what_was_used_least_recently_goes_first() -> None:
    memo = RowMemo(52)
    for name in "abcd":
        store(memo, name, rows(3))
    assert memo.get("a") is not None
    store(memo, "e", rows(2))
    assert memo.cells == 3 * 13 + 9
    assert [name for name in "abcde" if memo.get(name) is not None] == ["a", "c", "d", "e"]


def read(memo: RowMemo, names: Iterable[int]) -> int:
    """Ask for keys and store those that are not remembered; count these."""
    decoded = 0
    for name in names:
        if memo.get(name) is None:
            store(memo, name, rows(3))
            decoded += 1
    return decoded


def test_keys_that_come_in_a_circle() -> None:
    """A nested loop over ten keys more than there is room for needs these anew each time, and few
    others."""
    memo = RowMemo(90 * 13)
    assert read(memo, range(100)) == 100
    assert read(memo, [*range(100)] * 20) < 20 * 15
    # Then come others, which find their place.
    assert read(memo, [*range(200, 210)] * 100) <= 16 * 10


def test_a_key_that_comes_again_at_once() -> None:
    memo = RowMemo(5 * 13)
    assert read(memo, [name for name in range(100) for _ in range(7)]) == 100


def test_what_is_too_large_or_not_read_to_its_end_is_not_remembered() -> None:
    memo = RowMemo(100)
    store(memo, "large", rows(7))
    next(memo.memoize("left", iter([rows(1), rows(1)])))

    def fails() -> Iterator[list[TableRow]]:
        yield rows(1)
        raise EOFError

    with pytest.raises(EOFError):
        list(memo.memoize("failed", fails()))
    assert [memo.get(name) for name in ("large", "left", "failed")] == [None] * 3
    assert memo.cells == 0


def test_no_rows_are_remembered_too() -> None:
    memo = RowMemo(4)
    store(memo, "none", [])
    assert memo.get("none") == []
    assert memo.cells == 1
    memo.clear()
    assert (memo.get("none"), memo.cells) == (None, 0)


@pytest.mark.parametrize("seed", range(20))
def test_the_account_is_exact(seed: int) -> None:
    """Whatever is stored, again or not: what it says that it holds is what it holds."""
    draw = random.Random(seed)
    most = draw.randrange(4, 200)
    memo, model = RowMemo(most), dict[int, list[TableRow]]()
    for _ in range(500):
        name = draw.randrange(20)
        found = rows(draw.randrange(8), draw.randrange(1, 5))
        store(memo, name, found)
        if cells(found) <= most // 4:
            model[name] = found
        assert memo.cells <= most
        there = {name: held for name in model if (held := memo.get(name)) is not None}
        assert memo.cells == sum(map(cells, there.values()))
        assert all(held == model[name] for name, held in there.items())


def cells(found: list[TableRow]) -> int:
    return sum(map(len, found)) + 1
