"""The constants that a statement compares something with, as texts.

SQLite computes them in a database without tables: an expression is a constant if it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
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
    operands = _Operands(bindings)
    for one in compared(statement):
        value = operands.value(one)
        if isinstance(value, str | int | float):
            yield ConstantText(str(value), one.column)


class _Operands:
    """The values of operands, with those of a statement's parameters."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings

    def value(self, one: Compared) -> Any:
        """Return the value of an operand; None if it is no constant."""
        first = one.tokens[0]
        if len(one.tokens) == 1 and first.kind in ("string", "number"):
            return unquote(first.text)
        if len(one.tokens) == 1 and one.text[0] == "?" and one.text[1:].isdecimal():
            return _at(int(one.text[1:]), self._bindings)
        try:
            return self._database.execute(
                f"SELECT {one.text}", _bound(one.text, self._bindings)
            ).get
        except (apsw.Error, LookupError, TypeError):
            return None

    @cached_property
    def _database(self) -> apsw.Connection:
        """One without tables, for what must be computed, which few operands must."""
        database = apsw.Connection(":memory:")
        # A name in double quotes is a column, and none is there.
        database.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        database.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, 15)
        return database


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
