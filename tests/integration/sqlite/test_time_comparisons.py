"""Columns of time compare as time: what SQL says of any spelling is what Python's datetime says."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest

from billql.errors import BadValue
from billql.sqlite.session import Session
from support.defined import Api, opened, resource

MOMENTS = [
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2025-12-31T23:59:59",
        "2026-01-01T00:00:00",
        "2026-01-31T12:00:00",
        "2026-02-01T00:00:00",
        "2026-02-28T23:59:59",
        "2026-03-01T00:00:00",
        "2026-03-01T00:00:01",
        "2026-03-15T10:30:00",
        "2026-03-31T00:00:00",
        "2026-03-31T23:59:59",
        "2026-04-01T00:00:00",
        "2026-09-01T12:00:00",
    )
]
ROWS = [
    {
        "n": number,
        "at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "day": f"{moment:%Y-%m-%d}",
        "month": f"{moment:%Y-%m}",
    }
    for number, moment in enumerate(MOMENTS)
]
BEGINNINGS: dict[str, Callable[[datetime], datetime]] = {
    "at": lambda moment: moment,
    "day": lambda moment: datetime(moment.year, moment.month, moment.day, tzinfo=UTC),
    "month": lambda moment: datetime(moment.year, moment.month, 1, tzinfo=UTC),
}
"""What each column of a row says: the moment in which its second, day or month begins."""


class Spelled(NamedTuple):
    text: str
    means: datetime


def in_zone(moment: datetime, minutes: int) -> datetime:
    return moment.astimezone(timezone(timedelta(minutes=minutes)))


SPELLINGS: list[Callable[[datetime], Spelled]] = [
    lambda at: Spelled(f"{at:%Y-%m-%dT%H:%M:%SZ}", at),
    lambda at: Spelled(f"{at:%Y-%m-%d %H:%M:%S}", at),
    lambda at: Spelled(f"{at:%Y-%m-%d %H:%M:%SZ}", at),
    lambda at: Spelled(f"{at:%Y-%m-%dT%H:%M:%S}", at),
    lambda at: Spelled(f"{at:%Y-%m-%d %H:%M:%S} UTC", at),
    lambda at: Spelled(f"{at:%Y-%m-%d %H:%M:%S} +0000", at),
    lambda at: Spelled(f"{at:%Y-%m-%d %H:%M:%S}.000", at),
    lambda at: Spelled(f"{at:%Y-%m-%dT%H:%M:%S}.25Z", at + timedelta(milliseconds=250)),
    lambda at: Spelled(in_zone(at, 330).isoformat(), at),
    lambda at: Spelled(in_zone(at, -480).isoformat(sep=" "), at),
    lambda at: Spelled(f"{in_zone(at, 60):%Y-%m-%dT%H:%M:%S}+01", at),
    lambda at: Spelled(f"{in_zone(at, -210):%Y-%m-%d %H:%M:%S%z}", at),
    lambda at: Spelled(f"{at:%Y-%m-%d %H:%M}", at.replace(second=0)),
    lambda at: Spelled(f"{at:%Y-%m-%dT%H:%M}Z", at.replace(second=0)),
    lambda at: Spelled(f"{at:%Y-%m-%d}", BEGINNINGS["day"](at)),
    lambda at: Spelled(f"{at:%Y-%m}", BEGINNINGS["month"](at)),
    lambda at: Spelled(f"{at:%Y}", datetime(at.year, 1, 1, tzinfo=UTC)),
]
OPERATORS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Comparison(NamedTuple):
    sql: str
    """With `{0}` for each value."""
    values: tuple[str, ...]
    expected: list[int]


def drawn(dice: Random) -> Comparison:
    """Draw a comparison, and let Python's datetime say for which rows it is true."""
    column = dice.choice([*BEGINNINGS])

    def value() -> Spelled:
        return dice.choice(SPELLINGS)(dice.choice(MOMENTS))

    def rows(is_true: Callable[[datetime], bool]) -> list[int]:
        begin = BEGINNINGS[column]
        return [number for number, moment in enumerate(MOMENTS) if is_true(begin(moment))]

    one, other = value(), value()
    kind = dice.choice([*OPERATORS, *OPERATORS, "between", "in"])
    if kind == "between":
        one, other = sorted((one, other), key=lambda spelled: spelled.means)
        return Comparison(
            f"{column} BETWEEN {{0}} AND {{1}}",
            (one.text, other.text),
            rows(lambda own: one.means <= own <= other.means),
        )
    if kind == "in":
        return Comparison(
            f"{column} IN ({{0}}, {{1}})",
            (one.text, other.text),
            rows(lambda own: own in (one.means, other.means)),
        )
    return Comparison(
        f"{column} {kind} {{0}}", (one.text,), rows(lambda own: OPERATORS[kind](own, one.means))
    )


DICE = Random(13)
COMPARISONS = [drawn(DICE) for _ in range(200)]

CONTEXTS = {
    "WHERE": "SELECT n FROM @things WHERE {0} ORDER BY n",
    "CASE": "SELECT n FROM @things WHERE CASE WHEN {0} THEN 1 END ORDER BY n",
    "NOT": "SELECT n FROM @things WHERE NOT (NOT ({0})) ORDER BY n",
    "subquery": "SELECT n FROM (SELECT * FROM @things LIMIT 100) WHERE {0} ORDER BY n",
    "CTE": "WITH c AS MATERIALIZED (SELECT * FROM @things) SELECT n FROM c WHERE {0} ORDER BY n",
    "SELECT": "SELECT n FROM (SELECT n, {0} AS found FROM @things) WHERE found ORDER BY n",
}


def respond(request: httpx.Request) -> Any:
    """Give the rows that a strict API gives, which knows one spelling of each column."""
    rows = ROWS
    for name, text in request.url.params.items():
        column, _, end = name.partition("_")
        kind = {"day": "%Y-%m-%d", "month": "%Y-%m", "at": "%Y-%m-%dT%H:%M:%SZ"}[column]
        assert datetime.strptime(text, kind).strftime(kind) == text
        compare: dict[str, Callable[[Any, Any], bool]] = {
            "from": operator.ge,
            "before": operator.lt,
            "to": operator.le,
            "": operator.eq,
        }
        rows = [row for row in rows if compare[end](row[column], text)]
    return {"data": rows}


BOUNDS = {
    "at_from": {"column": "at", "operator": ">="},
    "at_before": {"column": "at", "operator": "<"},
    "day_from": {"column": "day", "operator": ">="},
    "day_to": {"column": "day", "operator": "<="},
    "month": {},
}
COLUMNS = {"n": "integer", "at": "timestamp", "day": "date", "month": "month"}


@pytest.fixture(scope="module", params=["filters", "no filters"])
def session(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Session]:
    """A session over an API that filters by time, or does not."""
    listing = {"request": "GET /things", "rows": "data[]"}
    if request.param == "filters":
        listing["parameters"] = BOUNDS  # type: ignore[assignment]
    things = resource(COLUMNS, {"list": listing})
    folder: Path = tmp_path_factory.mktemp("own")
    with opened(Api(respond), folder, {"things": things}) as session:
        yield session


def ask(session: Session, sql: str, bindings: Any = ()) -> list[Any]:
    rows = list(session.execute(sql.replace("@", "own.all."), bindings))
    return [row[0] if len(row) == 1 else row for row in rows]


def quoted(text: str) -> str:
    return f"'{text}'"


@pytest.mark.parametrize("context", CONTEXTS)
def test_comparisons_say_what_datetime_says(session: Session, context: str) -> None:
    for one in COMPARISONS:
        written = one.sql.format(*map(quoted, one.values))
        found = ask(session, CONTEXTS[context].format(written))
        assert found == one.expected, written


def test_bound_values_say_what_datetime_says(session: Session) -> None:
    for one in COMPARISONS:
        bound = one.sql.format(*["?"] * len(one.values))
        found = ask(session, CONTEXTS["WHERE"].format(bound), one.values)
        assert found == one.expected, one


def test_rows_of_another_table_say_what_datetime_says(session: Session) -> None:
    ask(session, "CREATE TEMP TABLE own (number, told TEXT)")
    singles = [(n, one) for n, one in enumerate(COMPARISONS) if len(one.values) == 1]
    for number, one in singles:
        ask(session, "INSERT INTO own VALUES (?, ?)", (number, one.values[0]))
    for number, one in singles:
        joined = one.sql.format("told")
        sql = f"SELECT n FROM own JOIN @things ON {joined} WHERE number = {number} ORDER BY n"
        assert ask(session, sql) == one.expected, one
    ask(session, "DROP TABLE own")


NO_TIMES = [
    *("October 2026", "", "now", "2026-02-30", "1764345600", "01/02/2026", "2026-1-1"),
    "2026-02-30T00:00:00Z",
]
FAULTS = [
    "month = {0}",
    "at >= {0}",
    "at < {0}",
    "day BETWEEN '2026-01-01' AND {0}",
    "{0} <= day",
    "at <> {0}",
    "day IN ('2026-01-01', {0})",
    "at NOT IN ('2026-01', {0})",
    "at IS {0}",
    "CASE WHEN day < {0} THEN 1 END",
    "CASE day WHEN {0} THEN 1 END",
    "n = 0 OR at > {0}",
    "NOT (at > {0})",
    "(at, n) > ({0}, 1)",
    "(at IS NOT DISTINCT FROM {0})",
    "n IN (SELECT n FROM @things WHERE at = {0}) AND at LIKE '2026-%'",
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("text", NO_TIMES)
def test_a_constant_that_is_no_time_is_an_error(session: Session, fault: str, text: str) -> None:
    for written, bindings in ((quoted(text), ()), ("?", [text])):
        sql = f"SELECT n FROM @things WHERE {fault.format(written)}"
        with pytest.raises(BadValue) as caught:
            ask(session, sql, bindings)
        assert repr(text) in caught.value.message, sql
        assert "2026-01-31T12:00:00Z" in str(caught.value.hint)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("constant", ["'Oct' || 'ober'", "upper('october')", "? || 'ober'"])
def test_a_computed_constant_that_is_no_time_is_an_error(
    session: Session, fault: str, constant: str
) -> None:
    sql = f"SELECT n FROM @things WHERE {fault.format(constant)}"
    with pytest.raises(BadValue, match=r"(?i)'october', which is no time"):
        ask(session, sql, ["Oct"] if "?" in sql else ())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "union",
    [
        "SELECT n FROM @things WHERE {0} UNION SELECT 1",
        "SELECT 1 EXCEPT SELECT CASE WHEN {0} THEN 2 END FROM @things",
        "SELECT t.n FROM @things AS t WHERE {0} UNION ALL SELECT 'Total' ORDER BY 1",
    ],
)
def test_so_it_is_in_an_arm_of_a_union(session: Session, fault: str, union: str) -> None:
    with pytest.raises(BadValue, match="'soon', which is no time"):
        ask(session, union.format(fault.format("'soon'")))


@pytest.mark.parametrize("number", ["1764345600", "1764345600.5", "1", "20260101", "99999"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_number_that_is_no_year_is_an_error(session: Session, fault: str, number: str) -> None:
    equals = any(word in fault for word in ("= {0}", " IS ", "DISTINCT")) and ">=" not in fault
    # A number in a row of another table equals no time, and so does one from an expression.
    counts = len(number) > 6
    for written in (
        (number,)
        if equals or not counts
        else (number, f"({number} + 0)", f"CAST({number} AS TEXT)")
    ):
        sql = f"SELECT n FROM @things WHERE {fault.format(written)}"
        with pytest.raises(BadValue, match="no time") as caught:
            ask(session, sql)
        assert ("unixepoch" in str(caught.value.hint)) == counts


def test_what_is_no_time_stands_for_itself_elsewhere(session: Session) -> None:
    """A heading among times, a text of one's own rows, another column: no fault of a statement."""
    ask(session, "CREATE TEMP TABLE own (n, told TEXT)")
    for row in ((1, "2026-03-01 00:00"), (2, ""), (3, "open"), (4, "x"), (5, None)):
        ask(session, "INSERT INTO own VALUES (?, ?)", row)
    heading = "SELECT month FROM @things UNION ALL SELECT 'Total' ORDER BY 1 DESC LIMIT 1"
    assert ask(session, heading) == ["Total"]
    other = "SELECT month FROM @things INTERSECT SELECT told FROM own WHERE told IN ('open', 'x')"
    assert ask(session, other) == []
    other = "SELECT month FROM @things EXCEPT SELECT told FROM own WHERE told NOT IN ('x', 'y')"
    assert len(ask(session, other)) == 5
    total = "SELECT * FROM (SELECT month FROM @things UNION SELECT 'Total') ORDER BY 1 DESC LIMIT 1"
    assert ask(session, total) == ["Total"]
    joined = "SELECT t.n FROM @things t JOIN own ON t.at = own.told ORDER BY 1"
    assert ask(session, joined) == [5]
    among = "SELECT n FROM @things WHERE at IN (SELECT told FROM own) ORDER BY 1"
    assert ask(session, among) == [5]
    left = "SELECT own.n, t.n FROM own LEFT JOIN @things t ON t.day = own.told AND t.n < 6"
    assert ask(session, left) == [(1, 5), (2, None), (3, None), (4, None), (5, None)]
    ask(session, "DROP TABLE own")


def test_a_year_may_be_a_number(session: Session) -> None:
    assert ask(session, "SELECT count(*) FROM @things WHERE at >= 2026") == [11]
    assert ask(session, "SELECT count(*) FROM @things WHERE at < ?", [2026]) == [1]


def test_times_hold_wherever_sql_compares(session: Session) -> None:
    least = (
        "SELECT min(at), max(at), min(month), max(day) FROM @things WHERE at < '2026-01-01 12:00'"
    )
    assert ask(session, least) == [
        ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2025-12", "2026-01-01")
    ]
    own = "SELECT '2026-03-01 00:00' AS told UNION ALL SELECT '2026-03'"
    grouped = (
        f"SELECT count(*) FROM (SELECT at FROM @things WHERE n = 5 UNION SELECT * FROM ({own}))"
    )
    assert ask(session, grouped) == [1]
    pairs = "SELECT count(*) FROM @things a JOIN @things b ON a.month = b.day AND a.n <= b.n"
    firsts = [BEGINNINGS["month"](one) for one in MOMENTS]
    days = [BEGINNINGS["day"](one) for one in MOMENTS]
    expected = sum(
        first == day for n, first in enumerate(firsts) for m, day in enumerate(days) if n <= m
    )
    assert ask(session, pairs) == [expected]
    by_time = f"SELECT at FROM @things UNION ALL {own} ORDER BY 1 LIMIT 1 OFFSET 4"
    assert ask(session, by_time) == ["2026-02-28T23:59:59Z"]
    windowed = "SELECT n, rank() OVER (ORDER BY month) FROM @things WHERE n BETWEEN 5 AND 8"
    assert ask(session, windowed) == [(5, 1), (6, 1), (7, 1), (8, 1)]


@pytest.mark.parametrize("transaction", [False, True])
def test_a_statement_that_compares_no_time_writes_nothing(
    session: Session, transaction: bool
) -> None:
    """The comparison may be the last thing that a statement does, after it has read all rows."""
    ask(session, "CREATE TEMP TABLE filled (n)")
    if transaction:
        ask(session, "BEGIN")
    ask(session, "INSERT INTO filled VALUES (0)")
    for select in (
        "SELECT n FROM @things WHERE CASE WHEN at > 'soon' THEN n END",
        "SELECT count(*) FROM @things GROUP BY month HAVING month > (SELECT 'x') OR month > 'soon'",
        "SELECT last > 'soon' FROM (SELECT at AS last FROM @things ORDER BY n DESC LIMIT 1)",
    ):
        with pytest.raises(BadValue, match="'soon'"):
            ask(session, f"INSERT INTO filled {select}")
        assert ask(session, "SELECT n FROM filled") == [0]
    ask(session, "INSERT INTO filled VALUES (1)")
    if transaction:
        ask(session, "COMMIT")
    assert ask(session, "SELECT n FROM filled") == [0, 1]
    ask(session, "DROP TABLE filled")


@pytest.mark.parametrize(
    ("statement", "warns"),
    [
        ("SELECT t.n FROM own JOIN @things t ON own.told = t.at", True),
        ("SELECT t.n FROM own JOIN @things t ON own.told < t.at", True),
        ("SELECT t.n FROM own LEFT JOIN @things t ON own.told BETWEEN t.day AND t.at", True),
        ("SELECT t.n FROM own JOIN @things t ON t.at = own.told", False),
        ("SELECT t.n FROM own JOIN @things t ON own.told = t.at COLLATE time", False),
        ("SELECT n FROM @things WHERE at = '2026-03-01' COLLATE BINARY", True),
        ("SELECT n FROM @things WHERE at LIKE '2026-03-01%' AND month GLOB '2026-*'", False),
        ("SELECT n FROM @things WHERE '2026-03-01' = at AND month IN ('2026-03')", False),
    ],
)
def test_a_comparison_as_text_is_warned_of(session: Session, statement: str, warns: bool) -> None:
    ask(session, "CREATE TEMP TABLE own (told TEXT)")
    ask(session, "INSERT INTO own VALUES ('2026-03-01 00:00:00')")
    found = ask(session, statement)
    warnings = [text for scan in session.scans for text in scan.warnings]
    assert bool(warnings) == warns
    assert all("write at first, or add" in text for text in warnings[-1:])
    if "= t.at" in statement or "t.at =" in statement:
        assert found == ([] if warns else [5])  # the warning is right
    ask(session, "DROP TABLE own")


@pytest.mark.parametrize(
    ("condition", "warns"),
    [
        ("max(at) >= '2026-09-01 12:00:00'", True),
        ("max(at) >= datetime('2026-09-01 12:00:00')", True),
        ("max(month) = '2026-09-01'", True),
        ("max(at) COLLATE time >= '2026-09-01 12:00:00'", False),
        ("max(at) >= '2026-09-01T12:00:00Z'", False),
        ("max(day) >= date('2026-09-01')", False),
        ("max(n) >= '2026-09-01 12:00:00' OR 1", False),
    ],
)
def test_a_call_that_is_compared_as_text_is_warned_of(
    session: Session, condition: str, warns: bool
) -> None:
    found = ask(session, f"SELECT count(*) FROM @things HAVING {condition}")
    warnings = [text for scan in session.scans for text in scan.warnings]
    assert bool(warnings) == warns
    assert all("COLLATE time" in text for text in warnings)
    if not warns:
        assert found == [12]
