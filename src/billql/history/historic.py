"""The rows of resources from their histories, for the views of definitions.

FROM digitalocean.billing.invoices i

FROM (SELECT h."invoice_period" COLLATE time AS "invoice_period", …, c.finished AS "_created",
             u.finished AS "_updated"
      FROM main."digitalocean_billing_invoices__history" AS h JOIN …
      WHERE h._until IS NULL) i
"""

from __future__ import annotations

from billql.errors import UnknownName
from billql.history.definition import HistoryColumn
from billql.history.store import Store
from billql.sql.as_of import FUNCTION
from billql.sql.tokenizer import quote, quote_text, type_name

_TIMES = ("DATE", "MONTH", "TIMESTAMP")


class StoredRows:
    """The histories of a file, as they are now or as of a moment: a time, or a refresh's number."""

    def __init__(self, store: Store, moment: str | None = None) -> None:
        self._store = store
        self._moment = moment

    def has(self, provider: str) -> bool:
        """Return whether there are histories of a provider's resources."""
        return any((one.resource or "").startswith(f"{provider}.") for one in self._store.all())

    def rows(self, resource: str) -> str:
        """Return the rows of a resource as a query; raise UnknownName if it has no history."""
        history = self._store.of_resource(resource)
        if history is None:
            raise UnknownName(
                f"{resource} has no history",
                hint=f"billql history sync {resource} stores one.",
            )
        columns = ", ".join(map(_column, history.columns))
        times = 'c.finished AS "_created", u.finished AS "_updated"'
        joined = (
            "JOIN main.billql_refreshes AS c ON c.id = h._first "
            "JOIN main.billql_refreshes AS u ON u.id = h._since"
        )
        select = f"SELECT {columns}, {times} FROM main.{history.table} AS h {joined}"
        if self._moment is None:
            return f"{select} WHERE h._until IS NULL"
        name = quote_text(history.name)
        value = self._moment if self._is_number else quote_text(self._moment)
        return (
            f"SELECT {columns}, {times} FROM (SELECT {FUNCTION}({name}, {value}) AS at) AS t "
            f"CROSS JOIN main.{history.table} AS h {joined} "
            "WHERE h._since <= t.at AND (h._until IS NULL OR h._until > t.at)"
        )

    @property
    def _is_number(self) -> bool:
        return is_refresh(self._moment or "")


def is_refresh(text: str) -> bool:
    """Return whether a text is the number of a refresh; four digits are a year."""
    return text.isdecimal() and len(text) != 4


def _column(column: HistoryColumn) -> str:
    """Return a column with the collation that it has in the resource."""
    name = quote(column.name)
    if type_name(column.type) in _TIMES:
        return f"h.{name} COLLATE time AS {name}"
    return f"h.{name}"
