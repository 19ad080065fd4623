"""Operations as resources: their rows, columns and methods, and what belongs together.

An operation that returns one row by its key belongs to the list of these rows: `/v2/droplets` and
`/v2/droplets/{droplet_id}` are two methods of one resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from billql.authoring.openapi import naming, paging, parameters, responses
from billql.authoring.openapi.columns import Column, Row
from billql.authoring.openapi.document import Document
from billql.authoring.openapi.operations import Operation, is_json, is_lines
from billql.authoring.openapi.prose import sentence


class LeftOut(Exception):  # noqa: N818 - a result, not a fault
    """An operation that cannot be a method, and why."""


@dataclass
class Method:
    """An operation as a method to be."""

    operation: Operation
    found: responses.Found
    columns: dict[str, Column]
    taken: parameters.Parameters
    paging: dict[str, Any] | Literal["unknown"] | None = None
    response: str = "json"
    about: str | None = None
    """The document's description of a row."""
    doubt: str | None = None
    """Why its paging is unknown."""

    @property
    def is_single(self) -> bool:
        """Whether it returns one row."""
        return self.found.single

    def operator(self, column: str) -> str:
        """Return the operator with which a statement compares a required column."""
        operators = [
            one.get("operator", "=")
            for name, one in self.taken.parameters.items()
            if one.get("column", name) == column and one.get("required")
        ]
        return str(operators[0]) if operators else "="

    def definition(self, paging: Mapping[str, Any] | str | None) -> dict[str, Any]:
        """Return its definition."""
        operation = self.operation
        description = sentence(operation.summary) or sentence(operation.description)
        found: dict[str, Any] = {
            "request": f"{operation.verb} {naming.request_path(operation.path)}",
            "description": description or f"Returns the response of {operation.name}.",
            "parameters": self.taken.parameters,
            "response": None if self.response == "json" else self.response,
            "rows": self.found.rows,
            "paging": paging,
            "window_limit": self.taken.window_limit,
            "missing": "empty" if self._is_get() and operation.documents_missing else None,
            "single": True if self.is_single and paging is None else None,
        }
        return {key: value for key, value in found.items() if value not in (None, "", {})}

    def _is_get(self) -> bool:
        return self.is_single and "{" in self.operation.path


@dataclass
class Resource:
    """A resource to be."""

    name: str
    methods: dict[str, Method]
    columns: dict[str, Column] = field(default_factory=dict)
    unique: list[str] = field(default_factory=list)

    def first(self) -> Method:
        """Return its main method: its list, if it has one."""
        return next(iter(self.methods.values()))


def method(document: Document, operation: Operation) -> Method:
    """Return an operation as a method; raise LeftOut if it cannot be one."""
    media = [kind for kind in operation.schemas if is_json(kind)]
    lines = [kind for kind in operation.schemas if is_lines(kind)]
    if not media and not lines:
        return _file(operation)
    schema = operation.schemas[(media or lines)[0]]
    fields = operation.fields
    found = (
        responses.find(
            document,
            schema,
            _subject(operation),
            is_paged=paging.is_paged(document, fields, schema),
        )
        if media
        else responses.Found("[]", schema, single=False)
    )
    row = Row(document, found.item, found.rows)
    if not row.columns:
        raise LeftOut("its rows have nothing that could be a column")
    pages: paging.Paging | None = None
    if not found.single or paging.has_position(fields):
        pages = paging.find(document, fields, schema, found, has_link=operation.has_link)
    try:
        fields = tuple(one for one in fields if pages is None or one.name not in pages.serving)
        taken = parameters.parameters_of(fields, row.columns, _keys(operation, row.columns, found))
    except parameters.Unsupported as why:
        raise LeftOut(str(why)) from None
    taken.left_out += row.left_out
    if found.single:
        taken.doubts.clear()  # they are about lists
    about = document.shape(found.item).description
    kind = "json" if media else "jsonl"
    method = Method(operation, found, row.columns, taken, response=kind, about=about)
    if pages is not None:
        method.paging, method.doubt = pages.kind, pages.doubt
    return method


def _subject(operation: Operation) -> str:
    """Return the name of what the path of a list lists; empty for the path of one object."""
    named = _static(operation.path)
    return "" if operation.path.endswith("}") or not named else named[-1]


def _file(operation: Operation) -> Method:
    """Return a method whose response is not JSON: its body is a column."""
    if not operation.schemas:
        raise LeftOut("it documents no response with a body")
    columns = {
        "content_type": Column("text", "The media type.", path="$header.content-type"),
        "body": Column("blob", "The bytes of the response.", path="$body"),
    }
    try:
        taken = parameters.parameters_of(operation.fields, columns, {})
    except parameters.Unsupported as why:
        raise LeftOut(str(why)) from None
    found = responses.Found("", None, single=True)
    return Method(operation, found, columns, taken, response="bytes")


def _keys(
    operation: Operation, columns: Mapping[str, Column], found: responses.Found
) -> dict[str, str]:
    """Return the column that names the row, for the field by which an operation gets it."""
    if not found.single:
        return {}
    if operation.path.endswith("}"):
        fields = naming.placeholders(operation.path)[-1:]
    else:
        fields = [one.name for one in operation.fields if one.required and one.location == "body"]
    collection = naming.singular(_static(operation.path)[-1]) if _static(operation.path) else ""
    for name in fields:
        wanted = naming.column(name)
        last = wanted.rpartition("_")[2]
        own = wanted in (last, f"{collection}_{last}") or operation.path.endswith("}")
        for column in (wanted, *((last, "id") if own else ())):
            if column in columns and columns[column].type in ("text", "integer"):
                return {name: column}
    return {}


def _static(path: str) -> list[str]:
    """Return the parts of a path that name things: without versions, placeholders and verbs."""
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    named = [naming.without_verb(part) for part in parts if not naming.is_version(part)]
    return [name for name in named if name]


def service_of(operation: Operation) -> str:
    """Return the service that an operation belongs to: by its tag, or by its path."""
    named = _static(operation.path)
    return naming.identifier(operation.tag or (named[0] if named else "api"))


def grouped(service: str, methods: Iterable[Method], notes: list[str]) -> list[Resource]:
    """Return the resources of a service: methods that read the same rows, under a name."""
    groups: dict[str, list[Method]] = {}
    for one in methods:
        groups.setdefault(_collection(one.operation), []).append(one)
    resources = [resource for group in groups.values() for resource in _of_group(group, notes)]
    _name(service, resources)
    return resources


def _collection(operation: Operation) -> str:
    """Return what the paths of a list and of one of its rows have in common."""
    parts = operation.path.rstrip("/").split("/")
    if parts[-1].startswith("{") or (
        operation.verb == "POST" and not naming.without_verb(parts[-1])
    ):
        parts.pop()
    return "/".join(parts)


def _of_group(group: list[Method], notes: list[str]) -> Iterator[Resource]:
    lists = [one for one in group if not one.is_single]
    gets = [one for one in group if one.is_single]
    merged = Resource("", {})
    if lists:
        merged.methods["list"] = lists[0]
        merged.columns = dict(lists[0].columns)
    for one in gets:
        if not merged.methods:
            merged.columns = dict(one.columns)
        elif not _fits(one, merged):
            yield _finished(Resource("", {"get": one}, dict(one.columns)))
            continue
        lost = [name for name in one.columns if name not in merged.columns]
        if lost:
            notes.append(
                f"{one.operation.name}: left out what its list does not have: {_few(lost)}"
            )
        name = "get" if "get" not in merged.methods else f"get_{len(merged.methods)}"
        merged.methods[name] = one
    if merged.methods:
        yield _finished(merged)
    for one in lists[1:]:
        yield _finished(Resource("", {"list": one}, dict(one.columns)))


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if names[8:] else "")


def _fits(one: Method, resource: Resource) -> bool:
    """Return whether a method returns rows of a resource: by its columns, and by its filters."""
    shared = [
        name
        for name, column in one.columns.items()
        if name in resource.columns
        and (column.path, column.type) == (resource.columns[name].path, resource.columns[name].type)
    ]
    filtered = {parameter.get("column", name) for name, parameter in one.taken.parameters.items()}
    known = {*resource.columns, *one.taken.columns}
    return 2 * len(shared) >= len(resource.columns) and filtered <= known


def _finished(resource: Resource) -> Resource:
    """Add the echo columns, and the columns that identify a row."""
    methods = resource.methods.values()
    echoes: dict[str, Column] = {}
    for one in methods:
        for name, column in one.taken.columns.items():
            echoes.setdefault(name, column)
    for name, column in echoes.items():
        column.hidden = not all(name in one.taken.examples for one in methods)
    shown = {name: column for name, column in echoes.items() if not column.hidden}
    hidden = {name: column for name, column in echoes.items() if column.hidden}
    # SQLite reports the use of the first 63 columns alone, and echoes need to know of theirs.
    long = len(echoes) + len(resource.columns) > 63
    rest = [hidden, resource.columns] if long else [resource.columns, hidden]
    resource.columns = {**shown, **rest[0], **rest[1]}
    keys = [
        column
        for one in methods
        if one.is_single
        for column in one.taken.examples
        if not resource.columns[column].is_echo
    ]
    ids = [name for name in ("id", "uuid") if name in resource.columns]
    resource.unique = [name for name in (*keys, *ids) if not resource.columns[name].is_echo][:1]
    return resource


def _name(service: str, resources: list[Resource]) -> None:
    """Set the names of resources to the ends of their paths, long enough to be distinct."""
    all_path_names = [_path_names(one) for one in resources]
    lengths = [
        _length(service, one, path_names)
        for one, path_names in zip(resources, all_path_names, strict=True)
    ]
    for _ in range(max(map(len, all_path_names), default=0)):
        names = [_joined(*pair) for pair in zip(all_path_names, lengths, strict=True)]
        lengths = [
            # A path that cannot be distinguished any further keeps its short name.
            length + (names.count(name) > 1 and _is_distinguished(all_path_names, number, names))
            for number, (name, length) in enumerate(zip(names, lengths, strict=True))
        ]
    taken: set[str] = set()
    for one, path_names, length in zip(resources, all_path_names, lengths, strict=True):
        name = wanted = naming.identifier(_joined(path_names, length))
        number = 2
        while name in taken:
            name = f"{wanted}_{number}"
            number += 1
        taken.add(name)
        one.name = name


def _joined(path_names: list[str], length: int) -> str:
    return "_".join(path_names[-length:])


def _is_distinguished(all_path_names: list[list[str]], number: int, names: list[str]) -> bool:
    """Return whether more of a path would distinguish a resource from those of its name."""
    same = [
        path_names
        for path_names, name in zip(all_path_names, names, strict=True)
        if name == names[number]
    ]
    return any(path_names != all_path_names[number] for path_names in same)


def _length(service: str, resource: Resource, path_names: list[str]) -> int:
    """Return how many parts of a path a name needs: of `/invoices/{id}/summary` both.

    The service's own name need not be repeated: `customers.costs` is clear.
    """
    parts = [part for part in resource.first().operation.path.split("/") if part]
    while parts and parts[-1].startswith("{"):
        parts.pop()
    within = len(parts) > 1 and parts[-2].startswith("{")
    return 2 if within and len(path_names) > 1 and path_names[-2] != naming.singular(service) else 1


def _path_names(resource: Resource) -> list[str]:
    """Return the names in a path: in the singular, all but the last of a list."""
    one = resource.first()
    path = one.operation.path
    named = _static(path) or ["response"]
    if path.endswith("}") and not one.is_single:
        # `/invoices/{invoice_uuid}` that returns a list returns the items of the invoice.
        member = one.found.rows.removesuffix("[]").rpartition(".")[2]
        named.append(naming.identifier(member) if member and member != "data" else "items")
    elif path.endswith("}"):
        named[-1] = naming.singular(named[-1])
    versions = [part for part in path.split("/") if naming.is_version(part)]
    return [*versions, *map(naming.singular, named[:-1]), named[-1]]
