"""How the rows of a definition belong together: keys, references, rows within rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from billql.definitions.methods import Method, Rows
from billql.definitions.model import Column, Resource
from billql.definitions.types import MOMENTS
from billql.messages import constant_text

_PLACEHOLDER: Final = re.compile(r"\{\w+\}")


class Segment(NamedTuple):
    """One step of a path to rows."""

    name: str
    kind: str
    """`[]` for each element of an array, `{}` for each member of a map, empty for an object."""


def segments(path: str) -> tuple[Segment, ...]:
    """Return the steps of a path to rows."""
    found = []
    for step in path.split(".") if path else ():
        name = step.removesuffix("[]").removesuffix("{}")
        found.append(Segment(name, step[len(name) :]))
    return tuple(found)


def kind_of(source: Rows) -> tuple[tuple[str, object], ...]:
    """Return what distinguishes the rows of a source from those of the others: its constants."""
    return tuple(sorted(source.values.items()))


class Endpoint(NamedTuple):
    """A verb and a path, whatever the names of its placeholders, and the headers that
    distinguish one operation from another where all have one path.
    """

    verb: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    """Names in small letters, and values."""

    @classmethod
    def of(cls, method: Method) -> Endpoint:
        """Return the endpoint of a method."""
        headers = (
            ((one.name or key).lower(), constant_text(one.value))
            for key, one in method.parameters.items()
            if one.location == "header" and one.value is not None and not one.when_read
        )
        return cls(method.verb, _PLACEHOLDER.sub("{}", method.path), tuple(sorted(headers)))


class Holder(NamedTuple):
    """The resource whose rows hold those of another."""

    table: str
    depth: int
    """How many steps its row lies above the other's."""
    is_root: bool
    """Whether its row is the whole response."""


class Link(NamedTuple):
    """A column of another resource of the same provider."""

    table: str
    column: str


@dataclass(frozen=True)
class Layout:
    """How the rows of one resource are made."""

    name: str
    """The resource's name, without the provider's."""
    resource: Resource
    holder: Holder | None
    """The resource whose rows hold its own, if one does."""
    references: Mapping[str, Link] = field(default_factory=dict)
    """The columns whose values are those of another column of the provider."""

    @cached_property
    def lists(self) -> list[Method]:
        """Return the methods that return several rows; all methods if none does."""
        methods = list(self.resource.methods.values())
        return [one for one in methods if not one.single and _has_list(one)] or methods

    @cached_property
    def is_single(self) -> bool:
        """Whether whatever a method is asked for, there is one row at most."""
        return all(one.single or not _has_list(one) for one in self.resource.methods.values())

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Return the columns without whose one value no list of rows can be had."""
        first, *others = [dict.fromkeys(required_columns(one)) for one in self.lists]
        common = tuple(name for name in first if all(name in other for other in others))
        return common or (tuple(first) if all(others) else ())

    @cached_property
    def driver(self) -> str | None:
        """Return the required column that refers to a row which each of these rows belongs to."""
        if self.holder is not None:
            return None
        linked = (name for name in self.required if name in self.references)
        return next((one for one in linked if self.references[one].table != self.name), None)

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """Return the required columns whose values nothing states: any one has rows of its own."""
        if self.holder is None and any(not required_columns(one) for one in self.lists):
            return ()
        is_free = (one for one in self.required if one not in self.references)
        return tuple(one for one in is_free if not self._is_held(one))

    def _is_held(self, name: str) -> bool:
        path = self.resource.columns[name].path or ""
        return self.holder is not None and path.startswith(("$parent.", "$root."))

    @cached_property
    def switches(self) -> frozenset[str]:
        """Return the columns that show what was requested, and nothing about a row."""
        return frozenset(
            name
            for name, column in self.resource.columns.items()
            if column.path == "$parameter"
            and name not in self.scopes
            and name != self.periods
            and not self.parts(name)
            and (
                name not in self.references
                or self._is_sometimes_required(name)
                or self._has_default(name)
            )
        )

    def parts(self, name: str) -> tuple[object, ...]:
        """Return the values of a column of which each is asked for, for all rows together."""
        for method in self.resource.methods.values():
            for column, parameter in method.filters():
                if column == name and isinstance(parameter.default, tuple):
                    return parameter.default
        return ()

    def _has_default(self, name: str) -> bool:
        return any(
            parameter.default is not None
            for method in self.resource.methods.values()
            for column, parameter in method.filters()
            if column == name
        )

    def _is_sometimes_required(self, name: str) -> bool:
        needs = [name in required_columns(one) for one in self.resource.methods.values()]
        return any(needs) and not all(needs) and name not in self.required

    @cached_property
    def sources(self) -> tuple[Rows, ...]:
        """Return the sources of the method that has the most."""
        return max((one.sources() for one in self.lists), key=len)

    def has_list(self, source: Rows) -> bool:
        """Return whether a source has several rows for each row that holds them."""
        if self.is_single:
            return False
        path = segments(source.at)
        own = path if self.holder is None else path[-self.holder.depth :]
        return any(one.kind for one in own) or any(one.response == "csv" for one in self.lists)

    def held_path(self, column: Column) -> str | None:
        """Return the path of a column within the row that holds its own, if it lies there."""
        if self.holder is None or column.path is None:
            return None
        above = "$parent." * self.holder.depth
        if self.holder.is_root and column.path.startswith("$root."):
            return column.path.removeprefix("$root.")
        inner = column.path.removeprefix(above)
        return inner if inner != column.path and not inner.startswith("$") else None

    @cached_property
    def has_own_periods(self) -> bool:
        """Return whether there is a row for each day, and not in each day's row of another
        resource.
        """
        name = self.periods
        return name is not None and self.held_path(self.resource.columns[name]) is None

    @cached_property
    def periods(self) -> str | None:
        """Return the column of time of which each day is asked for, so that each has a row."""
        for method in self.lists:
            if method.window_limit is not None:
                return method.window_limit.column
            bounds: dict[str, set[str]] = {}
            for column, one in method.filters():
                if one.required and one.operator != "=":
                    bounds.setdefault(column, set()).add(one.operator[0])
            for column, operators in bounds.items():
                if len(operators) == 2 and self.resource.columns[column].type in MOMENTS:
                    return column
        return None


def required_columns(method: Method) -> list[str]:
    """Return the columns of which a method needs one value."""
    return [
        column
        for column, parameter in method.filters()
        if parameter.required
        and parameter.operator == "="
        and parameter.default is None
        and parameter.by is None
    ]


def _has_list(method: Method) -> bool:
    return method.response == "csv" or any(
        segment.kind for source in method.sources() for segment in segments(source.at)
    )


def layouts(provider: str, resources: Mapping[str, Resource]) -> dict[str, Layout]:
    """Return the layout of every resource of a provider, by name without the provider's."""
    references = {
        name: {
            column: Link(*_split(spec.references.removeprefix(f"{provider}.")))
            for column, spec in resource.columns.items()
            if spec.references is not None and spec.references.startswith(f"{provider}.")
        }
        for name, resource in resources.items()
    }
    places = list(_places(resources))
    return {
        name: Layout(
            name,
            resource,
            _holder(name, places),
            {
                column: _end(link, references)
                for column, link in references[name].items()
                if link.table in resources and link.column in resources[link.table].columns
            },
        )
        for name, resource in resources.items()
    }


def _split(column: str) -> tuple[str, str]:
    table, _, name = column.rpartition(".")
    return table, name


def _end(link: Link, references: Mapping[str, Mapping[str, Link]]) -> Link:
    """Return where a chain of references ends."""
    seen = {link}
    while (after := references.get(link.table, {}).get(link.column)) is not None:
        if after in seen or after.table not in references:
            break
        seen.add(after)
        link = after
    return link


class _Place(NamedTuple):
    table: str
    method: Method
    endpoint: Endpoint
    path: tuple[Segment, ...]

    def contradicts(self, other: _Place) -> bool:
        """Return whether it always sends what the other never does."""
        accepted = {
            (one.location, one.name or key): one.values
            for key, one in other.method.parameters.items()
            if one.values
        }
        return any(
            one.value is not None
            and one.value not in accepted.get((one.location, one.name or key), (one.value,))
            for key, one in self.method.parameters.items()
        )


def _places(resources: Mapping[str, Resource]) -> Iterator[_Place]:
    for name, resource in resources.items():
        for method in resource.methods.values():
            if method.response in ("json", "jsonl"):
                for source in method.sources():
                    yield _Place(name, method, Endpoint.of(method), segments(source.at))


def _holder(name: str, places: list[_Place]) -> Holder | None:
    """Return the resource at the same endpoint whose rows hold those of another most closely."""
    best: Holder | None = None
    for own in places:
        if own.table != name:
            continue
        for other in places:
            above = len(own.path) - len(other.path)
            if (
                other.table != name
                and other.endpoint == own.endpoint
                and above > 0
                and own.path[: len(other.path)] == other.path
                and not own.contradicts(other)
                and (best is None or above < best.depth)
            ):
                best = Holder(other.table, above, not other.path)
    return best


def plain_path(name: str, column: Column) -> str | None:
    """Return the path to a column's value within its row; None if the value lies elsewhere."""
    path = column.path or name
    return None if path.startswith("$") or column.value is not None else path
