"""The sandbox's untidy forms: they are sent, and no table shows anything else for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime

import httpx
import pytest

import billql
from billql.sandbox import Sandbox

UNTIL = date(2026, 3, 15)
TABLES = [
    "digitalocean.billing.balances",
    "digitalocean.billing.billing_history",
    "digitalocean.billing.invoices",
    "digitalocean.databases.databases",
    "digitalocean.droplets.droplets",
    "digitalocean.projects.projects",
    "stripe.billing.invoices",
    "stripe.core.customers",
    "metronome.customers.customers",
]


class Pair:
    """A tidy sandbox and an untidy one of the same story, and a connection to each."""

    def __init__(self, opened: ExitStack) -> None:
        self.tidy, self.untidy = (
            opened.enter_context(Sandbox(until=UNTIL, untidy=untidy)) for untidy in (False, True)
        )
        self.connections = [
            opened.enter_context(
                billql.connect(
                    urls=one.urls,
                    tokens=one.tokens,
                    environ={},
                    clock=lambda: datetime(2026, 3, 15, 6, tzinfo=UTC),
                )
            )
            for one in (self.tidy, self.untidy)
        ]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with ExitStack() as opened:
        yield Pair(opened)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_shows_the_same(pair: Pair, table: str) -> None:
    tidy, untidy = (
        connection.execute(f"SELECT * FROM {table}").fetchall() for connection in pair.connections
    )
    assert tidy == untidy
    assert tidy


def test_no_database_has_the_tag(pair: Pair) -> None:
    sql = "SELECT count(*) FROM digitalocean.databases.databases WHERE tag_name = 'nothing'"
    for connection in pair.connections:
        assert connection.execute(sql).fetchall() == [(0,)]


def test_untidy_forms_are_sent(pair: Pair) -> None:
    headers = {"authorization": f"Bearer {pair.untidy.tokens['digitalocean']}"}
    base = pair.untidy.urls["digitalocean"]
    bodies = [
        httpx.get(f"{base}{path}?per_page=1&page={page}", headers=headers, trust_env=False).text
        for path in ("/v2/droplets", "/v2/customers/my/billing_history", "/v2/sizes")
        for page in range(1, 9)
    ]
    public = [body for body in bodies if '"next":"https://api.digitalocean.com/v2/' in body]
    own = [body for body in bodies if f'"next":"{base}/v2/' in body]
    strange = [body for body in bodies if '"trace":184467440737095516170' in body]
    assert public
    assert own
    assert 0 < len(strange) < len(bodies)
    assert pair.tidy.urls["digitalocean"] != base
