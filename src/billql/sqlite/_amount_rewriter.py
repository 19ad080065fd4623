"""What a statement's text becomes by the amounts that it reads.

Sums of amounts know their currencies, stored sums and differences have no noise of floating point,
and a table that is made of a SELECT has the types of its columns. SQLite
describes the columns of a query for that, which sends no request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import get_ident
from typing import TYPE_CHECKING

import apsw

from billql import errors
from billql.sql.rewriter import Rewritten
from billql.sql.source_map import Edit
from billql.sql.statement_kind import query_of, verb_of
from billql.sql.statements import ParsedStatement, parse
from billql.sqlite._functions import SUMS

if TYPE_CHECKING:
    from billql.sql.amounts import Relation
    from billql.sqlite._stored_types import Target
    from billql.sqlite.engine import Engine
    from billql.sqlite.result_amounts import KnownTables, Origin


class AmountRewriter:
    """Rewrites the statements of a connection; `engine` returns what reads resources, if any is."""

    def __init__(self, database: apsw.Connection, engine: Callable[[], Engine | None]) -> None:
        self._database = database
        self._engine = engine

    def known_tables(self) -> KnownTables:
        """Return the tables that a statement can read, with what is an amount in them."""
        from billql.sqlite.result_amounts import KnownTables

        return KnownTables(self._database, self._relation)

    def _relation(self, name: str) -> Relation | None:
        """Return the columns of a resource or a view that SQLite knows by a whole name."""
        from billql.sqlite.result_amounts import relation_of

        engine = self._engine()
        found = None if engine is None else engine.registered(name)
        return None if found is None else relation_of(found.columns)

    def rewrite(self, statement: ParsedStatement, rewritten: Rewritten) -> Rewritten:
        """Return a statement whose sums of amounts are checked, and stored without noise."""
        if statement.keyword == "EXPLAIN":
            return rewritten
        tables = self.known_tables()
        without_noise = self._without_noise(statement, rewritten, tables)
        return self._with_currencies(statement, without_noise, tables)

    def types_of_table(self, rewritten: Rewritten) -> tuple[Target, Sequence[str | None]] | None:
        """Return the types that a table keeps of the SELECT that fills it; None if it has none."""
        from billql.sqlite import _stored_types

        final = rewritten.parsed
        target, query = _stored_types.target_of(final), query_of(final)
        if target is None or query is None or _stored_types.exists(self._database, target):
            return None
        _, types = self.types_of(query)
        return None if types is None else (target, types)

    def types_of(self, query: str) -> tuple[Sequence[Origin], Sequence[str | None] | None]:
        """Return where the columns of a SELECT come from, and the types that a table keeps of
        them; None if it keeps none.
        """
        from billql.sqlite import _stored_types
        from billql.sqlite._inlined_views import without_views
        from billql.sqlite.result_amounts import result_amounts

        origins, tables = self.describe(query), self.known_tables()
        amounts = result_amounts(parse(query), origins, tables)
        whole = without_views(query, tables, self.describe)
        return origins, _stored_types.types_of(whole, origins, amounts, self.describe)

    def _without_noise(
        self, statement: ParsedStatement, rewritten: Rewritten, tables: KnownTables
    ) -> Rewritten:
        """Return a statement that stores and divides sums and differences without noise."""
        stores = verb_of(statement) in ("CREATE", "INSERT", "REPLACE")
        if not (stores or any(token.text == "/" for token in statement.tokens)):
            return rewritten
        from billql.sqlite._stored_noise import noise_edits, quotient_edits

        edits = list(quotient_edits(rewritten.parsed, tables))
        if stores:
            edits += noise_edits(rewritten.parsed, tables, self.describe)
        return rewritten.edited(edits)

    def _with_currencies(
        self, statement: ParsedStatement, rewritten: Rewritten, tables: KnownTables
    ) -> Rewritten:
        """Return a statement whose sums of amounts know their currencies."""
        adds = any(token.keyword in SUMS for token in statement.tokens)
        has_views = any(isinstance(tables.named(each), str) for each in rewritten.tables)
        if not (adds or has_views):
            return rewritten
        final, edits = rewritten.parsed, list[Edit]()
        if has_views:
            from billql.sqlite._inlined_views import view_edits

            edits += view_edits(final, tables, self.describe)
        if adds:
            from billql.sqlite._currency_check import currency_edits

            edits += currency_edits(final, tables, self.describe)
        return rewritten.edited(edits)

    def describe(self, sql: str) -> Sequence[Origin]:
        """Return where the columns of a SELECT come from; empty if it has a mistake."""
        engine, thread = self._engine(), get_ident()
        if engine is None:
            return self._origins(sql)
        running = engine.begin(parse(sql), ())
        before = engine.current.get(thread)
        engine.current[thread] = running
        try:
            return self._origins(sql)
        finally:
            engine.current[thread] = before
            running.statement.close()

    def _origins(self, sql: str) -> Sequence[Origin]:
        """Return the same from SQLite, which asks the tables of the current statement."""
        from apsw.ext import query_info

        try:
            return query_info(self._database, sql).description_full or ()
        except (apsw.Error, errors.Error):
            return ()
