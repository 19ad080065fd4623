"""One provider's documents as a source of the catalog, read when they are needed."""

from __future__ import annotations

import contextlib
import re
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from billql.definitions.auth import Anonymous, Auth, SigV4
from billql.definitions.model import ErrorBody, Later, Provider, Service
from billql.definitions.sources import PROVIDER_FILE, ResolvedResource
from billql.definitions.stackql import SERVICES, naming, shapes
from billql.definitions.stackql.columns import convert
from billql.definitions.stackql.credentials import auth
from billql.definitions.stackql.document import Document, Unsupported, load, mapping, text
from billql.definitions.stackql.methods import readings, selects
from billql.definitions.stackql.settings import CONFIG_KEY, Settings
from billql.errors import DefinitionError, NotSupportedError

DOCUMENTATION = "https://github.com/stackql/stackql-provider-registry"

_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)", re.ASCII)

_LATER = Later(
    codes=(
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    ),
    messages=("rate exceeded", "secondary rate limit"),
)
"""Codes of errors to retry later, which StackQL's documents do not declare."""


class StackqlFolder:
    """The documents of one provider."""

    is_light: ClassVar[bool] = False

    def __init__(self, folder: Path, cache: Path | None) -> None:
        self._folder = folder
        self._cache = cache
        self._documents: dict[str, Document] = {}

    @cached_property
    def _data(self) -> dict[str, Any]:
        return load(self._folder / PROVIDER_FILE, self._cache).data

    @cached_property
    def _named(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        """The file of each service that the provider names, and its entry there."""
        found: dict[str, tuple[Path, dict[str, Any]]] = {}
        for name, entry in mapping(self._data.get("providerServices")).items():
            reference = text(mapping(mapping(entry).get("service")).get("$ref"))
            file = self._folder / SERVICES / PurePosixPath(reference).name
            if reference:
                found.setdefault(name.lower(), (file, mapping(entry)))
        return found

    @cached_property
    def _files(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        """The same for the services whose files are there."""
        return {name: one for name, one in self._named.items() if one[0].is_file()}

    def missing(self) -> dict[str, str]:
        """Return the services that are named but have no file, with the missing files."""
        return {
            name: f"{SERVICES}/{file.name}"
            for name, (file, _) in sorted(self._named.items())
            if name not in self._files
        }

    def provider(self) -> Provider:
        """Read the provider, as the smallest service that can be read has it."""
        for service in sorted(self._files, key=lambda name: self._files[name][0].stat().st_size):
            with contextlib.suppress(DefinitionError):
                for name in self.resources(service):
                    return self.find(service, name).provider
        return self._provider(None, Anonymous(), None)

    def services(self) -> list[str]:
        """Return the names of the services, without reading any."""
        return sorted(self._files)

    def lacks(self, service: str) -> str | None:
        """Return a message on a named service whose file is missing; None if it is there."""
        file = self.missing().get(service)
        return None if file is None else f"{file} is missing from {self._folder}"

    def about(self, service: str) -> str:
        """Describe a service."""
        entry = self._files[service][1]
        description = text(entry.get("description")) or text(entry.get("title"))
        return shapes.sentence(description, f"The service {service}")

    def service(self, service: str) -> Service:
        """Read a whole service; raises DefinitionError."""
        found = {name: self.find(service, name).resource for name in self.resources(service)}
        return Service(billql=1, description=self.about(service), resources=found)

    def resources(self, service: str) -> list[str]:
        """Return the names of a service's resources that a SELECT can read, in its document's
        order.
        """
        entry = self._resources(service)
        return [name for name, one in entry.items() if selects(one)]

    def find(self, service: str, resource: str) -> ResolvedResource:
        """Read a resource; raises DefinitionError, and NotSupportedError for what is no table."""
        entry = self._resources(service)[resource]
        name = f"{self._folder.name}.{service}.{resource}"
        settings = self._service_settings(service).within(entry.get("config"))
        found = readings(self._document(service), entry, settings)
        if not found:
            is_view = "views" in mapping(entry.get("config"))
            why = "it is a view in StackQL's own SQL" if is_view else "no method of it reads"
            raise NotSupportedError(f"{name} cannot be read: {why}")
        description = text(entry.get("description")) or found[0].about
        about = shapes.sentence(description, f"The resource {resource}")
        converted, needs = convert(found, self._rename, name, about)
        beyond = dict(needs)
        origin = next((one.server.origin for one in found if one.server is not None), None)
        for one in found:
            if one.server is not None and one.server.origin != origin:
                beyond.setdefault(one.name, "a server other than the other methods have")
        try:
            how = auth(settings.get("auth"), self.title, origin or "")
        except Unsupported as why_not:
            how = Anonymous()
            beyond = {one.name: str(why_not) for one in found}
        message = next((one.error_message for one in found if one.error_message), None)
        return ResolvedResource(converted, self._provider(origin, how, message), beyond)

    @property
    def version(self) -> str:
        """The version of the documents, like 1.2.3; 0.0.0 if they name none."""
        found = _VERSION.fullmatch(text(self._data.get("version")))
        return ".".join(str(int(part)) for part in found.groups()) if found else "0.0.0"

    @cached_property
    def title(self) -> str:
        """The provider's name in its documents."""
        return text(self._data.get("name")) or self._folder.name

    @cached_property
    def _rename(self) -> naming.Rename:
        in_snake_case = mapping(self._data.get("config")).get("snake_case_aliases") is True
        return naming.snake_case if in_snake_case else naming.as_written

    def _provider(self, origin: str | None, how: Auth, message: str | None) -> Provider:
        usual = "message" if isinstance(how, SigV4) else "error.message"
        return Provider(
            billql=1,
            title=self.title,
            description=shapes.sentence(
                self._data.get("description"),
                f"The provider {self.title}, as StackQL describes it",
            ),
            version=self.version,
            documentation=DOCUMENTATION,
            url=origin or f"https://{self._folder.name}.invalid",
            auth=how,
            errors=ErrorBody(message=message or usual, later=_LATER),
        )

    def _document(self, service: str) -> Document:
        if service not in self._documents:
            self._documents[service] = load(self._files[service][0], self._cache)
        return self._documents[service]

    def _resources(self, service: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a service by their names in small letters."""
        components = mapping(self._document(service).data.get("components"))
        found: dict[str, dict[str, Any]] = {}
        for name, one in mapping(components.get("x-stackQL-resources")).items():
            found.setdefault(name.lower(), mapping(one))
        return found

    def _service_settings(self, service: str) -> Settings:
        data = self._document(service).data
        entry = data.get(CONFIG_KEY) or mapping(data.get("components")).get(CONFIG_KEY)
        provider = Settings(self._data.get("config"))
        return provider.within(self._files[service][1].get("config")).within(entry)
