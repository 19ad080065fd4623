"""Telling an API: what a parameter can say of the values that a column may have.

A value goes into a request in the API's own form and into a place that can carry it, or not at
all: then SQLite alone filters.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from billql.definitions.accepted_values import accepts
from billql.definitions.model import Column, Parameter
from billql.definitions.types import ColumnType, Operator
from billql.messages import Scalar, to_text
from billql.planning import bound_encoding, floors
from billql.planning.intervals import Span


def encode_parameter(column: Column, parameter: Parameter, span: Span) -> Scalar | None:
    """Give what a parameter says of a span: its value, one of its ends, or that there is none.

    None means that the parameter has nothing to say, or that it cannot be said.
    """
    if span.null:
        return parameter.null
    edge = _edge(parameter, span)
    if edge is None or not takes(parameter, span):
        return None
    if not parameter.required and _says_nothing(column.type, parameter.operator, edge):
        return None
    try:
        value = bound_encoding.write_bound(
            column.type, parameter.format, parameter.operator, edge, column.whole
        )
    except (ValueError, OverflowError):
        return None
    if parameter.format in ("epoch", "epoch_ms") and value < 0:
        value = _since_1970(parameter, value)
    return value if value is not None and _carries(parameter, to_text(value)) else None


def is_no_key(column: Column, parameter: Parameter, span: Span) -> bool:
    """Tell whether rows that need a parameter cannot have the one value of a span.

    They need it where the API does, and where a column shows what was asked for. An API that finds
    rows by a part of a path, or of a list, gives none of them a key that has no place there: an
    empty one, a step up, a control character, a comma. Nor is there another way to ask for such a
    key.
    """
    return (
        (parameter.required or column.path == "$parameter")
        and parameter.operator == "="
        and parameter.format != "json"
        and span.is_point
        and encode_parameter(column, parameter, span) is None
    )


def _says_nothing(kind: ColumnType, operator: Operator, edge: Any) -> bool:
    """Tell whether a bound leaves no value out."""
    if operator in ("<", "<="):
        return bool(edge == floors.GREATEST.get(kind))
    return operator in (">", ">=") and bool(edge == floors.LEAST.get(kind))


def _since_1970(parameter: Parameter, value: int) -> int | None:
    """Give what an API that counts from 1970 takes for a time before."""
    if parameter.operator in ("<", "<="):
        return 0
    if parameter.operator == "=" or not parameter.required:
        return None
    return 0 if parameter.operator == ">=" else -1


def takes(parameter: Parameter, span: Span) -> bool:
    """Return whether a parameter can stand for a span, as far as its choice of values goes.

    What is no single value is not its business.
    """
    if parameter.operator != "=" or not span.is_point:
        return True
    return accepts(parameter, span.low, ignores_case=span.loose)


def _edge(parameter: Parameter, span: Span) -> Any:
    """Give the end of a span that a parameter is about."""
    if parameter.operator == "=":
        return span.low if span.is_point else None
    return span.low if parameter.operator.startswith(">") else span.high


LONGEST_LIST = 4000
"""How many bytes the values of a list may take in an address; servers read about 8,000 in all."""

MOST_LISTED = 100
"""How many values one list has; APIs that take lists have bounds of about this size."""


def listed_length(column: Column, name: str, parameter: Parameter, span: Span) -> int:
    """Give how many bytes one value of a list takes in an address; none, if it goes elsewhere."""
    value = encode_parameter(column, parameter, span)
    if parameter.location != "query" or value is None:
        return 0
    length = len(quote(to_text(value), safe=""))
    if parameter.lists == "comma":
        return length + len("%2C")
    return length + len(quote(parameter.name or name, safe="")) + len("%5B%5D=&")


_LONGEST = {"path": 1000, "header": 4000, "query": 4000}
"""How many bytes of a value, as it stands in an address, servers surely read."""


def _carries(parameter: Parameter, text: str) -> bool:
    """Tell whether a text arrives as it is at the place where a parameter goes."""
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
    if parameter.location == "query" and text == "":
        # Some APIs refuse an empty filter, and others take it for none at all.
        return False
    return parameter.lists != "comma" or (text != "" and "," not in text)
