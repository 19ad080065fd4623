"""What the engines of several sessions share, and the options that it is made of."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

import msgspec

from billql.config.file import ConnectionConfig
from billql.config.settings import Settings
from billql.definitions.catalog import Catalog
from billql.fetching.disk_cache import DiskCache
from billql.fetching.response_cache import ResponseCache
from billql.fetching.statement import MEMO_CELLS, SharedServices
from billql.http.client import ApiClient
from billql.http.credentials import ApiConnection, ConnectionResolver
from billql.http.exchange import NetworkBackend
from billql.http.reply import HttpBackend
from billql.util.clock import REAL_TIME, Clock

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import httpx

    from billql.registry.client import Registry


DEFAULT_CACHE_TTL = 300.0
"""How many seconds responses are cached for later statements, by default."""


def now() -> datetime.datetime:
    """Return the time of the machine's clock, in UTC."""
    return datetime.datetime.now(datetime.UTC)


class Options(msgspec.Struct, frozen=True):
    """The options of an engine.

    `tokens` and `urls` are by provider; they override the `connections` of the config file, and
    these the environment. Responses are cached for `cache_ttl` seconds for other statements of the
    session and, if `cache` is a folder, of other processes: at most `cache_bytes`. `memo_cells`
    limits the row memo of a statement. `backend` replaces the network.
    """

    environ: Mapping[str, str]
    tokens: Mapping[str, str] | None = None
    urls: Mapping[str, str] | None = None
    catalog: Catalog = msgspec.field(default_factory=Catalog)
    cache_ttl: float = DEFAULT_CACHE_TTL
    cache: Path | None = None
    cache_bytes: int = 256 * 1024 * 1024
    settings: Settings = msgspec.field(default_factory=Settings)
    limits: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The rates by provider, in the place of the limits of definitions."""
    memo_cells: int = MEMO_CELLS
    http_transport: httpx.BaseTransport | None = None
    backend: HttpBackend | None = None
    clock: Callable[[], datetime.datetime] = now
    request_clock: Clock = REAL_TIME
    """The clock by which requests wait."""
    connections: Mapping[str, ConnectionConfig] = msgspec.field(default_factory=dict)
    log: Callable[[str], object] | None = None
    skip_failing_connections: bool = False
    """Whether a statement goes on without a connection that fails as a whole."""
    registry: Callable[[], AbstractContextManager[Registry]] | None = None
    """Opens the registry of definitions, if there is one."""
    reload: Callable[[], Catalog] = Catalog
    """Searches the definitions again."""
    rates: Path | None = None
    """The user's file of exchange rates, which need not exist."""

    __repr__ = object.__repr__  # no field: some hold secrets


class Shared:
    """What the engines of several sessions share: definitions, credentials, limits, caches.

    Thread-safe, as each session may run in a thread of its own. It ends with the last of its users,
    and `on_close` is called then.
    """

    def __init__(self, options: Options, on_close: Callable[[], object] = lambda: None) -> None:
        self.options = options
        self._on_close = on_close
        self.is_closed = False
        self.users: WeakSet[object] = WeakSet()
        """The engines and the connections that use it."""
        self.catalog = options.catalog
        self.resolver = ConnectionResolver(
            options.environ, options.tokens, options.urls, options.connections
        )
        self.connections: dict[tuple[str, str, str], ApiConnection] = {}
        disk = None if options.cache is None else DiskCache(options.cache, options.cache_bytes)
        cache = ResponseCache(options.cache_bytes, self.time, disk)
        network = options.backend or NetworkBackend(options.settings, options.http_transport)
        self.services = SharedServices(
            ApiClient(
                options.settings, network, options.request_clock, options.log, options.limits
            ),
            cache,
            options.clock,
            options.cache_ttl,
            options.settings,
            options.memo_cells,
        )

    def time(self) -> float:
        """Return the seconds since 1970 by the clock of the sessions."""
        return self.options.clock().timestamp()

    def leave(self, user: object) -> None:
        """Close the sockets, the threads and the caches if nobody else uses them."""
        self.users.discard(user)
        if not (self.users or self.is_closed):
            self.is_closed = True
            self.services.client.close()
            self.services.cache.close()
            self._on_close()

    def leave_nowait(self, user: object) -> None:
        """Ask the threads to end if nobody else uses them; take no lock."""
        self.users.discard(user)
        if not (self.users or self.is_closed):
            self.is_closed = True
            self.services.client.shutdown_nowait()
