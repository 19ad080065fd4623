"""Odd texts and odd JSON, and right ones of which something was changed.

Most of what is drawn at random is refused at its first byte. What was right before a few of its
parts were dropped, doubled or exchanged goes farther.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

T = TypeVar("T")

TEXTS: SearchStrategy[str] = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sampled_from(
        (
            *("", " ", "\0", "\x1b[31m", "\r\nX-Odd: 1", "\u202e", "\ufeff", "é", "🧾", "'", '"'),
            *("..", "../..", "%2e%2e%2f", "a/b?c#d", "a,b", "null", "true", "[]", "{}", "{x}"),
            *("-0", "007", "1e400", "9" * 400, "1_000", "0x10", "NaN", "$1,024.00", "($3.11)"),
            *("2025-01-31", "2025-01", "2025-02-30", "0001-01-01T00:00:00+23:59", "9999-12-31"),
            *(
                "2025-01-31T00:00:00Z",
                "2025-01-31T23:59:60Z",
                "2025-W01",
                "today",
                "$root.a",
                "a[]",
            ),
            *("https://other.example/x", "//", "http://[", "?page=2", "/v1/x?page=2#a"),
        )
    ),
)
"""Texts without surrogates, which neither SQLite nor JSON can hold."""

NUMBERS: SearchStrategy[int | float] = st.one_of(
    st.integers(-3, 3),
    st.sampled_from((2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64, 10**400)),
    st.floats(allow_nan=False),
)

SCALARS: SearchStrategy[Any] = st.none() | st.booleans() | NUMBERS | TEXTS

JSON: SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)

SQL_VALUES: SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    st.floats(allow_nan=False),
    TEXTS,
    st.binary(max_size=4),
)

ODD_BYTES: SearchStrategy[bytes] = st.one_of(
    st.binary(max_size=6),
    st.sampled_from((b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"[" * 3000, b"9" * 5000)),
)


@st.composite
def edited(draw: DrawFn, items: Sequence[T], others: SearchStrategy[T], most: int = 5) -> list[T]:
    """Draw a sequence of which some stretches were dropped, moved, or replaced by others."""
    found = list(items)
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, len(found)))
        end = min(len(found), start + draw(st.sampled_from((0, 1, 1, 2, 5, 1000))))
        kept = found[start:end]
        found[start:end] = draw(st.lists(others, max_size=2))
        if draw(st.booleans()):
            place = draw(st.integers(0, len(found)))
            found[place:place] = kept
    return found


def edited_bytes(text: bytes) -> SearchStrategy[bytes]:
    """Draw a text of bytes of which some stretches are different."""
    pieces = [text[at : at + 1] for at in range(len(text))]
    return edited(pieces, ODD_BYTES).map(b"".join)


@st.composite
def changed(
    draw: DrawFn,
    data: Any,
    odd: SearchStrategy[Any] = JSON,
    words: SearchStrategy[str] = TEXTS,
    most: int = 3,
) -> Any:
    """Draw JSON of which some parts were dropped, renamed, exchanged, replaced or added.

    `words` are what members may be called.
    """
    data = {"": copy.deepcopy(data)}
    for _ in range(draw(st.integers(0, most))):
        places = list(_places(data))
        holder, key = draw(st.sampled_from(places))
        other, other_key = draw(st.sampled_from(places))
        match draw(st.sampled_from(("odd", "add", "drop", "rename", "copy"))):
            case "drop" if holder is not data:
                del holder[key]
            case "rename" if isinstance(holder, dict) and holder is not data:
                holder[str(other_key)] = holder.pop(key)
            case "add" if isinstance(holder, dict) and holder is not data:
                holder[draw(words)] = copy.deepcopy(draw(odd))
            case "copy":
                holder[key] = copy.deepcopy(other[other_key])
            case _:
                holder[key] = copy.deepcopy(draw(odd))
    return data[""]


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Give every place of some data: what holds it, and its key there."""
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key
        yield from _places(data[key])
