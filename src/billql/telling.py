"""Telling an API: what a parameter can say of the values that a column may have.

A value goes into a request in the API's own form and into a place that can carry it, or not at
all: then SQLite alone filters.
"""

from __future__ import annotations

import re
from typing import Any

from billql import values
from billql.definition import Parameter
from billql.exchange import Scalar, plain
from billql.values import ColumnType, Span


def said(kind: ColumnType, parameter: Parameter, span: Span) -> Scalar | None:
    """Give what a parameter says of a span: its value, one of its ends, or that there is none.

    None means that the parameter has nothing to say, or that it cannot be said.
    """
    if span.null:
        return parameter.null
    edge = _edge(parameter, span)
    if edge is None:
        return None
    try:
        value = values.write_bound(kind, parameter.format, parameter.operator, edge)
    except (ValueError, OverflowError):
        return None
    return value if _carries(parameter, plain(value)) else None


def takes(parameter: Parameter, span: Span) -> bool:
    """Tell whether a parameter can stand for a span, as far as its choice of values goes.

    What is no single value is not its business.
    """
    if parameter.operator != "=" or not span.is_point:
        return True
    value = span.low
    if parameter.values:
        return value in parameter.values
    if parameter.format == "uuid":
        return _UUID.fullmatch(value) is not None
    return parameter.pattern is None or (
        re.fullmatch(parameter.pattern, value, re.ASCII) is not None
    )


_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def _edge(parameter: Parameter, span: Span) -> Any:
    """Give the end of a span that a parameter is about."""
    if parameter.operator == "=":
        return span.low if span.is_point else None
    return span.low if parameter.operator.startswith(">") else span.high


def _carries(parameter: Parameter, text: str) -> bool:
    """Tell whether a text arrives as it is at the place where a parameter goes."""
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
