"""The options of a session, from the arguments of `connect` and the config file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from billql.config import file as config_file
from billql.config import paths
from billql.config.file import ResolvedConfig
from billql.definitions.catalog import Catalog, SearchLocation
from billql.definitions.shared import built_in_root
from billql.definitions.stackql import ADDED
from billql.errors import InterfaceError
from billql.http.rates import limits_by
from billql.registry.shipped import Shipped
from billql.registry.store import Store
from billql.sqlite.shared import DEFAULT_CACHE_TTL, Options, now

if TYPE_CHECKING:
    import datetime
    from contextlib import AbstractContextManager

    import httpx

    from billql.config.settings import Settings
    from billql.registry.client import Registry


_INTERACTIVE_PATIENCE = 4.0
"""For how many seconds a failing request is retried while a person waits, if nothing is set."""


class ConnectOptions(msgspec.Struct, frozen=True):
    """The arguments of `billql.connect`, which documents them."""

    environ: Mapping[str, str] = msgspec.field(default_factory=lambda: os.environ)
    profile: str | None = None
    config: str | os.PathLike[str] | None = None
    tokens: Mapping[str, str] | None = None
    urls: Mapping[str, str] | None = None
    definitions: Sequence[str | os.PathLike[str]] = ()
    max_requests: int | None = None
    max_cost: float | None = None
    max_rows: int | None = None
    timeout: float | None = None
    limits: Mapping[str, str] | None = None
    cache_ttl: float | None = None
    cache: str | os.PathLike[str] | None = None
    http_transport: httpx.BaseTransport | None = None
    clock: Callable[[], datetime.datetime] | None = None
    settings: Settings | None = None
    log: Callable[[str], object] | None = None
    skip_failing_connections: bool = False
    interactive: bool = False

    __repr__ = object.__repr__  # no field: some hold secrets

    @property
    def config_path(self) -> Path | None:
        """Return the path of the config file, which need not exist; None without a home folder."""
        return (
            paths.config_file(self.environ) if self.config is None else paths.expanded(self.config)
        )

    def load_config(self) -> ResolvedConfig:
        """Read the config file; raise InterfaceError for a mistake in it, or in its path."""
        by_variable = self.config is None and bool(self.environ.get("BILLQL_CONFIG"))
        named = self.config is not None or by_variable
        try:
            return config_file.resolve_profile(self.config_path, self.profile, required=named)
        except InterfaceError as error:
            if by_variable and error.hint is None:
                error.hint = "BILLQL_CONFIG names this file; unset it for the usual one."
            raise

    def catalog(self, found: ResolvedConfig) -> Catalog:
        """Return the catalog: definitions of the arguments override those of the config file, then
        come those of a registry, of StackQL's registry, and the built-in ones. Raise InterfaceError
        for a pinned version that is not installed.
        """
        folders = (*self.definitions, *found.profile.definitions)
        where: list[SearchLocation] = [paths.expanded(folder) for folder in folders]
        data = paths.data_folder(self.environ)
        if data is not None:
            where += [Store(data).chosen(found.providers, Shipped().version), data / ADDED]
        cache = paths.cache_folder(self.environ)
        return Catalog([*where, built_in_root()], None if cache is None else cache / "definitions")

    def registry(self, found: ResolvedConfig) -> AbstractContextManager[Registry]:
        """Open the registry of definitions; raise InterfaceError if there is no data folder."""
        from datetime import UTC

        from billql.registry.client import connect

        data = paths.data_folder(self.environ)
        if data is None:
            raise InterfaceError(
                "There is no folder to install definitions in",
                hint="Name one in the environment variable BILLQL_DATA.",
            )
        clock = self.clock or now
        return connect(
            data,
            registries=found.registries,
            pins=found.providers,
            today=lambda: clock().astimezone(UTC).date(),
        )

    def engine_options(self, found: ResolvedConfig) -> Options:
        """Return the options of an engine; an argument overrides the config file."""
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
            limits=self._limits(found),
            http_transport=self.http_transport,
            clock=self.clock or now,
            log=self.log,
            skip_failing_connections=self.skip_failing_connections,
            registry=lambda: self.registry(found),
            reload=lambda: self.catalog(found),
            rates=paths.rates_file(self.environ),
        )

    def _limits(self, found: ResolvedConfig) -> dict[str, str]:
        """Return the rate of each provider that has one; raise InterfaceError for what is none."""
        limits = {**found.limits, **(self.limits or {})}
        for provider, rate in limits.items():
            try:
                limits_by(rate)
            except ValueError as error:
                raise InterfaceError(f"The limit of {provider}: {error}") from None
        return limits

    def _settings(self, found: ResolvedConfig) -> Settings:
        settings = self.settings or found.settings
        profile = found.profile
        stated = {
            "max_requests": profile.max_requests
            if self.max_requests is None
            else self.max_requests,
            "max_cost": profile.max_cost if self.max_cost is None else self.max_cost,
            "max_rows": self.max_rows,
            "statement_timeout": self.timeout,
        }
        if self.interactive and settings.failure_patience is None:
            stated["failure_patience"] = _INTERACTIVE_PATIENCE
        changed = {name: most for name, most in stated.items() if most is not None}
        return msgspec.structs.replace(settings, **changed) if changed else settings
