"""Opening a session: what a caller asks for, and what the config file says, become its options."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from billql.config import file as config_file
from billql.config import paths
from billql.config.file import ResolvedConfig
from billql.definitions.catalog import Catalog, SearchLocation, built_in_root
from billql.definitions.stackql import ADDED
from billql.errors import InterfaceError
from billql.registry.shipped import Shipped
from billql.registry.store import Store
from billql.sqlite.engine import Options, now

if TYPE_CHECKING:
    import datetime
    from contextlib import AbstractContextManager

    import httpx

    from billql.config.settings import Settings
    from billql.registry.client import Registry


@dataclass(frozen=True)
class ConnectOptions:
    """What a caller asks for; `billql.connect` tells what each of these is."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    profile: str | None = None
    config: str | os.PathLike[str] | None = None
    tokens: Mapping[str, str] | None = field(default=None, repr=False)
    urls: Mapping[str, str] | None = field(default=None, repr=False)
    definitions: Sequence[str | os.PathLike[str]] = ()
    max_requests: int | None = None
    cache_ttl: float | None = None
    cache: str | os.PathLike[str] | None = None
    http_transport: httpx.BaseTransport | None = None
    clock: Callable[[], datetime.datetime] | None = None
    settings: Settings | None = None
    log: Callable[[str], object] | None = None

    @property
    def config_path(self) -> Path | None:
        """The config file that counts, whether or not there is one."""
        return (
            paths.config_file(self.environ) if self.config is None else paths.expanded(self.config)
        )

    def configured(self) -> ResolvedConfig:
        """Read the config file; raises InterfaceError for a mistake in it, or in its place."""
        by_variable = self.config is None and bool(self.environ.get("BILLQL_CONFIG"))
        named = self.config is not None or by_variable
        try:
            return config_file.resolve_profile(self.config_path, self.profile, required=named)
        except InterfaceError as error:
            if by_variable and error.hint is None:
                error.hint = "BILLQL_CONFIG names this file; unset it for the usual one."
            raise

    def catalog(self, found: ResolvedConfig) -> Catalog:
        """Find the definitions: what was asked for goes first, then what is configured, installed
        from a registry, added from StackQL's, and built in. Raises InterfaceError for a pin on a
        version that is not installed."""
        asked = (*self.definitions, *found.profile.definitions)
        where: list[SearchLocation] = [paths.expanded(folder) for folder in asked]
        data = paths.data_folder(self.environ)
        if data is not None:
            where += [Store(data).chosen(found.providers, Shipped().version), data / ADDED]
        cache = paths.cache_folder(self.environ)
        return Catalog([*where, built_in_root()], None if cache is None else cache / "definitions")

    def registry(self, found: ResolvedConfig) -> AbstractContextManager[Registry]:
        """Open the registry of definitions; raises InterfaceError if nothing can be installed."""
        from billql.registry.client import connect

        data = paths.data_folder(self.environ)
        if data is None:
            raise InterfaceError(
                "There is no folder to install definitions in",
                hint="Name one in the environment: BILLQL_DATA.",
            )
        return connect(data, url=found.registry.url, pins=found.providers)

    def options(self, found: ResolvedConfig) -> Options:
        """Put together what was asked for and what the config file says."""
        profile = found.profile
        cache_ttl = profile.cache_ttl if self.cache_ttl is None else self.cache_ttl
        cache = self.cache or profile.cache
        return Options(
            environ=self.environ,
            catalog=self.catalog(found),
            tokens=self.tokens,
            urls=self.urls,
            connections=found.connections,
            cache_ttl=DEFAULT_CACHE_TTL if cache_ttl is None else cache_ttl,
            cache=None if cache is None else paths.expanded(cache),
            settings=self._settings(found),
            http_transport=self.http_transport,
            clock=self.clock or now,
            log=self.log,
            registry=lambda: self.registry(found),
            reload=lambda: self.catalog(found),
        )

    def _settings(self, found: ResolvedConfig) -> Settings:
        settings = self.settings or found.settings
        most = found.profile.max_requests if self.max_requests is None else self.max_requests
        if most is None:
            return settings
        return msgspec.structs.replace(settings, max_requests=most)


DEFAULT_CACHE_TTL = 300.0
"""How many seconds responses are cached for later statements, if no option says otherwise."""
