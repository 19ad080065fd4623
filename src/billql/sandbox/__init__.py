"""Billing APIs on loopback: HTTP servers that respond as the providers' own do.

With a sandbox, demonstrations, documentation and tests run without an account and without the
internet. Its data depend on seed, size and last day alone:

    with Sandbox(seed=1, until=date(2026, 3, 15)) as sandbox:
        httpx.get(sandbox.urls["digitalocean"] + "/v2/customers/my/balance", headers=…)

The stories need the standard library and orjson, and nothing else of billql. `mock` serves the
books of a story by the definition of its provider, and makes the rows of any other provider.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from billql.sandbox.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from billql.definitions.catalog import Catalog
    from billql.sandbox.api import Api, Routes
    from billql.sandbox.books import Books
    from billql.sandbox.server import Intercept, RequestLog, Server
    from billql.sandbox.untidy import Untidy

__all__ = ["Limits", "Sandbox", "Size"]

Size = Literal["small", "normal", "large"]
"""How much there is: 'small' has 5 Droplets and 8 customers, 'normal' 40, 'large' 300 of each."""

SCALES: Final[Mapping[str, int]] = {"small": 1, "normal": 8, "large": 60}
"""The scale of each size; an integer from 1 to `MOST` may be used instead."""

MOST: Final = 400
"""The largest scale; beyond it the numbers of Droplets would no longer be unique."""


class _Lookup(Mapping[str, str]):
    """Texts by provider, each of which is found when it is looked up."""

    def __init__(self, names: tuple[str, ...], find: Callable[[str], str]) -> None:
        self._names = names
        self._find = find

    def __getitem__(self, name: str) -> str:
        if name not in self._names:
            raise KeyError(name)
        return self._find(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _endpoints(catalog: Catalog | None, seed: int, scale: int, until: date, books: Books) -> Routes:
    """Return the endpoints of a provider that has books, by its definition."""
    # Imported here because a sandbox is mostly made for one of its providers.
    from billql.sandbox.mock.booked import serve

    return serve(catalog, seed, scale, until, books)


class Sandbox:
    """The sandboxes of all providers, each with a port of its own.

    The servers run in daemon threads from construction until `close()`.

    seed       of the data: another seed, other amounts
    size       'small', 'normal', 'large', or a scale as a number
    latency    added to each response, in seconds
    port       of the first provider, the others follow; 0 for free ones
    until      the last day of the data, by default today (UTC). The invoices of months that have
               ended do not depend on it, unless they are restated
    limits     rate limits to enforce; by default none
    intercept  called with each request before the API; may respond instead, to simulate faults
    untidy     whether a share of the responses has undocumented forms that real APIs send
    restate    whether DigitalOcean corrects an invoice on the 6th and the 14th after its month
    catalog    where the definitions of other providers are; each has a mock made from its own
    providers  the providers to serve; by default those with a story of their own in Python, and
               those of the catalog
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        size: Size | int = "normal",
        latency: float = 0.0,
        port: int = 0,
        until: date | None = None,
        limits: Limits | None = None,
        intercept: Intercept | None = None,
        untidy: bool = False,
        restate: bool = False,
        catalog: Catalog | None = None,
        providers: Iterable[str] | None = None,
    ) -> None:
        # Imported here because `import billql.sandbox` is on the command line's way.
        from datetime import UTC, datetime
        from functools import partial

        from billql.sandbox.digitalocean import DigitalOcean
        from billql.sandbox.metronome import Metronome
        from billql.sandbox.server import RequestLog
        from billql.sandbox.story import Story
        from billql.sandbox.stripe import Stripe
        from billql.sandbox.untidy import Untidy

        scale = size if isinstance(size, int) else SCALES[size]
        if not 1 <= scale <= MOST:
            raise ValueError(f"size must be between 1 and {MOST}, not {scale}")
        last_day = until or datetime.now(UTC).date()

        self.requests: RequestLog = RequestLog()
        """The requests so far, of all providers."""
        self._catalog = catalog
        self._seed, self._scale, self._until, self._is_untidy = seed, scale, last_day, untidy
        self._port = port
        self._latency, self._limits, self._intercept = latency, limits, intercept
        self._servers: dict[str, Server] = {}
        self._lock = threading.Lock()
        serve = partial(_endpoints, catalog, seed, scale, last_day)
        digitalocean = DigitalOcean(serve, seed, scale, last_day, restate=restate)
        story = Story(seed, scale, last_day)
        stories: dict[str, Api] = {
            api.name: api for api in (digitalocean, Stripe(serve, story), Metronome(serve, story))
        }
        defined = () if catalog is None else catalog.providers()
        self._names = tuple(dict.fromkeys((*stories, *defined)))
        if providers is not None:
            self._names = tuple(dict.fromkeys(providers))
        try:
            for name, api in stories.items():
                if name in self._names:
                    self._serve(api, Untidy(seed, name) if untidy else None)
        except OSError:
            self.close()
            raise

    def _serve(self, api: Api, untidy: Untidy | None) -> Server:
        from billql.sandbox.server import Server

        place = self._names.index(api.name)
        served = self._servers[api.name] = Server(
            api,
            port=self._port + place if self._port else 0,
            log=self.requests,
            latency=self._latency,
            limits=self._limits,
            intercept=self._intercept,
            untidy=untidy,
        )
        return served

    def _server(self, name: str) -> Server:
        """Return the server of a provider, which is started if it does not run yet."""
        with self._lock:
            if name in self._servers:
                return self._servers[name]
            assert self._catalog is not None, "every other provider is one of the catalog"
            from billql.sandbox.mock.api import MockApi

            mock = MockApi(
                self._catalog,
                name,
                seed=self._seed,
                scale=self._scale,
                until=self._until,
                untidy=self._is_untidy,
            )
            return self._serve(mock, None)

    @property
    def urls(self) -> Mapping[str, str]:
        """The base URL of each provider, without a slash at its end.

        The mock of a provider is made when its URL or its token is looked up; that raises what
        `MockApi` raises, and OSError for a port that is taken.
        """
        return _Lookup(self._names, lambda name: self._server(name).url)

    @property
    def tokens(self) -> Mapping[str, str]:
        """The token of each provider, with all permissions."""
        return _Lookup(self._names, lambda name: self._server(name).api.token)

    def restricted(self, provider: str, *permissions: str) -> str:
        """Return a token of a provider with these permissions only.

        Permissions have the names that the error responses of the API use. Sandboxes of one seed
        return the same token.
        """
        from billql.sandbox.api import Restrictable

        api = self._server(provider).api
        if not isinstance(api, Restrictable):
            raise TypeError(f"the tokens of {provider} cannot be restricted")
        return api.restrict(permissions)

    def serve_forever(self) -> None:
        """Stay in the foreground until `close()` is called or Ctrl-C is pressed."""
        for server in list(self._servers.values()):
            server.wait()

    def close(self) -> None:
        """Stop all servers, and end the connections that clients still hold."""
        for server in list(self._servers.values()):
            server.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
