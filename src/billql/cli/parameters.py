"""`--param`: the values of a statement's parameters, in the type of what they are compared with.

A shell passes texts. As in SQL, a text that is compared with a column takes the column's type:
`012` is 12 for an INTEGER column, and stays `012` for a TEXT one. An expression has no type in
SQLite, so its last operator or its function decides. Where nothing decides, what looks like a plain
number is one.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, NamedTuple

from billql.errors import Error, InterfaceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from billql.dbapi.connection import Connection
    from billql.sql.compared import Side
    from billql.sql.statements import ParsedStatement

Value = str | int | float | None

TYPES = ("text", "integer", "real", "null")
"""What may stand after the name of a parameter."""

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""Compiled on first use, because most commands have no parameters."""


class Parameter(NamedTuple):
    """One `--param`: its name, its text and, if its type was named, its value."""

    name: str
    text: str
    typed: bool = False
    value: Value = None


def parse(argument: str) -> Parameter:
    """Return the parameter of `NAME=VALUE`, `NAME:TYPE=VALUE` or `NAME:null`.

    Raise ArgumentTypeError for anything else.
    """
    left, equals, text = argument.partition("=")
    name, colon, kind = left.removeprefix(":").partition(":")
    is_null = kind == "null" and not equals
    if not re.fullmatch(r"\w+", name) or not (equals or is_null):
        raise ArgumentTypeError(f"{argument!r} is not of the form NAME=VALUE or NAME:TYPE=VALUE")
    if not colon:
        return Parameter(name, text)
    if kind not in TYPES:
        raise ArgumentTypeError(f"{kind!r} is no type; use one of {', '.join(TYPES)}")
    return Parameter(name, text, True, _typed(kind, text))


def _typed(kind: str, text: str) -> Value:
    if kind == "null":
        if text:
            raise ArgumentTypeError(f"null has no value, and {text!r} was passed")
        return None
    if kind == "text":
        return text
    if kind == "real" and re.fullmatch(_NUMBER, text):
        return float(text)
    if kind == "integer" and re.fullmatch(r"[+-]?[0-9]+", text):
        if -(2**63) <= int(text) < 2**63:
            return int(text)
        raise ArgumentTypeError(f"{text} has more digits than an integer of SQL")
    raise ArgumentTypeError(f"{text!r} is no {'whole ' if kind == 'integer' else ''}number")


def bind(
    parameters: Iterable[Parameter], statement: ParsedStatement, connection: Connection
) -> dict[str, Value]:
    """Return the values for a statement; raise InterfaceError for one that cannot be compared."""
    values = {one.name: one.value if one.typed else one.text for one in parameters}
    texts = {one.name: one.text for one in parameters if not one.typed}
    if texts:
        from billql.sql.compared import compared_with

        sides = compared_with(statement)
        columns = _Columns(statement, connection)
        for name, text in texts.items():
            values[name] = _value(name, text, {columns.kind(one) for one in sides.get(name, ())})
    return values


def _value(name: str, text: str, kinds: set[str]) -> Value:
    """Return the value of a text that is compared with things of some kinds; see `_Columns`."""
    is_number = re.fullmatch(_NUMBER, text) is not None
    if "number" in kinds:
        if "text" in kinds and is_number:
            raise InterfaceError(
                f"The parameter :{name} is compared with a text and with a number",
                hint=f"Use two parameters, or name its type: --param {name}:text={text}",
            )
        if not is_number and "text" not in kinds:
            raise InterfaceError(
                f"The parameter :{name} is compared with a number, and {text!r} is none",
                hint=f"Pass a number, or name its type: --param {name}:text=…",
            )
        return _number(text) if is_number else text
    return text if kinds & {"text", "any"} else number_or_text(text)


def _number(text: str) -> int | float:
    is_whole = text.lstrip("+-").isdecimal() and -(2**63) <= int(text) < 2**63
    return int(text) if is_whole else float(text)


def number_or_text(text: str) -> str | int | float:
    """Return the number that `text` writes in its plain form, else the text itself.

    `007`, `+1` and `1e5` stay text, because they may be identifiers; so do numbers with more
    digits than SQL keeps.
    """
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text) and len(text.strip("-0.")) <= 16:
        return float(text)
    return text


class _Columns:
    """The columns of a statement's tables; the tables are looked at when a column is compared."""

    def __init__(self, statement: ParsedStatement, connection: Connection) -> None:
        self._statement = statement
        self._connection = connection
        self._kinds: dict[str, str] | None = None

    def kind(self, side: Side) -> str:
        """Return the kind of what a parameter is compared with: text, number, any, unknown.

        `any` is a column with which SQLite compares a text and the number in it alike.
        """
        if side.kind != "column":
            return side.kind
        if self._kinds is None:
            self._kinds = self._read()
        return self._kinds.get(side.column, "unknown")

    def _read(self) -> dict[str, str]:
        from billql.sql.compared import defined_names
        from billql.sql.rewriter import tables

        found: dict[str, str] = {}
        for table in tables(self._statement):
            name = self._statement.text[table.start : table.end]
            for column, declared in self._described(name):
                found[column.lower()] = _kind_of(declared)
        # A name that the statement assigns to an expression has no type, whatever a column has.
        for name in defined_names(self._statement):
            found.pop(name, None)
        return found

    def _described(self, table: str) -> Sequence[tuple[str, str | None]]:
        """Return name and declared type of a table's columns; none for what is no table."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {table} WHERE FALSE")
                return [(one[0], one[1]) for one in cursor.description or ()]
        except Error:
            return []


def _kind_of(declared: str | None) -> str:
    """Return the kind of a column by its declared type (https://sqlite.org/datatype3.html, 3.1)."""
    kind = (declared or "").upper()
    if "INT" not in kind and any(part in kind for part in ("CHAR", "CLOB", "TEXT")):
        return "text"
    return "unknown" if not kind or ("BLOB" in kind and "INT" not in kind) else "any"
