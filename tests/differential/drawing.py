"""What is drawn: shapes of resources, and rows for them.

The values come from small pools that are full of neighbours: upper and lower case, numbers that are
text, both sides of midnight and of a month's end, NULL and the empty text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from .dice import Dice
from .local import LOCAL
from .shapes import (
    STATES,
    Column,
    Filter,
    Lists,
    Location,
    Match,
    Nesting,
    Operator,
    Paging,
    PagingKind,
    Row,
    Shape,
    SQLValue,
    Verb,
    is_row,
)
from .troubles import NO_TROUBLES, Delay, Failure, Troubles

KEYS = ("k1", "K1", "k 2", "k/3", "ключ", "a,b", "100%", "5")
ODD_KEYS = ("", " ", ".", "..", "a/../b", "k1\n", "0", "05", "5.0", "1e3")
"""What a local table may hold for a key; some of it no address can carry."""
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
    "status": ("paid", "draft", "void"),
    "ref": tuple(f"{n}b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bE{n}" for n in range(4)),
    "serial": ("12345678901234567890123", "12345678901234567890124", "7", "18446744073709551617"),
    "line": ("lines", "taxes"),
    "json": (
        '{"n":12345678901234567890123}',
        '{"n":[1,{"m":18446744073709551617}]}',
        '{"n":5}',
        None,
    ),
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


STATUS = Column("status", "text", domain="status")
SERIAL = Column("serial", "text", domain="serial", numbers=True)
REF = Column("ref", "text", domain="ref")
NUMBER = Column("number", "integer", domain="integer")
LINE = Column("line", "text", domain="line")
EXTRA = Column("extra", "json")

_LOW: Sequence[Operator] = (">=", ">")
_HIGH: Sequence[Operator] = ("<=", "<")
_LISTS: Sequence[Lists | None] = (None, "comma", "repeat", "brackets")
_PAGINGS: Sequence[PagingKind] = ("page", "next_url", "token", "last_row")
_NESTINGS: Sequence[Nesting] = ("lines", "deep", "map", "sources")
_ANYTHING: Sequence[SQLValue] = (5, "5", "a", "A", 1, 1.0, None, "", "k1", b"a", 5.0, "2025-02-01")


def _verb(dice: Dice) -> Verb:
    return "POST" if dice.chance(15) else "GET"


def lists(dice: Dice, name: str) -> Shape:
    """Draw a list that can be read as it stands, and filtered in many ways."""
    columns = [_formatted(dice, one) for one in (*PLAIN, ID)]
    verb = _verb(dice)
    filters: list[Filter] = []
    for column in columns:
        if column.name != "id" and dice.chance(45):
            filters += _filters(dice, column, verb)
    if dice.chance(20):
        place = dice.number(0, len(columns) - 1)
        columns[place] = replace(columns[place], switch="with_more")
    if dice.chance(20):
        echo = dice.chance(50)
        columns.append(Column("state", "text", domain="state", echo=echo, hidden=echo))
        loose = not echo and dice.chance(60)
        match: Match = "inclusive" if loose else "exact"
        filters.append(Filter("state", "state", default=STATES, match=match))
    if dice.chance(20):
        columns.append(STATUS)
        filters.append(_enumerated(dice))
    if dice.chance(20):
        columns.append(REF)
        form: Literal["uuid", "pattern"] = dice.one("uuid", "pattern")
        filters.append(Filter("ref", "ref", form=form, lists=dice.one(*_LISTS)))
    if dice.chance(15):
        columns += [SERIAL, EXTRA]
        filters += [Filter("serial", "serial")] * dice.chance(50)
    order = dice.several(("-at", "at", "n", "-n", "name", "day", "-day"), 2)
    if dice.chance(50):
        promised = {term.removeprefix("-") for term in order}
        columns = [replace(one, nullable=one.name not in promised) for one in columns]
    declared = dice.chance(70)
    bounds = {one.operator[0] for one in filters if one.column == "at"}
    cut = declared and order[:1] == ["-at"] and bounds >= {"<", ">"}
    return Shape(
        name,
        tuple(columns),
        tuple(filters),
        verb=verb,
        paging=pagings(dice, verb),
        order=tuple(order),
        declares_order=declared,
        cut="at" if cut else None,
        by_id=dice.one(None, "exact", "caseless"),
        unique=dice.one((), (), ("id",)),
        null_lists=dice.chance(20),
        shows_more=dice.chance(30),
    )


def _enumerated(dice: Dice) -> Filter:
    known = tuple(str(one) for one in POOLS["status"])
    return Filter("status", "status", known=known, lists=dice.one(*_LISTS))


def feeds(dice: Dice, name: str) -> Shape:
    """Draw a long list that comes newest first, can be cut by time, and has rows by their id."""
    format = dice.one("epoch", "epoch", None)
    low = Filter("at_from", "at", operator=dice.one(*_LOW), format=format)
    low = replace(low, fine=format == "epoch" and dice.chance(50))
    high = replace(low, name="at_to", operator=dice.one(*_HIGH))
    amount = Column("amount", "decimal", domain="decimal", cents=dice.chance(50))
    plain = [one for one in PLAIN if one.name in ("name", "n", "key")]
    at = Column("at", "timestamp", domain="timestamp", format=format)
    at = replace(at, whole=not low.fine and dice.chance(50), nullable=dice.chance(50))
    columns = [ID, at, amount, *plain]
    filters = [low, high]
    if low.fine:
        columns[1] = replace(columns[1], format=None)
    filters += [_by_value(dice, Filter(one.name, one.name), one) for one in plain[:2]]
    if not amount.cents:  # a divided amount cannot be filtered by
        filters.append(Filter("amount", "amount"))
    columns.append(STATUS)
    filters.append(_enumerated(dice))
    paging = Paging(dice.one("last_row", "last_row", "token", "next_url"), dice.number(2, 4))
    return Shape(
        name,
        tuple(columns),
        tuple(filters),
        paging=_untidy(dice, paging),
        order=("-at",),
        cut="at",
        by_id=dice.one("exact", "exact", "caseless", None),
        unique=dice.one((), ("id",)),
        null_lists=dice.chance(20),
        shows_more=dice.chance(30),
    )


def nested(dice: Dice, name: str) -> Shape:
    """Draw a list of which each item holds some rows."""
    nesting = dice.one(*_NESTINGS)
    parent = [
        replace(one, of_parent=True) for one in (ID, *PLAIN) if one.name in ("id", "at", "name")
    ]
    parent = [_formatted(dice, one) for one in parent]
    own = [one for one in PLAIN if one.name in ("n", "amount", "day", "key")]
    own = [_formatted(dice, one) for one in own]
    named = [replace(LINE, domain="line" if nesting == "sources" else "text")]
    columns = [*parent, NUMBER, *own, *(named if nesting in ("map", "sources") else [])]
    filters: list[Filter] = []
    for column in parent[1:]:
        if dice.chance(50):
            filters += _filters(dice, column, "GET")
    order = dice.one((), (), ("at",), ("-at",), ("id",))
    keys = {"map": ("id", "line"), "sources": ("id", "line", "number")}
    paging = None if dice.chance(15) else pagings(dice, "GET")
    return Shape(
        name,
        tuple(columns),
        tuple(filters),
        paging=paging,
        order=order,
        declares_order=nesting != "sources" and dice.chance(70),
        nesting=nesting,
        unique=keys.get(nesting, ("id", "number")) if dice.chance(60) else (),
        null_lists=dice.chance(30),
    )


def keyed(dice: Dice, name: str) -> Shape:
    """Draw a list that cannot be read without a key."""
    echo = dice.chance(60)
    key = Column("key", "text", domain="key", echo=echo, hidden=echo and dice.chance(30))
    number = Column("k", "integer", domain="integer", echo=dice.chance(50))
    columns = [key, *(one for one in PLAIN if one.name not in ("key", "month", "flag"))]
    if dice.chance(30):
        place = [one.name for one in columns].index("day")
        columns[place] = replace(columns[place], format=dice.one(None, "epoch"), moments=True)
    verb = _verb(dice)
    filters = [_key_filter(dice, key, verb)]
    if dice.chance(20):
        columns.append(number)
        filters.append(_key_filter(dice, number, verb))
    for column in columns[1:]:
        if column.name != "k" and dice.chance(20):
            filters += _filters(dice, column, verb)
    return Shape(
        name,
        tuple(columns),
        tuple(filters),
        verb=verb,
        paging=pagings(dice, verb),
        order=dice.one((), ("at",), ("-n",)),
    )


def _key_filter(dice: Dice, key: Column, verb: Verb) -> Filter:
    location = dice.one(*_places(verb, "path"))
    takes = None if location != "query" or key.echo else dice.one(*_LISTS[::2])
    loose = key.type == "text" and not key.echo and location == "query" and not takes
    return Filter(
        f"the_{key.name}",
        key.name,
        match="caseless" if loose and dice.chance(30) else "exact",
        location=location,
        required=True,
        lists=takes,
    )


def _places(verb: Verb, other: Location) -> Sequence[Location]:
    """Where parameters may go; the second is the likeliest."""
    return ("query", other, "query", "body" if verb == "POST" else "query")


def windows(dice: Dice, name: str) -> Shape:
    """Draw a list that is read by windows of time."""
    timed = dice.chance(40)
    column = Column("at", "timestamp") if timed else Column("day", "date")
    if dice.chance(40):
        column = replace(column, format="epoch")
    places: Sequence[Location] = ("query", "path")
    written = dice.one(None, "epoch") if column.format else None
    low = Filter(
        "first",
        column.name,
        operator=dice.one(*_LOW),
        match="coarse" if dice.chance(15) else "exact",
        location=dice.one(*places),
        required=True,
        format=written,
    )
    today = not timed and dice.chance(50)
    high = replace(low, name="last", operator=dice.one(*_HIGH))
    high = replace(high, required=not today, default="today" if today else None)
    others = [one for one in PLAIN if one.name in ("name", "n", "amount", "key")]
    filters = [low, high]
    for one in others:
        if dice.chance(25):
            filters += _filters(dice, one, "GET")
    return Shape(
        name,
        (column, *others),
        tuple(filters),
        paging=pagings(dice, "GET"),
        order=dice.one((), (column.name,), (f"-{column.name}",), ("n",), (column.name, "n")),
        days=dice.one(7, 2, 31),
    )


def _formatted(dice: Dice, column: Column) -> Column:
    """Draw how answers write a column."""
    if column.type not in ("date", "month", "timestamp"):
        return column
    format = dice.one("epoch", "epoch_ms") if dice.chance(40) else None
    return replace(column, format=format, whole=dice.chance(30))


def _filters(dice: Dice, column: Column, verb: Verb) -> list[Filter]:
    """Draw the parameters that filter a column: by value, by bounds, or both."""
    fine = column.type == "timestamp" and not column.whole
    fine = fine and dice.chance(50)
    location = dice.one(*_places(verb, "header"))
    ranged = column.type in ("integer", "date", "month", "timestamp")
    timed = column.type in ("date", "month", "timestamp")
    format = dice.one(None, "epoch", "epoch_ms") if timed else None
    name = f"x-{column.name}" if location == "header" else column.name
    base = Filter(name, column.name, location=location, format=format, fine=fine)
    found: list[Filter] = []
    # What may lie within the second or day that is shown cannot be filtered by its value.
    inexact = column.type == "timestamp" or format is not None or column.moments
    whole = column.whole or not inexact
    if not ranged or (whole and dice.chance(50)):
        found.append(_by_value(dice, base, column))
    if ranged:
        coarse = column.type in ("integer", "date") and dice.chance(25)
        base = replace(base, match="coarse" if coarse else "exact")
        if dice.chance(80):
            found.append(replace(base, name=f"{name}_from", operator=dice.one(*_LOW)))
        if dice.chance(80):
            found.append(replace(base, name=f"{name}_to", operator=dice.one(*_HIGH)))
    return found


_MATCHES: dict[str, Sequence[Match]] = {
    "text": ("exact", "caseless", "prefix"),
    "integer": ("exact", "exact", "coarse"),
    "date": ("exact", "exact", "coarse"),
}


def _by_value(dice: Dice, base: Filter, column: Column) -> Filter:
    match = dice.one(*_MATCHES.get(column.type, ("exact",)))
    takes = None
    if base.location == "query" and match == "exact" and column.type not in ("boolean", "month"):
        takes = dice.one(*_LISTS)
    hides = column.name == "kind" and not takes and dice.chance(30)
    null = "none" if not takes and dice.chance(25) else None
    return replace(base, match=match, lists=takes, default="all" if hides else None, null=null)


def pagings(dice: Dice, verb: Verb) -> Paging | None:
    if dice.chance(20):
        return None
    kind = dice.one(*_PAGINGS)
    paging = Paging(
        kind,
        size=dice.number(1, 8),
        sized=dice.chance(70),
        total=dice.chance(50),
        in_body=kind == "token" and verb == "POST" and dice.chance(60),
    )
    return _untidy(dice, paging)


def _untidy(dice: Dice, paging: Paging) -> Paging:
    """Draw what an API does with pages that its definition does not say."""
    smaller = paging.size > 1 and dice.chance(25)
    return replace(
        paging,
        gives=dice.number(1, paging.size - 1) if smaller else None,
        ends=dice.chance(30),
        public=dice.chance(30),
        numbers=dice.chance(30),
    )


def rows(dice: Dice, shape: Shape, accounts: Sequence[str], most: int = 24) -> list[Row]:
    """Draw the rows of a shape; equal ones are likely."""
    if shape.nesting is not None:
        return _nested_rows(dice, shape, accounts)
    count = dice.one(12, 24, 40, 60) if shape.cut and shape.by_id else _count(dice, most)
    made = _rows(dice, shape, shape.columns, count)
    for place, row in enumerate(made):
        row["@"] = accounts[place * 7 % len(accounts)]
        if any(column.name == "id" for column in shape.columns):
            row["id"] = f"{'rR'[place % 2]}{place // 2}"
    return made


def _nested_rows(dice: Dice, shape: Shape, accounts: Sequence[str]) -> list[Row]:
    """Draw items, and the rows that each of them holds; some hold none."""
    parents = _rows(dice, shape, [one for one in shape.columns if one.of_parent], _count(dice, 12))
    lines = _rows(dice, shape, [one for one in shape.columns if not one.of_parent], 40)
    made: list[Row] = []
    counts = dice.octets(len(parents))
    for place, (parent, count) in enumerate(zip(parents, counts, strict=True)):
        owner = accounts[place * 7 % len(accounts)]
        outer: Row = {**parent, "^": place, "@": owner, "id": f"p{place}"}
        numbers = Counter[SQLValue]()
        for step in range(count % 5):
            row = {**lines[(count + step) % len(lines)], **outer, "#": len(made)}
            if shape.nesting == "map":
                row["line"] = "abcdef"[step]
            numbers[row.get("line")] += 1
            made.append(row | {"number": numbers[row.get("line")]})
        if count % 5 == 0:
            made.append({column.name: None for column in shape.columns} | outer | {"-": 1, "~": 0})
    return made


def _rows(dice: Dice, shape: Shape, columns: Sequence[Column], count: int) -> list[Row]:
    width = len(columns) + 1
    cells = dice.octets(count * width)
    made: list[Row] = []
    for place in range(count):
        picks = cells[place * width : (place + 1) * width]
        row: Row = {
            column.name: _value(shape, column, pick)
            for column, pick in zip(columns, picks[1:], strict=True)
        }
        made.append(row | {"#": place, "~": (0, 0.5, 0.999, 0)[picks[0] % 4]})
    return made


def _count(dice: Dice, most: int) -> int:
    return dice.one(0, 1, 2, 3) if dice.chance(15) else dice.number(most // 3, most)


def _value(shape: Shape, column: Column, pick: int) -> SQLValue:
    if column.name == "at" and shape.cut is not None and shape.by_id is not None:
        return f"2025-01-{1 + pick * 7 % 31:02}T{pick % 24:02}:{pick % 6}0:00Z"
    pool = POOLS[column.domain if column.domain in POOLS else column.type]
    value = pool[pick % (min(4, len(pool)) if pick < 128 else len(pool))]
    needed = (
        column.echo
        or not column.nullable
        or (shape.days is not None and column.name == shape.window)
    )
    return pool[0] if value is None and needed else value


def local_rows(
    dice: Dice, tables: Sequence[tuple[Shape, Sequence[Row]]], most: int = 12
) -> list[tuple[SQLValue, ...]]:
    """Draw the rows of the local table; many of their values are those of the resources."""
    width = len(LOCAL.declared)
    count = _count(dice, most)
    cells = dice.octets(count * width)
    odd = ODD_KEYS if dice.chance(40) else ()
    pools: list[Sequence[SQLValue]] = []
    for name, _, kind in LOCAL.declared:
        found = dict.fromkeys(
            row[column.name]
            for shape, rows in tables
            for column in shape.columns
            for row in rows
            if is_row(row) and kind in (column.type, column.domain)
        )
        pool = (*found, *(POOLS[kind] if kind else _ANYTHING)[:6], None)
        if kind == "date":
            pool += ("2025-02-01 00:00:00", "2025-02", "2025-01-31T00:00:00.000Z", "none yet")
        pools.append((*pool, *(odd if name == "key" else ())))
    return [
        tuple(
            pool[pick % len(pool)] for pool, pick in zip(pools, cells[at : at + width], strict=True)
        )
        for at in range(0, count * width, width)
    ]


def troubles(dice: Dice) -> Troubles:
    """Draw what goes wrong on the way; in most worlds nothing does."""
    failures: Sequence[Failure] = ("500", "403", "404", "html", "cut short", "dropped")
    delays: Sequence[Delay] = ("429", "503", "403 later", "400 later")
    if dice.chance(65):
        return NO_TROUBLES
    return Troubles(
        dice.one(*failures),
        dice.one(0, 6, 20),
        dice.one(*delays),
        dice.one(0, 2, 5),
    )


def accounts(dice: Dice) -> Sequence[str]:
    """Draw whose rows there are: those of the one account, or of several."""
    return dice.one(("mock",), ("mock",), ("north", "south"))


SHAPES: Mapping[str, Callable[[Dice, str], Shape]] = {
    "lists": lists,
    "keyed": keyed,
    "windows": windows,
    "feeds": feeds,
    "nested": nested,
}
"""The kinds of resources."""
