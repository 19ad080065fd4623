"""How time, requests and memory grow with rows, connections, keys and statements.

Each size is measured in a process of its own: `python -m bench.growth ADDRESS KIND SIZE` prints
what it took. Loading Python is not part of the time, and is part of the memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bench import by_billql, child
from bench.api import CUSTOMERS, SUBSCRIBERS_A_PAGE, TOKEN, Api

_LINEAR = 1.5
"""So many times the time for each unit may a size take that the one before takes, and is linear."""

_LEAST_SECONDS = 0.5
_LEAST_BYTES = 16 * child.MIB
"""Sizes that take less than these are of their fixed cost, and show no growth."""


class Series(NamedTuple):
    """What grows, in which sizes, how many requests of the API each needs at the least, and what
    reads one size.

    The API has as many `customers` as the size is, unless it is stated.
    """

    kind: str
    what: str
    sizes: tuple[int, ...]
    least: Callable[[int], int]
    read: Callable[[str, int], None]
    customers: Callable[[int], int] = int


class Point(NamedTuple):
    """What one size took: seconds, requests, and the most bytes of memory."""

    size: int
    seconds: float
    requests: int
    peak: int


class Growth(NamedTuple):
    """A series as it was measured."""

    series: Series
    points: list[Point]

    @property
    def is_linear(self) -> bool:
        """Return whether time and memory grow no faster than the size does, and requests are the
        least.

        Memory is what a size holds beyond the smallest one.
        """
        idle = self.points[0].peak
        seconds = [(one.size, one.seconds) for one in self.points]
        bytes_held = [(one.size, one.peak - idle) for one in self.points[1:]]
        return (
            all(one.requests == self.series.least(one.size) for one in self.points)
            and _is_linear(seconds, _LEAST_SECONDS)
            and _is_linear(bytes_held, _LEAST_BYTES)
        )


def _is_linear(amounts: Sequence[tuple[int, float]], least: float) -> bool:
    """Return whether a unit takes no more than in the size before, where a size takes more than
    `least`.
    """
    return all(
        after / after_size <= _LINEAR * before / before_size
        for (before_size, before), (after_size, after) in pairwise(amounts)
        if after > least
    )


def _rows(url: str, size: int) -> None:
    sql = "SELECT count(id), sum(quantity), max(created_at) FROM bench.lists.records"
    ((found, _, _),) = by_billql.ask(url, sql)
    assert found == size, f"there are {found} rows instead of {size}"


def _connections(url: str, size: int) -> None:
    tokens = {f"account-{number:04d}": f"{TOKEN}-{number}" for number in range(size)}
    with by_billql.connected(url, tokens) as session:
        sql = "SELECT count(id), count(DISTINCT connection) FROM bench.lists.customers"
        ((found, connections),) = session.execute(sql)
    assert connections == size, f"{connections} connections were read instead of {size}"
    assert found == size * CUSTOMERS, f"there are {found} rows"


def _keys(url: str, size: int) -> None:
    sql = "SELECT count(i.number) FROM wanted w JOIN bench.lists.invoices i ON i.customer = w.key"
    ((found,),) = by_billql.ask_with_table(url, "wanted", _customers(size), sql)
    assert found == 3 * size, f"there are {found} rows instead of {3 * size}"


def _pages(url: str, size: int) -> None:
    sql = (
        "SELECT count(i.number) FROM bench.lists.subscribers s "
        "JOIN bench.lists.invoices i ON i.customer = s.customer"
    )
    ((found,),) = by_billql.ask(url, sql)
    assert found == 3 * SUBSCRIBERS_A_PAGE * size, f"there are {found} rows for {size} pages"


def _two(url: str, size: int) -> None:
    sql = (
        "SELECT count(i.number) FROM wanted w JOIN bench.lists.contacts c ON c.customer = w.key "
        "JOIN bench.lists.invoices i ON i.customer = 'cus_' || printf('%06d', c.email)"
    )
    ((found,),) = by_billql.ask_with_table(url, "wanted", _customers(size), sql)
    assert found == 3 * size, f"there are {found} rows instead of {3 * size}"


def _in(url: str, size: int) -> None:
    listed = ", ".join(f"'{customer}'" for customer in _customers(size))
    sql = f"SELECT count(number) FROM bench.lists.invoices WHERE customer IN ({listed})"
    ((found,),) = by_billql.ask(url, sql)
    assert found == 3 * size, f"there are {found} rows instead of {3 * size}"


def _statements(url: str, size: int) -> None:
    sql = "SELECT count(number) FROM bench.lists.invoices WHERE customer = ?"
    with by_billql.session(url) as session:
        for customer in _customers(size):
            assert list(session.execute(sql, (customer,))) == [(3,)]


def _equal(url: str, size: int) -> None:
    sql = (
        "SELECT count(*) FROM bench.lists.records a "
        "JOIN bench.lists.records b ON b.created_at = a.created_at AND b.region = a.region"
    )
    ((found,),) = by_billql.ask(url, sql)
    assert found == size, f"there are {found} rows instead of {size}"


def _customers(size: int) -> Iterator[str]:
    return (f"cus_{number:06d}" for number in range(size))


SERIES = (
    Series(
        "rows",
        "rows of one list, in pages of 200",
        (100, 1_000, 10_000, 100_000, 1_000_000),
        lambda rows: max(1, rows // 200),
        _rows,
    ),
    Series(
        "connections",
        "connections, each with a list of one page",
        (1, 10, 100, 1_000),
        lambda connections: connections,
        _connections,
        lambda connections: CUSTOMERS,
    ),
    Series(
        "keys",
        "keys of a local table, each with a list of its own",
        (10, 100, 1_000, 10_000, 100_000),
        lambda keys: keys,
        _keys,
    ),
    Series(
        "pages",
        "pages by token, with ten keys each that have lists of their own",
        (100, 200, 400, 800),
        lambda pages: pages * (1 + SUBSCRIBERS_A_PAGE),
        _pages,
        lambda pages: pages * SUBSCRIBERS_A_PAGE,
    ),
    Series(
        "two",
        "keys of a local table, each with a row that has the key of a list",
        (10, 100, 1_000, 4_000),
        lambda keys: 2 * keys,
        _two,
    ),
    Series(
        "in",
        "keys of an IN list, each with a list of its own",
        (10, 100, 1_000, 10_000, 100_000),
        lambda keys: keys,
        _in,
    ),
    Series(
        "statements",
        "statements of one session, each with a key of its own",
        (10, 100, 1_000, 8_000),
        lambda statements: statements,
        _statements,
    ),
    Series(
        "equal",
        "rows on either side of a join by a column on which no API filters",
        (200, 2_000, 20_000),
        lambda rows: rows // 200,
        _equal,
    ),
)


def measure(api: Api, series: Series, sizes: tuple[int, ...] | None = None) -> Growth:
    """Measure a series; raise CalledProcessError if a size does not find its rows."""
    points = []
    for size in sizes or series.sizes:
        api.set_up(records=size, customers=series.customers(size), latency=0)
        seconds, peak = child.printed_by("bench.growth", api.url, series.kind, str(size))
        points.append(Point(size, seconds, api.asked(), peak))
    return Growth(series, points)


_HEAD = """
## How it grows

Each line is a process of its own, at no latency; the memory is the most that it has held, of which
about 40 MiB are Python and what billql loads. A line is linear if a unit takes at most 1.5 times
the time and the memory that it takes in the line before, and sends the least requests possible.
Less than half a second, and less than 16 MiB over the first line, is fixed cost. Each key of a
statement stays in memory to the statement's end.
"""


def text(measured: Sequence[Growth]) -> str:
    """Return the part of the page that shows growth."""
    return _HEAD + "".join(map(table, measured))


def table(growth: Growth) -> str:
    """Return the table of one series, and what it shows."""
    lines = "".join(
        f"| {one.size:,} | {one.seconds:.2f} | {one.requests:,} | {one.peak / child.MIB:.0f} |\n"
        for one in growth.points
    )
    shown = "linear, or better" if growth.is_linear else "**not linear**"
    return (
        f"\n| {growth.series.what} | seconds | requests | MiB |\n|---:|---:|---:|---:|\n"
        f"{lines}\nThis is {shown}.\n"
    )


def _main(url: str, kind: str, size: str) -> None:
    start = time.perf_counter()
    next(one for one in SERIES if one.kind == kind).read(url, int(size))
    print(json.dumps((time.perf_counter() - start, child.peak())))


if __name__ == "__main__":
    _main(*sys.argv[1:])
