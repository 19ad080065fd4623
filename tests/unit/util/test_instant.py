"""Instants: every spelling has its place among the others."""

from __future__ import annotations

import functools
import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billql.util.instant import collation, instant, look_alikes

noticed: list[str] = []
collate = collation(noticed.append)

SAME = [
    ("2026", "2026-01", "2026-01-01", "2026-01-01T00:00Z", "2026-01-01 00:00:00.000"),
    ("2026-03", "2026-03-01", "2026-03-01T00:00:00Z", "2026-03-01 00:00:00", "2026-02-28T19:00-05"),
    ("2026-03-01T12:00:00.5Z", "2026-03-01 12:00:00.50", "2026-03-01 17:30:00.500 +0530"),
    ("2024-02-29T23:00:00Z", "2024-03-01 00:00:00 +01:00", "2024-02-29 23:00:00 UTC"),
]
NONE = [
    *("", "October 2026", "now", "1764345600", "2026-1", "2026-13", "2026-00", "2026-02-30"),
    *("2025-02-29", "2026-01-01T", "2026-01-01T24:00:00Z", "2026-01-01T12:60Z", "20260101"),
    *("2026-01-01T12:00:60Z", "2026-01-01 ", " 2026-01-01", "2026-01-01T12", "0000-01-01"),
    *("2026-01-01T00:00:00+24:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
    *("٢٠٢٦-01-01", "2026-01-01\n", "12:00:00", "2026-01-01T12:00:00 ", "2026-01-01T12:00:00.Z"),
    *("2026-01-01T12:00 UTC", "2026-01-01T12:00:00UTC", "10000-01-01", "2026-01Z", "2026-W10"),
]


@pytest.mark.parametrize("spellings", SAME)
def test_spellings_of_one_instant_are_equal(spellings: tuple[str, ...]) -> None:
    assert len({instant(one) for one in spellings}) == 1
    assert {collate(*pair) for pair in itertools.product(spellings, spellings)} == {0}


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_time_is_none_and_equals_no_time(text: str) -> None:
    assert instant(text) is None
    assert all(collate(text, one) != 0 != collate(one, text) for row in SAME for one in row)


MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(MOMENTS, MOMENTS)
def test_instants_compare_as_datetimes(one: datetime, other: datetime) -> None:
    expected = (one > other) - (one < other)
    assert collate(one.isoformat(), other.isoformat(sep=" ")) == expected
    assert collate(other.isoformat(), one.isoformat(sep=" ")) == -expected


PIECES = st.sampled_from(
    [
        *("2026", "-", "02", "28", "29", "30", "T", " ", ":", "00", "12", "59", "60", "Z", ".5"),
        *("+", "+05", " UTC", "z", "t", "2026-02-28", "2026-02-28T12:00:00", "abc", "\0", "é"),
    ]
)
TEXTS = st.lists(PIECES, max_size=9).map("".join) | st.sampled_from([*NONE, *sum(SAME, ())])


@given(st.lists(TEXTS, min_size=3, max_size=3))
@example(["2026-02-28 99:00:00Z", "2026-02-28T10:00:00Z", "2026-02-28 10:00:00Z"])
@example(["2026-02-28T12:00 UTC", "2026-02-28T12:00:00Z", "2026-02-28T12:00:00z"])
def test_the_order_is_total(texts: list[str]) -> None:
    for one, other in itertools.product(texts, texts):
        assert collate(one, other) == -collate(other, one)
    for a, b, c in itertools.permutations(texts):
        if collate(a, b) <= 0 and collate(b, c) <= 0:
            assert collate(a, c) <= 0, (a, b, c)
    ordered = sorted(texts, key=functools.cmp_to_key(collate))
    assert all(collate(a, b) <= 0 for a, b in itertools.combinations(ordered, 2))


def test_look_alikes_of_timestamps_are_noticed_where_they_are_suspected() -> None:
    texts = ["2026-02-30T00:00:00Z", "2026-02-28T00:00:00Z", "2026-02-30", "x" * 10 + "T" * 10]
    suspects = set(look_alikes(texts))
    assert suspects == {texts[0], texts[3]}
    heard: list[str] = []
    suspicious = collation(heard.append, suspects)
    assert suspicious(texts[0], texts[1]) == 1
    assert suspicious("2026-03", texts[0]) == 1
    assert suspicious(texts[1], "2026-03") == -1
    assert heard == [texts[0], texts[0]]
