"""What goes wrong with the histories of other tools, and does not here; the names are theirs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql import errors
from billql.dbapi.connection import Connection
from support.bills import Bills, connect


@pytest.fixture
def api() -> Bills:
    api = Bills()
    for number in range(1, 4):
        api.add(f"i{number}", f"2026-0{number}", ("cpu", "1.5"), ("disk", "2"))
    return api


@pytest.fixture
def db(api: Bills, tmp_path: Path) -> Iterator[Connection]:
    with connect(api, tmp_path) as connection:
        connection.execute("CREATE MATERIALIZED VIEW lines AS SELECT * FROM bills.all.lines")
        api.requests.clear()
        yield connection


def rows(db: Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return db.execute(sql, values).fetchall()


def test_a_partial_load_retires_nothing_else(api: Bills, db: Connection) -> None:
    """Until dlt#1818, rows that a load was not about were retired."""
    api.lines["i2"].pop()
    db.execute("REFRESH MATERIALIZED VIEW lines WHERE invoice = 'i2'")
    found = rows(db, "SELECT scope, change FROM lines__changes WHERE NOT first_read")
    assert found == [("i2", "removed")]


def test_new_invoices_alone_are_read(api: Bills, db: Connection) -> None:
    """For 13 new invoices airbyte#48426 reads 24,000 lines."""
    api.add("i4", "2026-04", ("cpu", "1"))
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert sorted(api.requests) == ["/invoices", "/invoices/i4", "/invoices/preview"]


def test_reading_again_doubles_nothing(api: Bills, db: Connection) -> None:
    """airbyte#75495 doubles the days of a look-back, dbt marks a restored row once alone."""
    for _ in range(3):
        db.execute("REFRESH MATERIALIZED VIEW lines WHERE TRUE")
    assert rows(db, "SELECT count(*) FROM lines__history") == [(6,)]
    assert rows(db, "SELECT count(*) FROM lines__changes WHERE NOT first_read") == [(0,)]


def test_one_history_leaves_the_others_alone(api: Bills, db: Connection) -> None:
    """In cloudquery#5456 syncing one table deletes others."""
    db.execute("CREATE MATERIALIZED VIEW invoices AS SELECT * FROM bills.all.invoices")
    api.lines["i1"].clear()
    db.execute("REFRESH MATERIALIZED VIEW lines")
    db.execute("DROP MATERIALIZED VIEW lines")
    assert rows(db, "SELECT count(*) FROM invoices") == [(3,)]
    assert rows(db, "SELECT DISTINCT history FROM billql_scopes") == [("invoices",)]


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(403, json={"message": "No"}),
        httpx.Response(200, json={"message": "Busy"}),
        httpx.Response(200, content=b'{"items":['),
        httpx.Response(200, json={"items": [{"product": "cpu", "amount": "many"}]}),
    ],
)
def test_a_failure_empties_no_table(api: Bills, db: Connection, response: httpx.Response) -> None:
    """cloudquery#12967 deletes what a failing sync has not seen."""
    api.failing["/invoices/i1"] = response
    with pytest.raises(errors.Error):
        db.execute("REFRESH MATERIALIZED VIEW lines WHERE invoice = 'i1'")
    assert rows(db, "SELECT count(*) FROM lines") == [(6,)]


def test_a_list_of_headers_that_fails_stops_all(api: Bills, db: Connection) -> None:
    api.failing["/invoices"] = httpx.Response(500, json={"message": "Broken"})
    with pytest.raises(errors.ApiError):
        db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT count(*) FROM lines") == [(6,)]
    assert rows(db, "SELECT count(*) FROM billql_refreshes WHERE state <> 'first'") == [(0,)]


def test_a_change_that_is_no_amount_is_one(api: Bills, db: Connection) -> None:
    """OptScale compares the cost alone, and floats by their bits."""
    db.execute(
        "CREATE MATERIALIZED VIEW invoices AS SELECT id, month, state FROM bills.all.invoices"
    )
    api.states["i2"] = "void"
    db.execute("REFRESH MATERIALIZED VIEW invoices")
    columns = 'id, "column", old, new, difference'
    found = rows(db, f"SELECT {columns} FROM invoices__changes WHERE change = 'changed'")
    assert found == [("i2", "state", "paid", "void", None)]


def test_both_bounds_of_a_change_are_one_refresh(api: Bills, db: Connection) -> None:
    """In dbt-core#4347 the inserts and the deletes of a run have different times."""
    api.lines["i3"] = [("gpu", "9")]
    db.execute("REFRESH MATERIALIZED VIEW lines")
    (until,) = rows(db, "SELECT DISTINCT _until FROM lines__history WHERE _until IS NOT NULL")
    (since,) = rows(db, "SELECT _since FROM lines__history WHERE product = 'gpu'")
    assert until == since


def test_an_interrupt_leaves_the_scope_as_it_was(api: Bills, db: Connection) -> None:
    def interrupt(path: object) -> bool:
        if path == "/invoices/i2":
            thread = threading.Thread(target=db.interrupt)
            thread.start()
            thread.join()
        return False

    for lines in api.lines.values():
        lines.append(("gpu", "9"))
    api.failing = _Watched(interrupt)
    with pytest.raises(errors.Interrupted):
        db.execute("REFRESH MATERIALIZED VIEW lines")
    api.failing = {}
    found = rows(db, "SELECT invoice FROM lines WHERE product = 'gpu' ORDER BY 1")
    assert ("i2",) not in found
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT count(*) FROM lines WHERE product = 'gpu'") == [(3,)]


class _Watched(dict[str, httpx.Response]):
    """Calls a function with each path that is asked for."""

    def __init__(self, called: Any) -> None:
        super().__init__()
        self._called = called

    def __contains__(self, path: object) -> bool:
        return bool(self._called(path))


def test_a_clock_that_goes_back_loses_nothing(api: Bills, db: Connection) -> None:
    (first,) = rows(db, "SELECT max(refresh) FROM billql.catalog.refreshes")
    api.pass_days(-2)
    api.lines["i3"].append(("gpu", "9"))
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT count(*) FROM lines AS OF ?", *first) == [(6,)]
    assert rows(db, "SELECT count(*) FROM lines AS OF '2026-03-15'") == [(7,)]


def test_there_may_be_more_scopes_than_terms_of_a_union(api: Bills, db: Connection) -> None:
    api.credits = [(number, "1.00") for number in range(600)]
    db.execute("CREATE MATERIALIZED VIEW each SCOPE BY id AS SELECT * FROM bills.all.credits")
    api.credits[599] = (599, "2.00")
    db.execute("REFRESH MATERIALIZED VIEW each WHERE id >= 598")
    assert rows(db, "SELECT sum(difference) FROM each__changes WHERE NOT first_read") == [(1.0,)]


def test_a_scope_may_be_null(api: Bills, db: Connection) -> None:
    select = "SELECT nullif(id, 1) AS part, left FROM bills.all.credits"
    api.credits = [(1, "1.00"), (2, "2.00")]
    db.execute(f"CREATE MATERIALIZED VIEW parts AS {select} SCOPE BY part")
    api.credits = [(2, "2.50")]
    db.execute("REFRESH MATERIALIZED VIEW parts WHERE part IS NULL")
    assert rows(db, "SELECT * FROM parts") == [(2, 2.0)]
    db.execute("REFRESH MATERIALIZED VIEW parts")
    assert rows(db, "SELECT * FROM parts") == [(2, 2.5)]


def test_a_month_without_a_time_is_an_error(api: Bills, db: Connection) -> None:
    api.charges = [("c1", "", "done", "1")]
    with pytest.raises(errors.DataError, match="in no month"):
        db.execute("CREATE MATERIALIZED VIEW charges AS SELECT * FROM bills.all.charges")
    assert rows(db, "SELECT count(*) FROM billql_histories") == [(1,)]


def test_a_refresh_has_no_parameters(db: Connection) -> None:
    with pytest.raises(errors.SqlError, match="REFRESH has no parameters"):
        db.execute("REFRESH MATERIALIZED VIEW lines WHERE invoice = ?", ["i1"])


def test_columns_with_names_of_changes_stay_what_they_are(api: Bills, db: Connection) -> None:
    api.credits = [(1, "1.00")]
    select = "SELECT id AS scope, left AS new FROM bills.all.credits"
    db.execute(f"CREATE MATERIALIZED VIEW odd AS {select} SCOPE BY NONE")
    api.credits = [(1, "3.00")]
    db.execute("REFRESH MATERIALIZED VIEW odd")
    found = "SELECT scope, new, _new, old, difference FROM odd__changes WHERE NOT first_read"
    assert rows(db, found) == [(1, 3.0, 3.0, 1.0, 2.0)]


def test_a_response_of_any_types_is_stored_as_it_was(api: Bills, db: Connection) -> None:
    """A number in a column of texts would be found to have changed each time."""
    select = (
        "SELECT product AS p, iif(amount > 1.8, 5, 'x') AS mixed, hours AS h FROM bills.all.lines"
    )
    db.execute(f"CREATE MATERIALIZED VIEW mixed AS {select} WHERE invoice = 'i1' SCOPE BY NONE")
    db.execute("REFRESH MATERIALIZED VIEW mixed")
    assert rows(db, "SELECT mixed, h FROM mixed ORDER BY p") == [("x", 1.5), (5, 1.5)]
    assert rows(db, "SELECT count(*) FROM mixed__history") == [(2,)]
    assert json.loads(rows(db, "SELECT columns FROM billql_histories WHERE name = 'mixed'")[0][0])


def test_what_a_union_adds_is_of_no_header(api: Bills, db: Connection) -> None:
    """SQLite has the columns of a UNION come from its first part."""
    api.credits = [(7, "9.00")]
    select = (
        "SELECT month, amount FROM bills.all.invoices "
        "UNION ALL SELECT '2026-09', left FROM bills.all.credits"
    )
    db.execute(f"CREATE VIEW united AS {select}")
    for name, query in (("direct", select), ("by_view", "SELECT * FROM united")):
        with pytest.raises(errors.SqlError, match="cannot be found"):
            db.execute(f"CREATE MATERIALIZED VIEW {name} AS {query}")
        db.execute(f"CREATE MATERIALIZED VIEW {name} SCOPE BY month AS {query}")
        assert rows(db, f"SELECT amount FROM {name} WHERE month = '2026-09'") == [(9.0,)]
        assert rows(db, f"SELECT count(*) FROM {name}") == [(4,)]


def test_rows_without_a_partner_are_there(api: Bills, db: Connection) -> None:
    """The scope of an outer join may be NULL, which no list of invoices has."""
    api.credits = [(1, "9.00")]
    db.execute(
        "CREATE MATERIALIZED VIEW partners AS SELECT i.month, c.left FROM bills.all.credits c "
        "LEFT JOIN bills.all.invoices i ON i.id = 'i' || (c.id + 100)"
    )
    assert rows(db, "SELECT * FROM partners") == [(None, 9.0)]
    api.credits = [(1, "8.00")]
    db.execute("REFRESH MATERIALIZED VIEW partners")
    assert rows(db, "SELECT * FROM partners") == [(None, 8.0)]


def test_a_row_may_come_into_a_month_that_had_none(api: Bills, db: Connection) -> None:
    """What changes behind a bookmark is not seen by tools that have one."""
    api.charges = [("c1", "2025-11-05", "done", "1"), ("c3", "2026-01-05", "done", "1")]
    api.charges += [("c0", "0001-01-01", "done", "1"), ("c9", "9999-12-31", "done", "1")]
    db.execute("CREATE MATERIALIZED VIEW charges AS SELECT * FROM bills.all.charges")
    api.charges.append(("c2", "2025-12-05", "done", "2"))
    db.execute("REFRESH MATERIALIZED VIEW charges WHERE day >= '2025-12'")
    found = "SELECT id FROM charges WHERE id BETWEEN 'c1' AND 'c8' ORDER BY id"
    assert rows(db, found) == [("c1",), ("c2",), ("c3",)]
