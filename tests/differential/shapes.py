"""What a mock resource is: its columns, filters and pages, and where an answer has its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from billql.definitions.types import ColumnType

SQLValue = None | int | float | str | bytes
Row = dict[str, SQLValue]
"""A row as SQL shows it, and what lies behind it: `#` is its place, `~` the fraction of a second by
which its instants are later than shown, `^` its parent's place, `@` whose it is."""

Operator = Literal["=", "<", "<=", ">", ">="]
Lists = Literal["comma", "repeat", "brackets"]
Location = Literal["query", "path", "body", "header"]
Match = Literal["exact", "caseless", "prefix", "coarse", "inclusive"]
"""What a filter gives: just its rows, or more: those that match in another case, that begin with
the value, that lie within coarser bounds, or, for a state, those of all states up to it."""

Verb = Literal["GET", "POST"]
PagingKind = Literal["page", "next_url", "token", "last_row"]
Nesting = Literal["lines", "deep", "map", "sources"]
"""Where rows lie within the items that pages count: in an array, in one of another, in a map, or
some in one array and some in another."""

STATES = ("open", "closed")
"""The states of what an API shows only in part by itself."""

UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
"""What references look like."""

OWNER = "connection"
"""The column that tells whose row it is."""


@dataclass(frozen=True)
class Column:
    name: str
    type: ColumnType
    format: str | None = None
    """How answers write it."""
    domain: str = ""
    """Columns of one domain are worth joining."""
    echo: bool = False
    """Whether only the request says it, not the answer."""
    hidden: bool = False
    switch: str | None = None
    """The parameter without which the answer leaves it out."""
    cents: bool = False
    """Whether answers write an amount a hundred times as large."""
    moments: bool = False
    """Whether answers write a day as a moment within it."""
    whole: bool = False
    """Whether its moments have no fractions, and its definition says so."""
    numbers: bool = False
    """Whether answers write a text of digits as a number."""
    nullable: bool = True
    """Whether a row may lack a value."""
    of_parent: bool = False
    """Whether the item has it that holds the row."""


@dataclass(frozen=True)
class Filter:
    """A parameter that filters a column."""

    name: str
    column: str
    operator: Operator = "="
    match: Match = "exact"
    location: Location = "query"
    required: bool = False
    lists: Lists | None = None
    format: str | None = None
    default: str | tuple[str, ...] | None = None
    """What the definition sends otherwise. `all` shows the rows that the API hides by itself, as
    several values do together; `today` ends a window."""
    null: str | None = None
    """What asks for rows without a value."""
    fine: bool = False
    """Whether the API compares instants with their fractions, though it is asked in seconds."""
    known: tuple[str, ...] = ()
    """The only values that the API does not refuse."""
    form: Literal["uuid", "pattern"] | None = None
    """What the only values look like that it does not refuse; how its definition says so."""


@dataclass(frozen=True)
class Paging:
    kind: PagingKind
    size: int
    """The largest page that may be asked for."""
    sized: bool = True
    """Whether the size of a page can be asked for."""
    total: bool = True
    in_body: bool = False
    clamps: bool = False
    """Whether a page that is too large is made smaller; else it is refused."""
    gives: int | None = None
    """The largest page that the API gives, if that is less."""
    ends: bool = False
    """Whether a page past the end is a 404."""
    public: bool = False
    """Whether its links name the API's public host, whoever asks."""
    numbers: bool = False
    """Whether ids are numbers."""


@dataclass(frozen=True)
class Shape:
    """A resource: a list, and possibly a GET for one row."""

    name: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    verb: Verb = "GET"
    paging: Paging | None = None
    order: tuple[str, ...] = ()
    declares_order: bool = True
    cut: str | None = None
    """The column by which a long list may be cut."""
    days: int | None = None
    """The longest window, on the column of the range filters that are required."""
    by_id: Match | None = None
    """How one row can be read by `id`, if it can."""
    shows_more: bool = False
    """Whether its definition says that ids may find what no list has."""
    nesting: Nesting | None = None
    unique: tuple[str, ...] = ()
    null_lists: bool = False
    """Whether an empty list is written as null."""

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def path(self) -> str:
        placed = (f"/{{{one.name}}}" for one in self.filters if one.location == "path")
        return f"/{self.name}{''.join(placed)}"

    @property
    def window(self) -> str:
        """The column on which a window lies."""
        return next(one.column for one in self.filters if one.required and one.operator != "=")

    def needs(self) -> Iterator[Column]:
        """The columns that a statement must say something about."""
        needed = {one.column for one in self.filters if one.required}
        has_default = {one.column for one in self.filters if one.default is not None} - needed
        return (
            column
            for column in self.columns
            if column.name in needed or (column.echo and column.name not in has_default)
        )


def in_order(shape: Shape, rows: Sequence[Row]) -> list[Row]:
    """Give rows in the order of the list; NULL comes first."""
    ordered = list(rows)
    for term in reversed(shape.order):
        name = term.removeprefix("-")
        ordered = sorted(ordered, key=partial(_sort_key, name), reverse=term != name)
    return ordered


def _sort_key(name: str, row: Row) -> Any:
    return row[name] is not None, row[name]


def is_row(row: Row) -> bool:
    """Tell a row from what only says that an item has none."""
    return "-" not in row


def has_several_owners(tables: Sequence[tuple[Shape, Sequence[Row]]]) -> bool:
    """Tell whether rows belong to several accounts, so that it matters whose each of them is."""
    return any(row["@"] != "mock" for _, rows in tables for row in rows)
