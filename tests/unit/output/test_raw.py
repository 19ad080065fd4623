"""One value as a file."""

from __future__ import annotations

import io
from typing import Any

import pytest

from billql.errors import DataError
from billql.output import Style, raw


def written(*rows: tuple[Any, ...], names: str = "a") -> bytes:
    stream = io.BytesIO()
    raw.write([(name, None) for name in names], iter(rows), stream, Style())
    return stream.getvalue()


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (b"%PDF-1.7\r\n\0\xff", b"%PDF-1.7\r\n\0\xff"),
        (b"", b""),
        ("ä\r\n", "ä\r\n".encode()),
        (7, b"7"),
    ],
)
def test_a_value_is_written_as_it_is(value: Any, data: bytes) -> None:
    assert written((value,)) == data


@pytest.mark.parametrize(
    ("rows", "names", "message"),
    [
        ([], "a", "the result has no row"),
        ([(b"1",), (b"2",)], "a", "the result has several rows"),
        ([(b"1", b"2")], "ab", "the result has 2 columns"),
        ([(None,)], "a", "The value of a is NULL"),
    ],
)
def test_what_is_not_one_value_is_an_error(
    rows: list[tuple[Any, ...]], names: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        written(*rows, names=names)
