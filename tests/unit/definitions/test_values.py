"""Column types: reading what APIs write, and saying to an API just what SQLite means."""

from __future__ import annotations

import calendar
import datetime
import itertools
import math
import re
from collections.abc import Sequence
from typing import Any, get_args

import orjson
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from billql.definitions.decoding import decoder_for
from billql.definitions.types import (
    AFFINITY,
    DISCRETE,
    EXAMPLE_BY_TYPE,
    FORMATTED,
    ColumnType,
    Format,
    Operator,
    SQLValue,
)
from billql.planning.bound_encoding import encode_bound, encode_value, is_precise, sql_value
from billql.planning.floors import GREATEST, LEAST
from billql.planning.intervals import (
    EVERYTHING,
    NOTHING,
    NULL,
    Span,
    interval_where,
    number_as_text,
    today,
)
from billql.util.exact_json import Digits
from support import plain_sqlite
from support.plain_sqlite import OPERATORS, Judge

KINDS: tuple[ColumnType, ...] = get_args(ColumnType)
FORMATS: tuple[Format, ...] = get_args(Format)
READERS: list[tuple[ColumnType, Format | None]] = [
    *((kind, None) for kind in KINDS),
    *((kind, format) for format in FORMATS for kind in sorted(FORMATTED[format])),
]
DEEP = orjson.loads("[" * 1000 + "]" * 1000)
INT64 = st.integers(-(2**63), 2**63 - 1)


def read(kind: ColumnType, *values: Any, format: Format | None = None) -> list[SQLValue]:
    return decoder_for(kind, format)(values)


def test_every_type_and_format_is_known_everywhere() -> None:
    assert set(AFFINITY) == set(EXAMPLE_BY_TYPE) == set(KINDS)
    assert set(FORMATTED) == set(FORMATS)
    assert set(KINDS) >= DISCRETE


# Reading: each type ----------------------------------------------------------------------------

GOOD: list[tuple[ColumnType, Format | None, Any, SQLValue]] = [
    ("text", None, "x", "x"),
    ("text", None, "", ""),
    ("text", None, 12, "12"),
    ("text", None, 1.5, "1.5"),
    ("text", None, True, "true"),
    ("text", None, False, "false"),
    ("integer", None, 0, 0),
    ("integer", None, "12", 12),
    ("integer", None, "-12", -12),
    ("integer", None, "+12", 12),
    ("integer", None, 12.0, 12),
    ("integer", None, "50.0", 50),
    ("integer", None, "5e1", 50),
    ("integer", None, "-0.0", 0),
    ("integer", None, "0e999999999", 0),
    ("integer", None, "9223372036854775807.000", 2**63 - 1),
    ("integer", None, Digits("50.0"), 50),
    ("integer", None, Digits("9007199254740993.0"), 9007199254740993),
    ("text", None, Digits("1.10"), "1.10"),
    ("real", None, Digits("1.10"), 1.1),
    ("decimal", "dollars", Digits("1e2"), 100.0),
    ("boolean", None, Digits("1.0"), 1),
    ("json", None, {"a": [Digits("1.10"), Digits("1E400")]}, '{"a":[1.10,1E400]}'),
    ("integer", None, 2**63 - 1, 2**63 - 1),
    ("integer", None, -(2**63), -(2**63)),
    ("integer", None, str(2**63 - 1), 2**63 - 1),
    ("integer", None, str(-(2**63)), -(2**63)),
    ("integer", None, "", None),
    ("real", None, 3, 3.0),
    ("real", None, "12.50", 12.5),
    ("decimal", None, "12.50", 12.5),
    ("decimal", None, "-0.01", -0.01),
    ("decimal", None, "1e3", 1000.0),
    ("decimal", None, ".5", 0.5),
    ("decimal", None, "5.", 5.0),
    ("decimal", None, "+5", 5.0),
    ("decimal", None, "0.1", 0.1),
    ("decimal", None, 2**60, float(2**60)),
    ("decimal", None, "1e-400", 0.0),
    ("decimal", None, "", None),
    ("decimal", "dollars", "$3.11", 3.11),
    ("decimal", "dollars", "-$3.11", -3.11),
    ("decimal", "dollars", "$-3.11", -3.11),
    ("decimal", "dollars", "($3.11)", -3.11),
    ("decimal", "dollars", "-$1,024.00", -1024.0),
    ("decimal", "dollars", "$1,234,567.89", 1234567.89),
    ("decimal", "dollars", "$1234567.89", 1234567.89),
    ("decimal", "dollars", "3.11", 3.11),
    ("decimal", "dollars", "$0.00", 0.0),
    ("decimal", "dollars", 3, 3.0),
    ("decimal", "dollars", "", None),
    ("real", "dollars", "$7", 7.0),
    ("decimal", "money", {"currencyCode": "USD", "units": "12", "nanos": 345_000_000}, 12.345),
    ("decimal", "money", {"units": "-1", "nanos": -750_000_000}, -1.75),
    ("decimal", "money", {"nanos": 4}, 4e-9),
    ("decimal", "money", {"units": Digits("3")}, 3.0),
    ("real", "money", "", None),
    ("boolean", None, True, 1),
    ("boolean", None, False, 0),
    ("boolean", None, 1, 1),
    ("boolean", None, 0, 0),
    ("boolean", None, "true", 1),
    ("boolean", None, "false", 0),
    ("boolean", None, "", None),
    ("date", None, "2025-01-31", "2025-01-31"),
    ("date", None, "2024-02-29", "2024-02-29"),
    ("date", None, "0001-01-01", "0001-01-01"),
    ("date", None, "9999-12-31", "9999-12-31"),
    ("date", None, "2025-01-31T23:59:59Z", "2025-01-31"),
    ("date", None, "2025-01-31T23:30:00-05:00", "2025-02-01"),
    ("date", None, "", None),
    ("date", "epoch", 1738281600, "2025-01-31"),
    ("month", None, "2025-01", "2025-01"),
    ("month", None, "2025-01-31", "2025-01"),
    ("month", None, "2025-01-31T23:30:00-05:00", "2025-02"),
    ("month", None, "", None),
    ("month", "epoch", 0, "1970-01"),
    ("timestamp", None, "2025-01-31T12:30:45Z", "2025-01-31T12:30:45Z"),
    ("timestamp", None, "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    ("timestamp", None, "2025-01-31T12:30:45", "2025-01-31T12:30:45Z"),
    ("timestamp", None, "2025-01-31", "2025-01-31T00:00:00Z"),
    ("timestamp", None, "2025-01-31T12:30:45+00:00", "2025-01-31T12:30:45Z"),
    ("timestamp", None, "2025-01-31T12:30:45+05:30", "2025-01-31T07:00:45Z"),
    ("timestamp", None, "2025-01-31T12:30:45-08:00", "2025-01-31T20:30:45Z"),
    ("timestamp", None, "2025-01-31T12:30:45+0530", "2025-01-31T07:00:45Z"),
    ("timestamp", None, "2025-01-31T12:30:45.999Z", "2025-01-31T12:30:45Z"),
    ("timestamp", None, "2025-01-31T12:30:45.123456789Z", "2025-01-31T12:30:45Z"),
    ("timestamp", None, "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
    ("timestamp", None, "2020-07-01 00:00:00 +0000", "2020-07-01T00:00:00Z"),
    ("timestamp", None, "2020-07-22 18:14:39 -0500", "2020-07-22T23:14:39Z"),
    ("timestamp", None, "2020-07-01 00:00:00 UTC", "2020-07-01T00:00:00Z"),
    ("timestamp", None, "2020-07-01 00:00:00", "2020-07-01T00:00:00Z"),
    ("timestamp", None, "2020-07-01t00:00:00z", "2020-07-01T00:00:00Z"),
    ("timestamp", None, "", None),
    ("timestamp", "epoch", 0, "1970-01-01T00:00:00Z"),
    ("timestamp", "epoch", 1738326645, "2025-01-31T12:30:45Z"),
    ("timestamp", "epoch", "1738326645", "2025-01-31T12:30:45Z"),
    ("timestamp", "epoch", 1738326645.999, "2025-01-31T12:30:45Z"),
    ("timestamp", "epoch", -1, "1969-12-31T23:59:59Z"),
    ("timestamp", "epoch", -0.5, "1969-12-31T23:59:59Z"),
    ("timestamp", "epoch", "", None),
    ("timestamp", "epoch_ms", 1738326645999, "2025-01-31T12:30:45Z"),
    ("timestamp", "epoch_ms", -1, "1969-12-31T23:59:59Z"),
    ("timestamp", "rfc2822", "Sun, 06 Nov 1994 08:49:37 +0000", "1994-11-06T08:49:37Z"),
    ("timestamp", "rfc2822", "06 Nov 1994 08:49:37 -0530", "1994-11-06T14:19:37Z"),
    ("timestamp", "rfc2822", "Sun, 06 Nov 1994 08:49:37 -0000", "1994-11-06T08:49:37Z"),
    ("timestamp", "rfc2822", "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
    ("timestamp", "rfc2822", "", None),
    ("date", "rfc2822", "Sun, 06 Nov 1994 23:30:00 -0500", "1994-11-07"),
    ("month", "rfc2822", "Mon, 31 Jan 2005 23:30:00 -0500", "2005-02"),
    ("json", None, {"a": [1, None, "é"]}, '{"a":[1,null,"é"]}'),
    ("json", None, [], "[]"),
    ("json", None, "text", '"text"'),
    ("json", None, False, "false"),
    ("text", "filename", 'attachment; filename="a b.pdf"', "a b.pdf"),
    ("text", "filename", "attachment; FILENAME=a.pdf", "a.pdf"),
    ("text", "filename", "inline", None),
    ("text", "reference", "cus_1", "cus_1"),
    ("text", "reference", "", ""),
    ("text", "reference", 7, "7"),
    ("text", "reference", {"id": "cus_1", "name": "Sammy"}, "cus_1"),
    ("json", "reference", {"id": "cus_1", "name": "é"}, '{"id":"cus_1","name":"é"}'),
    ("json", "reference", "cus_1", None),
    ("json", "reference", "", None),
    ("blob", None, b"\0\xff", b"\0\xff"),
]

MISFITS: list[tuple[tuple[ColumnType, ...], Format | None, list[Any]]] = [
    (("text",), None, [[], {}, b"x", DEEP, 10**5000]),
    (
        ("integer",),
        None,
        [
            *(True, False, 1.5, math.nan, math.inf, 2**63, -(2**63) - 1, 10**400, 1e300),
            *(
                str(2**63),
                "1.5",
                "50.5",
                "5e-1",
                "1e400",
                "1e999999999999999999999",
                "1_000",
                " 1",
                "1\n",
                "0x10",
                "١٢",
                "9" * 5000,
                "one",
            ),
            *([], {}, b"1"),
        ],
    ),
    (
        ("real", "decimal"),
        None,
        [
            *(True, False, math.nan, math.inf, -math.inf, 10**400, [], {}, b"1"),
            *("nan", "inf", "-Infinity", "1e400", "1" * 400, "1_000", "1,000", " 1", "1 "),
            *("1\n2", "1\n", "١٢", "$1", ".", "e5", "one"),
        ],
    ),
    (
        ("real", "decimal"),
        "dollars",
        [
            *("$", "-", "--$1", "-$-1", "$1-", "($1", "$1)", "$1,00", "$1,024,00", "$1.024,00"),
            *("$,100", "$nan", "€3.11", "$1_000", "$١", "$ 1", "$1\n", "$" + "9" * 400),
            *(True, math.nan, 10**400, []),
        ],
    ),
    (
        ("real", "decimal"),
        "money",
        [{}, {"currencyCode": "USD"}, {"units": "one"}, {"nanos": 0.5}, 3, "3", True, [], b"3"],
    ),
    (("boolean",), None, [2, -1, "True", "yes", "1", 0.5, math.nan, [], {}]),
    (
        ("date", "month", "timestamp"),
        None,
        [
            *("2025-02-30", "2025-02-29", "2025-04-31", "2025-13-01", "2025-00-01", "2025-01-00"),
            *("0000-01-01", "2025-01-31T24:30:00Z", "2025-01-31T12:60:00Z", "2025-01-31T12:00:60Z"),
            *("2025-02-30T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
            *(
                "٢٠٢٥-01-01",
                "2025-01-31\n",
                "2025-01-31\n2025-02-01",
                "January",
                "now",
                Digits("2025"),
            ),
            *("2025-01-31T00:00:00Z\n2025-01-31T00:00:00Z", 20250131, 1738281600, True),
            *([], {}, b"2025-01-31"),
        ],
    ),
    (("month",), None, ["2025-13", "0000-01", "2025", "2025-01\n2025-02"]),
    *(
        (
            ("date", "month", "timestamp"),
            format,
            [
                *(True, math.nan, math.inf, 10**400, 1e18, -1e18, [], {}),
                *("nan", "1_000", "١٢", " 1", "2025-01-31"),
            ],
        )
        for format in FORMATS[:2]
    ),
    (
        ("date", "month", "timestamp"),
        "rfc2822",
        [
            *("2025-01-31", "now", "Sun, 31 Feb 1994 08:49:37 +0000", "Sun, 06 Nov 1994", " "),
            *("Fri, 31 Dec 9999 23:59:59 -0100", Digits("2025"), 784111777, True, [], {}, b"x"),
        ],
    ),
    (("json",), None, [DEEP, 10**30, object()]),
    (("text", "json"), "reference", [{}, {"id": None}, {"id": {}}, ["cus_1"], DEEP, b"x"]),
    (("blob",), None, ["text", [1]]),
]
BAD = [
    (kind, format, value)
    for kinds, format, values in MISFITS
    for kind, value in itertools.product(kinds, values)
]


@pytest.mark.parametrize(("kind", "format", "value", "expected"), GOOD)
def test_good_values(
    kind: ColumnType, format: Format | None, value: Any, expected: SQLValue
) -> None:
    for column in ([value], [value, value], [None, value]):
        found = read(kind, *column, format=format)
        assert found == [None if one is None else expected for one in column]
        assert type(found[-1]) is type(expected)


def _short(value: object) -> str:
    return "deep" if value is DEEP else f"{value!s:.20}" if not isinstance(value, int) else ""


@pytest.mark.parametrize(("kind", "format", "value"), BAD, ids=_short)
def test_bad_values(kind: ColumnType, format: Format | None, value: Any) -> None:
    for column in ([value], [value, value], [None, value]):
        with pytest.raises(ValueError, match=r"(?s)\S") as caught:
            read(kind, *column, format=format)
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("kind", "format"), READERS)
def test_null_stays_null_and_nothing_stays_nothing(kind: ColumnType, format: Format | None) -> None:
    assert read(kind, None, None, format=format) == [None, None]
    assert read(kind, format=format) == []


@pytest.mark.parametrize("value", ["-0", "-0.0", "-0.00", -0.0, "0", 0, "-1e-400"])
def test_zero_has_no_sign(value: Any) -> None:
    for column in ([value], [None, value]):
        zero = read("decimal", *column)[-1]
        assert isinstance(zero, float)
        assert math.copysign(1, zero) == 1


def test_a_negative_zero_of_dollars_has_no_sign() -> None:
    assert math.copysign(1, float(str(read("decimal", "-$0.00", format="dollars")[0]))) == 1


def test_a_misfit_is_named_and_shown_in_brief() -> None:
    with pytest.raises(ValueError, match="'ten' is not a number"):
        read("decimal", "1", "ten")
    with pytest.raises(ValueError, match="is not a date or time") as caught:
        read("date", "x" * 10**6)
    assert len(str(caught.value)) < 150


# Reading: properties ---------------------------------------------------------------------------

numerals = st.one_of(
    st.from_regex(r"[+-]?[0-9]{1,12}(\.[0-9]{0,6})?", fullmatch=True),
    st.text(alphabet="0123456789.eE+-_ \n$,()", max_size=8),
    st.floats(),
    st.integers(),
)
moments = st.one_of(
    st.dates().map(str),
    st.dates().map(lambda day: str(day)[:7]),
    st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}Z"),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.from_regex(r"[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]", fullmatch=True),
    st.from_regex(r"20[0-9]{2}-0[0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:00Z", fullmatch=True),
)
finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(st.none(), st.booleans(), st.text(max_size=8), numerals, moments)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


columns = st.one_of(
    st.lists(numerals, max_size=4), st.lists(moments, max_size=4), st.lists(scalars, max_size=4)
)


def attempt(kind: ColumnType, format: Format | None, column: Sequence[Any]) -> Any:
    """Read a column; gives None if it does not fit."""
    try:
        return decoder_for(kind, format)(column)
    except ValueError:
        return None


UNUSUAL: dict[ColumnType, list[Any]] = {
    "text": [5],
    "integer": ["0"],
    "real": [0, "0"],
    "decimal": [0, "0"],
    "date": ["2024-02-29"],
    "month": ["2024-02-29"],
    "timestamp": ["2024-02-29"],
}
"""Values that are right, but take a column off its fast way."""


@settings(max_examples=300)
@given(column=columns)
def test_the_fast_way_and_the_slow_way_agree(column: list[Any]) -> None:
    for kind, format in READERS:
        unusual = UNUSUAL.get(kind, []) if format is None else []
        prefix = [None, *unusual]
        told = read(kind, *prefix, format=format)
        alone = [attempt(kind, format, [*unusual, value]) for value in column]
        expected = None if None in alone else [values[-1] for values in alone]
        assert attempt(kind, format, column) == expected
        gaps = [None, None] if kind == "blob" else [None, ""]
        gappy = attempt(kind, format, [*column, *gaps])
        left_out = read(kind, *gaps, format=format)
        assert gappy == (None if expected is None else [*expected, *left_out])
        slow = attempt(kind, format, [*prefix, *column])
        assert slow == (None if expected is None else [*told, *expected])


FORMS = {"date": "%Y-%m-%d", "month": "%Y-%m", "timestamp": "%Y-%m-%dT%H:%M:%SZ"}


@settings(max_examples=500)
@given(value=anything)
def test_a_reader_gives_its_one_form_or_a_value_error(value: Any) -> None:
    for kind, format in READERS:
        found = attempt(kind, format, [value])
        if found is None or found == [None]:
            continue
        (one,) = found
        if kind == "integer":
            assert type(one) is int
            assert -(2**63) <= one < 2**63
        elif kind in ("real", "decimal"):
            assert type(one) is float
            assert math.isfinite(one)
        elif kind == "boolean":
            assert one in (0, 1)
            assert type(one) is int
        elif kind in FORMS:
            parsed = datetime.datetime.strptime(one, FORMS[kind])
            assert parsed.strftime(FORMS[kind]).zfill(len(one)) == one
        elif kind == "json":
            assert one == orjson.dumps(value).decode()
        else:
            assert type(one) is str


@given(moment=st.datetimes(timezones=st.timezones()))
def test_an_instant_is_the_same_however_it_is_written(moment: datetime.datetime) -> None:
    try:
        moment = moment.astimezone(datetime.UTC).replace(microsecond=0)
    except OverflowError:
        assume(False)
    expected = [f"{moment:%Y-%m-%dT%H:%M:%SZ}".zfill(20)]
    seconds = calendar.timegm(moment.utctimetuple())
    assert read("timestamp", moment.isoformat()) == expected
    assert read("timestamp", moment.isoformat().replace("T", " ")) == expected
    assert read("timestamp", moment.isoformat().replace("+00:00", " +0000")) == expected
    assert read("timestamp", seconds, format="epoch") == expected
    assert read("timestamp", seconds * 1000 + 999, format="epoch_ms") == expected
    assert read("date", moment.isoformat()) == [expected[0][:10]]
    assert read("month", moment.isoformat()) == [expected[0][:7]]


@given(cents=st.integers(-(10**13), 10**13))
def test_amounts_are_the_same_however_they_are_written(cents: int) -> None:
    sign, whole, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    plain = f"{sign}{whole}.{rest:02}"
    assert read("decimal", plain) == [cents / 100]
    assert read("decimal", f"{sign}${whole:,}.{rest:02}", format="dollars") == [cents / 100]
    assert read("decimal", orjson.loads(plain)) == [cents / 100]


# Spans -----------------------------------------------------------------------------------------


def holds(found: Span, value: Any) -> bool:
    if found.empty:
        return False
    return (found.low is None or found.low <= value) and (found.high is None or value <= found.high)


def agree(kind: ColumnType, column: dict[Any, SQLValue], value: SQLValue) -> int:
    """Compare every span with SQLite's verdict; `column` has SQL values by their place in spans.

    Gives the number of operators that could be told.
    """
    told = 0
    for operator, verdict in JUDGES[kind].verdicts(list(column.values()), value).items():
        found = interval_where(kind, operator, value)
        if found is not None:
            told += 1
            assert [holds(found, place) for place in column] == verdict, (kind, operator, value)
            if found.empty:
                assert True not in verdict
    return told


JUDGES = {kind: Judge(kind) for kind in KINDS}

SECONDS = {
    "first": calendar.timegm((1, 1, 1, 0, 0, 0)),
    "last": calendar.timegm((9999, 12, 31, 23, 59, 59)),
}


def month_text(count: int) -> str:
    return f"{count // 12:04}-{count % 12 + 1:02}"


def date_text(count: int) -> str:
    return datetime.date.fromordinal(count).isoformat()


def timestamp_text(count: int) -> str:
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=count)
    return f"{moment.isoformat()}Z"


TEXT_OF = {"month": month_text, "date": date_text, "timestamp": timestamp_text}
FIRST_LAST = {
    "month": (12, 9999 * 12 + 11),
    "date": (1, datetime.date.max.toordinal()),
    "timestamp": (SECONDS["first"], SECONDS["last"]),
}
STEPS = {"month": (1, 12), "date": (1, 31, 366), "timestamp": (1, 60, 3600, 86400, 2678400)}

TAILS = [
    "",
    "Z",
    "z",
    "T",
    "t",
    "T0",
    "-",
    "-0",
    "/",
    " ",
    ".",
    ".5Z",
    "+00:00",
    "\0",
    "Z\0",
    "~",
    "é",
]


@st.composite
def near(draw: st.DrawFn, kind: ColumnType) -> tuple[dict[int, SQLValue], SQLValue]:
    """Draw some column values, and a SQL value that looks like one of them."""
    first, last = FIRST_LAST[kind]
    middle = draw(st.integers(first, last))
    steps = draw(st.lists(st.sampled_from(STEPS[kind]), max_size=4))
    places = {first, last, middle, *(middle + step for step in steps)}
    places |= {middle - step for step in steps}
    column: dict[int, SQLValue] = {
        place: TEXT_OF[kind](place) for place in sorted(places) if first <= place <= last
    }
    moment = {
        "month": lambda: f"{month_text(middle)}-15T12:30:45Z",
        "date": lambda: f"{date_text(middle)}T00:00:00Z",
        "timestamp": lambda: timestamp_text(middle),
    }[kind]()
    text = moment[: draw(st.integers(0, 20))] + draw(st.sampled_from(TAILS))
    for old, new in draw(
        st.lists(st.sampled_from([("T", " "), ("T", "t"), ("-", "/")]), max_size=1)
    ):
        text = text.replace(old, new)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from("0123459-:TZ +")) + text[place + 1 :]
    return column, text


values = st.one_of(
    st.none(), INT64, st.floats(allow_nan=True), st.text(max_size=5), st.binary(max_size=3),
    st.integers(1, 9999), st.integers(0, 9999).map(str),
)  # fmt: skip


@pytest.mark.parametrize("kind", ["date", "month", "timestamp"])
def test_spans_of_time_are_what_sqlite_means(kind: ColumnType) -> None:
    @settings(max_examples=1500)
    @given(drawn=near(kind))
    def check(drawn: tuple[dict[int, SQLValue], SQLValue]) -> None:
        agree(kind, *drawn)

    @settings(max_examples=200)
    @given(drawn=near(kind), value=values)
    def check_any(drawn: tuple[dict[int, SQLValue], SQLValue], value: SQLValue) -> None:
        agree(kind, drawn[0], value)

    check()
    check_any()


@pytest.mark.parametrize("kind", ["date", "month", "timestamp"])
@pytest.mark.parametrize(
    "value",
    [
        *("2025-01-31T12:30:45Z"[:length] for length in (4, 7, 10, 16, 19, 20)),
        *("2025-01-31 12:30:45", "2025-01-31T12:30:45+00:00", "2025-01-31 13:30:45.250+01:00"),
        *("2025-01-31T12:30:45.5Z", "2025-01-30", "2024-02-29", "2025-12"),
        *("2025-01-01 00:00:00", "2025-01-01T00:30:00+00:30", "2024-12-31T23:00-01:00", 2025),
        *("0001", "0001-01", "0001-01-01", "9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59Z"),
        *("2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z", "2025-12-31"),
        None,
    ],
)
def test_what_people_write_is_understood_exactly(kind: ColumnType, value: SQLValue) -> None:
    days = [datetime.date(*parts).toordinal() for parts in ((2024, 12, 31), (2025, 1, 31))]
    places = {
        "month": [24299, 24300, 24301, 24311, 24312, *FIRST_LAST["month"]],
        "date": [*range(days[0] - 1, days[0] + 3), *range(days[1] - 1, days[1] + 3)],
        "timestamp": [
            (day - 719163) * 86400 + second
            for day in days
            for second in (-1, 0, 1, 45044, 45045, 45046, 86399, 86400)
        ],
    }[kind]
    column: dict[Any, SQLValue] = {place: TEXT_OF[kind](place) for place in places}
    assert agree(kind, column, value) == len(OPERATORS)


@pytest.mark.parametrize("kind", ["date", "month", "timestamp"])
@pytest.mark.parametrize(
    "value",
    [
        *("", "today", "2025-13", "2025-1", "2025-00-01", "20250131", "2025-01-31/", "0000"),
        *("٢٠٢٥", "2025 ", "2025-01 ", "-2025", "12025-01-01", "'2025-01-01'", "2025-01-31T12"),
        *("2025-01-31t12:30:45z", "2025-01-31T12:30:45Z\0", "0000-12-31T23:59:59Z", 20250, 2025.5),
    ],
)
def test_what_is_no_time_stays_with_sqlite(kind: ColumnType, value: SQLValue) -> None:
    assert all(interval_where(kind, operator, value) is None for operator in OPERATORS)


@pytest.mark.parametrize("kind", ["date", "month", "timestamp"])
@pytest.mark.parametrize("value", [b"", b"2025"])
def test_what_lies_before_and_after_every_time(kind: ColumnType, value: SQLValue) -> None:
    first, last = LEAST[kind], GREATEST[kind]
    column: dict[Any, SQLValue] = {place: TEXT_OF[kind](place) for place in (first, last)}
    assert agree(kind, column, value) == len(OPERATORS)


@st.composite
def near_integers(draw: st.DrawFn) -> tuple[dict[int, SQLValue], SQLValue]:
    """Draw some integers, and a SQL value that spells something like one of them."""
    middle = draw(st.one_of(INT64, st.integers(-(10**6), 10**6), st.integers(2**53 - 5, 2**53 + 5)))
    wanted = (middle + step for step in (-1000, -10, -1, 0, 1, 10, 1000))
    column: dict[int, SQLValue] = {place: place for place in wanted if -(2**63) <= place < 2**63}
    column |= {edge: edge for edge in (-(2**63), 0, 2**63 - 1)}
    number = middle + draw(st.sampled_from([0, 0, 0.5, -0.5, 0.25, 1e-9]))
    spelled = st.sampled_from(
        [
            *(f"{middle}", f"+{middle}", f"{middle}.0", f"{middle}.", f"{middle}e0", f" {middle}"),
            *(f"{middle} ", f"{number!r}", f"{middle / 1000!r}e3", f"0{middle}", f"{middle}x"),
            *(f"{middle}0e-1", f"0x{abs(middle):x}", f"{middle:_}", f"{middle}.5"),
        ]
    )
    numeric = st.text(alphabet="0123456789.eE+- ", max_size=20)
    value = draw(st.one_of(st.just(number), st.just(float(middle)), spelled, numeric, values))
    assume(not isinstance(value, int) or -(2**63) <= value < 2**63)
    return column, value


@settings(max_examples=2500)
@given(drawn=near_integers())
@example(({2**63 - 1: 2**63 - 1}, "9223372036854775807"))
@example(({2**63 - 1: 2**63 - 1}, "9223372036854775808"))
@example(({2**63 - 1: 2**63 - 1}, "9223372036854775807.0"))
@example(({-(2**63): -(2**63)}, "-9223372036854775809"))
@example(({-(2**63): -(2**63)}, "-9223372036854776832"))
@example(({-(2**63): -(2**63)}, "-9223372036854776833"))
@example(({-(2**63): -(2**63)}, "-9223372036854775808.5"))
@example(({-(2**63): -(2**63)}, "-99999999999999999999"))
@example(({2**53: 2**53, 2**53 + 1: 2**53 + 1}, "9007199254740993.0"))
@example(({2**53: 2**53, 2**53 + 1: 2**53 + 1}, "00000000009007199254740993"))
@example(({0: 0}, "1e-400"))
@example(({0: 0}, "1e-320"))
@example(({0: 0}, "-0"))
@example(({0: 0, 1: 1}, "0.99999999999999999"))
@example(({0: 0}, "1e400"))
@example(({0: 0}, math.inf))
@example(({0: 0}, math.nan))
def test_spans_of_integers_are_what_sqlite_means(drawn: tuple[dict[int, SQLValue], Any]) -> None:
    agree("integer", *drawn)


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        5,
        2**63 - 1,
        -(2**63),
        5.0,
        5.5,
        -5.5,
        1e300,
        "5",
        "5.5",
        "1e1",
        None,
        "-5",
        str(2**63 - 1),
    ],
)
def test_integers_are_understood(value: SQLValue) -> None:
    column: dict[Any, SQLValue] = {one: one for one in (-(2**63), -6, -5, 0, 5, 6, 10, 2**63 - 1)}
    assert agree("integer", column, value) == len(OPERATORS)


@pytest.mark.parametrize("kind", ["real", "decimal"])
def test_equal_amounts_are_what_sqlite_means(kind: ColumnType) -> None:
    @settings(max_examples=300)
    @given(one=finite, value=st.one_of(values, finite, INT64))
    @example(one=0.1 + 0.2, value=0.3)
    @example(one=float(2**53), value=2**53 + 1)
    @example(one=5.0, value=5)
    @example(one=0.0, value=-0.0)
    @example(one=0.0, value=math.nan)
    @example(one=1e308, value=math.inf)
    def check(one: float, value: SQLValue) -> None:
        column: dict[Any, SQLValue] = {one: one}
        if isinstance(value, float) and math.isfinite(value):
            column[value] = value
        agree(kind, column, value)

    check()


def test_equal_truths_are_what_sqlite_means() -> None:
    @settings(max_examples=200)
    @given(value=st.one_of(values, st.sampled_from([0, 1, 0.0, 1.0, -0.0, 0.5, "1", "true", b""])))
    def check(value: SQLValue) -> None:
        agree("boolean", {False: 0, True: 1}, value)

    check()
    assert interval_where("boolean", "=", 1) == Span(True, True)
    assert interval_where("boolean", "=", 2) == NOTHING
    assert interval_where("boolean", ">", "0") == interval_where("boolean", ">=", 0.5) == Span(1, 1)
    assert interval_where("boolean", "<", 1) == Span(0, 0)
    assert interval_where("boolean", ">", "5") == NOTHING
    assert interval_where("boolean", "<", "5") is None


def test_equal_texts_are_what_sqlite_means() -> None:
    @settings(max_examples=300)
    @given(texts=st.lists(st.text(max_size=3), max_size=3), value=st.one_of(values, st.text()))
    def check(texts: list[str], value: SQLValue) -> None:
        column: dict[Any, SQLValue] = {text: text for text in texts}
        if isinstance(value, str | int):
            column |= {text: text for text in (str(value), f"{value} ", str(value).upper())}
        agree("text", column, value)

    check()
    assert interval_where("text", "=", "5") == Span("5", "5")
    assert interval_where("text", "=", 5) is None


@pytest.mark.parametrize("kind", [one for one in KINDS if one not in DISCRETE | {"boolean"}])
def test_ranges_of_other_types_stay_with_sqlite(kind: ColumnType) -> None:
    for operator in OPERATORS[1:]:
        assert interval_where(kind, operator, "5") is None
        assert interval_where(kind, operator, 5) is None


@given(value=INT64 | st.floats(-1e6, 1e6) | st.integers(-99, 99).map(float))
@example(0.0)
@example(-0.0)
@example(123456.7)
@example(0.0001)
@example(0.00099560679)
@example(100000.414576235)
@example(123456789012345.0)
@example(-1234567890.123)
def test_a_number_is_spelled_as_sqlite_spells_it(value: int | float) -> None:
    text = number_as_text(value)
    if text is not None:
        assert [(text,)] == [*plain_sqlite.database().execute("SELECT CAST(? AS TEXT)", (value,))]
    assert text is not None or len(repr(value)) > 16 or "e" in repr(value)


@pytest.mark.parametrize("kind", ["json", "blob"])
def test_json_and_blobs_stay_with_sqlite(kind: ColumnType) -> None:
    assert interval_where(kind, "=", "{}") is None
    assert interval_where(kind, "=", b"x") == (None if kind == "blob" else NOTHING)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, math.nan])
def test_nothing_compares_with_null(kind: ColumnType, value: SQLValue) -> None:
    for operator in OPERATORS:
        assert interval_where(kind, operator, value) == NOTHING


ends = st.none() | st.integers(-5, 5)
spans = st.builds(Span, ends, ends, st.just(False), st.just(False))


@given(one=spans, other=spans, value=st.integers(-6, 6))
def test_two_spans_together_hold_what_both_hold(one: Span, other: Span, value: int) -> None:
    both = one & other
    assert holds(both, value) == (holds(one, value) and holds(other, value))
    assert one & EVERYTHING == (NOTHING if one.empty else one)
    assert (both.empty and holds(both, value)) is False
    bounded = both.low is not None and both.high is not None
    assert both.is_point == (bounded and sum(holds(both, one) for one in range(-5, 6)) == 1)


@pytest.mark.parametrize("other", [Span("a", "a"), Span(True, True), Span(None, "b"), EVERYTHING])
def test_nothing_and_something_of_another_type_is_nothing(other: Span) -> None:
    assert NOTHING & other == other & NOTHING == NOTHING
    assert NOTHING.empty


def test_two_different_texts_together_are_nothing() -> None:
    assert (Span("a", "a") & Span("b", "b")).empty


def test_null_is_no_value() -> None:
    assert NULL & EVERYTHING == EVERYTHING & NULL == NULL & NULL == NULL
    assert (NULL & Span(1, 1)).empty
    assert (Span(None, 5) & NULL).empty
    assert not NULL.empty
    assert not NULL.is_point


# Writing ---------------------------------------------------------------------------------------


def places(kind: ColumnType) -> st.SearchStrategy[int]:
    return st.integers(*FIRST_LAST[kind])


@pytest.mark.parametrize("kind", ["date", "month", "timestamp"])
def test_what_is_written_reads_as_what_was_meant(kind: ColumnType) -> None:
    @given(place=places(kind))
    @example(FIRST_LAST[kind][0])
    @example(FIRST_LAST[kind][1])
    def check(place: int) -> None:
        text = TEXT_OF[kind](place)
        assert encode_value(kind, None, place) == text
        assert sql_value(kind, place) == text
        assert read(kind, text) == [text]
        assert interval_where(kind, "=", text) == Span(place, place)
        for format in ("epoch", "epoch_ms"):
            assert read(kind, encode_value(kind, format, place), format=format) == [text]

    check()


@pytest.mark.parametrize("kind", ["date", "month", "timestamp"])
@pytest.mark.parametrize("format", [None, "epoch", "epoch_ms"])
def test_what_lies_outside_of_time_cannot_be_written(
    kind: ColumnType, format: Format | None
) -> None:
    first, last = FIRST_LAST[kind]
    # The end of the calendar is a moment that numbers can say.
    after = last + 1 if format is None else last + 2
    for place in (first - 1, after, 10**9 * 86400, 10**18, -(10**18), 10**30):
        with pytest.raises(ValueError, match="out of range"):
            encode_value(kind, format, place)


@pytest.mark.parametrize(
    ("kind", "format", "place", "expected"),
    [
        ("timestamp", "epoch", 1738326645, 1738326645),
        ("timestamp", "epoch_ms", 1738326645, 1738326645000),
        ("date", "epoch", datetime.date(2025, 1, 31).toordinal(), 1738281600),
        ("date", "epoch_ms", datetime.date(1970, 1, 1).toordinal(), 0),
        ("month", "epoch", 1970 * 12, 0),
        ("integer", None, 7, 7),
        ("text", None, "a/b", "a/b"),
        ("boolean", None, True, True),
        ("decimal", None, 1.5, 1.5),
    ],
)
def test_what_an_api_takes(
    kind: ColumnType, format: Format | None, place: Any, expected: object
) -> None:
    found = encode_value(kind, format, place)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "place", "expected"),
    [
        ("integer", 7, 7),
        ("text", "a", "a"),
        ("boolean", True, 1),
        ("decimal", 5, 5.0),
        ("real", 5, 5.0),
        ("date", 719163, "1970-01-01"),
    ],
)
def test_a_place_in_a_span_shows_as_a_row_would(
    kind: ColumnType, place: Any, expected: SQLValue
) -> None:
    found = sql_value(kind, place)
    assert found == expected
    assert type(found) is type(expected)


def test_today_is_a_day_in_utc() -> None:
    evening = datetime.datetime(
        2025, 1, 31, 20, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))
    )
    assert sql_value("date", today(evening)) == "2025-02-01"


def test_every_expectation_reads_as_a_phrase() -> None:
    assert all(re.fullmatch(r"[a-zA-Z0-9].*[^.]", phrase) for phrase in EXAMPLE_BY_TYPE.values())


@pytest.mark.parametrize("format", [None, "epoch", "epoch_ms"])
@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("whole", [False, True])
def test_a_bound_keeps_every_instant_that_is_meant(
    format: Format | None, operator: Operator, whole: bool
) -> None:
    """The API compares instants to the millisecond; SQL sees whole seconds of them."""

    @given(edge=st.integers(0, 10**9), milliseconds=st.integers(-3000, 3000))
    @example(100, 0)
    @example(100, 500)
    @example(100, 1000)
    def check(edge: int, milliseconds: int) -> None:
        instant = edge * 1000 + (milliseconds // 1000 * 1000 if whole else milliseconds)
        told = encode_bound("timestamp", format, operator, edge, whole)
        if format is None:
            moment = datetime.datetime.fromisoformat(str(told))
            bound = int(moment.timestamp()) * 1000
        else:
            assert isinstance(told, int)
            bound = told * 1000 if format == "epoch" else told
        given_by_api = {
            "<": instant < bound,
            "<=": instant <= bound,
            ">": instant > bound,
            ">=": instant >= bound,
        }[operator]
        meant = instant // 1000 <= edge if operator[0] == "<" else instant // 1000 >= edge
        assert given_by_api or not meant
        if is_precise("timestamp", format, operator, whole):
            assert given_by_api == meant

    check()


@pytest.mark.parametrize("kind", ["date", "month", "integer"])
def test_a_bound_of_whole_steps_is_the_step(kind: ColumnType) -> None:
    here, before, after = (encode_value(kind, None, 24000 + step) for step in (0, -1, 1))
    assert encode_bound(kind, None, "<=", 24000) == here
    assert encode_bound(kind, None, ">=", 24000) == here
    assert encode_bound(kind, None, "<", 24000) == after
    assert encode_bound(kind, None, ">", 24000) == before
    assert is_precise(kind, None, "<=")
