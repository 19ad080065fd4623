"""Random filters, which change no answer whether they reach billql or not: `make spark`.

Each is drawn as text of Spark's SQL over a table that has every type, NULLs and the ends of the
types. BILLQL_EXAMPLES is how many are drawn (100).
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from spark.conftest import Place
from support.defined import define, resource
from support.server import Asked, Serve

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

EXAMPLES = int(os.environ.get("BILLQL_EXAMPLES", "100"))
AT_ONCE = 25

VALUES: dict[str, Sequence[Any]] = {
    "text": ("", "a", "A", "ab", "a%", "a_b", "ä", "é", "e\u0301", "10", "9", "a'b", "b\\c", " a"),
    "month": ("2025-12", "2026-01", "2026-02", "2026-10"),
    "date": ("2026-01-01", "2026-03-08", "2026-11-01", "0001-01-01", "9999-12-31", "1969-12-31"),
    "timestamp": (
        "2026-03-08T06:59:59Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T05:30:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "0001-01-02T00:00:00Z",
        "9999-12-30T00:00:00Z",
    ),
    "integer": (0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)),
    "boolean": (True, False),
    "decimal": ("0", "0.1", "-0.1", "1234567890123456789.5", "0.000000000000000001", "1e3"),
    "real": (0.0, 0.1, -0.1, 1.5, 1e300),
    "json": ({"a": 1}, [1, 2], "x"),
}
"""What rows have of each type, beside NULL."""

ODD: dict[str, Sequence[str]] = {
    "month": ("'2026-1'", "'2026'", "'2026-01-15'", "'x'", "''", "'2026-13'"),
    "timestamp": (
        "TIMESTAMP'2026-03-08 07:00:00.5Z'",
        "TIMESTAMP'2026-03-08 02:30:00'",
        "TIMESTAMP'2026-11-01 01:30:00'",
        "DATE'2026-03-08'",
        "'2026-03-08'",
    ),
    "integer": ("0.5", "1e0", "'1'", "9007199254740993"),
    "decimal": ("1e3", "0.1D", "12345678901234567890.123456789012345678"),
}
"""What filters have beside it, in Spark's SQL."""

COLUMNS = {f"a_{kind}": kind for kind in VALUES}


class Draw:
    """Draws filters."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def rows(self, count: int) -> list[dict[str, Any]]:
        """Return rows of the table."""
        return [
            {"id": f"r{number}"}
            | {name: self.chance.choice((None, *VALUES[kind])) for name, kind in COLUMNS.items()}
            for number in range(count)
        ]

    def literal(self, kind: str) -> str:
        """Return a literal that is compared with a column of a type."""
        if self.chance.random() < 0.06:
            return "NULL"
        if self.chance.random() < 0.3 and kind in ODD:
            return self.chance.choice(ODD[kind])
        value = self.chance.choice(VALUES[kind])
        if kind in ("text", "month", "json"):
            text = str(value).replace("\\", "\\\\").replace("'", "\\'")
            return f"'{text}'"
        if kind in ("date", "timestamp"):
            return f"{kind.upper()}'{value}'"
        # The least bigint can be written as a difference alone.
        return "(-9223372036854775807 - 1)" if value == -(2**63) else str(value).lower()

    def atom(self) -> str:
        """Return a filter of one column."""
        pick = self.chance.choice
        if self.chance.random() < 0.1:
            return pick(("connection = 'acme'", "connection IN ('beta', 'no')", "connection < 'b'"))
        name, kind = pick(list(COLUMNS.items()))
        literal = self.literal
        forms = [
            f"{name} {pick(('=', '<=>', '<', '>', '<=', '>=', '<>'))} {literal(kind)}",
            f"{literal(kind)} {pick(('=', '<', '>='))} {name}",
            f"{name} IS {pick(('', 'NOT '))}NULL",
            f"{name} {pick(('', 'NOT '))}IN ({literal(kind)}, {literal(kind)}, {literal(kind)})",
            f"{name} BETWEEN {literal(kind)} AND {literal(kind)}",
        ]
        if kind in ("text", "month"):
            forms += [f"{pick(('startswith', 'endswith', 'contains'))}({name}, {literal(kind)})"]
        if kind == "text":
            forms += [f"{name} LIKE '{pick(('a%', '%b', 'a_b', '%'))}'"]
        if kind == "boolean":
            forms += [name, f"NOT {name}", f"{name} IS NOT FALSE"]
        return pick(forms)

    def filter(self, depth: int = 0) -> str:
        """Return a filter."""
        draw = self.chance.random() if depth < 2 else 1.0
        if draw < 0.25:
            return f"({self.filter(depth + 1)} AND {self.filter(depth + 1)})"
        if draw < 0.4:
            return f"({self.filter(depth + 1)} OR {self.filter(depth + 1)})"
        return f"NOT ({self.filter(depth + 1)})" if draw < 0.5 else self.atom()


def ids(frames: Sequence[DataFrame]) -> list[list[tuple[str, str]]]:
    """Return the rows of each frame, by their ids and connections, in one job."""
    from pyspark.sql import DataFrame

    numbered = [
        frame.selectExpr(f"{place} AS of", "id", "connection") for place, frame in enumerate(frames)
    ]
    found: list[list[tuple[str, str]]] = [[] for _ in frames]
    for of, *row in reduce(DataFrame.unionAll, numbered).collect():
        found[of].append((row[0], row[1]))
    return [sorted(rows) for rows in found]


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Asia/Kolkata"])
def test_a_filter_that_is_pushed_changes_no_answer(
    place: Place, serve: Serve, tmp_path: Path, zone: str
) -> None:
    from pyspark.errors import AnalysisException

    draw = Draw(len(zone))
    rows = draw.rows(80)

    def answer(asked: Asked) -> None:
        asked.answer({"items": rows})

    url = serve(answer).url
    config = tmp_path / "billql.toml"
    config.write_text(
        "".join(
            f'[connections.{name}]\nprovider = "own"\nurl = "{url}"\n'
            f'token_command = "echo own_token_{name}"\n'
            for name in ("acme", "beta")
        )
    )
    parameters = {name: {"in": "query", "match": "superset"} for name in ("a_text", "a_integer")}
    listed = {"request": "GET /things", "rows": "items[]", "parameters": parameters}
    definitions = define(tmp_path, {"things": resource({"id": "text"} | COLUMNS, {"list": listed})})
    options = {"config": str(config), "definitions": str(definitions)}
    reader = place.session.read.format("billql").options(table="own.all.things", **options)
    before = place.session.conf.get("spark.sql.session.timeZone") or "UTC"
    place.session.conf.set("spark.sql.session.timeZone", zone)
    try:
        whole = reader.load().cache()
        assert whole.count() == 2 * len(rows)
        filters: list[str] = []
        while len(filters) < EXAMPLES // 3:
            try:
                whole.where(drawn := draw.filter())
            except AnalysisException:
                continue  # types that Spark does not compare
            filters.append(drawn)
        for start in range(0, len(filters), AT_ONCE):
            some = filters[start : start + AT_ONCE]
            expected = ids([whole.where(one) for one in some])
            pushed = ids([reader.option("pushdown", "true").load().where(one) for one in some])
            for one, those, these in zip(some, expected, pushed, strict=True):
                assert these == those, one
    finally:
        place.session.conf.set("spark.sql.session.timeZone", before)
