"""Encoding parameters: what a parameter can carry of a span of column values.

A value goes into a request in the API's own form and into a place that can carry it, or not at
all: then SQLite alone filters.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from billql.definitions.accepted_values import accepts
from billql.definitions.methods import Parameter
from billql.definitions.model import Column
from billql.definitions.types import ColumnType, Operator
from billql.messages import Scalar, to_text
from billql.planning import bound_encoding, floors
from billql.planning.intervals import Span
from billql.planning.limited_windows import is_in_one_month


def encode_parameter(column: Column, parameter: Parameter, span: Span) -> Scalar | None:
    """Return what a parameter carries of a span: its one value, one of its ends, or NULL's name.

    None means that the parameter is about none of these, or that they cannot be encoded.
    """
    if span.null:
        return parameter.null
    edge = _edge(column.type, parameter, span)
    if edge is None or not accepts_value(parameter, span):
        return None
    if not parameter.required and _excludes_nothing(column.type, parameter.operator, edge):
        return None
    try:
        value = bound_encoding.encode_bound(
            column.type, parameter.format, parameter.operator, edge, column.whole
        )
    except (ValueError, OverflowError):
        return None
    if parameter.format in ("epoch", "epoch_ms") and value < 0:
        value = _since_1970(parameter, value)
    return value if value is not None and _carries(parameter, to_text(value)) else None


def is_no_key(column: Column, parameter: Parameter, span: Span) -> bool:
    """Return whether no row can be requested, or found, by the one value of a span.

    So it is if the API requires the parameter, or a column shows what was requested, and the value
    has no place in a request: an empty text, a step up or a control character in a path, a comma
    in a list. An API that finds rows by such a place has no row with such a key.
    """
    return (
        (parameter.required or column.path == "$parameter")
        and parameter.operator == "="
        and parameter.format != "json"
        and span.is_point
        and encode_parameter(column, parameter, span) is None
    )


def _excludes_nothing(kind: ColumnType, operator: Operator, edge: Any) -> bool:
    """Return whether a bound lets every value in."""
    if operator in ("<", "<="):
        return bool(edge == floors.GREATEST.get(kind))
    return operator in (">", ">=") and bool(edge == floors.LEAST.get(kind))


def _since_1970(parameter: Parameter, value: int) -> int | None:
    """Return the bound for a time before 1970, where an API counts from there; None for none."""
    if parameter.operator in ("<", "<="):
        return 0
    if parameter.operator == "=" or not parameter.required:
        return None
    return 0 if parameter.operator == ">=" else -1


def accepts_value(parameter: Parameter, span: Span) -> bool:
    """Return whether a parameter accepts the one value of a span, or the span has several."""
    if parameter.operator != "=" or not span.is_point:
        return True
    return accepts(parameter, span.low, ignores_case=span.loose)


def _edge(kind: ColumnType, parameter: Parameter, span: Span) -> Any:
    """Return the value of a span that a parameter is about: the one, or the end of a range."""
    if parameter.operator == "=":
        is_one = span.is_point or (parameter.by == "month" and is_in_one_month(kind, span))
        return span.low if is_one else None
    return span.low if parameter.operator.startswith(">") else span.high


LONGEST_LIST = 4000
"""The most bytes that the values of a list take in a URL; servers read about 8,000 in all."""

MOST_LISTED = 100
"""The most values of one list; APIs that take lists have limits of about this size."""


def listed_length(column: Column, name: str, parameter: Parameter, span: Span) -> int:
    """Return the bytes that one value of a list takes in a URL or a filter; 0 if it goes
    elsewhere.
    """
    value = encode_parameter(column, parameter, span)
    if parameter.location not in ("query", "filter") or value is None:
        return 0
    length = len(quote(to_text(value), safe=""))
    if parameter.lists == "comma":
        return length + len("%2C")
    return length + len(quote(parameter.name or name, safe="")) + len("%5B%5D=&")


_LONGEST = {"path": 1000, "header": 4000, "query": 4000, "filter": 4000}
"""The most bytes of a value, percent-encoded, that servers surely read."""


def _carries(parameter: Parameter, text: str) -> bool:
    """Return whether a text arrives unchanged at the place where a parameter goes."""
    try:
        length = len(quote(text, safe=":"))
    except UnicodeEncodeError:  # half a pair of surrogates
        return False
    if length > _LONGEST.get(parameter.location, length):
        return False
    if parameter.location == "path":
        # Some servers decode a path before they walk it, so no step up may be in it at all.
        steps = re.split(r"[/\\]", text)
        return text != "" and {".", ".."}.isdisjoint(steps) and min(text) >= " "
    if parameter.location == "header":
        return text.isascii() and text.isprintable() and text == text.strip() != ""
    if parameter.location in ("query", "filter") and text == "":
        # Some APIs refuse an empty filter, and others take it for none at all.
        return False
    return parameter.lists != "comma" or (text != "" and "," not in text)
