"""Lazy frames of polars: filters, columns and limits go into the statement."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import billql
from billql.dbapi.connection import Connection
from billql.integrations.polars.predicate import condition

UTC = datetime.UTC
C = pl.col


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path = tmp_path_factory.mktemp("polars") / "own.db"
    with billql.connect(path, environ={}) as connection:
        connection.executescript(
            """
            CREATE TABLE t (n INTEGER, amount DECIMAL REAL, made TIMESTAMP TEXT, day DATE TEXT,
                paid BOOLEAN INTEGER, note TEXT, month MONTH TEXT);
            INSERT INTO t VALUES
                (1, 0.1, '2026-03-01T12:30:00Z', '2026-03-01', 1, 'it''s', '2026-03'),
                (2, 100.0, '2026-04-01T00:00:00Z', '2026-04-01', 0, 'b', '2026-04'),
                (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
            """
        )
        connection.commit()
        yield connection


MARCH = datetime.datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
DAY = datetime.date(2026, 3, 1)
PUSHED = {
    "n = 1": C("n") == 1,
    "n > 1": C("n") > 1,
    "n >= 1 (swapped)": pl.lit(1) <= C("n"),
    "n between": C("n").is_between(1, 2, closed="right"),
    "amount": C("amount") < Decimal("0.25"),
    "amount of a float": C("amount") == 0.1,
    "instant": C("made") > MARCH,
    "instants": C("made").is_between(MARCH, MARCH + datetime.timedelta(days=1)),
    "day": C("day") == DAY,
    "text": C("note") == "it's",
    "in": C("note").is_in(["b", "it's", "c"]),
    "null": C("note").is_null(),
    "not null": C("n").is_not_null(),
    "boolean": C("paid"),
    "not": ~C("paid"),
    "and": (C("n") == 1) & (C("note") == "it's"),
    "or": (C("n") == 1) | (C("note") == "b"),
    "month": C("month") >= "2026-04",
}
NOT_PUSHED = {
    "function": C("note").str.starts_with("b"),
    "columns": C("made").dt.date() == C("day"),
    "fraction": C("made") > MARCH + datetime.timedelta(milliseconds=5),
    "no month": C("month") == "soon",
    "half of an or": (C("n") == 1) | C("note").str.starts_with("b"),
    "not of a comparison": ~(C("n") == 1),
    "arithmetic": C("n") + 1 == 2,
}


@pytest.mark.parametrize("name", [*PUSHED, *NOT_PUSHED])
def test_filters_are_those_of_polars(local: Connection, name: str) -> None:
    predicate = (PUSHED | NOT_PUSHED)[name]
    frame = billql.scan_polars("t", local)
    whole = frame.collect()
    assert whole.height == 3
    assert frame.filter(predicate).collect().equals(whole.filter(predicate))
    assert frame.filter(predicate).head(1).collect().equals(whole.filter(predicate).head(1))


def test_what_is_pushed() -> None:
    types = {
        **{"n": "INTEGER", "amount": "DECIMAL DOUBLE", "made": "TIMESTAMP TEXT"},
        **{"day": "DATE TEXT", "paid": "BOOLEAN INTEGER", "note": "TEXT", "month": "MONTH TEXT"},
    }

    def translated(predicate: pl.Expr) -> str | None:
        return condition(predicate.meta.serialize(format="json"), types)

    assert translated((C("note") == "it's") & (C("n") + 1 == 2)) == "(\"note\" = 'it''s')"
    for expression in ("", "[]", "{}", '{"Column": "n"}', '{"BinaryExpr": {}}', '{"Column": []}'):
        assert condition(expression, types) is None
    for name, predicate in NOT_PUSHED.items():
        assert translated(predicate) is None, name


def test_requests_are_saved() -> None:
    lines: list[str] = []

    def requests(frame: pl.LazyFrame) -> tuple[int, int]:
        """Return how many rows a query has, and how many requests it sends."""
        lines.clear()
        height = frame.collect().height
        return height, sum(line.startswith("> ") for line in lines)

    notes: list[str] = []
    options: dict[str, Any] = {"sandbox": True, "environ": {}, "cache_ttl": 0}
    with billql.connect(**options, log=lines.append, warn=notes.append) as sandbox:
        frame = billql.scan_polars("stripe.billing.invoices", sandbox)
        assert not any(line.startswith("> ") for line in lines)
        whole, pages = requests(frame)
        assert pages > 5
        assert requests(frame.head(5)) == (5, 1)
        found, sent = requests(frame.filter(C("status") == "open").select("id"))
        assert 0 < found < whole
        assert sent == 1
        assert notes == []
        assert requests(frame.filter(C("status") == "no such status")) == (0, 0)
        assert ["status is never 'no such status'" in note for note in notes] == [True]


def test_a_select(local: Connection) -> None:
    frame = billql.scan_polars("SELECT note, sum(n) AS total FROM t GROUP BY 1;", local)
    assert frame.collect_schema() == {"note": pl.String(), "total": pl.Int64()}
    assert frame.filter(C("total") == 2).collect().rows() == [("b", 2)]
    assert frame.select(pl.len()).collect().item() == 3


def test_two_at_once(local: Connection) -> None:
    frame = billql.scan_polars("t", local)
    joined = frame.join(billql.scan_polars("t", local), on="n").select(C("n")).collect()
    assert sorted(joined["n"]) == [1, 2]
    assert pl.concat([frame, frame]).select(pl.len()).collect().item() == 6


def test_errors(local: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(billql.SqlError, match="no such table"):
        billql.scan_polars("no_such", local)
    with pytest.raises(billql.UnknownName):
        billql.scan_polars("digitalocean.billing.invocies", sandbox=True)
    monkeypatch.setitem(sys.modules, "polars", None)
    monkeypatch.setitem(sys.modules, "polars.io.plugins", None)
    with pytest.raises(billql.NotSupportedError, match="polars"):
        billql.scan_polars("t", local)
