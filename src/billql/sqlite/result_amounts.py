"""Which columns of a statement's result are amounts of money, for those who show it to people.

SQLite knows the table and the column that a plain column of a result comes from, through views and
subqueries. Only expressions, and tables that are read more than once, are followed through the SQL,
which takes `billql.sql.amount_lineage` and so 100 ms.

In a table of one's own an amount is a column declared DECIMAL, or MINOR if it counts minor units,
as CREATE TABLE … AS SELECT declares it; the column `currency` beside it, or `x_currency` for an
amount x, has its currency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import apsw

from billql.definitions.model import Column, ViewColumn
from billql.sql.amounts import Amount, Relation, RelationColumn
from billql.sql.rewriter import Reference
from billql.sql.rewriter import tables as references
from billql.sql.statement_kind import query_of
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import quote

Origin = tuple[str, str | None, str | None, str | None, str | None]
"""A column of a result: its name, declared type, database, table, and name in that table."""


class KnownTables:
    """The tables of a session, with what is an amount in them.

    `relation` returns the columns of the resource or view of a dotted name, or None.
    """

    def __init__(
        self, database: apsw.Connection, relation: Callable[[str], Relation | None]
    ) -> None:
        self._database = database
        self._relation = relation
        self._found: dict[tuple[str, str], Relation | str | None] = {}

    def find(self, name: str, database: str = "") -> Relation | str | None:
        """Return the columns of a table; of a view, its CREATE VIEW; None if there is none.

        Without a database, it is looked for where SQLite does: in temp before all others.
        """
        key = (database.lower(), name.lower())
        if key not in self._found:
            found = self._relation(key[1]) if name.count(".") == 2 else None
            self._found[key] = self._local(*key) if found is None else found
        return self._found[key]

    def named(self, reference: Reference) -> Relation | str | None:
        """Return the same of the table that a statement names."""
        *database, name = reference.parts
        return self.find(name, ".".join(database))

    def home(self, parts: Sequence[str]) -> str | None:
        """Return the database of a table or a view that is named; None if there is none."""
        *database, name = parts
        found = self._stored(".".join(database).lower(), name)
        return None if found is None else found[0]

    def _local(self, wanted: str, name: str) -> Relation | str | None:
        stored = self._stored(wanted, name)
        if stored is None:
            return None
        database, kind, sql = stored
        return sql if kind == "view" else self._columns(database, name)

    def _stored(self, wanted: str, name: str) -> tuple[str, str, str] | None:
        """Return the database, the kind and the SQL of a table or a view."""
        listed = "SELECT name FROM pragma_database_list ORDER BY name <> 'temp', seq"
        for (database,) in self._database.execute(listed):
            if wanted not in ("", database.lower()):
                continue
            stored = self._database.execute(
                f"SELECT type, sql FROM {quote(database)}.sqlite_schema "
                "WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')",
                (name,),
            ).fetchone()
            if stored is not None:
                kind, sql = stored
                return str(database), str(kind), str(sql)
        return None

    def _columns(self, database: str, name: str) -> Relation:
        rows = self._database.execute(
            "SELECT name, type FROM pragma_table_info(?, ?)", (name, database)
        )
        found = [(str(column), str(declared)) for column, declared in rows]
        places = {column.lower(): place for place, (column, _) in enumerate(found)}

        def amount(column: str, declared: str) -> Amount | None:
            if not declared.upper().startswith(("DECIMAL", "MINOR")):
                return None
            beside = places.get(f"{column.lower()}_currency", places.get("currency"))
            return Amount(None, beside, declared.upper().startswith("MINOR"))

        return [RelationColumn(column, amount(column, declared)) for column, declared in found]


def relation_of(columns: Mapping[str, Column] | Mapping[str, ViewColumn]) -> Relation:
    """Return the columns of a resource or a view, with what is an amount among them."""
    places = {name: place for place, name in enumerate(columns)}

    def amount(column: Column | ViewColumn) -> Amount | None:
        if column.currency is None:
            return None
        beside = columns.get(column.currency)
        constant = beside.value if isinstance(beside, Column) else None
        return Amount(
            constant if isinstance(constant, str) else None,
            places.get(column.currency),
            isinstance(column, Column) and column.minor,
        )

    return [
        RelationColumn(name, amount(one), isinstance(one, Column) and one.hidden)
        for name, one in columns.items()
    ]


def result_amounts(
    statement: ParsedStatement, origins: Sequence[Origin], tables: KnownTables
) -> list[Amount | None]:
    """Return for each column of a result what makes it an amount of money; None if it is none.

    `statement` is as SQLite runs it.
    """
    tokens = frozenset(token.text.lower() for token in statement.tokens)
    plain, is_certain = _plain(origins, tables, tokens)
    named = references(statement)
    names = Counter(reference.parts[-1].lower() for reference in named)
    read = [tables.named(reference) for reference in named]
    if is_certain and all(count == 1 for count in names.values()) and not _has_views(read):
        return plain
    if not (_has_views(read) or any(map(_has_amounts, read)) or _converts(statement)):
        return plain
    query = query_of(statement)
    if query is None or statement.keyword not in ("SELECT", "WITH", "VALUES"):
        return plain
    from billql.sql.amount_lineage import amounts_of

    found = amounts_of(query, tables.find)
    return found if found is not None and len(found) == len(origins) else plain


def reads_amounts(statement: ParsedStatement, tables: KnownTables) -> bool:
    """Return whether a statement itself reads tables with amounts; views are not followed."""
    return any(_has_amounts(tables.named(reference)) for reference in references(statement))


def views_of(statement: ParsedStatement, tables: KnownTables) -> Iterator[ParsedStatement]:
    """Yield the CREATE VIEW of each view that a statement reads, directly or through others."""
    seen, waiting = set[str](), [statement]
    while waiting:
        for reference in references(waiting.pop()):
            found = tables.named(reference)
            if isinstance(found, str) and found not in seen:
                seen.add(found)
                waiting.append(view := parse(found))
                yield view


def query_of_view(view: str) -> str:
    """Return the query in a CREATE VIEW."""
    tokens = parse(view).tokens
    at = next(place for place, token in enumerate(tokens) if token.keyword == "AS")
    return view[tokens[at + 1].start :].rstrip("; \n")


def relation_of_origins(origins: Sequence[Origin], tables: KnownTables) -> Relation:
    """Return the columns of a query from where they come, with what is an amount among them."""
    amounts, _ = _plain(origins, tables, ())
    return [
        RelationColumn(origin[0], amount) for origin, amount in zip(origins, amounts, strict=True)
    ]


def _plain(
    origins: Sequence[Origin], tables: KnownTables, tokens: Collection[str]
) -> tuple[list[Amount | None], bool]:
    """Return what the plain columns are, and whether nothing is left to find out.

    A condition, whose tokens are among those of the statement, may fix the currency.
    """
    places: dict[tuple[str, str, str], list[int]] = {}
    for place, (_, _, database, table, column) in enumerate(origins):
        if database is not None and table is not None and column is not None:
            key = (database.lower(), table.lower(), column.lower())
            places.setdefault(key, []).append(place)
    amounts: list[Amount | None] = [None] * len(origins)
    is_certain = True
    for (database, table, name), found in places.items():
        relation = tables.find(table, database)
        if relation is None or isinstance(relation, str):
            continue
        amount = next((one.amount for one in relation if one.name.lower() == name), None)
        if amount is None:
            continue
        beside = amount.place
        currency = []
        if beside is not None:
            currency = places.get((database, table, relation[beside].name.lower()), [])
        if amount.currency is None and not currency and beside is not None:
            is_certain = is_certain and relation[beside].name.lower() not in tokens
        for place in found:
            amounts[place] = amount._replace(place=currency[0] if currency else None)
    if any(table is None for _, _, _, table, _ in origins):
        is_certain = False
    return amounts, is_certain


def _has_amounts(relation: Relation | str | None) -> bool:
    if relation is None or isinstance(relation, str):
        return False
    return any(column.amount is not None for column in relation)


def _has_views(read: Sequence[Relation | str | None]) -> bool:
    return any(isinstance(relation, str) for relation in read)


def _converts(statement: ParsedStatement) -> bool:
    """Return whether a statement makes amounts of what may be none: by money()."""
    return any(token.keyword in ("MONEY", "MONEY_SUM") for token in statement.tokens)
