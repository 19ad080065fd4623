"""The measures: each gives a line of the report.

Those that are compared run in turns, a few times over, and the medians count: whatever else the
machine does meanwhile, it does to all of them. Each time begins with a fresh session, or a fresh
client, so that opening connections is part of it. Whoever is compared must have found the same
number of rows.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Sized
from statistics import median
from typing import NamedTuple

import billql
from bench import by_billql, by_hand, child, queries
from bench.api import CHARGES, CHARGES_SINCE, CUSTOMERS, Api

ROUNDS = 3


class Line(NamedTuple):
    """What one measure came to."""

    measure: str
    result: str
    target: str
    reached: bool


class Times(NamedTuple):
    """How long one side took, in seconds, and how many requests it sent."""

    seconds: float
    requests: int


def _alternate(api: Api, rows: int, **sides: Callable[[], Sized]) -> dict[str, Times]:
    """Run the sides alternately; return the median of each."""
    taken: dict[str, list[Times]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            api.asked()
            start = time.perf_counter()
            found = len(side())
            seconds = time.perf_counter() - start
            assert found == rows, f"{name} found {found} rows instead of {rows}"
            taken[name].append(Times(seconds, api.asked()))
    return {
        name: Times(median(one.seconds for one in times), max(one.requests for one in times))
        for name, times in taken.items()
    }


def requests(api: Api) -> Iterator[Line]:
    """Measure how many requests queries need."""
    least = [sent == query.least for query, sent in queries.counts()]
    yield Line(
        f"requests of {len(least)} queries",
        f"the least number for {sum(least)}",
        "the least number for all",
        all(least),
    )


def pages(api: Api) -> Iterator[Line]:
    """Measure a list whose first page has the number of all pages."""
    api.set_up(records=20_000, latency=0.1)
    took = _alternate(
        api,
        20_000,
        billql=lambda: by_billql.ask(api.url, by_billql.RECORDS),
        loop=lambda: by_hand.records(api.url),
        serial=lambda: by_hand.records(api.url, 1),
    )
    seconds = took["billql"].seconds
    ratio, faster = seconds / took["loop"].seconds, took["serial"].seconds / seconds
    yield Line(
        "100 pages at 100 ms, numbered",
        f"{ratio:.2f} × the loop's time ({_seconds(took, 'billql', 'loop')}); {faster:.1f} × "
        f"faster than the serial loop ({took['serial'].seconds:.2f} s)",
        "≤ 1.25 × the loop of the same concurrency; ≥ 6 × faster than serial",
        ratio <= 1.25 and faster >= 6 and took["billql"].requests == 100,
    )


def joins(api: Api) -> Iterator[Line]:
    """Measure a resource that needs a key, as the inner side of a join."""
    api.set_up(latency=0.05)
    keys = by_hand.customers(api.url)
    assert len(keys) == CUSTOMERS
    inner = "JOIN bench.lists.invoices i ON i.customer = "
    yield _join(
        api,
        "a resource",
        1,
        lambda: by_billql.ask(
            api.url,
            f"SELECT c.id, i.number, i.amount FROM bench.lists.customers c {inner} c.id",
        ),
        lambda: by_hand.invoices(api.url, by_hand.customers(api.url)),
    )
    yield _join(
        api,
        "a local table",
        0,
        lambda: by_billql.ask_with_table(
            api.url,
            "wanted",
            keys,
            f"SELECT w.key, i.number, i.amount FROM wanted w {inner} w.key",
        ),
        lambda: by_hand.invoices(api.url, keys),
    )


def _join(
    api: Api,
    outer: str,
    outer_requests: int,
    ours: Callable[[], Sized],
    serial: Callable[[], Sized],
) -> Line:
    took = _alternate(api, 3 * CUSTOMERS, billql=ours, serial=serial)
    faster = took["serial"].seconds / took["billql"].seconds
    inner = took["billql"].requests - outer_requests
    return Line(
        f"{CUSTOMERS}-key join at 50 ms, the outer side {outer}",
        f"{faster:.1f} × faster than the serial loop ({_seconds(took, 'billql', 'serial')}); "
        f"{inner} inner requests",
        f"≥ 8 × faster than serial; {CUSTOMERS} inner requests",
        faster >= 8 and inner == CUSTOMERS,
    )


def windows(api: Api) -> Iterator[Line]:
    """Measure a year of an API that returns 31 days at once."""
    api.set_up(latency=0.1)
    first, last = datetime.date(2025, 1, 1), datetime.date(2025, 12, 31)
    took = _alternate(
        api,
        365 * 10,
        billql=lambda: by_billql.ask(
            api.url,
            "SELECT day, sku, amount FROM bench.lists.usage "
            f"WHERE day BETWEEN '{first}' AND '{last}'",
        ),
        serial=lambda: by_hand.usage(api.url, first, last),
    )
    faster = took["serial"].seconds / took["billql"].seconds
    yield Line(
        "a year of insights at 100 ms: 12 windows of two pages",
        f"{faster:.1f} × faster than the serial loop ({_seconds(took, 'billql', 'serial')}); "
        f"{took['billql'].requests} requests",
        "all windows; ≥ 5 × faster than serial",
        faster >= 5 and took["billql"].requests == took["serial"].requests,
    )


def split(api: Api) -> Iterator[Line]:
    """Measure a list whose pages each lead to the next, split by time."""
    api.set_up(latency=0.1)
    took = _alternate(
        api,
        CHARGES,
        billql=lambda: by_billql.ask(
            api.url, f"SELECT * FROM bench.lists.charges WHERE created >= '{CHARGES_SINCE}'"
        ),
        serial=lambda: by_hand.charges(api.url),
    )
    faster = took["serial"].seconds / took["billql"].seconds
    yield Line(
        "2,000 rows of a cursor list split by `created`, 100 ms a page",
        f"{faster:.1f} × faster than the serial loop ({_seconds(took, 'billql', 'serial')}); "
        f"{took['billql'].requests} requests instead of {took['serial'].requests}",
        "≥ 4 × faster than serial",
        faster >= 4,
    )


def rows(api: Api) -> Iterator[Line]:
    """Measure many rows at no latency: what the client itself costs."""
    api.set_up(latency=0)
    instants = ("StringDateTime", "ISODateTime", "String")
    taken: dict[str, list[child.Taken]] = {}
    for _ in range(ROUNDS):
        for name in ("billql", "hand", *(f"shillelagh {instant}" for instant in instants)):
            # Those that are quick are measured twice.
            times = 2 if name in ("billql", "hand") else 1
            taken.setdefault(name, []).extend(child.run(api.url, name, *(100_000,) * times))
    cpu = {name: median(one.cpu for one in times) for name, times in taken.items()}
    seconds = {name: median(one.seconds for one in times) for name, times in taken.items()}
    ratio = cpu["billql"] / cpu["hand"]
    yield Line(
        "100,000 rows × 11 columns at no latency, beside the loop",
        f"{ratio:.2f} × the loop's processor time ({cpu['billql']:.2f} s to {cpu['hand']:.2f} s)",
        "≤ 2 × the loop that builds tuples",
        ratio <= 2,
    )
    for instant in instants:
        faster = seconds[f"shillelagh {instant}"] / seconds["billql"]
        yield Line(
            f"the same, beside Shillelagh with instants as `{instant}`",
            f"{faster:.1f} × its rows a second ({100_000 / seconds['billql']:,.0f} to "
            f"{100_000 / seconds[f'shillelagh {instant}']:,.0f})",
            "≥ 5 × Shillelagh's rows a second",
            faster >= 5,
        )


def stream(api: Api) -> Iterator[Line]:
    """Measure a million rows, of which few are ever held at once."""
    api.set_up(latency=0)
    few, many = 10_000, 1_000_000
    idle = child.run(api.url, "csv", 1)[-1].peak
    times = child.run(api.url, "csv", *(1, few) * 5, many, *(1, few) * 5)
    long = times.pop(10)
    start_up = median(one.seconds for one in times[::2])
    short = median(one.seconds for one in times[1::2])
    growth = (long.seconds - start_up) / many / ((short - start_up) / few)
    grown = (long.peak - idle) / child.MIB
    yield Line(
        "1,000,000 rows streamed to CSV",
        f"{grown:.0f} MiB over the idle process; {growth:.2f} × the time of 10,000 rows, for each "
        f"row ({long.seconds:.1f} s in all)",
        "≤ 60 MiB over the idle process; linear from 10,000 rows",
        grown <= 60 and growth <= 1.2,
    )


def limit(api: Api) -> Iterator[Line]:
    """Measure a query that five rows satisfy."""
    api.set_up(records=200_000, latency=0.05)
    found = by_billql.ask(api.url, "SELECT id, amount FROM bench.lists.records LIMIT 5")
    sent = api.asked()
    yield Line(
        "`SELECT … LIMIT 5` over 1,000 pages",
        f"{sent} request{'' if sent == 1 else 's'}",
        "one request",
        sent == 1 and len(found) == 5,
    )


def instants(api: Api) -> Iterator[Line]:
    """Measure what it costs to sort and to compare times as times, and not as texts."""
    count = 200_000
    with billql.connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE moments (at TEXT COLLATE time)")
        # A step without a common divisor gives different seconds in no order.
        second = "1704067200 + value * 12347 % 5000011"
        connection.execute(
            "WITH RECURSIVE n(value) AS "
            f"(SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT {count}) "
            f"INSERT INTO moments SELECT strftime('%FT%TZ', {second}, 'unixepoch') FROM n"
        )

        def took(sql: str) -> float:
            begun = time.process_time()
            found = connection.execute(sql).fetchall()
            assert len(found) in (1, count)
            return time.process_time() - begun

        def both(sql: str) -> tuple[float, float]:
            pairs = [(took(sql.format("")), took(sql.format("COLLATE BINARY"))) for _ in range(5)]
            return min(one for one, _ in pairs), min(other for _, other in pairs)

        sort, sort_text = both("SELECT at FROM moments ORDER BY at {}")
        scan, scan_text = both("SELECT sum(at >= '2024-02-01T00:00:00Z' {}) FROM moments")
        respelled, _ = both("SELECT sum(at >= '2024-02-01 00:00' {}) FROM moments")
    usual, otherwise = ((each - scan_text) / count * 1e6 for each in (scan, respelled))
    yield Line(
        f"{count:,} instants sorted as times",
        f"{sort:.2f} s, {sort / sort_text:.1f} × sorting texts; a comparison in a scan takes "
        f"{usual:.2f} µs more, with a constant in another spelling {otherwise:.2f} µs",
        "≤ 1.2 s; ≤ 0.25 µs more for a comparison in the usual spelling",
        sort <= 1.2 and usual <= 0.25,
    )


def _seconds(took: dict[str, Times], *names: str) -> str:
    return " to ".join(f"{took[name].seconds:.2f} s" for name in names)


MEASURES: dict[str, Callable[[Api], Iterator[Line]]] = {
    measure.__name__: measure
    for measure in (requests, pages, joins, windows, split, rows, stream, limit, instants)
}
