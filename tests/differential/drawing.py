"""What Hypothesis draws: shapes of resources, and rows for them.

The values come from small pools that are full of neighbours: upper and lower case, numbers that are
text, both sides of midnight and of a month's end, NULL and the empty text.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from .shapes import (
    Column,
    Filter,
    Lists,
    Location,
    Match,
    Operator,
    Paging,
    PagingKind,
    Row,
    Shape,
    SQLValue,
    Verb,
)

T = TypeVar("T")

KEYS = ("k1", "K1", "k 2", "k/3", "ключ", "a,b", "100%", "5")
STATES = ("open", "closed")
TODAY = "2025-02-10"
DAYS = (
    *("2025-01-31", "2025-02-01", "2025-01-01", "2024-12-31", "2025-01-15", "2025-02-09"),
    *("2025-02-10", "2025-01-30", "2025-02-02"),
)
POOLS: dict[str, Sequence[SQLValue]] = {
    "text": (
        *(
            "a",
            "A",
            "b",
            None,
            "",
            "ab",
            "aB",
            " a",
            "a ",
            "ä",
            "Ä",
            "5",
            "05",
            "5.0",
            "a,b",
            "o'k",
        ),
        *("100%", "a_b", "日本", "-1", "hidden"),
    ),
    "integer": (0, 1, 2, 3, -1, -2, None, 5, 10, 11, 100, 2**61 - 1, -(2**53) - 1),
    "decimal": (0.0, 1.0, 1.5, -1.0, -2.0, None, 5.0, 0.25, 100.0, 1234567.75),
    "boolean": (0, 1, None),
    "date": (*DAYS, None),
    "month": ("2025-01", "2025-02", "2024-12", None, "2025-03", "2024-01"),
    "timestamp": (
        *("2025-01-31T23:59:59Z", "2025-02-01T00:00:00Z", "2025-01-15T12:30:00Z", None),
        *("2025-01-31T00:00:00Z", "2025-02-01T00:00:01Z", "2024-12-31T23:59:59Z"),
        *("2025-01-01T00:00:00Z", "2025-02-10T23:59:59Z"),
    ),
    "key": KEYS,
    "state": STATES,
    "id": ("r0", "R0", "r1", "R1", "r2", "r 3", "x"),
}

PLAIN = (
    Column("name", "text", domain="text"),
    Column("kind", "text", domain="text"),
    Column("n", "integer", domain="integer"),
    Column("amount", "decimal", domain="decimal"),
    Column("flag", "boolean"),
    Column("day", "date", domain="date"),
    Column("month", "month"),
    Column("at", "timestamp", domain="timestamp"),
    Column("key", "text", domain="key"),
)
ID = Column("id", "text", domain="id")


@dataclass(frozen=True)
class Local:
    """An ordinary table: the types of its columns as SQLite declares them."""

    name: str
    declared: tuple[tuple[str, str, str], ...] = (
        ("key", "TEXT", "key"),
        ("s", "TEXT", "text"),
        ("n", "INTEGER", "integer"),
        ("day", "TEXT", "date"),
        ("x", "", ""),
        ("c", "TEXT COLLATE NOCASE", "text"),
    )


LOCAL = Local("local")
"""`x` has no affinity and holds anything; `c` compares in any case."""

_LOW: Sequence[Operator] = (">=", ">")
_HIGH: Sequence[Operator] = ("<=", "<")
_LISTS: Sequence[Lists | None] = (None, "comma", "repeat", "brackets")
_PAGINGS: Sequence[PagingKind] = ("page", "next_url", "token", "last_row")
_ANYTHING: Sequence[SQLValue] = (5, "5", "a", "A", 1, 1.0, None, "", "k1", b"a", 5.0, "2025-02-01")


def _one(draw: DrawFn, *choices: T) -> T:
    return draw(st.sampled_from(choices))


def _verb(draw: DrawFn) -> Verb:
    return "POST" if _chance(draw, 15) else "GET"


def _chance(draw: DrawFn, percent: int) -> bool:
    return draw(st.integers(0, 99)) >= 100 - percent


@st.composite
def lists(draw: DrawFn, name: str) -> Shape:
    """Draw a list that can be read as it stands, and filtered in many ways."""
    columns = [replace(one, format=_format(draw, one)) for one in (*PLAIN, ID)]
    verb = _verb(draw)
    filters: list[Filter] = []
    for column in columns:
        if column.name != "id" and _chance(draw, 45):
            filters += _filters(draw, column, verb)
    if _chance(draw, 20):
        place = draw(st.integers(0, len(columns) - 1))
        columns[place] = replace(columns[place], switch="with_more")
    if _chance(draw, 15):
        echo = _chance(draw, 50)
        columns.append(Column("state", "text", domain="state", echo=echo, hidden=echo))
        filters.append(Filter("state", "state", default=STATES))
    terms = st.sampled_from(("-at", "at", "n", "-n", "name", "day", "-day"))
    order = draw(st.lists(terms, max_size=2))
    declared = _chance(draw, 70)
    bounds = {one.operator[0] for one in filters if one.column == "at"}
    cut = declared and order[:1] == ["-at"] and bounds >= {"<", ">"}
    return Shape(
        name,
        tuple(columns),
        tuple(filters),
        verb=verb,
        paging=draw(pagings(verb)),
        order=tuple(order),
        declares_order=declared,
        cut="at" if cut else None,
        by_id=_one(draw, None, "exact", "caseless"),
    )


@st.composite
def keyed(draw: DrawFn, name: str) -> Shape:
    """Draw a list that cannot be read without a key."""
    echo = _chance(draw, 60)
    key = Column("key", "text", domain="key", echo=echo, hidden=echo and _chance(draw, 30))
    number = Column("k", "integer", domain="integer", echo=_chance(draw, 50))
    columns = [key, *(one for one in PLAIN if one.name not in ("key", "month", "flag"))]
    verb = _verb(draw)
    filters = [_key_filter(draw, key, verb)]
    if _chance(draw, 20):
        columns.append(number)
        filters.append(_key_filter(draw, number, verb))
    for column in columns[1:]:
        if column.name != "k" and _chance(draw, 20):
            filters += _filters(draw, column, verb)
    return Shape(
        name,
        tuple(columns),
        tuple(filters),
        verb=verb,
        paging=draw(pagings(verb)),
        order=_one(draw, (), ("at",), ("-n",)),
    )


def _key_filter(draw: DrawFn, key: Column, verb: Verb) -> Filter:
    location = _one(draw, *_places(verb, "path"))
    takes = None if location != "query" or key.echo else _one(draw, *_LISTS[::2])
    loose = key.type == "text" and not key.echo and location == "query" and not takes
    return Filter(
        f"the_{key.name}",
        key.name,
        match="caseless" if loose and _chance(draw, 30) else "exact",
        location=location,
        required=True,
        lists=takes,
    )


def _places(verb: Verb, other: Location) -> Sequence[Location]:
    """Where parameters may go; the second is the likeliest."""
    return ("query", other, "query", "body" if verb == "POST" else "query")


@st.composite
def windows(draw: DrawFn, name: str) -> Shape:
    """Draw a list that is read by windows of time."""
    timed = _chance(draw, 40)
    column = Column("at", "timestamp") if timed else Column("day", "date")
    if _chance(draw, 40):
        column = replace(column, format="epoch")
    places: Sequence[Location] = ("query", "path")
    written = _one(draw, None, "epoch") if column.format else None
    low = Filter(
        "first",
        column.name,
        operator=_one(draw, *_LOW),
        match="coarse" if _chance(draw, 15) else "exact",
        location=_one(draw, *places),
        required=True,
        format=written,
    )
    today = not timed and _chance(draw, 50)
    high = replace(low, name="last", operator=_one(draw, *_HIGH))
    high = replace(high, required=not today, default="today" if today else None)
    others = [one for one in PLAIN if one.name in ("name", "n", "amount", "key")]
    filters = [low, high]
    for one in others:
        if _chance(draw, 25):
            filters += _filters(draw, one, "GET")
    return Shape(
        name,
        (column, *others),
        tuple(filters),
        paging=draw(pagings("GET")),
        order=_one(draw, (), (column.name,), (f"-{column.name}",), ("n",), (column.name, "n")),
        days=_one(draw, 7, 2, 31),
    )


def _format(draw: DrawFn, column: Column) -> str | None:
    if column.type in ("date", "month", "timestamp") and _chance(draw, 40):
        return _one(draw, "epoch", "epoch_ms")
    return None


def _filters(draw: DrawFn, column: Column, verb: Verb) -> list[Filter]:
    """Draw the parameters that filter a column: by value, by bounds, or both."""
    location = _one(draw, *_places(verb, "header"))
    ranged = column.type in ("integer", "date", "month", "timestamp")
    timed = column.type in ("date", "month", "timestamp")
    format = _one(draw, None, "epoch", "epoch_ms") if timed else None
    name = f"x-{column.name}" if location == "header" else column.name
    base = Filter(name, column.name, location=location, format=format)
    found: list[Filter] = []
    # What shows an instant in whole seconds cannot filter one that is written with fractions.
    whole = column.type != "timestamp" or format is not None
    if not ranged or (whole and _chance(draw, 50)):
        found.append(_by_value(draw, base, column))
    if ranged:
        coarse = column.type in ("integer", "date") and _chance(draw, 25)
        base = replace(base, match="coarse" if coarse else "exact")
        if _chance(draw, 80):
            found.append(replace(base, name=f"{name}_from", operator=_one(draw, *_LOW)))
        if _chance(draw, 80):
            found.append(replace(base, name=f"{name}_to", operator=_one(draw, *_HIGH)))
    return found


_MATCHES: dict[str, Sequence[Match]] = {
    "text": ("exact", "caseless", "prefix"),
    "integer": ("exact", "exact", "coarse"),
    "date": ("exact", "exact", "coarse"),
}


def _by_value(draw: DrawFn, base: Filter, column: Column) -> Filter:
    match = _one(draw, *_MATCHES.get(column.type, ("exact",)))
    takes = None
    if base.location == "query" and match == "exact" and column.type not in ("boolean", "month"):
        takes = _one(draw, *_LISTS)
    hides = column.name == "kind" and not takes and _chance(draw, 30)
    null = "none" if not takes and _chance(draw, 25) else None
    return replace(base, match=match, lists=takes, default="all" if hides else None, null=null)


@st.composite
def pagings(draw: DrawFn, verb: Verb) -> Paging | None:
    if _chance(draw, 20):
        return None
    kind = _one(draw, *_PAGINGS)
    return Paging(
        kind,
        size=draw(st.integers(1, 8)),
        sized=_chance(draw, 70),
        total=_chance(draw, 50),
        in_body=kind == "token" and verb == "POST" and _chance(draw, 60),
    )


@st.composite
def rows(draw: DrawFn, shape: Shape, most: int = 24) -> list[Row]:
    """Draw the rows of a shape; equal ones are likely."""
    width = len(shape.columns) + 1
    count = _count(draw, most)
    cells = _cells(draw, count * width)
    made: list[Row] = []
    for place in range(count):
        picks = cells[place * width : (place + 1) * width]
        row: Row = {
            column.name: _value(shape, column, pick)
            for column, pick in zip(shape.columns, picks[1:], strict=True)
        }
        if any(column.name == "id" for column in shape.columns):
            row["id"] = f"{'rR'[place % 2]}{place // 2}"
        made.append(row | {"#": place, "~": (0, 0.5, 0.999, 0)[picks[0] % 4]})
    return made


def _count(draw: DrawFn, most: int) -> int:
    return _one(
        draw, *(count for count in (0, 1, 2, 3, 5, 8, 8, 12, 12, 16, 20, 24) if count <= most)
    )


def _cells(draw: DrawFn, count: int) -> bytes:
    """Draw the cells of a table at once, which is many times faster than one by one.

    Hypothesis likes zeros; laid over a pattern, they are as mixed as others.
    """
    drawn = draw(st.binary(min_size=count, max_size=count))
    return bytes(one ^ other for one, other in zip(drawn, _PATTERN, strict=False))


_PATTERN = random.Random(1).randbytes(4096)


def _value(shape: Shape, column: Column, pick: int) -> SQLValue:
    pool = POOLS[column.domain if column.domain in POOLS else column.type]
    value = pool[pick % (min(4, len(pool)) if pick < 128 else len(pool))]
    needed = column.echo or (shape.days is not None and column.name == shape.window)
    return pool[0] if value is None and needed else value


@st.composite
def local_rows(draw: DrawFn, most: int = 12) -> list[tuple[SQLValue, ...]]:
    width = len(LOCAL.declared)
    count = _count(draw, most)
    cells = _cells(draw, count * width)
    pools = [(*POOLS[kind], None) if kind else _ANYTHING for _, _, kind in LOCAL.declared]
    return [
        tuple(
            pool[pick % len(pool)] for pool, pick in zip(pools, cells[at : at + width], strict=True)
        )
        for at in range(0, count * width, width)
    ]
