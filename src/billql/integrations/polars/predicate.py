"""Filters of polars as conditions in SQL, as far as they mean the same there.

polars shows an expression as JSON. What is not known here is left out: polars filters the rows
again, so a condition may leave in too much, but never leave out a row.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from billql.sql.tokenizer import quote

_COMPARISONS = {"Eq": "=", "Gt": ">", "GtEq": ">=", "Lt": "<", "LtEq": "<="}
_SWAPPED = {"=": "=", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_BOUNDS = {"Both": (">=", "<="), "Left": (">=", "<"), "Right": (">", "<="), "None": (">", "<")}
_PER_SECOND = {"Milliseconds": 10**3, "Microseconds": 10**6, "Nanoseconds": 10**9}
_FORMS = {"MONTH": r"\d{4}-(0[1-9]|1[0-2])"}
"""The form that a text must have to be compared with a column of a type; others are errors."""
_MOST_VALUES = 500


def condition(expression: str, types: Mapping[str, str]) -> str | None:
    """Return the condition for an expression in polars' JSON; None if there is none.

    `types` are the declared types of the columns, such as `TIMESTAMP TEXT`.
    """
    try:
        return _Translator(types).translate(json.loads(expression))
    except (_UnknownError, ValueError, LookupError, TypeError, AttributeError):
        return None


class _UnknownError(Exception):
    """An expression has no condition."""


class _Translator:
    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types

    def translate(self, node: Any) -> str:
        """Return the condition of a node; raise _UnknownError, or what an odd form leads to."""
        ((kind, body),) = node.items()
        if kind == "Column":
            return f"{self._column(node)} = 1" if self._type(body) == "BOOLEAN" else _unknown()
        if kind == "BinaryExpr":
            return self._binary(body["op"], body["left"], body["right"])
        if kind == "Function":
            return self._function(body["function"], body["input"])
        return _unknown()

    def _binary(self, operator: str, left: Any, right: Any) -> str:
        if operator == "And":
            # Either side alone leaves in too much at most.
            sides = list(self._known((left, right)))
            return f"({' AND '.join(sides)})" if sides else _unknown()
        if operator == "Or":
            return f"({self.translate(left)} OR {self.translate(right)})"
        comparison = _COMPARISONS[operator]
        if "Literal" in left:
            left, right, comparison = right, left, _SWAPPED[comparison]
        return f"{self._column(left)} {comparison} {self._value(left, right)}"

    def _function(self, function: Any, inputs: list[Any]) -> str:
        boolean = function["Boolean"]
        column = self._column(inputs[0])
        if boolean in ("IsNull", "IsNotNull"):
            return f"{column} IS {'NOT ' * (boolean == 'IsNotNull')}NULL"
        if boolean == "Not" and self._type(inputs[0]["Column"]) == "BOOLEAN":
            return f"{column} = 0"
        if "IsBetween" in boolean:
            low, high = _BOUNDS[boolean["IsBetween"]["closed"]]
            first, last = (self._value(inputs[0], one) for one in inputs[1:])
            return f"({column} {low} {first} AND {column} {high} {last})"
        if "IsIn" in boolean and not boolean["IsIn"].get("nulls_equal", False):
            values = [self._literal(inputs[0], one) for one in _items(inputs[1])]
            return f"{column} IN ({', '.join(values)})"
        return _unknown()

    def _known(self, nodes: tuple[Any, ...]) -> Iterator[str]:
        for node in nodes:
            try:
                yield self.translate(node)
            except (_UnknownError, ValueError, LookupError, TypeError, AttributeError):
                continue

    def _column(self, node: Any) -> str:
        name = node["Column"]
        return quote(name) if name in self._types else _unknown()

    def _type(self, name: str) -> str:
        return self._types[name].upper().partition(" ")[0]

    def _value(self, column: Any, node: Any) -> str:
        ((kind, value),) = node["Literal"]["Scalar"].items()
        if kind == "Decimal":
            number, _, scale = value
            return f"{number}e-{scale}" if scale else str(number)
        if kind == "Date":
            return f"'{_EPOCH + datetime.timedelta(days=value)}'"
        if kind == "Datetime":
            return self._instant(*value)
        if kind in ("String", "Boolean") or re.fullmatch(r"U?Int\d+|Float\d+", kind):
            return self._literal(column, value)
        return _unknown()

    def _instant(self, number: int, unit: str, zone: Any) -> str:
        seconds, rest = divmod(number, _PER_SECOND[unit])
        if rest or zone != {"inner": "UTC"}:
            return _unknown()
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        return f"'{moment:%Y-%m-%dT%H:%M:%SZ}'"

    def _literal(self, column: Any, value: Any) -> str:
        if isinstance(value, bool | int):
            return str(int(value))
        if isinstance(value, float):
            return repr(value) if value - value == 0 else _unknown()
        form = _FORMS.get(self._type(column["Column"]))
        if not isinstance(value, str) or "\0" in value or (form and not re.fullmatch(form, value)):
            return _unknown()
        return "'" + value.replace("'", "''") + "'"


_EPOCH = datetime.date(1970, 1, 1)


def _items(node: Any) -> list[Any]:
    """Return the values of a list, which polars writes as one of Arrow's streams."""
    import pyarrow as pa

    stream = bytes(node["Literal"]["Scalar"]["List"])
    values: list[Any] = pa.ipc.open_stream(stream).read_all().column(0).to_pylist()
    return values if 0 < len(values) <= _MOST_VALUES else _unknown()


def _unknown() -> NoReturn:
    raise _UnknownError
