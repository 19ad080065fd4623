"""Views such as FOCUS's over histories: what they give over the APIs, without a request, at any
time, with the times of records.
"""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import billql
from billql import errors
from billql.cli import main
from billql.definitions import views
from billql.definitions.catalog import Catalog
from billql.sandbox import Sandbox
from support import focus
from support.synced import sync

DAYS = (datetime.date(2026, 3, 5), datetime.date(2026, 3, 15))
PROVIDERS = ("digitalocean", "metronome")
VIEWS = ("cost_and_usage", "revenue")

Found = dict[str, Counter[tuple[Any, ...]]]


def read(connection: billql.Connection) -> Found:
    return {
        view: Counter(connection.execute(f"SELECT * FROM focus.{view}").fetchall())
        for view in VIEWS
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Found]]:
    """A file with the histories of two days, and what the views had over the APIs on each."""
    file, live = tmp_path_factory.mktemp("focus") / "bills.db", []
    for day in DAYS:
        noon = datetime.datetime(day.year, day.month, day.day, 12, tzinfo=datetime.UTC)
        with Sandbox(until=day, size=1, restate=True, providers=PROVIDERS) as sandbox:
            sync(sandbox, day, file)
            with billql.connect(
                urls=sandbox.urls,
                tokens=sandbox.tokens,
                environ={},
                clock=lambda now=noon: now,  # type: ignore[misc]  # its default is its value
            ) as connection:
                live.append(read(connection))
    return file, live


def test_views_give_over_histories_what_they_give_over_apis(
    world: tuple[Path, list[Found]],
) -> None:
    file, live = world
    for moment, expected in ((str(DAYS[0]), live[0]), (True, live[1])):
        with billql.connect(file, from_history=moment, environ={}) as connection:
            found = read(connection)
            assert connection.execute("SELECT 1 FROM focus.revenue").scans == []
        for view in VIEWS:
            assert found[view] != Counter()
            assert found[view] == expected[view], view
    assert live[0]["cost_and_usage"] != live[1]["cost_and_usage"]


def test_histories_know_when_a_period_was_stored_and_changed(
    world: tuple[Path, list[Found]],
) -> None:
    with billql.connect(world[0], from_history=True, environ={}) as connection:
        rows = connection.execute(
            "SELECT substr(BillingPeriodStart, 1, 7), BillingPeriodCreated, "
            "BillingPeriodLastUpdated FROM focus.billing_periods "
            "WHERE InvoiceIssuerName = 'DigitalOcean' AND BillingPeriodStart >= '2026-01' "
            "ORDER BY 1"
        ).fetchall()
    first, second = (f"{day}T12:00:00Z" for day in DAYS)
    assert rows == [
        ("2026-01", first, first),
        ("2026-02", first, second),
        ("2026-03", first, second),
    ]


def test_the_bill_is_written_from_histories(
    world: tuple[Path, list[Found]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["focus", "export", "--version", "1.2", "--db", str(world[0])]
    sizes = []
    for number, more in enumerate((["--from-history"], ["--as-of", "2026-03-05"])):
        path = tmp_path / f"{number}.csv"
        assert main([*command, *more, "--output", str(path)]) == 0
        sizes.append(len(path.read_text().splitlines()) - 1)
    live = [sum(found["cost_and_usage"].values()) for found in world[1]]
    assert sizes == [live[1], live[0]]
    assert "rows of FOCUS 1.2" in capsys.readouterr().err


def test_what_has_no_history_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bills.db"
    with (
        billql.connect(file, from_history=True, environ={}) as connection,
        pytest.raises(errors.UnknownName, match="no provider has histories"),
    ):
        connection.execute("SELECT * FROM focus.cost_and_usage")
    with Sandbox(until=DAYS[0], size=1, providers=["digitalocean"]) as sandbox:
        sync(sandbox, DAYS[0], file, "digitalocean.billing.invoices")
    with (
        billql.connect(file, from_history=True, environ={}) as connection,
        pytest.raises(errors.UnknownName, match=r"digitalocean\.\S+ has no history") as caught,
    ):
        connection.execute("SELECT * FROM focus.cost_and_usage")
    assert "billql history sync digitalocean." in (caught.value.hint or "")


def test_billing_periods_of_histories_keep_to_the_specification(
    world: tuple[Path, list[Found]],
) -> None:
    part = views.find(Catalog(), "digitalocean.focus.billing_periods")
    assert part is not None
    with billql.connect(world[0], from_history=True, environ={}) as connection:
        cursor = connection.execute(f"SELECT * FROM {part.name}")
        names = [one[0] for one in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
    assert len(rows) == 25
    assert focus.lint(part.view_name, focus.as_text(rows, focus.in_file(part))) == {}
    assert focus.faults(part.view_name, rows) == {}
