"""Requests against a method: what its parameters mean, or why the API does not accept them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from billql.definitions.accepted_values import accepts
from billql.definitions.methods import Method, Parameter, WindowLimit
from billql.definitions.model import Column
from billql.definitions.pagination import Paginator
from billql.definitions.types import CALENDAR_PARTS
from billql.messages import constant_text, to_text
from billql.sandbox.api import ApiError, Request
from billql.sandbox.mock import paging
from billql.sandbox.mock.filters import Place, place_of
from billql.sandbox.mock.forms import decode, part_of
from billql.sandbox.mock.refusals import bad_request
from billql.sandbox.timestamps import DAY, month_at, month_start


class Condition(NamedTuple):
    """What a request wants of a column."""

    name: str
    """The API's name of the parameter."""
    parameter: Parameter
    column: str
    values: tuple[Any, ...]
    """One value, or those of a list."""

    def holds(self, value: Any) -> bool:
        """Return whether a row with this value is wanted."""
        if self.parameter.format in CALENDAR_PARTS and value is not None:
            value = part_of(self.parameter.format, value)
        if self.parameter.operator == "=":
            is_loose = self.parameter.ignores_case or self.parameter.match == "superset"
            if is_loose and isinstance(value, str):
                return value.lower() in {str(one).lower() for one in self.values}
            return value in self.values
        if value is None:
            return False
        bound = self.values[0]
        is_within = {
            "<": value < bound,
            "<=": value <= bound,
            ">": value > bound,
            ">=": value >= bound,
        }
        return bool(is_within[self.parameter.operator])


@dataclass
class Binding:
    """What a request means to one method."""

    conditions: list[Condition] = field(default_factory=list)
    constants: int = 0
    """How many values are the very constants that the method has."""
    hidden: set[str] = field(default_factory=set)
    """The columns that the response lacks, because what asks for them was not sent."""
    page: dict[Place, Any] = field(default_factory=dict)
    others: dict[Place, Any] = field(default_factory=dict)
    problems: list[ApiError] = field(default_factory=list)
    """Why the API does not accept the request."""


def values_of(request: Request, path_values: Mapping[str, str]) -> dict[Place, list[Any]]:
    """Return what a request carries in its path, query and body; raise ApiError for no JSON."""
    found: dict[Place, list[Any]] = {("path", name): [one] for name, one in path_values.items()}
    for name, value in request.pairs:
        found.setdefault(("query", name), []).append(value)
    if request.body:
        kind = request.headers.get("content-type", "").partition(";")[0]
        # The JSON of AWS is application/x-amz-json-1.1.
        if not kind.startswith("application/") or "json" not in kind:
            raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise bad_request("The body is not JSON") from None
        if not isinstance(body, dict):
            raise bad_request("The body must be a JSON object")
        found["body", ""] = [body]
    return found


def parameters(method: Method, paginator: Paginator | None) -> set[Place]:
    """Return the parameters that a method has, those of its paging included."""
    own = {place_of(key, one) for key, one in method.parameters.items()}
    return own | (set() if paginator is None else paging.parameters(paginator))


def bind(
    method: Method,
    columns: Mapping[str, Column],
    paginator: Paginator | None,
    request: Request,
    sent: Mapping[Place, list[Any]],
    known: Collection[Place] | None = None,
) -> Binding:
    """Return what a request means to a method, with the problems that it has.

    `known` is for an API that is lenient: the parameters of its endpoint, of which those of other
    methods are refused, while all that are not known are ignored.
    """
    binder = _Binder(method, columns, paginator, known)
    binder.read(request, sent)
    return binder.found


class _Binder:
    def __init__(
        self,
        method: Method,
        columns: Mapping[str, Column],
        paginator: Paginator | None,
        known: Collection[Place] | None,
    ) -> None:
        self._method = method
        self._known = known
        self._columns = columns
        self._paginator = paginator
        self._paging = set[Place]() if paginator is None else paging.parameters(paginator)
        self._by_place: dict[Place, list[tuple[str, Parameter]]] = {}
        for key, one in method.parameters.items():
            self._by_place.setdefault(place_of(key, one), []).append((key, one))
        self.found = Binding()

    def read(self, request: Request, sent: Mapping[Place, list[Any]]) -> None:
        values = self._named(request, sent)
        flat = {place: some[0] for place, some in values.items()}
        self.found.page = {place: flat[place] for place in self._paging if place in flat}
        try:
            resumed = paging.resumed(self._paginator, flat)
        except ApiError as refusal:
            self._refuse(refusal)
            resumed = {}
        for name, some in resumed.items():
            values["query", name] = some if isinstance(some, list) else [some]
        self.found.others = {
            place: some for place, some in values.items() if place not in self._paging
        }
        for place, parameters in self._by_place.items():
            if place[0] != "host":
                self._parameters(place, parameters, values.get(place, []))
        self._window()

    def _refuse(self, problem: ApiError) -> None:
        self.found.problems.append(problem)

    def _named(self, request: Request, sent: Mapping[Place, list[Any]]) -> dict[Place, list[Any]]:
        """Return the values of known parameters; each other one is a problem."""
        values: dict[Place, list[Any]] = {}
        known = {*self._by_place, *self._paging}
        for place, some in sent.items():
            if place == ("body", ""):
                values.update(self._members(some[0], known))
            elif place in known:
                values[place] = some
            elif (bare := self._listed(place)) is not None:
                values[bare] = some
            elif place[0] != "path":
                self._unknown(place)
        for location, name in known:
            if location == "header" and name.lower() in request.headers:
                values[location, name] = [request.headers[name.lower()]]
        return values

    def _listed(self, place: Place) -> Place | None:
        """Return the parameter that is sent as `name[]`, if it is one."""
        bare = place[0], place[1].removesuffix("[]")
        is_list = any(one.lists == "brackets" for _, one in self._by_place.get(bare, ()))
        return bare if is_list and bare != place else None

    def _members(self, body: Mapping[str, Any], known: set[Place]) -> dict[Place, list[Any]]:
        found: dict[Place, list[Any]] = {}
        for path, value in _leaves(body, {name for place, name in known if place == "body"}):
            if ("body", path) in known:
                if value is not None:
                    found["body", path] = [value]
            else:
                self._unknown(("body", path))
        return found

    def _unknown(self, place: Place) -> None:
        if self._known is None or place in self._known:
            self._refuse(
                bad_request(f"There is no parameter {place[1]}", place[1], "parameter_unknown")
            )

    def _parameters(
        self, place: Place, parameters: list[tuple[str, Parameter]], values: list[Any]
    ) -> None:
        """Read the parameters of one name: constants, then those that have values."""
        remaining = list(values)
        for _, parameter in parameters:
            if parameter.value is None:
                continue
            constant = parameter.value
            in_json = place[0] in ("body", "filter")
            expected: Any = constant if in_json else constant_text(constant)
            expected = [*constant] if isinstance(constant, tuple) else expected
            if expected in remaining:
                remaining.remove(expected)
                self.found.constants += 1
            elif parameter.when_read and constant is True and remaining in ([False], ["false"]):
                self.found.hidden.update(parameter.when_read)
                remaining.clear()
            elif parameter.when_read:
                self.found.hidden.update(parameter.when_read)
            else:
                text = constant_text(constant)
                self._refuse(bad_request(f"{place[1]} must be {text}", place[1]))
        variable = [one for one in parameters if one[1].value is None]
        if len(variable) == 1 and remaining and variable[0][1].lists is not None:
            self._list(place, *variable[0], remaining)
            return
        for key, parameter in variable:
            if remaining:
                self._condition(place, key, parameter, [remaining.pop(0)])
            elif parameter.required:
                self._refuse(bad_request(f"{place[1]} is required", place[1], "parameter_missing"))
        if remaining:
            self._refuse(bad_request(f"{place[1]} cannot be {remaining[0]}", place[1]))

    def _list(self, place: Place, key: str, parameter: Parameter, values: list[Any]) -> None:
        if parameter.lists == "comma" and isinstance(values[0], str):
            values = [part for value in values for part in value.split(",")]
        elif place[0] == "body" and isinstance(values[0], list):
            values = values[0]
        self._condition(place, key, parameter, values)

    def _condition(self, place: Place, key: str, parameter: Parameter, values: list[Any]) -> None:
        column = parameter.filters(key)
        assert column is not None, "a constant is no condition"
        name = place[1]
        spec = self._columns[column]
        if _stands_for_all(parameter, spec, values):
            return
        decoded = []
        for value in values:
            try:
                if parameter.null is None or str(value) != str(parameter.null):
                    self._check(parameter, value)
                decoded.append(decode(spec, parameter, value))
            except ValueError as error:
                self._refuse(self._unfit(place, error))
        if decoded:
            self.found.conditions.append(Condition(name, parameter, column, tuple(decoded)))

    def _unfit(self, place: Place, error: ValueError) -> ApiError:
        """Return the error for a value that a parameter does not take."""
        if self._known is not None and place[0] == "path" and self._method.missing == "empty":
            return ApiError(HTTPStatus.NOT_FOUND)
        return bad_request(f"{place[1]} {error}", place[1])

    def _check(self, parameter: Parameter, value: Any) -> None:
        if parameter.format == "json" or isinstance(value, dict | list):
            return
        comparable = value
        if parameter.values and isinstance(value, str):
            texts = {to_text(one): one for one in parameter.values}
            comparable = texts.get(value, value)
        if not accepts(parameter, comparable, ignores_case=parameter.ignores_case):
            raise ValueError(f"cannot be {value}")

    def _window(self) -> None:
        """Refuse a window that ends before it begins, or is longer than a request may cover."""
        bounds: dict[str, dict[str, Condition]] = {}
        for one in self.found.conditions:
            bounds.setdefault(one.column, {})[one.parameter.operator[0]] = one
        for column, signs in bounds.items():
            if "<" in signs and ">" in signs:
                self._check_window(column, signs[">"], signs["<"])

    def _check_window(self, column: str, low: Condition, high: Condition) -> None:
        limit = self._method.window_limit
        if limit is not None and limit.column != column:
            limit = None
        end = _end(high, self._columns)
        is_window = limit is not None or (low.parameter.required and high.parameter.required)
        if is_window and end <= low.values[0]:
            self._refuse(bad_request(f"{high.name} must be after {low.name}", high.name))
        if limit is not None and _is_longer(low.values[0], end, limit):
            message = f"{high.name} must be within {limit.length()} of {low.name}"
            self._refuse(bad_request(message, high.name))


def _end(condition: Condition, columns: Mapping[str, Column]) -> float:
    """Return the Unix second at which what a bound lets in has ended."""
    bound: float = condition.values[0]
    if condition.parameter.operator != "<=":
        return bound
    kind = columns[condition.column].type
    if condition.parameter.format is None and kind == "month":
        return month_start(month_at(int(bound)) + 1)
    return bound + (DAY if condition.parameter.format is None and kind == "date" else 1)


def _is_longer(low: float, high: float, limit: WindowLimit) -> bool:
    """Return whether a window, from one Unix second to another, is longer than it may be."""
    if limit.days is not None:
        return high - low > limit.days * DAY + 1
    return month_at(int(high) - 1) - month_at(int(low)) >= (limit.months or 1)


def _stands_for_all(parameter: Parameter, column: Column, values: list[Any]) -> bool:
    """Return whether a value is a default that selects all rows, such as `all`."""
    default = parameter.default
    if default is None or isinstance(default, tuple) or column.path == "$parameter":
        return False
    is_value = default in column.values or parameter.operator != "=" or not column.values
    return not is_value and values in ([default], [to_text(default)])


def _leaves(data: Mapping[str, Any], known: set[str], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the members of a body with their paths; what is known, or no object, is one."""
    for name, value in data.items():
        path = f"{above}{name}"
        if path in known or not isinstance(value, dict | list) or not value:
            yield path, value
        elif isinstance(value, dict):
            yield from _leaves(value, known, f"{path}.")
        else:
            items = {f"{name}[{place}]": item for place, item in enumerate(value)}
            yield from _leaves(items, known, above)
