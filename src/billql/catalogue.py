"""The catalogue: finding definitions by name, and loading each only when it is needed.

A provider is a folder that holds `provider.yaml`; each other YAML file in it is a service. Several
roots may hold providers: the first that has one wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from billql.definition import CONNECTION, Column, Provider, Resource, Service
from billql.definition_file import read_provider, read_service
from billql.errors import UnknownName

_HEADER = "$header."


def built_in_root() -> Path:
    """Give the folder of the definitions that come with billql.

    In a wheel they lie inside the package; in an editable install, at the top of the repository.
    """
    package = Path(__file__).parent
    packed = package / "_data" / "provider"
    return packed if packed.is_dir() else package.parent.parent / "provider"


_CONNECTION_COLUMN = Column(
    type="text",
    description="The connection, and so the account, that the row came from.",
    path="$parameter",
    hidden=True,
)


@dataclass(frozen=True)
class Table:
    """A resource together with its provider: all that is needed to read it."""

    provider_name: str
    service_name: str
    resource_name: str
    provider: Provider
    resource: Resource

    @cached_property
    def name(self) -> str:
        """Give the dotted name, as SQL has it."""
        return f"{self.provider_name}.{self.service_name}.{self.resource_name}"

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Give its columns as SQL has them: those of the definition, then the connection."""
        return {**self.resource.columns, CONNECTION: _CONNECTION_COLUMN}

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """Give the headers of answers that its rows are made of."""
        paths = (column.path or "" for column in self.resource.columns.values())
        return tuple(path.removeprefix(_HEADER) for path in paths if path.startswith(_HEADER))


class Catalogue:
    """Every provider, service and resource under some roots."""

    def __init__(self, roots: Sequence[Path] = (), cache: Path | None = None) -> None:
        self._roots = tuple(roots) or (built_in_root(),)
        self._cache = cache
        self._providers: dict[str, Provider] = {}
        self._services: dict[tuple[str, str], Service] = {}
        self._tables: dict[str, Table] = {}

    def providers(self) -> list[str]:
        """Give the names of all providers."""
        return sorted(self._folders)

    def services(self, provider: str) -> list[str]:
        """Give the names of a provider's services; any of these names may be in any case."""
        return sorted(
            path.stem for path in self._folder(provider).glob("*.yaml") if path.stem != "provider"
        )

    def resources(self, provider: str, service: str) -> list[str]:
        """Give the names of a service's resources, in the order of its file."""
        return list(self.service(provider, service).resources)

    def provider(self, name: str) -> Provider:
        """Load a provider; raises UnknownName or DefinitionError."""
        name = name.lower()
        if name not in self._providers:
            path = self._folder(name) / "provider.yaml"
            self._providers[name] = read_provider(path, self._cache)
        return self._providers[name]

    def service(self, provider: str, name: str) -> Service:
        """Load a service; raises UnknownName or DefinitionError."""
        provider, name = provider.lower(), name.lower()
        key = (provider, name)
        if key not in self._services:
            known = self.services(provider)
            if name not in known:
                raise unknown("service", name, known, f"{provider}.")
            path = self._folder(provider) / f"{name}.yaml"
            self._services[key] = read_service(path, self.provider(provider), self._cache)
        return self._services[key]

    def table(self, name: str) -> Table:
        """Find a resource by its dotted name, in any case; raises UnknownName."""
        name = name.lower()
        if name not in self._tables:
            parts = name.split(".")
            if len(parts) != 3:
                raise UnknownName(
                    f"{name} is not the name of a resource",
                    hint="A resource has three parts: provider.service.resource.",
                )
            self._tables[name] = self._load(*parts)
        return self._tables[name]

    def _load(self, provider: str, service: str, resource: str) -> Table:
        resources = self.service(provider, service).resources
        if resource not in resources:
            raise unknown("resource", resource, list(resources), f"{provider}.{service}.")
        return Table(provider, service, resource, self.provider(provider), resources[resource])

    def names(self) -> Iterator[str]:
        """Give the dotted name of every resource."""
        for provider in self.providers():
            for service in self.services(provider):
                for resource in self.resources(provider, service):
                    yield f"{provider}.{service}.{resource}"

    @cached_property
    def _folders(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for root in self._roots:
            for path in root.glob("*/provider.yaml"):
                found.setdefault(path.parent.name, path.parent)
        return found

    def _folder(self, provider: str) -> Path:
        provider = provider.lower()
        if provider not in self._folders:
            raise unknown("provider", provider, self.providers(), "")
        return self._folders[provider]


def unknown(kind: str, name: str, known: Sequence[str], prefix: str) -> UnknownName:
    """Make the error for a name that does not exist, with the nearest that does."""
    import difflib

    near = difflib.get_close_matches(name, known, 1, 0.5)
    if near:
        hint = f"Did you mean {prefix}{near[0]}?"
    else:
        hint = f"Known here: {', '.join(known) or 'none'}."
    return UnknownName(f"There is no {kind} {prefix}{name}", hint=hint)
