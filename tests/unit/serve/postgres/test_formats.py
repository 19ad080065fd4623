"""How columns are written: as each of their values would be alone."""

from __future__ import annotations

import datetime
import struct
from fractions import Fraction
from itertools import chain
from typing import Any

import pytest

from billql.serve.postgres import wire
from billql.serve.postgres.compiler.parsing import split
from billql.serve.postgres.copying import parse_copy
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.formats.binary_output import column_sender, sender
from billql.serve.postgres.formats.copy import CopyOptions, CopyWriter
from billql.serve.postgres.formats.text_output import column_writer, writer
from billql.serve.postgres.values import numerics


class Around:
    """A session in UTC."""

    zone = datetime.UTC

    def name_of(self, kind: str, oid: int) -> str:
        return f"{kind} {oid}"


REALS = [
    *(0.0, -0.0, 0.1, 0.1 + 0.2, 100.0, -12.5, 1e-4, 9.99e-5, 1e-7, 5e-324, 1e300, -1e300),
    *(999999999999999.0, 1e15, 1e16, 123456789012345.0, 1234567890123456.0, 99999999999999.9),
    *(1234567890.12345, 12345678901.23456, 1 / 3, float("inf"), float("-inf")),
]


@pytest.mark.parametrize("value", [*REALS, 7, -(2**63), "12.50", "-0.00", "1E+5", "1E-3", "NaN"])
def test_a_numeric_has_the_digits_of_its_decimal(value: Any) -> None:
    exact = numerics.exact(value)
    written = numerics.write_stored(value)
    assert written == numerics.write(exact)
    sent = sender("numeric", Around())(value)
    count, weight, sign, scale, *digits = struct.unpack(f"!hhHh{len(sent) // 2 - 4}h", sent)
    assert count == len(digits)
    if not exact.is_finite():
        assert (count, sign) == (0, {"NaN": 0xC000, "Infinity": 0xD000}.get(written, 0xF000))
        return
    # https://www.postgresql.org/docs/15/datatype-numeric.html: digits of 10,000, of which the
    # first has a weight, and as many places as are shown.
    found = sum(digit * Fraction(10_000) ** (weight - at) for at, digit in enumerate(digits))
    assert found == Fraction(abs(exact))
    assert (sign == 0x4000) == (exact < 0)
    assert scale == numerics.scale(exact)


TEXTS = ["", "plain", None, "a\tb", "c\\d", 'e"f', "g,h", "i\nj\rk", "\\.", "\\N", "|", "é\v\b\f"]
OPTIONS = [
    CopyOptions(),
    CopyOptions(delimiter="|", null="-", header=True),
    CopyOptions("csv", ",", "", header=True),
    CopyOptions("csv", "|", "plain", quote="'", escape="\\"),
    CopyOptions("csv", ",", "", force_quote=None),
    CopyOptions("csv", ",", "", force_quote=frozenset(("b",))),
    CopyOptions("binary"),
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("names", ["a", "ab"])
def test_a_line_does_not_depend_on_those_around_it(options: CopyOptions, names: str) -> None:
    columns = [(name, "text") for name in names]
    rows = [(text, TEXTS[at - 3])[: len(names)] for at, text in enumerate(TEXTS)]
    made = CopyWriter(columns, options, Around())
    alone = list(chain.from_iterable(made.lines([row]) for row in rows))
    assert list(made.lines(rows)) == alone
    assert len(set(alone)) == len(rows)


def test_texts_of_copy_are_escaped() -> None:
    made = CopyWriter([("a", "text"), ("b", "text")], CopyOptions(delimiter="|"), Around())
    assert list(made.lines([("a|b\n", None), ("c\\", "\t")])) == [b"a\\|b\\n|\\N\n", b"c\\\\|\\t\n"]
    made = CopyWriter([("a", "text"), ("b", "text")], CopyOptions("csv", ",", ""), Around())
    assert list(made.lines([('a"b', ""), ("c,d", None)])) == [b'"a""b",""\n', b'"c,d",\n']


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["a", None, "é", 1, 1.5]),
        ("numeric", [1.5, None, 3, "12.50"]),
        ("int8", [1, None, 2.0]),
        ("bool", [0, None, 1]),
        ("timestamptz", ["2026-01-31T12:00:00Z", None, "2026-01-31T12:00:00.5Z"]),
        ("date", ["2026-01-31", None]),
        ("jsonb", ['{"a": 1}', None]),
    ],
)
def test_a_column_is_written_as_its_values_are(kind: str, values: list[Any]) -> None:
    write, send = writer(kind, Around()), sender(kind, Around())
    assert column_writer(kind, Around())(values) == [
        None if value is None else write(value) for value in values
    ]
    sent = [None if value is None else send(value) for value in values]
    assert column_sender(kind, Around())(values) == sent
    first, *_ = wire.data_rows([sent[:1], [None]])
    assert sent[0] is not None
    assert first == b"\0\2" + struct.pack("!I", len(sent[0])) + sent[0] + b"\xff" * 4


@pytest.mark.parametrize("kind", ["text", "numeric", "int8"])
def test_what_is_no_value_of_a_column_is_refused(kind: str) -> None:
    for convert in (column_writer(kind, Around()), column_sender(kind, Around())):
        with pytest.raises(PostgresError, match="is no "):
            convert(["1", 1, b"\0"][kind == "int8" :])


@pytest.mark.parametrize("delimiter", ["\\", ".", "n", "0"])
def test_a_delimiter_that_texts_are_escaped_with_is_refused(delimiter: str) -> None:
    (statement,) = split(f"COPY (SELECT 1) TO STDOUT (DELIMITER '{delimiter}')")
    with pytest.raises(PostgresError, match="delimiter cannot be"):
        parse_copy(statement)
    (statement,) = split(f"COPY (SELECT 1) TO STDOUT (FORMAT csv, DELIMITER '{delimiter}')")
    assert parse_copy(statement)[1].delimiter == delimiter
