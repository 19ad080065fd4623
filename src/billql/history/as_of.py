"""A history as it was: AS OF is replaced by the rows that held after a refresh.

    FROM spend AS OF '2026-11-05' s

    FROM (SELECT h."product", … FROM (SELECT billql_as_of('spend', '2026-11-05') AS at) AS t
          CROSS JOIN main."spend__history" AS h
          WHERE h._since <= t.at AND (h._until IS NULL OR h._until > t.at)) s

A day, a month or a year stands for its end: what was reported on the 5th is what held when the 5th
was over.
"""

from __future__ import annotations

import datetime

from billql.definitions.types import SQLValue
from billql.errors import BadValue, UnknownName
from billql.history.definition import History
from billql.history.store import Store
from billql.sql import as_of
from billql.sql.projections import names_of_ctes
from billql.sql.source_map import Edit, RewrittenText, apply_edits
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import quote, quote_text
from billql.util.instant import SPELLINGS, instant

_LENGTHS = {4: "year", 7: "month", 10: "day"}


def splice(statement: ParsedStatement, store: Store) -> RewrittenText | None:
    """Return a statement with the rows of its histories in their place; None if it reads none.

    Raise SqlError, and UnknownName for what has no history.
    """
    edits = list[Edit]()
    ctes: frozenset[str] | None = None
    for one in as_of.find(statement):
        ctes = names_of_ctes(statement) if ctes is None else ctes
        reference = one.reference
        history = None
        if len(reference.parts) == 3:
            history = store.of_resource(reference.name)
        elif reference.name.lower() not in ctes and reference.parts[0].lower() != "temp":
            history = store.find(reference.parts[-1])
        if history is None:
            raise statement.error(
                f"{reference.name} keeps no history",
                reference.start,
                hint="CREATE MATERIALIZED VIEW keeps the history of a SELECT.",
                kind=UnknownName,
            )
        named = reference.kind == "member" or one.has_alias
        alias = "" if named else f" AS {quote(reference.parts[-1])}"
        edits.append((reference.start, one.value.end, rows(history, one.value.text) + alias))
    return (
        RewrittenText(apply_edits(statement.text, edits), statement.text, tuple(edits))
        if (edits)
        else None
    )


def rows(history: History, value: str) -> str:
    """Return the rows of a history at a time that is written in SQL, as a subquery."""
    columns = ", ".join(f"h.{quote(one.name)}" for one in history.columns)
    name = quote_text(history.name)
    return (
        f"(SELECT {columns} FROM (SELECT {as_of.FUNCTION}({name}, {value}) AS at) AS t "
        f"CROSS JOIN main.{history.table} AS h "
        "WHERE h._since <= t.at AND (h._until IS NULL OR h._until > t.at))"
    )


def refresh_at(store: Store, name: str, value: SQLValue) -> int:
    """Return the number of the last refresh of a file up to a time, or that number itself.

    Raise BadValue for what is no time, and for a time before the history's first refresh: what it
    was then is not known.
    """
    history = store.find(name)
    if history is None:
        raise UnknownName(f"{name} keeps no history")
    if isinstance(value, int):
        found: int | None = value
    else:
        moment = _end_of(value) if isinstance(value, str) else None
        if moment is None:
            raise BadValue(f"AS OF {value!r} is no time", hint=SPELLINGS)
        found = store.last_refresh(moment)
    first = store.first_refresh(history)
    if first is None or found is None or found < first[0]:
        since = "has no refresh" if first is None else f"begins with refresh {first[0]}, {first[1]}"
        raise BadValue(
            f"What {history.name} was as of {value!r} is not known: it {since}",
            hint="SELECT * FROM billql.catalog.refreshes lists the refreshes.",
        )
    return found


def _end_of(text: str) -> str | None:
    """Return the last second of a day, month or year, and any other time as it is."""
    found = instant(text)
    unit = _LENGTHS.get(len(text))
    if found is None or unit is None:
        return found
    day = datetime.date.fromisoformat(found[:10])
    if unit == "year":
        return f"{day.year:04}-12-31T23:59:59Z"
    if unit == "month":
        year, month = divmod(day.year * 12 + day.month, 12)
        day = datetime.date(year, month + 1, 1) - datetime.timedelta(days=1)
    return f"{day.isoformat()}T23:59:59Z"
