"""Billing APIs on loopback: HTTP servers that respond as the providers' own do.

With a sandbox, demonstrations, documentation and tests run without an account and without the
internet. Its data depend on seed, size and last day alone:

    with Sandbox(seed=1, until=date(2026, 3, 15)) as sandbox:
        httpx.get(sandbox.urls["digitalocean"] + "/v2/customers/my/balance", headers=…)

This package needs the standard library and orjson, and nothing else of billql.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from billql.sandbox.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from billql.sandbox.api import Api
    from billql.sandbox.server import Intercept, RequestLog

__all__ = ["Limits", "Sandbox", "Size"]

Size = Literal["small", "normal", "large"]
"""How much there is: 'small' has 5 Droplets and 8 customers, 'normal' 40, 'large' 300 of each."""

SCALES: Final[Mapping[str, int]] = {"small": 1, "normal": 8, "large": 60}
"""The scale of each size; an integer from 1 to `MOST` may be used instead."""

MOST: Final = 400
"""The largest scale; beyond it the numbers of Droplets would no longer be unique."""


class Sandbox:
    """The sandboxes of all providers, each with a port of its own.

    The servers run in daemon threads from construction until `close()`.

    seed       of the data: another seed, other amounts
    size       'small', 'normal', 'large', or a scale as a number
    latency    added to each response, in seconds
    port       of the first provider, the others follow; 0 for free ones
    until      the last day of the data, by default today (UTC). The invoices of months that have
               ended do not depend on it
    limits     rate limits to enforce; by default none
    intercept  called with each request before the API; may respond instead, to simulate faults
    untidy     whether a share of the responses has undocumented forms that real APIs send
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
    ) -> None:
        # Imported here because `import billql.sandbox` is on the command line's way.
        from datetime import UTC, datetime

        from billql.sandbox.digitalocean import DigitalOcean
        from billql.sandbox.metronome import Metronome
        from billql.sandbox.server import RequestLog, Server
        from billql.sandbox.story import Story
        from billql.sandbox.stripe import Stripe
        from billql.sandbox.untidy import Untidy

        scale = size if isinstance(size, int) else SCALES[size]
        if not 1 <= scale <= MOST:
            raise ValueError(f"size must be between 1 and {MOST}, not {scale}")
        last_day = until or datetime.now(UTC).date()

        self.requests: RequestLog = RequestLog()
        """The requests so far, of all providers."""
        self._servers: list[Server] = []
        digitalocean = DigitalOcean(seed, scale, last_day)
        story = Story(seed, scale, last_day)
        apis: list[Api] = [digitalocean, Stripe(story), Metronome(story)]
        try:
            for place, api in enumerate(apis):
                self._servers.append(
                    Server(
                        api,
                        port=port + place if port else 0,
                        log=self.requests,
                        latency=latency,
                        limits=limits,
                        intercept=intercept,
                        untidy=Untidy(seed, api.name) if untidy else None,
                    )
                )
        except OSError:
            self.close()
            raise

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each provider, without a slash at its end."""
        return {server.api.name: server.url for server in self._servers}

    @property
    def tokens(self) -> dict[str, str]:
        """The token of each provider, with all permissions."""
        return {server.api.name: server.api.token for server in self._servers}

    def restricted(self, provider: str, *permissions: str) -> str:
        """Return a token of a provider with these permissions only.

        Permissions have the names that the error responses of the API use. Sandboxes of one seed
        return the same token.
        """
        from billql.sandbox.api import Restrictable

        (api,) = (server.api for server in self._servers if server.api.name == provider)
        if not isinstance(api, Restrictable):
            raise TypeError(f"the tokens of {provider} cannot be restricted")
        return api.restrict(permissions)

    def serve_forever(self) -> None:
        """Stay in the foreground until `close()` is called or Ctrl-C is pressed."""
        for server in self._servers:
            server.wait()

    def close(self) -> None:
        """Stop all servers, and end the connections that clients still hold."""
        for server in self._servers:
            server.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
