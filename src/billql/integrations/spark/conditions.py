"""A condition on a column, in SQL, and values as billql writes them.

Nothing here needs Spark's filters, which Spark 4.0 does not have.
"""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from billql.sql.tokenizer import quote


class Condition(NamedTuple):
    """A condition on one column, with the values of its parameters."""

    column: str
    operator: str
    values: tuple[Any, ...] = ()

    def sql(self) -> str:
        """Return it as SQL."""
        name = quote(self.column)
        if self.operator == "IN":
            return f"{name} IN ({', '.join('?' * len(self.values))})"
        return " ".join([name, self.operator, *("?" * len(self.values))])


def sql_value(value: Any) -> Any:
    """Return a value of Spark's as billql writes it, without parts of a second; None if it cannot.

    Spark hands instants over with their zone.
    """
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return None
        return f"{value.astimezone(datetime.UTC):%FT%TZ}".rjust(20, "0")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value if type(value) in (str, int) else None
