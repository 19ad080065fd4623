"""CREATE, REFRESH and DROP MATERIALIZED VIEW over an API whose bills are restated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from billql import errors
from billql.dbapi.connection import Connection
from billql.history.store import Store
from support.bills import Bills, connect


@pytest.fixture
def api() -> Bills:
    api = Bills()
    api.add("i1", "2026-01", ("cpu", '"1.10"'), ("cpu", '"1.10"'), ("disk", "2"))
    api.add("i2", "2026-02", ("cpu", '"3.30"'))
    api.add("i3", "2026-03", ("cpu", '"0.50"'), state="draft")
    api.lines["preview"] = [("cpu", '"0.25"')]
    return api


@pytest.fixture
def db(api: Bills, tmp_path: Path) -> Iterator[Connection]:
    with connect(api, tmp_path) as connection:
        yield connection


def rows(db: Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return db.execute(sql, values).fetchall()


def keep(db: Connection, name: str = "lines") -> None:
    db.execute(f"CREATE MATERIALIZED VIEW {name} AS SELECT * FROM bills.all.lines")


def changes(db: Connection, condition: str = "NOT first_read") -> list[tuple[Any, ...]]:
    columns = 'scope, change, after_close, product, "column", old, new, difference'
    return rows(db, f"SELECT {columns} FROM lines__changes WHERE {condition}")


def test_what_holds_now_is_a_table(db: Connection) -> None:
    keep(db)
    assert rows(db, "SELECT invoice, product, amount, currency FROM lines ORDER BY 1, 2") == [
        ("i1", "cpu", 1.1, "USD"),
        ("i1", "cpu", 1.1, "USD"),
        ("i1", "disk", 2.0, "USD"),
        ("i2", "cpu", 3.3, "USD"),
        ("i3", "cpu", 0.5, "USD"),
        ("preview", "cpu", 0.25, "USD"),
    ]
    assert rows(db, "SELECT money_sum(amount) FROM lines") == [(8.25,)]


def test_what_is_settled_is_not_read_again(api: Bills, db: Connection) -> None:
    keep(db)
    api.requests.clear()
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert sorted(api.requests) == ["/invoices", "/invoices/i3", "/invoices/preview"]
    listed = (
        "SELECT scope, state, unchanged, requests FROM billql.catalog.refreshes WHERE refresh > 4"
    )
    assert rows(db, listed) == [
        (None, "watched", 2, 1),
        ("i3", "open", 1, 1),
        ("preview", "open", 1, 1),
    ]


def test_a_header_that_moved_reopens_its_scope(api: Bills, db: Connection) -> None:
    keep(db)
    api.lines["i1"][2] = ("disk", "2.5")
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert changes(db) == [("i1", "changed", 1, "disk", "amount", 2.0, 2.5, 0.5)]
    assert rows(db, "SELECT DISTINCT state FROM billql.catalog.refreshes WHERE scope = 'i1'") == [
        ("first",),
        ("restated",),
    ]
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert len(changes(db)) == 1


def test_a_restatement_that_the_header_hides_is_found_by_where(api: Bills, db: Connection) -> None:
    keep(db)
    api.amounts["i1"] = '"4.20"'
    db.execute("REFRESH MATERIALIZED VIEW lines")
    api.lines["i1"][0] = ("gpu", '"1.10"')
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert changes(db) == []
    api.requests.clear()
    db.execute("REFRESH MATERIALIZED VIEW lines WHERE invoice = 'i1'")
    assert api.requests == ["/invoices", "/invoices/i1"]
    assert sorted(changes(db)) == [
        ("i1", "added", 1, "gpu", "amount", None, 1.1, 1.1),
        ("i1", "removed", 1, "cpu", "amount", 1.1, None, -1.1),
    ]


def test_equal_rows_are_counted(api: Bills, db: Connection) -> None:
    keep(db)
    several = [("cpu", '"0.50"')] * 3
    for count, expected in ((3, [0.5, 0.5]), (1, [-0.5, -0.5]), (2, [0.5])):
        api.lines["i3"] = several[:count]
        before = rows(db, "SELECT max(refresh) FROM billql.catalog.refreshes")[0][0]
        db.execute("REFRESH MATERIALIZED VIEW lines")
        found = [one[-1] for one in changes(db, f"refresh > {before}")]
        assert found == expected
        assert rows(db, "SELECT count(*) FROM lines WHERE invoice = 'i3'") == [(count,)]


def test_a_row_that_returns_is_there_again(api: Bills, db: Connection) -> None:
    keep(db)
    lines = api.lines["i3"]
    api.lines["i3"] = []
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT * FROM lines WHERE invoice = 'i3'") == []
    api.lines["i3"] = lines
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT amount FROM lines WHERE invoice = 'i3'") == [(0.5,)]
    assert [one[1] for one in changes(db)] == ["added", "removed"]


def test_keys_of_several_columns_are_not_confused(api: Bills, db: Connection) -> None:
    api.add("i3", "2026-03", ("a|bc", "1"), ("ab|c", "1"), state="draft")
    db.execute(
        "CREATE MATERIALIZED VIEW split SCOPE BY invoice AS SELECT invoice, "
        "substr(product, 1, instr(product, '|') - 1) AS first, "
        "substr(product, instr(product, '|') + 1) AS rest, amount FROM bills.all.lines"
    )
    api.lines["i3"].pop()
    db.execute("REFRESH MATERIALIZED VIEW split")
    assert rows(db, "SELECT first, rest FROM split WHERE invoice = 'i3'") == [("a", "bc")]


def test_amounts_are_compared_letter_for_letter(api: Bills, db: Connection) -> None:
    keep(db)
    changed = (("0.1", '"0.10"'), ('"0.10"', "0.1000000000000000055"))
    for before, after in changed:
        api.lines["i3"] = [("cpu", before)]
        db.execute("REFRESH MATERIALIZED VIEW lines")
        api.lines["i3"] = [("cpu", after)]
        db.execute("REFRESH MATERIALIZED VIEW lines")
    texts = "SELECT old_text, new_text, difference FROM lines__changes WHERE change = 'changed'"
    found = rows(db, f"{texts} AND old = 0.1 AND new = 0.1")
    assert found == [(None, "0.10", 0.0), ("0.10", "0.1000000000000000055", 0.0)]


def test_differences_have_no_noise(api: Bills, db: Connection) -> None:
    api.add("i3", "2026-03", ("cpu", "104.04"), state="draft")
    keep(db)
    api.lines["i3"] = [("cpu", "104.05")]
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT difference = 0.01 FROM lines__changes WHERE NOT first_read") == [(1,)]


def test_an_error_writes_nothing(api: Bills, db: Connection) -> None:
    keep(db)
    api.lines["i3"] = [("cpu", "9")]
    api.failing["/invoices/i3"] = httpx.Response(500, json={"message": "Broken"})
    before = rows(db, "SELECT * FROM billql.catalog.refreshes WHERE state <> 'watched'")
    with pytest.raises(errors.ApiError):
        db.execute("REFRESH MATERIALIZED VIEW lines")
    found = rows(db, "SELECT * FROM billql.catalog.refreshes WHERE scope = 'i3'")
    assert found == [one for one in before if one[2] == "i3"]
    assert rows(db, "SELECT amount FROM lines WHERE invoice = 'i3'") == [(0.5,)]
    api.failing.clear()
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT amount FROM lines WHERE invoice = 'i3'") == [(9.0,)]


def test_a_first_reading_that_fails_makes_nothing(api: Bills, db: Connection) -> None:
    api.failing["/invoices/i1"] = httpx.Response(403, json={"message": "Not for you"})
    with pytest.raises(errors.CredentialRefused):
        keep(db)
    assert rows(db, "SELECT count(*) FROM sqlite_schema") == [(0,)]


def test_a_first_reading_that_fails_later_goes_on(api: Bills, db: Connection) -> None:
    api.failing["/invoices/i2"] = httpx.Response(500, json={"message": "Broken"})
    with pytest.raises(errors.ApiError) as caught:
        keep(db)
    assert "REFRESH MATERIALIZED VIEW lines goes on" in (caught.value.hint or "")
    api.failing.clear()
    api.requests.clear()
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert "/invoices/i1" not in api.requests
    assert rows(db, "SELECT count(DISTINCT invoice) FROM lines") == [(4,)]


def test_what_the_api_forgets_is_kept(api: Bills, db: Connection) -> None:
    keep(db)
    for one in (api.lines, api.months, api.states):
        one.pop("i1")
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT count(*) FROM lines WHERE invoice = 'i1'") == [(3,)]
    assert changes(db) == []


def test_an_open_scope_that_is_gone_loses_its_rows(api: Bills, db: Connection) -> None:
    keep(db)
    for one in (api.lines, api.months, api.states):
        one.pop("i3")
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert changes(db) == [("i3", "removed", 0, "cpu", "amount", 0.5, None, -0.5)]


def test_a_connection_that_fails_is_never_left_out(api: Bills, tmp_path: Path) -> None:
    with connect(api, tmp_path, skip_failing_connections=True) as db:
        keep(db)
        api.failing["/invoices/i3"] = httpx.Response(401, json={"message": "Who are you?"})
        with pytest.raises(errors.CredentialRefused):
            db.execute("REFRESH MATERIALIZED VIEW lines")
        assert rows(db, "SELECT count(*) FROM lines WHERE invoice = 'i3'") == [(1,)]


def test_responses_that_are_cached_are_not_what_is_there_now(api: Bills, db: Connection) -> None:
    keep(db)
    rows(db, "SELECT * FROM bills.all.lines WHERE invoice = 'i3'")
    api.lines["i3"] = [("cpu", "9")]
    db.execute("REFRESH MATERIALIZED VIEW lines")
    assert rows(db, "SELECT amount FROM lines WHERE invoice = 'i3'") == [(9.0,)]


def test_max_requests_is_for_the_whole_refresh(api: Bills, tmp_path: Path) -> None:
    with connect(api, tmp_path, max_requests=3) as db, pytest.raises(errors.RequestLimit):
        keep(db)
    assert len(api.requests) == 3


def test_months_are_read_by_their_bounds(api: Bills, db: Connection) -> None:
    api.charges = [
        ("c1", "2025-12-31", "done", "1"),
        ("c2", "2026-01-31", "open", "2"),
        ("c3", "2026-02-28", "done", "3"),
        ("c4", "2026-03-14", "done", "4"),
    ]
    db.execute("CREATE MATERIALIZED VIEW charges AS SELECT * FROM bills.all.charges")
    assert api.requests == ["/charges"]
    closed = "SELECT scope, closed FROM billql_scopes ORDER BY scope"
    assert rows(db, closed) == [("2025-12", 1), ("2026-01", 0), ("2026-02", 1), ("2026-03", 0)]
    api.charges[1] = ("c2", "2026-01-31", "done", "2.5")
    api.charges[2] = ("c3", "2026-02-28", "done", "3.5")
    api.requests.clear()
    db.execute("REFRESH MATERIALIZED VIEW charges")
    assert api.requests == [
        "/charges?from=2026-01-01&before=2026-02-01",
        "/charges?from=2026-03-01",
    ]
    assert rows(db, "SELECT sum(amount) FROM charges") == [(10.5,)]
    api.pass_days(20)
    api.charges.append(("c5", "2026-04-04", "done", "5"))
    api.requests.clear()
    db.execute("REFRESH MATERIALIZED VIEW charges WHERE day >= '2026-02'")
    assert api.requests == [
        "/charges?from=2026-02-01&before=2026-03-01",
        "/charges?from=2026-03-01&before=2026-04-01",
        "/charges?from=2026-04-01&before=2026-05-01",
    ]
    found = (
        'SELECT id, "column", difference, after_close FROM charges__changes WHERE NOT first_read'
    )
    assert rows(db, f"{found} ORDER BY 1, 2") == [
        ("c2", "amount", 0.5, 0),
        ("c2", "state", None, 0),
        ("c3", "amount", 0.5, 1),
    ]


def test_the_months_that_an_api_keeps_are_read_one_by_one(api: Bills, db: Connection) -> None:
    api.charges = [("", "2025-12-31", "cpu", "1"), ("", "2026-02-01", "cpu", "2")]
    db.execute("CREATE MATERIALIZED VIEW costs AS SELECT * FROM bills.all.costs")
    assert [one.partition("=")[2][:7] for one in api.requests] == ["2026-01", "2026-02", "2026-03"]
    assert rows(db, "SELECT day, amount FROM costs") == [("2026-02-01", 2.0)]
    api.requests.clear()
    db.execute("REFRESH MATERIALIZED VIEW costs")
    assert len(api.requests) == 1


def test_a_scope_may_be_what_no_definition_knows(api: Bills, db: Connection) -> None:
    api.credits = [(1, "5.00"), (2, "6.00")]
    with pytest.raises(errors.SqlError, match="cannot be found") as caught:
        db.execute("CREATE MATERIALIZED VIEW credits AS SELECT * FROM bills.all.credits")
    assert "SCOPE BY" in (caught.value.hint or "")
    db.execute("CREATE MATERIALIZED VIEW credits AS SELECT * FROM bills.all.credits SCOPE BY NONE")
    db.execute("CREATE MATERIALIZED VIEW each SCOPE BY id AS SELECT * FROM bills.all.credits")
    api.credits = [(2, "6.50"), (3, "7.00")]
    for name in ("credits", "each"):
        db.execute(f"REFRESH MATERIALIZED VIEW {name}")
        assert rows(db, f"SELECT * FROM {name} ORDER BY id") == [(2, 6.5), (3, 7.0)]
    assert rows(db, "SELECT id, change, difference FROM credits__changes WHERE NOT first_read") == [
        (2, "changed", 0.5),
        (3, "added", 7.0),
        (1, "removed", -5.0),
    ]


def test_a_history_without_rows_is_one(api: Bills, db: Connection) -> None:
    db.execute("CREATE MATERIALIZED VIEW charges AS SELECT * FROM bills.all.charges")
    db.execute("REFRESH MATERIALIZED VIEW charges")
    assert rows(db, "SELECT * FROM charges") == rows(db, "SELECT * FROM charges__changes") == []


def test_two_connections_write_one_file(api: Bills, tmp_path: Path) -> None:
    path = tmp_path / "bills.db"
    with connect(api, tmp_path, path) as one, connect(api, tmp_path, path) as other:
        keep(one)
        api.lines["i3"] = [("cpu", "9")]

        def meanwhile(request: httpx.Request) -> None:
            if request.url.path == "/invoices/i3" and not busy:
                busy.append(1)
                other.execute("REFRESH MATERIALIZED VIEW lines")

        busy: list[int] = []
        api.failing = _Hook(api, meanwhile)
        one.execute("REFRESH MATERIALIZED VIEW lines")
        assert busy
        assert rows(one, "SELECT amount FROM lines WHERE invoice = 'i3'") == [(9.0,)]
        assert len(changes(one)) == 1
        found = "SELECT count(*) FROM billql_refreshes WHERE scope = 'i3' AND state = 'open'"
        assert rows(one, found) == [(1,)]


class _Hook(dict[str, httpx.Response]):
    """Does something when a path is asked for, and answers nothing itself."""

    def __init__(self, api: Bills, action: Any) -> None:
        super().__init__()
        self._action = action

    def __contains__(self, path: object) -> bool:
        self._action(httpx.Request("GET", f"https://bills.example.com{path}"))
        return False


def test_drop_removes_all_of_it(db: Connection) -> None:
    keep(db)
    db.execute("DROP MATERIALIZED VIEW LINES")
    names = "SELECT name FROM sqlite_schema WHERE name LIKE '%lines%'"
    assert rows(db, names) == rows(db, "SELECT * FROM billql.catalog.refreshes") == []
    db.execute("DROP MATERIALIZED VIEW IF EXISTS lines")
    with pytest.raises(errors.UnknownName, match="There is no materialized view lines"):
        db.execute("DROP MATERIALIZED VIEW lines")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE MATERIALIZED VIEW lines AS SELECT 1 AS x SCOPE BY x", "already a table lines"),
        ("CREATE MATERIALIZED VIEW v AS SELECT ? AS x SCOPE BY x", "has no parameters"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS x, 2 AS X SCOPE BY x", "Two columns"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS _nth SCOPE BY _nth", "a column _nth"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS x SCOPE BY y", "no column y"),
        ("CREATE MATERIALIZED VIEW v AS SELECT nothing FROM lines SCOPE BY nothing", "nothing"),
        ("CREATE MATERIALIZED VIEW v AS SELECT * FROM bills.all.liness", "no resource"),
        ("CREATE MATERIALIZED VIEW v AS DELETE FROM lines", 'near "DELETE"'),
        ("CREATE MATERIALIZED VIEW v", "incomplete input"),
        ("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1", "no CREATE OR"),
        ("CREATE MATERIALIZED VIEW temp.v AS SELECT 1", "main database"),
        ("REFRESH MATERIALIZED VIEW liness", "no materialized view liness"),
        ("REFRESH MATERIALIZED VIEW lines WHERE product = 'cpu'", "no such column: product"),
        ("REFRESH MATERIALIZED VIEW lines WHERE", "incomplete input"),
        ("REFRESH MATERIALIZED VIEW lines lines", 'near "lines"'),
        ("REFRESH lines", 'near "lines"'),
        ("DROP MATERIALIZED lines", 'near "lines"'),
    ],
)
def test_what_makes_no_sense_is_an_error(db: Connection, sql: str, message: str) -> None:
    keep(db)
    with pytest.raises(errors.SqlError, match=message):
        db.execute(sql)
    assert rows(db, "SELECT count(*) FROM billql_histories") == [(1,)]


def test_a_transaction_of_the_user_is_not_mixed_with_a_refresh(db: Connection) -> None:
    keep(db)
    db.execute("BEGIN")
    with pytest.raises(errors.ProgrammingError, match="transactions of its own"):
        db.execute("REFRESH MATERIALIZED VIEW lines")
    db.execute("ROLLBACK")


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bills.db"
    apsw.Connection(str(path)).execute("CREATE TABLE t (x)")
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    with pytest.raises(errors.Inaccessible, match=r"bills\.db cannot be written"):
        Store(database).check_writable()


def test_a_full_disk_loses_nothing(api: Bills, tmp_path: Path) -> None:
    with connect(api, tmp_path, tmp_path / "bills.db") as db:
        keep(db)
        pages = rows(db, "PRAGMA page_count")[0][0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        api.lines["i3"] = [(f"product {number}", "1") for number in range(500)]
        with pytest.raises(errors.OutputError, match=r"bills\.db cannot be written") as caught:
            db.execute("REFRESH MATERIALIZED VIEW lines")
        assert "Make room" in (caught.value.hint or "")
        assert caught.value.exit_code == errors.Exit.OUTPUT
        assert rows(db, "SELECT amount FROM lines WHERE invoice = 'i3'") == [(0.5,)]
        db.execute("PRAGMA max_page_count = 100000")
        db.execute("REFRESH MATERIALIZED VIEW lines")
        assert rows(db, "SELECT count(*) FROM lines WHERE invoice = 'i3'") == [(500,)]
        assert rows(db, "PRAGMA integrity_check") == [("ok",)]
