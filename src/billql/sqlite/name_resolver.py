"""What names mean in a session: tables of the catalogue, short names after USE, local tables.

A local table goes before a short name. Views and triggers keep whole names, because short ones are
replaced before SQLite sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

import apsw

from billql.errors import DefinitionError, SqlError, UnknownName
from billql.sql import outer_joins, rewriter, show, tokenizer
from billql.sql.rewriter import Reference, Rewritten
from billql.sql.source_map import RewrittenText

if TYPE_CHECKING:
    from billql.sqlite.engine import Engine


class NameResolver:
    """The names of one session; `engine` is called for when they need the catalogue."""

    def __init__(self, database: apsw.Connection, engine: Callable[[], Engine]) -> None:
        self._database = database
        self._engine = engine
        self._used: tuple[str, ...] = ()
        """The provider and the service that are in use."""
        self._short: frozenset[str] = frozenset()
        """The short names of its tables."""
        self._met: dict[str, bool] = {}
        """The views and triggers that were met, and whether they read the catalogue's tables."""

    @property
    def in_use(self) -> str:
        """What USE has chosen, as a dotted name; empty if nothing."""
        return ".".join(self._used)

    def rewrite(self, sql: str) -> Rewritten:
        """Give a statement as SQLite takes it, which now knows the tables that it names.

        Raises SqlError, UnknownName, DefinitionError, or an error of APSW's.
        """
        spelled = self._desugar(sql)
        if spelled.sql == sql:
            spelled = outer_joins.strengthened(sql, self._is_dotted)
        rewritten = rewriter.rewrite(
            spelled.sql,
            lambda reference: self._resolve(spelled, reference),
            self._short - self._local_tables() if self._short else (),
        )
        quoted = (self._quoted(spelled, table) for table in rewritten.tables)
        rewritten.resources += tuple(name for name in quoted if name is not None)
        return rewritten.after(spelled)

    def _is_dotted(self, parts: tuple[str, ...]) -> bool:
        """Tell whether a table's name is one of the catalogue's, as far as its form goes."""
        return len(parts) > 2 or (len(parts) == 1 and parts[0].lower() in self._short)

    def register_stored_sql(self) -> bool:
        """Make known what views and triggers read; False if they read nothing of the catalogue.

        They were stored with whole names in quotes. Whether these mean something still, SQLite
        learns when it comes to them.
        """
        programs = list(self._stored("type IN ('view', 'trigger')", "sql"))
        for sql in programs:
            if sql not in self._met:
                quoted = (
                    tokenizer.unquote(t.text) for t in tokenizer.tokenize(sql) if t.kind == "quoted"
                )
                found = [name.lower() for name in quoted if self._may_be_whole(name)]
                if found:
                    self._engine().register(found)
                self._met[sql] = bool(found)
        return any(self._met[sql] for sql in programs)

    def suggest(self, rewritten: Rewritten, at: int | None) -> str | None:
        """Suggest a name for the one at which SQLite has stopped."""
        import difflib

        if at is None:
            tables = [table for table in rewritten.tables if len(table.parts) < 3]
            return self._whole_name({table.parts[-1].lower() for table in tables})
        text = rewritten.original
        word = next((t for t in tokenizer.tokenize(text) if t.start <= at < t.end), None)
        if word is None or word.kind not in ("word", "quoted"):
            return None
        name = tokenizer.unquote(word.text).lower()
        if text.startswith(".", word.end):  # SQLite points to the first part of `table.column`
            after = next(iter(tokenizer.tokenize(text[word.end + 1 :])), None)
            name = tokenizer.unquote(after.text).lower() if after is not None else name
        elif text[word.end :].lstrip().startswith("("):
            known = {str(row[0]) for row in self._database.execute("PRAGMA function_list")}
            similar = difflib.get_close_matches(name, sorted(known), 1, 0.6)
            return f"Did you mean {similar[0]}()?" if similar and name not in known else None
        columns = [
            column for table in rewritten.resources for column in self._engine().columns(table)
        ]
        if name in columns:
            return None
        near = difflib.get_close_matches(name, columns, 1, 0.5)
        if near:
            return f"Did you mean {near[0]}?"
        return f"Known columns: {', '.join(dict.fromkeys(columns))}." if columns else None

    def _whole_name(self, short: Collection[str]) -> str | None:
        """Suggest a whole name for names in lower case that mean nothing."""
        try:
            whole = self._engine().catalogue.names() if short else iter(())
            found = next((name for name in whole if name.rpartition(".")[2] in short), None)
        except DefinitionError:
            return None  # It is about something else.
        return None if found is None else f"Did you mean {found}? {_PARTS}"

    # SHOW, DESCRIBE, USE and REGISTRY.

    def _desugar(self, sql: str) -> RewrittenText:
        """Spell as SELECTs what shows something; do what USE says, which leaves nothing to do."""
        asked = show.read(sql)
        if asked is None:
            return RewrittenText(sql, sql)
        if asked.verb == "USE":
            self._use(asked)
            return RewrittenText("", sql)
        if asked.form.table == "versions" and asked.name is not None:
            return asked.select((self._offered(asked, asked.name),))
        if asked.name is None:
            return asked.select(self._used if asked.form.parts > 1 else ())
        short = asked.name.name.lower()
        if asked.verb == "DESCRIBE" and short in self._local_tables():
            return asked.select((), local=asked.name.name)
        if asked.form.parts == 3 and short in self._short:
            return asked.select((*self._used, short))
        if asked.verb == "DESCRIBE" and len(asked.name.parts) < 3:
            raise UnknownName(
                f"There is no table {asked.name.name}",
                sql=sql,
                offset=asked.name.start,
                hint=self._whole_name({short}) or _PARTS,
            )
        return asked.select(self._find(asked.name, sql, asked.name.start))

    def _offered(self, asked: show.ShowStatement, name: Reference) -> str:
        """Find a provider of which there are versions, and install one if that was asked for."""
        provider = name.name.lower()
        try:
            if asked.verb == "PULL":
                self._engine().pull(provider, asked.version)
            else:
                from billql.definitions.catalog import unknown

                known = sorted({one.provider for one in self._engine().versions()})
                if provider not in known:
                    raise unknown("provider", provider, known, "")
        except UnknownName as error:
            raise UnknownName(
                error.message, sql=asked.sql, offset=name.start, hint=error.hint
            ) from None
        return provider

    def _use(self, asked: show.ShowStatement) -> None:
        if asked.name is None:
            self._used, self._short = (), frozenset()
            return
        place = self._find(asked.name, asked.sql, asked.name.start)
        if len(place) == 1:
            raise SqlError(
                f"{place[0]} is a provider, and USE takes one of its services",
                sql=asked.sql,
                offset=asked.name.start,
                hint=f"SHOW SERVICES IN {place[0]} lists them.",
            )
        self._short = frozenset(self._engine().tables_of(*place))
        self._used = place

    # Tables.

    def _find(self, reference: Reference, sql: str, offset: int) -> tuple[str, ...]:
        """Find what a name means, and give its parts in lower case."""
        try:
            return self._engine().find(reference.name.split("."))
        except UnknownName as error:
            raise UnknownName(error.message, sql=sql, offset=offset, hint=error.hint) from None

    def _resolve(self, spelled: RewrittenText, reference: Reference) -> str:
        """Find the table that a name means, and make it known to SQLite."""
        offset = spelled.original_offset(reference.start)
        if len(reference.parts) == 1 and "." not in reference.name:
            reference = reference._replace(parts=(*self._used, *reference.parts))
        name = ".".join(self._find(reference, spelled.original, offset))
        if reference.kind == "target":
            raise SqlError(
                f"{name} is a resource: it can be read, but not made, changed or dropped",
                sql=spelled.original,
                offset=offset,
                hint="Keep what you read in a table of your own: CREATE TABLE … AS SELECT …",
            )
        self._engine().register([name])
        return name

    def _quoted(self, spelled: RewrittenText, reference: Reference) -> str | None:
        """Resolve a name that is in quotes as a whole; None if it means nothing here."""
        name = reference.parts[-1]
        if not self._may_be_whole(name):
            return None
        try:
            return self._resolve(spelled, reference._replace(parts=(name,)))
        except UnknownName:
            return None

    def _may_be_whole(self, name: str) -> bool:
        """Tell whether a name looks like one of the catalogue, without loading anything."""
        return name.count(".") == 2 and self._engine().has_provider(name.partition(".")[0])

    def _local_tables(self) -> set[str]:
        """Name the user's own tables and views, in lower case."""
        return {name.lower() for name in self._stored("type IN ('table', 'view')", "name")}

    def _stored(self, condition: str, column: str) -> Iterator[str]:
        """Read the schemas of all databases."""
        databases = [str(row[1]) for row in self._database.execute("PRAGMA database_list")]
        for schema in dict.fromkeys((*databases, "temp")):
            source = f"{tokenizer.quote(schema)}.sqlite_schema"
            for (found,) in self._database.execute(
                f"SELECT {column} FROM {source} WHERE {condition}"
            ):
                yield str(found)


_PARTS = "A resource has three parts: provider.service.resource."
