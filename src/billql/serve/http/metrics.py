"""What Prometheus reads: how much is asked, and what it costs at the APIs.

No label has a value of a row, a statement or a secret: they are names of providers and connections,
and codes of errors.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from billql.fetching.scan_stats import ScanStats
from billql.serve.http.gate import Gate

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""The media type of `Metrics.exposed`."""

_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)
_OF_CONNECTION = ("provider", "connection")


class Metrics:
    """The counts of one server; thread-safe. `report` is called with a fault of billql's own."""

    def __init__(self, gate: Gate, report: Callable[[str], object]) -> None:
        self._report = report
        self._registry = registry = CollectorRegistry()
        self._statements = Counter(
            "billql_statements",
            "Statements that have ended, by ok or the code of their error.",
            ["outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "billql_statement_seconds",
            "How long statements have run.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._rows = Counter("billql_rows", "Rows that were sent to clients.", registry=registry)
        for name, text, number in (
            ("billql_statements_running", "Statements that run.", lambda: gate.running),
            ("billql_statements_waiting", "Statements that wait.", lambda: gate.waiting),
        ):
            Gauge(name, text, registry=registry).set_function(number)
        self._requests = self._of_connection("requests", "Requests that were sent to an API.")
        self._pages = self._of_connection("pages", "Pages that were read.")
        self._failures = self._of_connection("request_errors", "Requests without a response.")
        self._waits = self._of_connection(
            "wait_seconds", "Seconds that requests have waited for rate limits and retries."
        )

    def count(self, outcome: str, rows: int, seconds: float, scans: Iterable[ScanStats]) -> None:
        """Count a statement that has ended; `outcome` is ok, or the code of its error."""
        self._statements.labels(outcome).inc()
        self._seconds.observe(seconds)
        self._rows.inc(rows)
        for scan in scans:
            for place, counts in tuple(scan.by_connection.items()):
                self._requests.labels(*place).inc(counts.requests)
                self._pages.labels(*place).inc(counts.pages)
                self._failures.labels(*place).inc(counts.failures)
                self._waits.labels(*place).inc(counts.waited)

    def report_fault(self, error: Exception) -> None:
        """Report a fault of billql's own, with its traceback, to whoever runs the server."""
        self._report("".join(traceback.format_exception(error)))

    def exposed(self) -> bytes:
        """Return them in Prometheus's form."""
        return generate_latest(self._registry)

    def _of_connection(self, name: str, text: str) -> Counter:
        return Counter(f"billql_{name}", text, _OF_CONNECTION, registry=self._registry)
