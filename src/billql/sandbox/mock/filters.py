"""Conditions in a filter header, as a mock reads them: see `definitions.filter_header`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from billql.definitions.filter_header import FilterHeader
from billql.definitions.methods import Parameter
from billql.sandbox.api import Request
from billql.sandbox.mock.refusals import bad_request

Place = tuple[str, str]
"""Where a parameter goes, and the API's name for it; in a filter with its operator."""


def place_of(key: str, parameter: Parameter) -> Place:
    """Return the place of a parameter; of one in a filter, with the operator beside its name."""
    name = parameter.name or key
    if parameter.location == "filter" and parameter.operator != "=":
        name = f"{name} {parameter.operator}"
    return parameter.location, name


def conditions(filter: FilterHeader | None, request: Request) -> dict[Place, list[Any]]:
    """Return the values of a request's filter by their places; raise ApiError for no filter."""
    text = None if filter is None else request.headers.get(filter.header.lower())
    if filter is None or text is None:
        return {}
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise bad_request(f"{filter.header} is not JSON") from None
    found: dict[Place, list[Any]] = {}
    for name, values in _read(filter, data):
        if ("filter", name) in found:
            raise bad_request(f"{name} stands twice in {filter.header}", name)
        found["filter", name] = values
    return found


def _read(filter: FilterHeader, data: Any) -> Iterator[tuple[str, list[Any]]]:
    if not isinstance(data, dict):
        raise bad_request(f"{filter.header} must be a JSON object")
    meanings = {name: operator for operator, name in filter.operators.items()}
    for name, value in data.items():
        if name in (filter.all, filter.any) and not isinstance(value, list):
            raise bad_request(f"{name} must be an array", name)
        if name == filter.all:
            for part in value:
                yield from _read(filter, part)
        elif name == filter.any:
            yield _one_of(filter, value)
        elif isinstance(value, dict):
            for operator, bound in value.items():
                if operator not in meanings:
                    raise bad_request(f"There is no operator {operator}", name)
                yield f"{name} {meanings[operator]}", [bound]
        else:
            yield name, [value]


def _one_of(filter: FilterHeader, parts: list[Any]) -> tuple[str, list[Any]]:
    """Return the name and the values of alternatives, which must be about one member."""
    pairs = [pair for part in parts for pair in _read(filter, part)]
    if len({name for name, _ in pairs}) != 1:
        raise bad_request(f"{filter.any} takes values of one member here")
    return pairs[0][0], [value for _, values in pairs for value in values]
