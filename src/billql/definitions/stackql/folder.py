"""One provider's documents as a source of the catalog, read when they are needed."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import re
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from billql._version import __version__
from billql.definitions import cache as files
from billql.definitions.model import Provider, Service
from billql.definitions.sources import PROVIDER_FILE, ResolvedResource, ResourceSummary
from billql.definitions.stackql import SERVICES, compiled, shapes
from billql.definitions.stackql.compiled import CompiledService, Compiler
from billql.definitions.stackql.document import Document, load, made_of, mapping, read, text
from billql.definitions.stackql.methods import selects
from billql.definitions.stackql.resources import ProviderFacts, resource
from billql.definitions.stackql.settings import CONFIG_KEY, Settings
from billql.definitions.yaml_file import rules_state
from billql.errors import DefinitionError, NotSupportedError

_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)", re.ASCII)


class StackqlFolder:
    """The documents of one provider."""

    is_light: ClassVar[bool] = False

    def __init__(self, folder: Path, cache: Path | None) -> None:
        self.path = folder
        self._cache = cache
        self._services: dict[str, CompiledService] = {}

    @cached_property
    def _data(self) -> dict[str, Any]:
        return load(self.path / PROVIDER_FILE, self._cache).data

    @cached_property
    def _named(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        """The file of each service that the provider names, and its entry there."""
        found: dict[str, tuple[Path, dict[str, Any]]] = {}
        for name, entry in mapping(self._data.get("providerServices")).items():
            reference = text(mapping(mapping(entry).get("service")).get("$ref"))
            file = self.path / SERVICES / PurePosixPath(reference).name
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
                    with contextlib.suppress(NotSupportedError):
                        return self.find(service, name).provider
        return self._facts.provider()

    def services(self) -> list[str]:
        """Return the names of the services, without reading any."""
        return sorted(self._files)

    def lacks(self, service: str) -> str | None:
        """Return a message on a named service whose file is missing; None if it is there."""
        file = self.missing().get(service)
        return None if file is None else f"{file} is missing from {self.path}"

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
        return self._compiled(service).names()

    def summaries(self, service: str) -> list[ResourceSummary]:
        """Return what is known of a service's resources without reading each; raise
        DefinitionError.
        """
        return self._compiled(service).summaries()

    def find(self, service: str, resource: str) -> ResolvedResource:
        """Read a resource; raises DefinitionError, and NotSupportedError for what is no table."""
        return self._compiled(service).find(resource)

    @property
    def version(self) -> str:
        """The version of the documents, like 1.2.3; 0.0.0 if they name none."""
        found = _VERSION.fullmatch(text(self._data.get("version")))
        return ".".join(str(int(part)) for part in found.groups()) if found else "0.0.0"

    @property
    def title(self) -> str:
        """The provider's name in its documents."""
        return self._facts.title

    @cached_property
    def _facts(self) -> ProviderFacts:
        return ProviderFacts(self.path.name, self._data, self.version)

    @cached_property
    def _made_of(self) -> bytes:
        """What the resources of all services are made of, beside their documents."""
        content = read(self.path / PROVIDER_FILE)
        parts = ("stackql", __version__, rules_state(), self.path.name)
        return "\0".join(parts).encode() + hashlib.sha256(content).digest()

    def document(self, service: str) -> Path:
        """Return the file of a service."""
        return self._files[service][0]

    def is_compiled(self, service: str) -> bool:
        """Return whether the cache has a service; raises DefinitionError."""
        fingerprint = self._fingerprint(service, read(self.document(service)))
        cached = self._cached(service)
        return cached is not None and files.is_current(cached, fingerprint)

    def compile(self, service: str) -> None:
        """Compile a service into the cache, if that does not have it; raises DefinitionError."""
        content = read(self.document(service))
        fingerprint = self._fingerprint(service, content)
        cached = self._cached(service)
        if cached is not None and not files.is_current(cached, fingerprint):
            compiled.store(cached, fingerprint, self._compile(service, content))

    def _compiled(self, service: str) -> CompiledService:
        if service not in self._services:
            self._services[service] = self._recalled(service)
        return self._services[service]

    def _recalled(self, service: str) -> CompiledService:
        """Return a service as the cache has it; compile it if it has none."""
        content = read(self.document(service))
        cached = self._cached(service)
        if cached is None:
            return self._compile(service, content)
        fingerprint = self._fingerprint(service, content)
        found = compiled.load(cached, fingerprint)
        if found is None:
            found = self._compile(service, content)
            compiled.store(cached, fingerprint, found)
        return found

    def _cached(self, service: str) -> Path | None:
        """Return the file of a service in the cache, whatever that was made of."""
        folder = self._cache_folder
        return None if folder is None else folder / f"{files.digest(service)}.service"

    @cached_property
    def _cache_folder(self) -> Path | None:
        """One for each provider, because whoever writes a file looks through all that lie beside
        it.
        """
        if self._cache is None:
            return None
        return self._cache / files.digest("stackql", str(self.path.absolute()))

    def _fingerprint(self, service: str, content: bytes) -> bytes:
        """Return what nothing has that was made of another content or in another way."""
        return hashlib.sha256(self._made_of + service.encode() + b"\0" + content).digest()

    def _compile(self, service: str, content: bytes) -> CompiledService:
        with _no_collection():
            return made_of(self.document(service), content, partial(self._made, service))

    def _made(self, service: str, document: Document) -> CompiledService:
        components = mapping(document.data.get("components"))
        entries: dict[str, dict[str, Any]] = {}
        for name, one in mapping(components.get("x-stackQL-resources")).items():
            entries.setdefault(name.lower(), mapping(one))
        entry = document.data.get(CONFIG_KEY) or components.get(CONFIG_KEY)
        own = Settings(self._data.get("config")).within(self._files[service][1].get("config"))
        around = own.within(entry)

        compiler = Compiler()
        for name, one in entries.items():
            settings = around.within(one.get("config"))
            place = f"{service}.{name}"
            compiler.add(
                name,
                f"{self.path.name}.{place}",
                partial(resource, document, one, settings, self._facts, place),
                is_listed=bool(selects(one)),
            )
        return compiler.compiled()


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Look for no garbage meanwhile: documents have no cycles, and it takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
