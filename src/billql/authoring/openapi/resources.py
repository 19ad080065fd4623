"""Operations as resources: their rows, columns and methods, and what belongs together.

An operation that gives one row by its key belongs to the list of these rows: `/v2/droplets` and
`/v2/droplets/{droplet_id}` are two methods of one resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from billql.authoring.openapi import answers, naming, paging, parameters
from billql.authoring.openapi.columns import Column, Row
from billql.authoring.openapi.document import Document
from billql.authoring.openapi.operations import Operation, is_json
from billql.authoring.openapi.prose import sentence


class LeftOut(Exception):  # noqa: N818 - it says what happened
    """An operation that cannot be a method, and why."""


@dataclass
class Method:
    """An operation as a method to be."""

    operation: Operation
    found: answers.Found
    columns: dict[str, Column]
    taken: parameters.Taken
    paging: dict[str, Any] | None = None
    answer: str = "json"
    about: str | None = None
    """What the document says of a row."""

    @property
    def is_single(self) -> bool:
        """Whether it gives one row."""
        return self.found.single

    def operator(self, column: str) -> str:
        """Give how a statement compares a column that it has to give."""
        told = [
            one.get("operator", "=")
            for name, one in self.taken.parameters.items()
            if one.get("column", name) == column and one.get("required")
        ]
        return str(told[0]) if told else "="

    def written(self, paging: Mapping[str, Any] | str | None) -> dict[str, Any]:
        """Give what its definition says."""
        operation = self.operation
        told = sentence(operation.summary) or sentence(operation.description)
        found: dict[str, Any] = {
            "request": f"{operation.verb} {naming.request_path(operation.path)}",
            "description": told or f"Gives what {operation.name} answers.",
            "parameters": self.taken.parameters,
            "answer": None if self.answer == "json" else self.answer,
            "rows": self.found.rows,
            "paging": paging,
            "missing": "empty" if self._is_get() and operation.tells_missing else None,
            "single": True if self.is_single else None,
        }
        return {word: value for word, value in found.items() if value not in (None, "", {})}

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
        """Give the method that it is known by: its list, if it has one."""
        return next(iter(self.methods.values()))


def method(document: Document, operation: Operation) -> Method:
    """Make a method of an operation; raises LeftOut."""
    media = [kind for kind in operation.answers if is_json(kind)]
    if not media:
        return _file(operation)
    schema = operation.answers[media[0]]
    found = answers.find(document, schema, _subject(operation))
    row = Row(document, found.item, found.rows)
    if not row.columns:
        raise LeftOut("its rows have nothing that could be a column")
    try:
        pages: dict[str, Any] | None = None
        serving: set[str] = set()
        if not found.single:
            pages, serving = paging.find(
                document, operation.fields, schema, found.item, has_link=operation.has_link
            )
        fields = [one for one in operation.fields if one.name not in serving]
        taken = parameters.take(fields, row.columns, _keys(operation, row.columns, found))
    except (paging.Unclear, parameters.Untakeable) as why:
        raise LeftOut(str(why)) from None
    taken.left_out += row.left_out
    if found.single:
        taken.doubts.clear()  # they are about lists
    about = document.shape(found.item).description
    return Method(operation, found, row.columns, taken, pages, about=about)


def _subject(operation: Operation) -> str:
    """Give what the path of a list says that it lists; nothing for the path of one thing."""
    named = _static(operation.path)
    return "" if operation.path.endswith("}") or not named else named[-1]


def _file(operation: Operation) -> Method:
    """Take an answer that is no JSON as it comes."""
    if not operation.answers:
        raise LeftOut("it documents no answer with a body")
    columns = {
        "content_type": Column("text", "The media type.", path="$header.content-type"),
        "body": Column("blob", "What the API answers, byte by byte.", path="$body"),
    }
    try:
        taken = parameters.take(operation.fields, columns, {})
    except parameters.Untakeable as why:
        raise LeftOut(str(why)) from None
    found = answers.Found("", None, single=True)
    return Method(operation, found, columns, taken, answer="bytes")


def _keys(
    operation: Operation, columns: Mapping[str, Column], found: answers.Found
) -> dict[str, str]:
    """Give the column that names the row, for the field by which an operation gets it."""
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
    """Give the parts of a path that name things: without versions, placeholders and verbs."""
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    named = [naming.without_verb(part) for part in parts if not naming.is_version(part)]
    return [name for name in named if name]


def service_of(operation: Operation) -> str:
    """Name the service that an operation belongs to: by its tag, or by its path."""
    named = _static(operation.path)
    return naming.identifier(operation.tag or (named[0] if named else "api"))


def grouped(service: str, methods: Iterable[Method], notes: list[str]) -> list[Resource]:
    """Put methods together that read the same rows, and name the resources of a service."""
    groups: dict[str, list[Method]] = {}
    for one in methods:
        groups.setdefault(_collection(one.operation), []).append(one)
    resources = [resource for group in groups.values() for resource in _of_group(group, notes)]
    _name(service, resources)
    return resources


def _collection(operation: Operation) -> str:
    """Give what the path of a list and that of one of its rows have in common."""
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
    """Tell whether a method gives rows of a resource: by its columns, and by what it filters."""
    shared = [
        name
        for name, column in one.columns.items()
        if name in resource.columns
        and (column.path, column.type) == (resource.columns[name].path, resource.columns[name].type)
    ]
    filtered = {told.get("column", name) for name, told in one.taken.parameters.items()}
    known = {*resource.columns, *one.taken.columns}
    return 2 * len(shared) >= len(resource.columns) and filtered <= known


def _finished(resource: Resource) -> Resource:
    """Add the columns that only the statement fills, and say what tells rows apart."""
    methods = resource.methods.values()
    echoes: dict[str, Column] = {}
    for one in methods:
        for name, column in one.taken.columns.items():
            echoes.setdefault(name, column)
    for name, column in echoes.items():
        column.hidden = not all(name in one.taken.examples for one in methods)
    shown = {name: column for name, column in echoes.items() if not column.hidden}
    hidden = {name: column for name, column in echoes.items() if column.hidden}
    # SQLite tells only the first columns apart, and of echoes it must know whether they are read.
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
    """Name resources by the ends of their paths, as much of them as tells them apart."""
    chains = [_chain(one) for one in resources]
    lengths = [_length(service, one, chain) for one, chain in zip(resources, chains, strict=True)]
    for _ in range(max(map(len, chains), default=0)):
        names = [_joined(*pair) for pair in zip(chains, lengths, strict=True)]
        lengths = [
            # What has nothing more to say keeps its short name.
            length + (names.count(name) > 1 and _tells_apart(chains, number, names))
            for number, (name, length) in enumerate(zip(names, lengths, strict=True))
        ]
    taken: set[str] = set()
    for one, chain, length in zip(resources, chains, lengths, strict=True):
        name = wanted = naming.identifier(_joined(chain, length))
        number = 2
        while name in taken:
            name = f"{wanted}_{number}"
            number += 1
        taken.add(name)
        one.name = name


def _joined(chain: list[str], length: int) -> str:
    return "_".join(chain[-length:])


def _tells_apart(chains: list[list[str]], number: int, names: list[str]) -> bool:
    """Tell whether more of a path would tell a resource apart from those of its name."""
    same = [chain for chain, name in zip(chains, names, strict=True) if name == names[number]]
    return any(chain != chains[number] for chain in same)


def _length(service: str, resource: Resource, chain: list[str]) -> int:
    """Say how much of a path a name needs by itself: of `/invoices/{id}/summary` both words.

    The service's own name need not be repeated: `customers.costs` is clear.
    """
    parts = [part for part in resource.first().operation.path.split("/") if part]
    while parts and parts[-1].startswith("{"):
        parts.pop()
    within = len(parts) > 1 and parts[-2].startswith("{")
    return 2 if within and len(chain) > 1 and chain[-2] != naming.singular(service) else 1


def _chain(resource: Resource) -> list[str]:
    """Give the words of a path: in the singular all but the last of a list."""
    one = resource.first()
    path = one.operation.path
    named = _static(path) or ["answer"]
    if path.endswith("}") and not one.is_single:
        # `/invoices/{invoice_uuid}` that gives a list gives the things in the invoice.
        member = one.found.rows.removesuffix("[]").rpartition(".")[2]
        named.append(naming.identifier(member) if member and member != "data" else "items")
    elif path.endswith("}"):
        named[-1] = naming.singular(named[-1])
    versions = [part for part in path.split("/") if naming.is_version(part)]
    return [*versions, *map(naming.singular, named[:-1]), named[-1]]
