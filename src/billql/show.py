"""SHOW, DESCRIBE and USE: statements of billql's own, which SQLite does not have.

    SHOW PROVIDERS | SERVICES | RESOURCES | METHODS | EXAMPLES | CONNECTIONS
        [IN name] [LIKE pattern [ESCAPE character]] [WHERE … | ORDER BY … | LIMIT …]
    DESCRIBE [EXTENDED] name [LIKE …] [WHERE …]
    USE provider.service | NONE

FROM says the same as IN, and DESC the same as DESCRIBE. All but USE are spellings of SELECTs over
the tables `billql.catalog.*`:

    SHOW RESOURCES IN stripe.billing LIKE 'in%' WHERE …

    SELECT name, description FROM (SELECT * FROM "billql.catalog.resources" WHERE TRUE AND
    provider = 'stripe' AND service = 'billing' AND resource LIKE 'in%') AS resources WHERE …

Only text is read here. Whether a name exists is the session's business, and what follows the
pattern is SQLite's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from billql.errors import SqlError
from billql.names import Reference, Rewritten, Splice, Token, quote, splice, tokenize, unquote

KEYS = ("provider", "service", "resource")


class _Form(NamedTuple):
    """What a statement shows: some columns of a table, with those before them that IN may fix."""

    table: str
    columns: str
    like: str
    """The column that a pattern is for."""
    keys: int
    """How many parts the name after IN has at most."""
    condition: str = "TRUE"


_FORMS = {
    "PROVIDERS": _Form("providers", "provider, title, version, secret, description", "provider", 0),
    "SERVICES": _Form("services", "service, description", "service", 1),
    "RESOURCES": _Form("resources", "name, description", "resource", 2),
    "METHODS": _Form("methods", "method, request, required, optional, description", "method", 3),
    "EXAMPLES": _Form("examples", "number, question, sql", "question", 3),
    "CONNECTIONS": _Form("connections", "connection, url, source, ready", "connection", 1),
}
_COLUMNS = _Form("columns", "column, type, required", "column", 3, "(required OR NOT hidden)")
_ALL_COLUMNS = _Form(
    "columns", "column, type, required, hidden, operators, currency, description", "column", 3
)
_OWN_COLUMNS = (
    '(SELECT name AS column, type, "notnull" AS required, hidden, NULL AS operators, '
    "NULL AS currency, NULL AS description FROM pragma_table_xinfo({}))"
)

_HINT = f"SHOW lists {', '.join(_FORMS)}: for example, SHOW RESOURCES IN provider.service."


class Asked(NamedTuple):
    """What a statement asks for."""

    verb: str
    """SHOW, DESCRIBE or USE."""
    name: Reference | None
    """The name that it is about, if it has one; USE NONE has none."""
    sql: str = ""
    what: str = ""
    form: _Form = _ALL_COLUMNS
    head: tuple[int, int] = (0, 0)
    like: tuple[int, int, int] | None = None
    """Where LIKE starts and ends, and where its pattern ends."""

    def select(self, place: Sequence[str], own: str | None = None) -> Rewritten:
        """Spell it as a SELECT about a place in the catalogue, or about a table of one's own."""
        form = self.form
        if own is None:
            source, table = quote(f"billql.catalog.{form.table}"), f"billql.catalog.{form.table}"
        else:
            source, table = _OWN_COLUMNS.format(_text(own)), ""
        columns = ", ".join([*KEYS[len(place) : form.keys], form.columns])
