"""What an expression has become: SQL of SQLite's with a type of PostgreSQL's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from billql.serve.postgres.types import MOMENTS
from billql.sql.tokenizer import quote_text


@dataclass(frozen=True)
class Value:
    """A compiled expression."""

    sql: str
    type: str
    typmod: int = -1
    name: str = "?column?"
    """The name of a column of the result that has no alias."""
    strength: int = 0
    """How well it is named: 2 for a column or a function, 1 for a cast, 0 for neither; a cast
    around a well named expression leaves its name."""
    literal: str | None = None
    """The text of a literal, whose type is not decided yet (`unknown`) or is that of a number."""
    parameter: int | None = None
    """The number of a parameter whose type is not decided yet."""
    is_column: bool = False
    """Whether it is a column of a table: SQLite knows its collation and may push it down."""
    is_exact: bool = False
    """Whether a numeric is a text with all of its digits."""
    is_month: bool = False
    """Whether it is a column of months, which SQLite compares as times and PostgreSQL as texts."""
    currency: str | None = None
    """The column beside an amount that holds its currency, as SQL."""
    compared: str | None = None
    """SQL of the same instant in comparisons, which billql can send as a range of a column."""
    is_set: bool = False
    """Whether it is a JSON array whose elements are rows."""
    set_columns: tuple[tuple[str, str], ...] = ()
    """The columns of such rows, if they have several."""

    def named(self, name: str, strength: int = 2) -> Value:
        """Return it with another name."""
        return replace(self, name=name, strength=strength)

    @property
    def collation(self) -> str | None:
        """Return the collation by which its values sort; None for SQLite's own order."""
        if self.type == "numeric" and self.is_exact:
            return "pg_numeric"
        if self.type == "interval":
            return "pg_interval"
        if self.type in MOMENTS and not self.is_column:
            return "time"
        return None

    @property
    def sortable(self) -> str:
        """Return the SQL by which SQLite sorts and groups as PostgreSQL does."""
        found = self.collation
        return self.sql if found is None else f"({self.sql}) COLLATE {found}"


def quote_name(name: str) -> str:
    """Return a name in double quotes."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal_sql(stored: object) -> str:
    """Return a stored value as a literal of SQLite's."""
    if stored is None:
        return "NULL"
    if isinstance(stored, bytes):
        return f"X'{stored.hex()}'"
    if isinstance(stored, float):
        return repr(stored)
    return str(stored) if isinstance(stored, int) else quote_text(str(stored))
