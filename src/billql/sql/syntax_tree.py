"""SQL as a tree, by sqlglot: import it only where people read, because it takes 100 ms."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.parsers.sqlite import SQLiteParser


class _Grammar(SQLite):
    """SQLite's grammar, in which convert() is a function like any other: it is billql's own."""

    class Parser(SQLiteParser):
        """The parser, which would read `convert(x, type)` as other databases do."""

        FUNCTIONS = {  # noqa: RUF012 - as sqlglot declares it
            name: make for name, make in SQLiteParser.FUNCTIONS.items() if name != "CONVERT"
        }
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parse
            for name, parse in SQLiteParser.FUNCTION_PARSERS.items()
            if name != "CONVERT"
        }


def tree(sql: str) -> exp.Expr:
    """Return the tree of one statement; raise SqlglotError for what sqlglot does not know."""
    return sqlglot.parse_one(sql, read=_Grammar)
