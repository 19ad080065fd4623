"""List requests: the first request of one list, made of what it covers of each column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

import msgspec

from billql.definitions.catalog import Table
from billql.definitions.filter_header import Condition
from billql.definitions.methods import Method, Parameter
from billql.definitions.model import CONNECTION
from billql.definitions.types import EXAMPLE_BY_TYPE, SQLValue
from billql.errors import BadValue
from billql.http.credentials import ApiConnection
from billql.messages import Home, Request, Scalar, to_text
from billql.planning.bound_encoding import sql_value
from billql.planning.intervals import EVERYTHING, Span, Spans
from billql.planning.parameter_encoding import encode_parameter
from billql.planning.partition import Part


class ListRequest(msgspec.Struct, frozen=True):
    """One list to read from its first page to its last."""

    first: Request
    echoed: Mapping[str, SQLValue]
    """The values of the columns that show what was requested."""
    points: Mapping[str, SQLValue]
    """The one value that the statement requests, by column."""
    parts: Mapping[str, Part]
    """Of which columns its rows are a part, where other lists of the scan have other parts."""
    requested: Mapping[str, Spans]
    """What the statement requests of each column."""
    covered: Mapping[str, Spans]
    """The same with defaults and windows: what this list covers."""
    single_value_params: frozenset[str]
    """The parameters that each carry the one value which the statement has for it: where that
    value names nothing, there are no rows."""
    connection: ApiConnection


class Coverage(msgspec.Struct, frozen=True):
    """What one list covers."""

    requested: Mapping[str, Spans]
    """What the statement requests of each column."""
    covered: Mapping[str, Spans]
    """The same with defaults and windows."""
    parts: Mapping[str, Part]
    """Of which columns its rows are a part, where other lists of the scan have other parts."""


def columns_of_parts(table: Table, parts: Mapping[str, Part]) -> frozenset[str]:
    """Return the columns by which a row is found to be in one of some parts, or in none."""
    if all(part.asked for part in parts.values()):
        return frozenset(parts)
    # A row that is in no part is recognized by what is unique, or else by all that it has.
    return frozenset((*parts, *(table.resource.unique or table.columns)))


class ListRequestBuilder:
    """Makes the list requests of one method for a statement that reads some columns."""

    def __init__(self, table: Table, method: Method, used: frozenset[str]) -> None:
        self._table = table
        self._method = method
        self._used = used

    def build(self, coverage: Coverage, connection: ApiConnection) -> ListRequest:
        """Return the request of a list. Raises BadValue for what no request can carry."""
        points = {
            column: sql_value(self._table.columns[column].type, spans[0].low)
            for column, spans in coverage.covered.items()
            if len(spans) == 1 and spans[0].is_point and not spans[0].loose
        }
        echoed = {name: points[name] for name in self._table.echo_columns if name in points}
        return ListRequest(
            self._request(coverage, connection),
            echoed={CONNECTION: connection.name, **echoed},
            points={
                name: value
                for name, value in points.items()
                if name in coverage.requested and name not in echoed
            },
            parts=coverage.parts,
            requested=coverage.requested,
            covered=coverage.covered,
            single_value_params=frozenset(self._single_value_params(coverage.requested)),
            connection=connection,
        )

    def _request(self, coverage: Coverage, connection: ApiConnection) -> Request:
        method = self._method
        origin, public, path = connection.url, connection.provider.url, method.path
        conditions: list[Condition] = []
        constants: dict[str, Scalar] = {}
        # Whoever takes a POST expects a JSON object, even an empty one.
        request = Request(method.verb, "", body={} if method.verb == "POST" else None)
        for key, parameter in method.parameters.items():
            value = self._value(key, parameter, coverage)
            if value is None:
                continue
            name = parameter.name or key
            if parameter.location == "path":
                path = path.replace(f"{{{name}}}", quote(to_text(_single(value)), safe=":"))
            elif parameter.location == "host":
                label = self._label(key, parameter, _single(value))
                origin, public = (one.replace(f"{{{name}}}", label) for one in (origin, public))
            elif parameter.location == "filter" and parameter.value is not None:
                constants[name] = _single(value)
            elif parameter.location == "filter":
                conditions.append(Condition(name, parameter.operator, value))
            else:
                request = _with_parameter(request, name, parameter, value)
        if conditions or constants:
            filter = self._table.provider.filter
            assert filter is not None, "a parameter in a filter has a filter to go into"
            text = filter.encoded(conditions, constants)
            request = replace(request, headers=(*request.headers, (filter.header, text)))
        home = Home(origin, public) if origin != public else None
        return replace(
            request,
            url=origin + path,
            keep_headers=self._table.headers,
            home=home,
            charge=None if method.price is None else method.price.charge(),
        )

    def _value(
        self, key: str, parameter: Parameter, coverage: Coverage
    ) -> Scalar | list[Scalar] | None:
        """Return what a parameter carries, if it is sent."""
        if parameter.value is not None:
            read = self._used | columns_of_parts(self._table, coverage.parts)
            is_read = not parameter.when_read or not read.isdisjoint(parameter.when_read)
            constant = parameter.value
            if not is_read:
                return None
            return [*constant] if isinstance(constant, tuple) else constant
        name = parameter.column or key
        column = self._table.columns[name]
        spans = coverage.covered.get(name, (EVERYTHING,))
        if parameter.lists:
            values = [encode_parameter(column, parameter, span) for span in spans]
            encoded = [one for one in values if one is not None]
            return encoded if len(encoded) == len(spans) else None
        whole = spans[0] if len(spans) == 1 else Span(spans[0].low, spans[-1].high)
        value = encode_parameter(column, parameter, whole)
        if value is None and (parameter.required or parameter.location in ("path", "host")):
            raise BadValue(
                f"{self._table.name}: {name} lies outside of what the API takes",
                hint=f"Give {EXAMPLE_BY_TYPE[column.type]}.",
            )
        return value

    def _label(self, key: str, parameter: Parameter, value: Scalar) -> str:
        """Return what becomes a part of a server's name, for the token goes to that server.

        A statement may name one label of it, and the definition several.
        """
        text = to_text(value)
        if parameter.value is None and not _LABEL.fullmatch(text):
            raise BadValue(
                f"{self._table.name}: {parameter.column or key} cannot be {text!r:.80}",
                hint="It becomes a part of the server's name: letters, digits and hyphens.",
            )
        return text

    def _single_value_params(self, requested: Mapping[str, Spans]) -> Iterator[str]:
        """Yield the API's names of the parameters that carry one value of the statement's own."""
        for key, parameter in self._method.parameters.items():
            spans = requested.get(parameter.filters(key) or "", ())
            if parameter.operator == "=" and len(spans) == 1 and spans[0].is_point:
                yield parameter.name or key


_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
"""What stands between two dots of a server's name (RFC 1123)."""


def _single(value: Scalar | list[Scalar]) -> Scalar:
    """Return a value that is none of several: only a query or a body takes a list."""
    assert not isinstance(value, list)
    return value


def _with_parameter(
    request: Request, name: str, parameter: Parameter, value: Scalar | list[Scalar]
) -> Request:
    """Return a request that carries a value in its body, its query or a header."""
    if parameter.location == "body":
        return request.with_body(name, value)
    if isinstance(value, list):
        return _with_list(request, name, parameter, value)
    if parameter.location == "header":
        return replace(request, headers=(*request.headers, (name, to_text(value))))
    # Two parameters may share a name, so none takes the place of another.
    return replace(request, query=(*request.query, (name, to_text(value))))


def _with_list(request: Request, name: str, parameter: Parameter, values: list[Scalar]) -> Request:
    texts = [to_text(one) for one in values]
    if parameter.lists == "comma":
        return request.with_query(name, ",".join(texts))
    repeated = f"{name}[]" if parameter.lists == "brackets" else name
    return replace(request, query=(*request.query, *((repeated, text) for text in texts)))
