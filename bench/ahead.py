"""How well requests by key are ahead of a statement that needs them one after the other.

Each statement is compared with the time that its requests take at the least: as many at once as the
provider allows, each as long as the latency. What depends on a key that is not there yet cannot be
sent before it, which is part of what is measured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from bench import by_billql
from bench.api import CUSTOMERS, Api
from bench.by_hand import CONCURRENCY
from bench.measures import ROUNDS, Line

LATENCY = 0.05
_MOST = 2.0
"""So many times the least time may a statement take."""

_KEYS = [f"cus_{number:06d}" for number in range(CUSTOMERS)]
_ASKS = (
    "CREATE TEMP TRIGGER asks AFTER INSERT ON seen BEGIN INSERT INTO found "
    "SELECT email FROM bench.lists.contacts WHERE customer = NEW.key; END"
)
_EMAIL = "(SELECT email FROM bench.lists.contacts c WHERE c.customer = w.key)"


class _Shape(NamedTuple):
    """A statement, what is there before, and how many requests it takes."""

    what: str
    sql: str
    requests: int = CUSTOMERS
    before: tuple[str, ...] = ()


_SHAPES = (
    _Shape(
        "two tables by key",
        "SELECT count(*) FROM wanted w JOIN bench.lists.contacts c ON c.customer = w.key "
        "JOIN bench.lists.invoices i ON i.customer = w.key",
        2 * CUSTOMERS,
    ),
    _Shape(
        "a table by key of another one by key",
        "SELECT count(*) FROM wanted w JOIN bench.lists.contacts c ON c.customer = w.key "
        "JOIN bench.lists.invoices i ON i.customer = printf('cus_%06d', c.email)",
        2 * CUSTOMERS,
    ),
    _Shape("an UPDATE", f"UPDATE wanted AS w SET email = {_EMAIL}"),
    _Shape("a DELETE", f"DELETE FROM wanted AS w WHERE {_EMAIL} LIKE '1%'"),
    _Shape("a RETURNING", f"DELETE FROM wanted RETURNING {_EMAIL.replace('w.', 'wanted.')}"),
    _Shape("a trigger", "INSERT INTO seen SELECT key FROM wanted", before=(_ASKS,)),
    _Shape(
        "a trigger called by a trigger",
        "INSERT INTO wanted (key) SELECT key FROM wanted",
        before=(
            _ASKS,
            "CREATE TEMP TRIGGER calls AFTER INSERT ON wanted BEGIN "
            "INSERT INTO seen VALUES (NEW.key); END",
        ),
    ),
    _Shape(
        "a tree, by a recursive CTE,",
        "WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT 8 * n + j.value FROM r "
        "JOIN bench.lists.contacts c ON c.customer = printf('cus_%06d', n) "
        f"JOIN json_each('[1, 2, 3, 4, 5, 6, 7, 8]') j WHERE 8 * n + j.value < {CUSTOMERS}) "
        "SELECT count(*) FROM r",
    ),
    _Shape(
        "ORs of keys",
        "SELECT email FROM bench.lists.contacts WHERE "
        + " OR ".join(f"(customer = '{key}' AND email LIKE '%e%')" for key in _KEYS),
    ),
    _Shape(
        "an IN of keys",
        f"SELECT email FROM bench.lists.contacts WHERE customer IN ({', '.join(map(repr, _KEYS))})",
    ),
)


def ahead(api: Api) -> Iterator[Line]:
    """Measure statements that need keys one after the other."""
    for shape in _SHAPES:
        api.set_up(customers=CUSTOMERS, latency=LATENCY)
        taken = [_seconds(api, shape) for _ in range(ROUNDS)]
        least = math.ceil(shape.requests / CONCURRENCY) * LATENCY
        ratio = median(taken) / least
        requests = api.asked() / ROUNDS
        yield Line(
            f"{shape.what} over {CUSTOMERS} rows at {LATENCY * 1000:.0f} ms",
            f"{ratio:.2f} × the least time ({median(taken):.2f} s to {least:.2f} s); "
            f"{requests:.0f} requests",
            f"≤ {_MOST:.0f} × the least time; {shape.requests} requests",
            ratio <= _MOST and requests == shape.requests,
        )


def _seconds(api: Api, shape: _Shape) -> float:
    """Return how long a statement takes in a session of its own."""
    with by_billql.session(api.url) as session:
        for sql in ("CREATE TEMP TABLE wanted (key TEXT, email)", "CREATE TABLE seen (key TEXT)"):
            session.execute(sql)
        session.execute("CREATE TABLE found (email)")
        for key in _KEYS:
            session.execute("INSERT INTO wanted (key) VALUES (?)", (key,))
        for sql in shape.before:
            session.execute(sql)
        start = time.perf_counter()
        for _ in session.execute(shape.sql):
            pass
        return time.perf_counter() - start


MEASURES = {"ahead": ahead}
