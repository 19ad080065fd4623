"""Where one provider's definition is read from: the protocol, and billql's own kind.

The catalog knows providers by sources alone. Whatever kind of documents a source reads, it returns
billql's own structs, and reads no more than it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Protocol

from billql.definitions.model import Provider, Resource, Service
from billql.definitions.yaml_file import read_provider, read_service

PROVIDER_FILE = "provider.yaml"


class ResolvedResource(NamedTuple):
    """A resource as its source has it."""

    resource: Resource
    provider: Provider
    """What it shares with others; parts of a provider may have servers of their own."""
    unsupported_methods: Mapping[str, str] = MappingProxyType({})
    """For methods that billql cannot call: what they need."""

    def refusal(self, name: str) -> str | None:
        """Return why a resource of this whole name is no table: no method can be called, and
        nothing is known of its rows. None if it is one.
        """
        columns = self.resource.columns.values()
        if self.unsupported_methods.keys() >= self.resource.methods.keys() and all(
            column.path == "$parameter" for column in columns
        ):
            need = next(iter(self.unsupported_methods.values()))
            return f"{name} cannot be read: it needs {need}, which billql cannot do"
        return None


class ResourceSummary(NamedTuple):
    """What lists and searches need to know of a resource."""

    name: str
    description: str
    """With what the API charges for a request, if that is always the same."""
    refusal: str | None
    """Why billql cannot read it; None if it can."""
    columns: tuple[str, ...]
    """The names of its columns."""


class DefinitionSource(Protocol):
    """One provider's definition. Names are in lower case; an unknown one raises KeyError."""

    is_light: ClassVar[bool]
    """Whether all of it is read in no time."""

    def provider(self) -> Provider:
        """Read the provider; raises DefinitionError."""

    def services(self) -> list[str]:
        """Return the names of the services, without reading any."""

    def lacks(self, service: str) -> str | None:
        """Return a message on what a named service lacks; None if it is complete."""

    def about(self, service: str) -> str:
        """Describe a service; raises DefinitionError."""

    def service(self, service: str) -> Service:
        """Read a whole service; raises DefinitionError."""

    def resources(self, service: str) -> list[str]:
        """Return the names of a service's resources, in its order; raise DefinitionError if
        invalid.
        """

    def summaries(self, service: str) -> Sequence[ResourceSummary]:
        """Return what is known of a service's resources without reading each, in its order; raise
        DefinitionError.
        """

    def find(self, service: str, resource: str) -> ResolvedResource:
        """Read a resource; raises DefinitionError, and NotSupportedError for what is no table."""


class BillqlFolder:
    """A folder of billql's own definitions: `provider.yaml`, and a file for each service."""

    is_light: ClassVar[bool] = True

    def __init__(self, folder: Path, cache: Path | None) -> None:
        self._folder = folder
        self._cache = cache
        self._services: dict[str, Service] = {}

    @cached_property
    def _provider(self) -> Provider:
        return read_provider(self._folder / PROVIDER_FILE, self._cache)

    def provider(self) -> Provider:
        """Read the provider; raises DefinitionError."""
        return self._provider

    def services(self) -> list[str]:
        """Return the names of the services, without reading any."""
        files = (path for path in self._folder.glob("*.yaml") if path.name != PROVIDER_FILE)
        return sorted(path.stem for path in files)

    def lacks(self, service: str) -> str | None:
        """Return None: a service is named by its file alone."""
        return None

    def about(self, service: str) -> str:
        """Describe a service; raises DefinitionError."""
        return self.service(service).description

    def service(self, service: str) -> Service:
        """Read a whole service; raises DefinitionError."""
        if service not in self._services:
            if service not in self.services():
                raise KeyError(service)
            path = self._folder / f"{service}.yaml"
            self._services[service] = read_service(path, self._provider, self._cache)
        return self._services[service]

    def resources(self, service: str) -> list[str]:
        """Return the names of a service's resources, in its order; raise DefinitionError if
        invalid.
        """
        return list(self.service(service).resources)

    def summaries(self, service: str) -> Sequence[ResourceSummary]:
        """Return what is known of a service's resources, in its order; raise DefinitionError."""
        return [
            ResourceSummary(name, _described(one), None, tuple(one.columns))
            for name, one in self.service(service).resources.items()
        ]

    def find(self, service: str, resource: str) -> ResolvedResource:
        """Read a resource; raises DefinitionError."""
        return ResolvedResource(self.service(service).resources[resource], self._provider)


def _described(resource: Resource) -> str:
    """Return the description of a resource, with what the API charges whichever method is used."""
    about = resource.description.strip()
    prices = {
        None if one.price is None else one.price.sentence for one in resource.methods.values()
    }
    (price,) = prices if len(prices) == 1 else (None,)
    return about if price is None else f"{about} {price}"
