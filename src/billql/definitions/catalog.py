"""The catalog: finding definitions by name, and loading each only when it is needed.

A provider is a folder. It may lie under a root, which is a folder of providers, or anywhere else,
if a mapping has its name; of several that have the same name the first wins. What kind of
definition a folder holds is seen by what lies in it, and `sources` knows how each kind is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from billql.definitions.methods import Method
from billql.definitions.model import CONNECTION, Column, Provider, Resource, Service
from billql.definitions.pagination import Paginator, SinglePage
from billql.definitions.pagination.unknown import UNKNOWN, Unknown
from billql.definitions.shared import built_in_root, files
from billql.definitions.sources import (
    PROVIDER_FILE,
    BillqlFolder,
    DefinitionSource,
    ResourceSummary,
)
from billql.definitions.stackql import is_stackql
from billql.definitions.yaml_file import read_views
from billql.errors import DefinitionError, NotSupportedError, UnknownName

T = TypeVar("T")
_HEADER = "$header."

_CONNECTION_COLUMN = Column(
    type="text",
    description="The connection, and so the account, whose row it is.",
    path="$parameter",
    hidden=True,
)


class Table(msgspec.Struct, frozen=True, dict=True):
    """A resource together with its provider: all that is needed to read it."""

    provider_name: str
    service_name: str
    resource_name: str
    provider: Provider
    resource: Resource
    beyond: Mapping[str, str] = msgspec.field(default_factory=dict)
    """For methods that billql cannot call: what they need."""

    @cached_property
    def name(self) -> str:
        """Return the dotted name, as SQL has it."""
        return f"{self.provider_name}.{self.service_name}.{self.resource_name}"

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Return its columns as SQL has them: those of the definition, then the connection."""
        return {**self.resource.columns, CONNECTION: _CONNECTION_COLUMN}

    @cached_property
    def echo_columns(self) -> tuple[str, ...]:
        """Return the columns that show what was requested, because no response has their value."""
        columns = self.resource.columns
        return tuple(name for name, column in columns.items() if column.path == "$parameter")

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Return its hidden columns that a statement names in WHERE and no row has by itself.

        Reading one without a value for it is an error, so no tool may select it as a column.
        """
        columns = self.resource.columns
        return frozenset(name for name in self.echo_columns if columns[name].hidden)

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """Return the headers of responses that its rows are made of, or that lead to more of
        them.
        """
        paths = (column.path or "" for column in self.resource.columns.values())
        read = [path.removeprefix(_HEADER) for path in paths if path.startswith(_HEADER)]
        for method in self.resource.methods.values():
            if (paginator := self.reading(method)) is not None:
                read.extend(paginator.reads_headers)
        return tuple(dict.fromkeys(read))

    def paginator(self, method: Method) -> Paginator | None:
        """Return a method's paginator: its own, or the provider's that it names."""
        if method.paging == UNKNOWN:
            return Unknown()
        if isinstance(method.paging, str):
            return self.provider.paging[method.paging]
        return method.paging

    def reading(self, method: Method) -> Paginator | None:
        """Return the paginator by which a method is read.

        A list without paging has one page, or it is an error.
        """
        declared = self.paginator(method)
        is_list = any("[]" in source.at or "{}" in source.at for source in method.sources())
        if (
            declared is not None
            or method.single
            or method.response not in ("json", "jsonl")
            or not is_list
        ):
            return declared
        return SinglePage()


SearchLocation = Path | Mapping[str, Path]
"""A root, or the folders of some providers by their names."""


class Catalog:
    """Every provider, service and resource of some places."""

    def __init__(self, places: Sequence[SearchLocation] = (), cache: Path | None = None) -> None:
        self._places = tuple(places) or (built_in_root(),)
        self._cache = cache
        self._sources: dict[str, DefinitionSource] = {}
        self._tables: dict[str, Table] = {}
        self._shared: dict[str, Service] = {}
        self._memo: dict[str, Any] = {}

    def memoized(self, key: str, make: Callable[[], T]) -> T:
        """Return what `make` returned for a key at first: what is found out from definitions."""
        if key not in self._memo:
            self._memo[key] = make()
        found: T = self._memo[key]
        return found

    def providers(self) -> list[str]:
        """Return the names of all providers."""
        return sorted(self._folders)

    def folder(self, provider: str) -> Path:
        """Return the folder of a provider; raises UnknownName."""
        self._source(provider)
        return self._folders[provider.lower()]

    def services(self, provider: str) -> list[str]:
        """Return the names of a provider's services; any of these names may be in any case."""
        return self._source(provider).services()

    def check_service(self, provider: str, service: str) -> None:
        """Make sure that there is a service; raises UnknownName or DefinitionError."""
        self._of_service(provider, service)

    def resources(self, provider: str, service: str) -> list[str]:
        """Return the names of a service's resources, in the order of its file."""
        return self._of_service(provider, service).resources(service.lower())

    def summaries(self, provider: str, service: str) -> Sequence[ResourceSummary]:
        """Return what is known of a service's resources without reading each, in the order of its
        file; raises as `resources` does.
        """
        return self._of_service(provider, service).summaries(service.lower())

    def ahead(self, places: Iterable[tuple[str, str]]) -> AbstractContextManager[object]:
        """In a block that reads these services in this order, let other processes read the large
        documents among them that come last.
        """
        found = [(self._source(provider), service) for provider, service in places]
        if self._cache is None or all(source.is_light for source, _ in found):
            return nullcontext()
        from billql.definitions.stackql.ahead import ahead
        from billql.definitions.stackql.folder import StackqlFolder

        large = [(one, service) for one, service in found if isinstance(one, StackqlFolder)]
        return ahead(large, self._cache)

    def is_light(self, provider: str) -> bool:
        """Return whether all of a provider's definition is read in no time; raise UnknownName."""
        return self._source(provider).is_light

    def shared(self) -> list[str]:
        """Return the names of the files of views that belong to no provider."""
        return sorted(self._shared_files)

    def shared_service(self, name: str) -> Service:
        """Load such a file, whose name is in lower case; raise KeyError or DefinitionError."""
        if name not in self._shared:
            self._shared[name] = read_views(self._shared_files[name], self._cache)
        return self._shared[name]

    def provider(self, name: str) -> Provider:
        """Load a provider; raises UnknownName or DefinitionError."""
        return self._source(name).provider()

    def about(self, provider: str, service: str) -> str:
        """Describe a service, loading no more than that takes; raises as `service` does."""
        return self._of_service(provider, service).about(service.lower())

    def service(self, provider: str, name: str) -> Service:
        """Load a service; raises UnknownName or DefinitionError."""
        return self._of_service(provider, name).service(name.lower())

    def table(self, name: str) -> Table:
        """Find a resource by its dotted name, in any case.

        Raises UnknownName, and NotSupportedError for what billql knows no columns of and cannot
        read.
        """
        name = name.lower()
        if name not in self._tables:
            self._tables[name] = self.read(name)
        return self._tables[name]

    def read(self, name: str) -> Table:
        """Find a resource as `table` does, for one look at it: it is not held in memory."""
        name = name.lower()
        if name in self._tables:
            return self._tables[name]
        parts = name.split(".")
        if len(parts) != 3:
            raise UnknownName(
                f"{name} is not the name of a resource",
                hint="A resource has three parts: provider.service.resource.",
            )
        return self._load(*parts)

    def names(self) -> Iterator[str]:
        """Yield the dotted name of every resource, save for those of large foreign documents.

        These would have to be read just to be named.
        """
        for provider in self.providers():
            if self._source(provider).is_light:
                for service in self.services(provider):
                    for resource in self.resources(provider, service):
                        yield f"{provider}.{service}.{resource}"

    def _load(self, provider: str, service: str, resource: str) -> Table:
        source = self._of_service(provider, service)
        try:
            found = source.find(service, resource)
        except KeyError:
            known = source.resources(service)
            raise unknown("resource", resource, known, f"{provider}.{service}.") from None
        if (why := found.refusal(f"{provider}.{service}.{resource}")) is not None:
            raise NotSupportedError(why)
        return Table(
            provider, service, resource, found.provider, found.resource, found.unsupported_methods
        )

    def _of_service(self, provider: str, service: str) -> DefinitionSource:
        """Return a provider's source, once it is certain that it has a service."""
        source = self._source(provider)
        known = source.services()
        if service.lower() not in known:
            if (why := source.lacks(service.lower())) is not None:
                raise DefinitionError(
                    f"{provider.lower()}.{service.lower()} cannot be read: {why}",
                    hint="Add the provider again, from a folder that has all its files.",
                )
            raise unknown("service", service.lower(), known, f"{provider.lower()}.")
        return source

    def _source(self, provider: str) -> DefinitionSource:
        provider = provider.lower()
        if provider not in self._folders:
            raise unknown("provider", provider, self.providers(), "")
        if provider not in self._sources:
            self._sources[provider] = _open(self._folders[provider], self._cache)
        return self._sources[provider]

    @cached_property
    def _shared_files(self) -> dict[str, Path]:
        roots = [place for place in self._places if isinstance(place, Path)]
        found: dict[str, Path] = {}
        for root in (built_in_root(), *reversed(roots)):
            found |= files(root)
        return found

    @cached_property
    def _folders(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for place in self._places:
            for name, folder in _within(place):
                found.setdefault(name, folder)
        return found


def _within(place: SearchLocation) -> Iterator[tuple[str, Path]]:
    if isinstance(place, Path):
        for path in place.glob(f"*/{PROVIDER_FILE}"):
            yield path.parent.name, path.parent
    else:
        yield from place.items()


def _open(folder: Path, cache: Path | None) -> DefinitionSource:
    if is_stackql(folder):
        from billql.definitions.stackql.folder import StackqlFolder

        return StackqlFolder(folder, cache)
    return BillqlFolder(folder, cache)


def unknown(kind: str, name: str, known: Sequence[str], prefix: str) -> UnknownName:
    """Make the error for a name that does not exist, with the nearest that does."""
    import difflib

    near = difflib.get_close_matches(name, known, 1, 0.5)
    if near:
        hint = f"Did you mean {prefix}{near[0]}?"
    else:
        hint = f"Known here: {', '.join(known) or 'none'}."
    return UnknownName(f"There is no {kind} {prefix}{name}", hint=hint)
