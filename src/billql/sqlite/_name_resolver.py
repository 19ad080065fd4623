"""What names mean in a session: tables of the catalog, short names after USE, local tables.

A local table precedes a short name. Views and triggers store whole names, because short ones are
replaced before SQLite sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import apsw

from billql.errors import DefinitionError, UnknownName
from billql.sql import rewriter
from billql.sql.rewriter import NO_SHORTHAND, Reference, Rewritten, Shorthand
from billql.sql.source_map import RewrittenText
from billql.sql.statement_kind import own_verb_of
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import quote, quote_text, tokenize, unquote

if TYPE_CHECKING:
    from billql.sql.show import ShowStatement
    from billql.sqlite.engine import Engine


class NameResolver:
    """The names of one session; `engine` is called when they need the catalog.

    `as_of` returns a statement that reads tables as they were, and None for any other.
    """

    def __init__(
        self,
        database: apsw.Connection,
        engine: Callable[[], Engine],
        as_of: Callable[[ParsedStatement], RewrittenText | None] = lambda statement: None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._as_of = as_of
        self._used: tuple[str, ...] = ()
        """The provider that is in use, and the service."""
        self._short: frozenset[str] = frozenset()
        """The short names of the service's tables; of the provider's services, if it is alone."""
        self._reads_catalog: dict[str, bool] = {}
        """The SQL of views and triggers seen so far, and whether it reads the catalog's tables."""

    @property
    def in_use(self) -> str:
        """Return what USE has chosen, as a dotted name; empty if nothing."""
        return ".".join(self._used)

    def rewrite(self, statement: ParsedStatement) -> Rewritten:
        """Return a statement as SQLite accepts it, after registering the tables that it names.

        Raise SqlError, UnknownName, DefinitionError, or an error of APSW's.
        """
        desugared = self._as_of(statement) or self._desugar(statement)
        if desugared.sql == statement.text:
            desugared = self._strengthen(statement)
        changed = desugared.sql != statement.text

        def resolve(reference: Reference) -> str:
            return self._resolve(statement, reference, desugared.original_offset(reference.start))

        final = parse(desugared.sql) if changed else statement
        rewritten = rewriter.rewrite(final, resolve, self._shorthand(final))
        whole = (self._whole(table, resolve) for table in rewritten.tables)
        rewritten.resources += tuple(name for name in whole if name is not None)
        return rewritten.after(desugared)

    def _shorthand(self, statement: ParsedStatement) -> Shorthand:
        """Return the names that are short, without those of the user's own: those that USE has made
        so, and the services of views of several providers.
        """
        services = set[str]()
        if len(self._used) == 1:
            services |= self._short
        if any(token.text == "." for token in statement.tokens):
            services |= _shared_services()
        services -= self._schemas() if services else set()
        tables = self._short - self._local_tables() if len(self._used) > 1 else ()
        return Shorthand(tables, services) if tables or services else NO_SHORTHAND

    def _absolute(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Return the parts of a whole name for those of one that may be short."""
        if self._is_shared(parts):
            return (_SHARED, *parts)
        whole = (
            self._used
            and parts
            and parts[0].lower() in self._short
            and len(parts) <= 3 - len(self._used)
        )
        return (*self._used, *parts) if whole else parts

    def _is_shared(self, parts: Sequence[str]) -> bool:
        """Return whether a name of two parts, or a service's, is one of views of several
        providers.
        """
        first = parts[0].lower() if parts else ""
        is_short = len(parts) < 3 and first in _shared_services()
        return is_short and first not in self._short and first not in self._schemas()

    def _strengthen(self, statement: ParsedStatement) -> RewrittenText:
        """Return a statement whose outer joins add no rows that its WHERE would leave out."""
        if not any(token.keyword == "JOIN" for token in statement.tokens):
            return RewrittenText(statement.text, statement.text)
        from billql.sql import outer_joins

        return outer_joins.strengthen(statement, self._is_dotted)

    def _is_dotted(self, parts: tuple[str, ...]) -> bool:
        """Return whether a table's name has the form of one of the catalog's."""
        return len(self._absolute(parts)) > 2

    def register_stored_sql(self) -> bool:
        """Register what views and triggers read; return whether they read tables of the catalog.

        They were stored with whole names in quotes. Whether these still mean something,
        SQLite finds out when it reads them.
        """
        stored = [sql for (sql,) in self.stored("sql", "type IN ('view', 'trigger')")]
        for sql in stored:
            if sql not in self._reads_catalog:
                quoted = (unquote(token.text) for token in tokenize(sql) if token.kind == "quoted")
                found = [name.lower() for name in quoted if self._may_be_whole(name)]
                if found:
                    self._engine().register(found)
                self._reads_catalog[sql] = bool(found)
        return any(self._reads_catalog[sql] for sql in stored)

    def triggers(self, table: str) -> list[str]:
        """Return the statements that made the triggers of a table of the user's."""
        condition = f"type = 'trigger' AND lower(tbl_name) = {quote_text(table)}"
        return [sql for (sql,) in self.stored("sql", condition)]

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table of the catalog; raise UnknownName or DefinitionError."""
        return self._engine().columns(table)

    def suggest_table(self, rewritten: Rewritten) -> str | None:
        """Return a hint with whole names for a statement's tables; None if none is known."""
        tables = [table for table in rewritten.tables if len(table.parts) < 3]
        return self._whole_name({table.parts[-1].lower() for table in tables})

    def _whole_name(self, short: Collection[str]) -> str | None:
        """Return a hint with a whole name for names in lower case that mean nothing."""
        try:
            whole = self._engine().catalog.names() if short else iter(())
            found = next((name for name in whole if name.rpartition(".")[2] in short), None)
        except DefinitionError:
            return None  # It is about something else.
        return None if found is None else f"Did you mean {found}? {_PARTS}"

    # SHOW, DESCRIBE, USE and REGISTRY.

    def _desugar(self, statement: ParsedStatement) -> RewrittenText:
        """Return the SELECT that a statement of billql's own stands for; empty after USE, which is
        carried out here.
        """
        verb = own_verb_of(statement)
        if verb is None:
            return RewrittenText(statement.text, statement.text)
        from billql.sql import show

        shown = show.read(statement, verb)
        if shown.verb == "USE":
            self._use(shown)
            return RewrittenText("", statement.text)
        if shown.form.table == "versions" and shown.name is not None:
            return shown.select((self._offered(shown, shown.name),))
        if shown.name is None:
            in_use = shown.form.parts > 1 and not shown.names_place
            return shown.select(self._used if in_use else ())
        if shown.verb == "DESCRIBE":
            return self._describe(shown, shown.name)
        whole = self._absolute(shown.name.parts)
        name = shown.name if len(whole) > shown.form.parts else shown.name._replace(parts=whole)
        return shown.select(self._find(statement, name, name.start))

    def _describe(self, shown: ShowStatement, name: Reference) -> RewrittenText:
        """Return the SELECT for DESCRIBE of a table or of a method."""
        short = name.name.lower()
        if short in self._local_tables():
            return shown.select((), local=name.name)
        whole = self._absolute(name.parts)
        if whole == name.parts and len(whole) > 1:  # the last part may be that of a method
            whole = (*self._absolute(name.parts[:-1]), name.parts[-1])
        if len(whole) < 3:
            raise shown.statement.error(
                f"There is no table {name.name}",
                name.start,
                hint=self._whole_name({short}) or _PARTS,
                kind=UnknownName,
            )
        table = self._find(shown.statement, name._replace(parts=whole[:3]), name.start)
        if len(whole) == 3:
            return shown.select(table)
        known = self._engine().methods(".".join(table))
        method = whole[3].lower()
        if method not in known:
            from billql.definitions.catalog import unknown

            error = unknown("method", method, known, f"{'.'.join(table)}.")
            raise shown.statement.error(
                error.message, name.start, hint=error.hint, kind=UnknownName
            )
        return shown.of_method().select((*table, method))

    def _offered(self, shown: ShowStatement, name: Reference) -> str:
        """Return a provider of which there are versions; install one if PULL requests it."""
        provider = name.name.lower()
        try:
            if shown.verb == "PULL":
                self._engine().pull(provider, shown.version)
            else:
                from billql.definitions.catalog import unknown

                known = sorted({one.provider for one in self._engine().versions()})
                if provider not in known:
                    raise unknown("provider", provider, known, "")
        except UnknownName as error:
            raise shown.statement.error(
                error.message, name.start, hint=error.hint, kind=UnknownName
            ) from None
        return provider

    def _use(self, shown: ShowStatement) -> None:
        if shown.name is None:
            self._used, self._short = (), frozenset()
            return
        place = self._find(shown.statement, shown.name, shown.name.start)
        engine = self._engine()
        names = engine.services_of(*place) if len(place) == 1 else engine.tables_of(*place)
        self._short, self._used = frozenset(names), place

    # Tables.

    def _find(
        self, statement: ParsedStatement, reference: Reference, offset: int
    ) -> tuple[str, ...]:
        """Return the parts of what a name means, in lower case; raise UnknownName, at `offset` of
        the statement, if it means nothing.
        """
        try:
            return self._engine().find(reference.name.split("."))
        except UnknownName as error:
            raise statement.error(
                error.message, offset, hint=error.hint, kind=UnknownName
            ) from None

    def _resolve(self, statement: ParsedStatement, reference: Reference, offset: int) -> str:
        """Return the name of the table that a name at a character of a statement means, after
        registering the table with SQLite.
        """
        parts = reference.name.split(".")
        if self._is_shared(parts):
            reference = Reference((_SHARED, *parts), reference.start, reference.end, "source")
        elif len(parts) < 3:
            reference = Reference((*self._used, *parts), reference.start, reference.end, "source")
        name = ".".join(self._find(statement, reference, offset))
        if reference.kind == "target":
            raise statement.error(
                f"{name} is a resource: it can be read, but not made, changed or dropped",
                offset,
                hint="Keep what you read in a table of your own: CREATE TABLE … AS SELECT …",
            )
        self._engine().register([name])
        return name

    def _whole(self, reference: Reference, resolve: Callable[[Reference], str]) -> str | None:
        """Return the table of a name that is quoted as a whole; None if it means nothing here."""
        name = reference.parts[-1]
        if not self._may_be_whole(name):
            return None
        try:
            return resolve(reference._replace(parts=(name,)))
        except UnknownName:
            return None

    def _may_be_whole(self, name: str) -> bool:
        """Return whether a name looks like one of the catalog, without loading anything."""
        return name.count(".") == 2 and self._engine().has_provider(name.partition(".")[0])

    def _schemas(self) -> set[str]:
        """Return the names of the open databases, in lower case."""
        databases = self._database.execute("PRAGMA database_list")
        return {"main", "temp", *(str(row[1]).lower() for row in databases)}

    def _local_tables(self) -> set[str]:
        """Return the names of the user's own tables and views, in lower case."""
        return {name.lower() for (name,) in self.stored("name", "type IN ('table', 'view')")}

    def stored(self, columns: str, condition: str) -> Iterator[tuple[str, ...]]:
        """Yield columns of the schemas of all databases, where a condition holds."""
        databases = [str(row[1]) for row in self._database.execute("PRAGMA database_list")]
        for schema in dict.fromkeys((*databases, "temp")):
            source = f"{quote(schema)}.sqlite_schema"
            for row in self._database.execute(f"SELECT {columns} FROM {source} WHERE {condition}"):
                yield tuple(map(str, row))


@cache
def _shared_services() -> frozenset[str]:
    """Return the services whose views several providers bring parts of, such as `focus`."""
    from billql.definitions import shared

    return frozenset(shared.services())


_SHARED = "billql"
"""The first part of the names of these views; see `definitions.shared`."""
_PARTS = "A resource has three parts: provider.service.resource."
