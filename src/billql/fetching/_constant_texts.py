"""The constants that a statement compares something with, as texts.

SQLite computes them in a database without tables: an expression is a constant if it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

import apsw

from billql.sql.constants import Compared, compared
from billql.sql.statements import Bindings, ParsedStatement
from billql.sql.tokenizer import significant, unquote


class ConstantText(NamedTuple):
    """A constant, or the value of a parameter."""

    text: str
    column: str = ""
    """The name of the column that it is compared with, in lower case; empty for all else."""


def constant_texts(statement: ParsedStatement, bindings: Bindings) -> Iterator[ConstantText]:
    """Yield the constants that a statement compares, and all values that are bound.

    Numbers are among them as texts. A text that stands elsewhere, such as a heading in a SELECT, is
    not.
    """
    for value in bindings.values() if isinstance(bindings, Mapping) else bindings:
        if isinstance(value, str | int | float):
            yield ConstantText(str(value))
    with closing(apsw.Connection(":memory:")) as database:
        # A name in double quotes is a column, and none is there.
        database.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        database.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, 15)
        for one in compared(statement):
            value = _value(database, one, bindings)
            if isinstance(value, str | int | float):
                yield ConstantText(str(value), one.column)


def _value(database: apsw.Connection, one: Compared, bindings: Bindings) -> Any:
    """Return the value of an operand; None if it is no constant."""
    first = one.tokens[0]
    if len(one.tokens) == 1 and first.kind in ("string", "number"):
        return unquote(first.text)
    if len(one.tokens) == 1 and one.text[0] == "?" and one.text[1:].isdecimal():
        return _at(int(one.text[1:]), bindings)
    try:
        return database.execute(f"SELECT {one.text}", _bound(one.text, bindings)).get
    except (apsw.Error, LookupError, TypeError):
        return None


def _at(number: int, bindings: Bindings) -> Any:
    """Return the value of a numbered parameter; None if it has none."""
    if isinstance(bindings, Mapping):
        return bindings.get(str(number))
    return bindings[number - 1] if 0 < number <= len(bindings) else None


def _bound(text: str, bindings: Bindings) -> Bindings:
    """Return the values that an expression takes: SQLite refuses more."""
    if isinstance(bindings, Mapping):
        return bindings
    marks = [token.text[1:] for token in significant(text) if token.kind == "variable"]
    return bindings[: max((int(mark) for mark in marks if mark.isdecimal()), default=0)]
