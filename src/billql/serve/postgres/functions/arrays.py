"""Functions and operators on arrays, and sets of rows.

https://www.postgresql.org/docs/15/functions-array.html
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.functions.registry import function
from billql.serve.postgres.values import arrays, intervals, moments

_MOST_ROWS = 1_000_000
"""How many rows a function may make."""


def _length(stored: str, dimension: int) -> int | None:
    level: Any = arrays.load(stored)
    for _ in range(dimension - 1):
        level = level[0] if isinstance(level, list) and level else None
    return len(level) if dimension > 0 and isinstance(level, list) and level else None


def _element(stored: str, place: int) -> Any:
    elements = arrays.load(stored)
    index = place - 1
    found = elements[index] if 0 <= index < len(elements) else None
    return None if isinstance(found, list) else found


def _joined(stored: str | None, separator: str | None, null: str | None = None) -> str | None:
    if stored is None or separator is None:
        return None
    texts = [null if one is None else str(one) for one in _flat(arrays.load(stored))]
    return separator.join(text for text in texts if text is not None)


def _flat(elements: list[Any]) -> list[Any]:
    return [
        one
        for element in elements
        for one in (_flat(element) if isinstance(element, list) else [element])
    ]


def _concatenated(left: str | None, right: str | None) -> str | None:
    if left is None or right is None:
        return left if right is None else right
    return arrays.dump([*arrays.load(left), *arrays.load(right)])


def _appended(stored: str | None, element: Any) -> str:
    return arrays.dump([*([] if stored is None else arrays.load(stored)), element])


def _prepended(element: Any, stored: str | None) -> str:
    return arrays.dump([element, *([] if stored is None else arrays.load(stored))])


def _removed(stored: str | None, element: Any) -> str | None:
    if stored is None:
        return None
    return arrays.dump([one for one in arrays.load(stored) if one != element])


def _position(stored: str | None, element: Any) -> int | None:
    elements = [] if stored is None else arrays.load(stored)
    return elements.index(element) + 1 if element in elements else None


def _series(start: int, stop: int, step: int = 1) -> str:
    if step == 0:
        raise PostgresError("22023", "step size cannot equal zero", hint="Use 1.")
    rows = range(start, stop + (1 if step > 0 else -1), step)
    if len(rows) > _MOST_ROWS:
        raise PostgresError(
            "54000",
            f"generate_series() makes at most {_MOST_ROWS} rows in billql",
            hint="Use a narrower range.",
        )
    return json.dumps(list(rows))


def _moments_series(start: str, stop: str, step: str) -> str:
    by = intervals.of_stored(step)
    if by.total == 0:
        raise PostgresError("22023", "step size cannot equal zero", hint="Use '1 day'.")
    zone = "Z" if start.endswith("Z") else ""
    moment, last = moments.load(start), moments.load(stop)
    found: list[str] = []
    while (moment <= last) if by.total > 0 else (moment >= last):
        found.append(moment.isoformat() + zone)
        if len(found) > _MOST_ROWS:
            raise PostgresError(
                "54000",
                f"generate_series() makes at most {_MOST_ROWS} rows in billql",
                hint="Use a longer step.",
            )
        moment = moments.moved(moment, by)
    return json.dumps(found)


def _instants_series(context: Any, start: str, stop: str, step: str) -> str:
    if context.zone is datetime.UTC:
        return _moments_series(start, stop, step)
    zone = context.zone
    local = _moments_series(
        moments.local(start, zone).isoformat(), moments.local(stop, zone).isoformat(), step
    )
    return json.dumps([moments.of_local(moments.load(one), zone) for one in json.loads(local)])


def _subscripts(stored: str, dimension: int, *, first: int = 1) -> str:
    size = _length(stored, dimension) or 0
    return json.dumps(list(range(first, size + first)))


def _zipped(*stored: str | None) -> str:
    """Return rows of the elements of several arrays, as long as the longest of them."""
    lists = [[] if one is None else arrays.load(one) for one in stored]
    length = max(map(len, lists), default=0)
    return arrays.dump([[one[n] if n < len(one) else None for one in lists] for n in range(length)])


def _expanded(stored: str) -> str:
    rows = [{"x": one, "n": place} for place, one in enumerate(arrays.load(stored), start=1)]
    return json.dumps(rows)


FUNCTIONS = [
    function("array_length", "anyarray int4", "int4", _length),
    function("array_upper", "anyarray int4", "int4", _length),
    function(
        "array_lower",
        "anyarray int4",
        "int4",
        lambda stored, dimension: 1 if _length(stored, dimension) else None,
    ),
    function("cardinality", "anyarray", "int4", lambda stored: len(_flat(arrays.load(stored)))),
    function("array_ndims", "anyarray", "int4", lambda stored: 1 if arrays.load(stored) else None),
    function("array_to_string", "_text text text", "text", _joined, strict=False, optional=1),
    function("array_to_string", "anyarray text text", "text", _joined, strict=False, optional=1),
    function("array_cat", "anyarray anyarray", "anyarray", _concatenated, strict=False),
    function("array_append", "anyarray anyelement", "anyarray", _appended, strict=False),
    function("array_prepend", "anyelement anyarray", "anyarray", _prepended, strict=False),
    function("array_remove", "anyarray anyelement", "anyarray", _removed, strict=False),
    function("array_position", "anyarray anyelement", "int4", _position, strict=False),
    function("unnest", "anyarray", "anyelement", sql="{0}", is_set=True),
    function("generate_series", "int4 int4 int4", "int4", _series, optional=1, is_set=True),
    function("generate_series", "int8 int8 int8", "int8", _series, optional=1, is_set=True),
    function(
        "generate_series", "timestamp timestamp interval", "timestamp", _moments_series, is_set=True
    ),
    function(
        "generate_series",
        "timestamptz timestamptz interval",
        "timestamptz",
        _instants_series,
        is_set=True,
        context=True,
    ),
    function("generate_subscripts", "anyarray int4", "int4", _subscripts, is_set=True),
    function(
        "_pg_expandarray",
        "anyarray",
        "record",
        _expanded,
        is_set=True,
        columns=(("x", "int4"), ("n", "int4")),
    ),
]

OPERATORS: dict[str, Callable[..., Any]] = {
    "pg_element": _element,
    "pg_array": lambda stored: arrays.dump(arrays.load(stored)),
    "pg_array_contains": lambda whole, part: int(
        all(one in _flat(arrays.load(whole)) for one in _flat(arrays.load(part)))
    ),
    "pg_arrays_overlap": lambda left, right: int(
        any(one in _flat(arrays.load(left)) for one in _flat(arrays.load(right)))
    ),
    "pg_joined": lambda stored, separator: separator.join(
        str(one) for one in arrays.load(stored) if one is not None
    ),
    "pg_field": lambda stored, name: json.dumps([one[name] for one in json.loads(stored)]),
}
"""What operators become; all are strict."""

WITH_NULLS: dict[str, Callable[..., Any]] = {
    "pg_arrays_joined": _concatenated,
    "pg_zipped": _zipped,
}
"""The same, of those that are called with NULL too."""
