"""Values: one form for each type, and a comparison that an API is told leaves no row out."""

from __future__ import annotations

import operator as operators
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from billql.definitions.decoding import decoder_for
from billql.definitions.methods import Parameter
from billql.definitions.model import Column
from billql.definitions.types import (
    CALENDAR_PARTS,
    DISCRETE,
    FORMATTED,
    ColumnType,
    Format,
    Operator,
    SQLValue,
)
from billql.planning.bound_encoding import encode_bound
from billql.planning.intervals import interval_where
from billql.planning.parameter_encoding import encode_parameter
from support.plain_sqlite import OPERATORS, Judge

from .drawing import JSON, NUMBERS, SQL_VALUES, TEXTS
from .prop import Property

KINDS: tuple[ColumnType, ...] = get_args(ColumnType)
FORMATS: tuple[Format | None, ...] = (None, *get_args(Format))
JUDGES = {kind: Judge(kind) for kind in KINDS}
NOT_COMPARED = CALENDAR_PARTS | {"json", "dollars", "filename", "reference"}
"""The formats in which an API has values that it does not compare as these columns are."""
TIMES = st.one_of(
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.integers(-(2**40), 2**40),
)


@st.composite
def written(draw: DrawFn) -> tuple[ColumnType, Format | None, list[Any]]:
    """Draw a column of an answer, and what it is said to be."""
    format = draw(st.sampled_from(FORMATS))
    kinds = KINDS if format is None else sorted(FORMATTED[format])
    some = st.lists(TIMES | NUMBERS | TEXTS | JSON, max_size=4)
    return draw(st.sampled_from(kinds)), format, draw(some)


def reads(drawn: tuple[ColumnType, Format | None, list[Any]]) -> None:
    """A column is read as a whole as its values are one by one, and reading again changes none."""
    kind, format, column = drawn
    whole = _read(kind, format, column)
    alone = [_read(kind, format, [value]) for value in column]
    assert whole == (None if None in alone else [one for found in alone for one in found or ()])
    if kind not in ("json", "blob"):
        assert whole is None or _read(kind, None, whole) == whole


def _read(kind: ColumnType, format: Format | None, column: list[Any]) -> list[SQLValue] | None:
    try:
        return decoder_for(kind, format)(column)
    except ValueError:
        return None


@st.composite
def compared(draw: DrawFn) -> tuple[ColumnType, Parameter, list[Any], SQLValue]:
    """Draw a parameter, what rows have in its column, and what a statement compares it with."""
    kind = draw(st.sampled_from(KINDS))
    formats = [one for one in FORMATS if one is None or kind in FORMATTED[one]]
    operators = OPERATORS if kind in DISCRETE else ("=",)
    parameter = Parameter(
        operator=draw(st.sampled_from(operators)), format=draw(st.sampled_from(formats))
    )
    column = draw(st.lists(TIMES | NUMBERS | TEXTS, max_size=3))
    known = _read(kind, None, [one for one in column if _read(kind, None, [one])]) or [None]
    value = draw(SQL_VALUES | TIMES.map(str) | st.sampled_from(known))
    return kind, parameter, column, value


def excludes_nothing(drawn: tuple[ColumnType, Parameter, list[Any], SQLValue]) -> None:
    """What an API may leave out of what it was told, SQLite would leave out too."""
    kind, parameter, column, value = drawn
    rows = [one for written in column for one in _read(kind, None, [written]) or ()]
    operator = parameter.operator
    bounds = interval_where(kind, operator, value)
    if bounds is None:
        return
    verdict = JUDGES[kind].verdicts(rows, value)[operator]
    true = [row for row, is_true in zip(rows, verdict, strict=True) if is_true]
    if bounds.empty:
        assert true == []
        return
    told = encode_parameter(Column(type=kind, description="One."), parameter, bounds)
    if told is None or parameter.format in NOT_COMPARED:
        return
    for one in true:
        own = interval_where(kind, "=", one)
        assert own is not None
        assert own.is_point
        assert _api_has(operator, encode_bound(kind, parameter.format, "=", own.low), told)


def _api_has(operator: Operator, row: Any, told: Any) -> bool:
    """Compare as an API does that has values in this form."""
    return bool(_COMPARED[operator](row, told))


_COMPARED = {
    "=": operators.eq,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


PROPERTIES = (
    Property("values", written(), reads, 150),
    Property("bounds", compared(), excludes_nothing, 200),
)
