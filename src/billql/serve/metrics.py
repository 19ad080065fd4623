"""What Prometheus reads: how much is asked, and what it costs at the APIs.

No label has a value of a row, a statement or a secret: they are names of providers and connections,
and codes of errors.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from billql.serve.context import Ended

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""The media type of `Metrics.exposed`."""

_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)
_OF_CONNECTION = ("provider", "connection")


class Metrics:
    """The counts of one process; thread-safe. It is an observer of statements."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._statements = Counter(
            "billql_statements",
            "Statements that have ended, by ok or the code of their error.",
            ["server", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "billql_statement_seconds",
            "How long statements have run.",
            ["server"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._rows = Counter(
            "billql_rows", "Rows that were sent to clients.", ["server"], registry=registry
        )
        self._requests = self._of_connection("requests", "Requests that were sent to an API.")
        self._pages = self._of_connection("pages", "Pages that were read.")
        self._failures = self._of_connection("request_errors", "Requests without a response.")
        self._waits = self._of_connection(
            "wait_seconds", "Seconds that requests have waited for rate limits and retries."
        )

    def __call__(self, ended: Ended) -> None:
        """Count a statement."""
        self._statements.labels(ended.server, ended.outcome).inc()
        self._seconds.labels(ended.server).observe(ended.seconds)
        self._rows.labels(ended.server).inc(ended.rows)
        for scan in ended.scans:
            for place, counts in tuple(scan.by_connection.items()):
                self._requests.labels(*place).inc(counts.requests)
                self._pages.labels(*place).inc(counts.pages)
                self._failures.labels(*place).inc(counts.failures)
                self._waits.labels(*place).inc(counts.waited)

    def add_gauge(self, name: str, text: str, number: Callable[[], float]) -> None:
        """Add a number that is read whenever the counts are."""
        Gauge(f"billql_{name}", text, registry=self._registry).set_function(number)

    def exposed(self) -> bytes:
        """Return them in Prometheus's form."""
        return generate_latest(self._registry)

    def _of_connection(self, name: str, text: str) -> Counter:
        return Counter(f"billql_{name}", text, _OF_CONNECTION, registry=self._registry)
