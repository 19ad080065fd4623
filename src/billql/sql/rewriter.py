"""Dotted names in SQL text become quoted names; every other byte stays as it was written.

SQLite has no three-part table names. A resource is an eponymous virtual table whose name is the
whole dotted name, so this module edits, at the positions of tokens:

    FROM digitalocean.billing.balances     FROM "digitalocean.billing.balances" AS "balances"
    FROM digitalocean.billing.balances b   FROM "digitalocean.billing.balances" b
    x IN digitalocean.billing.balances     x IN "digitalocean.billing.balances"
    digitalocean.billing.balances.amount   "balances".amount

SQL is never parsed into a tree and printed again. The scanner cuts text as SQLite's tokenizer does,
and of the grammar knows only where a table's name can stand. SQLite accepts no table name of three
parts and no column name of four, so nothing that SQLite accepts is ever changed. After USE, names
of fewer parts can stand for dotted ones too (see `Shorthand`).

The alias is left out where it would be ambiguous: in a FROM clause where something else goes by
the same name, and for an outer table that a four-part name reaches past an inner one of that
name. The whole name stands for it, as in `"digitalocean.billing.invoices".amount`, and also in a
four-part name that belongs to no unaliased table: SQLite then reports `no such column`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from billql.sql.source_map import Edit, RewrittenText, apply_edits
from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import Token, quote, unquote

ReferenceKind = Literal["source", "member", "target", "column"]
"""In a FROM clause; directly after IN; a table to write, define or drop; in an expression."""
_NAMES = {"identifier", "quoted", "string"}
ENDS_FROM = {"WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "RETURNING", "SET"}
ENDS_FROM |= {"UNION", "EXCEPT", "INTERSECT"}
"""The keywords after which a FROM clause has ended."""
NO_ALIAS = ENDS_FROM | {"ON", "USING", "INDEXED", "NOT", "JOIN", "SELECT", "VALUES"}
NO_ALIAS |= {"CROSS", "FULL", "INNER", "LEFT", "NATURAL", "OUTER", "RIGHT"}
"""The keywords behind a table that are no alias of it."""
_BEFORE_INTO = {"INSERT", "REPLACE", "ROLLBACK", "ABORT", "FAIL", "IGNORE"}
_FARTHEST = 100  # queries outwards in which a four-part name looks for its table


class Reference(NamedTuple):
    """A name in SQL text; `parts` are unquoted, in the case that the user wrote."""

    parts: tuple[str, ...]
    start: int
    end: int
    kind: ReferenceKind
    has_alias: bool = False

    @property
    def name(self) -> str:
        """Return the table's dotted name, without the column."""
        return ".".join(self.parts[:-1] if self.kind == "column" else self.parts)


class Shorthand(NamedTuple):
    """The names that USE has made short, in lower case."""

    tables: Collection[str] = ()
    """Tables of one part: the resources of a service that is in use."""
    services: Collection[str] = ()
    """First parts of a table's name of two and a column's of three: the services of a provider that
    is in use, without the names of SQLite's own schemas."""


NO_SHORTHAND = Shorthand()


class Rewritten(RewrittenText):
    """SQL text for SQLite, and what it names.

    `resources` are what `resolve` called the tables; `tables` are all tables, even of one part.
    """

    def __init__(
        self,
        sql: str,
        original: str,
        edits: tuple[Edit, ...],
        resources: tuple[str, ...],
        tables: tuple[Reference, ...],
    ) -> None:
        super().__init__(sql, original, edits)
        self.resources = resources
        self.tables = tables
        self.unnamed: tuple[str, ...] = ()
        """What was inserted in expressions, which their names as columns do not show."""

    @cached_property
    def parsed(self) -> ParsedStatement:
        """Return the statement as SQLite runs it; it is lexed at the first call."""
        return parse(self.sql)

    def edited(self, edits: Sequence[Edit]) -> Rewritten:
        """Return the same with edits of its text, which the names of its columns do not show."""
        found = self.edited_within(edits)
        if found is not self:
            found.unnamed = (*self.unnamed, *(text for _, _, text in sorted(edits)))
        return found

    def edited_within(self, edits: Sequence[Edit]) -> Rewritten:
        """Return the same with edits of what no column of it is named by."""
        if not edits:
            return self
        made = tuple(sorted(edits))
        text = apply_edits(self.sql, made)
        found = Rewritten(text, self.sql, made, self.resources, self.tables).after(self)
        found.unnamed = self.unnamed
        return found

    def after(self, earlier: RewrittenText) -> Rewritten:
        """Return the same, mapped to the text before an earlier rewriting, whose edits stay."""
        moved = [
            (earlier.original_offset(start), earlier.original_offset(start) + end - start, text)
            for start, end, text in self.edits
        ]
        edits = tuple(sorted([*earlier.edits, *moved]))
        return Rewritten(self.sql, earlier.original, edits, self.resources, self.tables)


def references(statement: ParsedStatement) -> list[Reference]:
    """Return the tables of three parts and more and the columns of four and more, in order."""
    return [item.reference for item in _Scanner(statement).items if item.long]


def tables(statement: ParsedStatement) -> list[Reference]:
    """Return every name in a table position, from `t` to a.b.c and more, in order."""
    return [item.reference for item in _Scanner(statement).items if not item.column]


def rewrite(
    statement: ParsedStatement,
    resolve: Callable[[Reference], str],
    shorthand: Shorthand = NO_SHORTHAND,
) -> Rewritten:
    """Replace each dotted name by the name that `resolve` returns, or let `resolve` raise.

    Names of `shorthand` stand for dotted ones where a table is read; those of one part not if the
    statement has a CTE of that name.
    """
    sql = statement.text
    items = _Scanner(statement, shorthand).items
    found = [item for item in items if item.long]
    for item in found:
        item.name = resolve(item.reference)
        item.last = item.name.rpartition(".")[2]
        if item.alias_at is not None:
            item.scope.names[item.last.lower()].add(item.name)
    for item in found:
        if item.column:
            item.scope = item.scope.holder(item.name, item.last.lower())
    edits = list[Edit]()
    for item in found:
        start, stop = item.reference.start, item.stop
        short = len(item.scope.names[item.last.lower()]) == 1
        text = quote(item.last if item.column and short else item.name)
        before, after = sql.endswith('"', 0, start), sql.startswith('"', stop)  # "a""b" is one
        edits.append((start, stop, " " * before + text + " " * after))
        if short and item.alias_at is not None:
            edits.append((item.alias_at, item.alias_at, f" AS {quote(item.last)}"))
    edits.sort()
    resources = tuple(dict.fromkeys(item.name for item in found if not item.column))
    names = tuple(item.reference for item in items if not item.column)
    return Rewritten(apply_edits(sql, edits), sql, tuple(edits), resources, names)


class _Scope:
    """One query: the names of its tables, and the query around it, whose names it sees too."""

    def __init__(self, parent: _Scope | None) -> None:
        self.parent = parent
        # By the name in lower case: the resources without alias, and "" for anything else.
        self.names: defaultdict[str, set[str]] = defaultdict(set)

    def holder(self, resource: str, short: str) -> _Scope:
        """Return the nearest query, from this one outwards, that reads a resource without alias."""
        scope, hidden = self, False
        for _ in range(_FARTHEST):
            if resource in scope.names[short] or not scope.parent:
                break
            hidden = hidden or bool(scope.names[short])
            scope = scope.parent
        if resource not in scope.names[short]:
            return _Scope(None)
        if hidden:
            scope.names[short].add("")
        return scope


class _Item:
    """A name that was found, and what rewriting it needs."""

    alias_at: int | None = None  # where the alias goes that the user left out
    name = last = ""  # what it was resolved to, and the last part of that

    def __init__(
        self, reference: Reference, scope: _Scope, first: int, stop: int, long: bool
    ) -> None:
        self.reference, self.scope = reference, scope
        self.first = first  # the index of its first token
        self.stop = stop  # where the table's name ends, which in a column is before its end
        self.column = reference.kind == "column"
        self.long = long  # a dotted name, or short for one: SQLite itself does not have it


class _Frame:
    """What is known between two parentheses."""

    query = False  # after SELECT, UPDATE or DELETE: FROM is a clause
    sources = False  # in a FROM clause: JOIN and commas bring tables
    ctes = False  # after WITH: parentheses hold queries that see nothing of this one
    item: _Item | None = None  # the table whose arguments these are
    first = -1  # the first token's index, if a table's name could stand there

    def __init__(self, outer: _Scope | None = None, scope: _Scope | None = None) -> None:
        self.outer = outer  # what a query that starts here sees outside of itself
        self.scope = scope or _Scope(None)


class _Scanner:
    """A scanner for the names of tables, and of columns in four parts, in one pass."""

    def __init__(self, statement: ParsedStatement, shorthand: Shorthand = NO_SHORTHAND) -> None:
        self.items: list[_Item] = []
        count = len(statement.tokens)
        end = Token("end", "", len(statement.text))
        self._tokens = [*statement.tokens, *[end] * 4]  # so that looking ahead needs no check
        self._short = set[str]()
        if shorthand.tables:
            from billql.sql.projections import names_of_ctes

            self._short = set(shorthand.tables) - names_of_ctes(statement)
        self._services = shorthand.services
        self._frames = [_Frame()]
        self._expect: ReferenceKind | None = None  # what a table's name would be here
        self._before = ""  # the keyword just before
        self._function: _Item | None = None  # the table that the next parenthesis belongs to
        at = 0
        while at < count:
            at = self._step(at) + 1

    def _step(self, at: int) -> int:
        """Read what starts at a token; return the index of its last token."""
        token = self._tokens[at]
        expect, self._expect = self._expect, None
        before, self._before = self._before, ""
        if token.kind in _NAMES:
            keyword, last = token.keyword, self._name_end(at)
            if last > at or (expect and keyword not in NO_ALIAS and keyword != "WITH"):
                # The column of a dotted name has four parts, or three if its first is in use.
                parts = (last - at) // 2 + 1 + self._is_in_use(token)
                if expect or parts > 3:
                    self._add(at, last, expect or "column")
                return last
            self._before = keyword
            return self._keyword(keyword, before, at)
        match token.text:
            case "(":
                self._open(at, group=expect == "source")
            case ")" if len(self._frames) > 1:
                self._close(at)
            case "," if self._frames[-1].sources:
                self._expect = "source"
            case ";":
                self._frames = [_Frame()]
        return at

    def _name_end(self, at: int) -> int:
        """Return the index of the last token of a name; it can be a star."""
        t = self._tokens
        while t[at + 1].text == "." and (t[at + 2].kind in _NAMES or t[at + 2].text == "*"):
            if {"SELECT", "FROM", "WHERE", "JOIN"} & {t[at].keyword, t[at + 2].keyword}:
                break
            at += 2
        return at

    def _is_in_use(self, token: Token) -> bool:
        """Return whether a name's first part is a service of the provider that is in use."""
        return bool(self._services) and unquote(token.text).lower() in self._services

    def _add(self, first: int, last: int, kind: ReferenceKind) -> None:
        tokens = self._tokens
        parts = tuple(unquote(token.text) for token in tokens[first : last + 1 : 2])
        reference = Reference(parts, tokens[first].start, tokens[last].end, kind)
        stop = tokens[last - 2 if kind == "column" else last].end
        short = False
        if kind in ("source", "member"):
            alone = len(parts) == 1 and parts[0].lower() in self._short
            short = alone or (len(parts) == 2 and self._is_in_use(tokens[first]))
        long = len(parts) > 2 or short
        item = _Item(reference, self._frames[-1].scope, first, stop, long)
        self.items.append(item)
        if kind == "source" and tokens[last + 1].text == "(":
            self._function = item
        elif kind in ("source", "target"):
            self._finish(item, last)

    def _open(self, at: int, *, group: bool) -> None:
        frame = self._frames[-1]
        apart = group or (frame.ctes and not frame.query)
        opened = _Frame(frame.outer if apart else frame.scope, frame.scope)
        opened.item, self._function = self._function, None
        self._frames.append(opened)
        if group:
            opened.sources, opened.first, self._expect = True, at + 1, "source"

    def _close(self, at: int) -> None:
        frame = self._frames.pop()
        if frame.item:
            self._finish(frame.item, at)
        elif frame.first > 0 and (alias := self._alias(at + 1, bare=True)) is not None:
            self._frames[-1].scope.names[alias.lower()].add("")

    def _finish(self, item: _Item, last: int) -> None:
        """End a table at a token: read its alias, or record where one can go."""
        first, depth, source = item.first, 1, item.reference.kind == "source"
        # SQLite can forget an alias in parentheses that hold nothing else: go outside of them.
        while self._tokens[last + 1].text == ")" and self._frames[-depth].first == first:
            last, first, depth = last + 1, first - 1, depth + 1
        alias = self._alias(last + 1, bare=source)
        if alias is not None:
            item.reference = item.reference._replace(has_alias=True)
            item.scope.names[alias.lower()].add("")
        elif not item.long:
            item.scope.names[item.reference.parts[-1].lower()].add("")
        elif source:
            item.alias_at = self._tokens[last].end

    def _alias(self, at: int, *, bare: bool) -> str | None:
        token, after = self._tokens[at : at + 2]
        if token.keyword == "AS" and (bare or after.keyword not in ("SELECT", "VALUES", "WITH")):
            return unquote(after.text)
        named = bare and token.kind in _NAMES and token.keyword not in NO_ALIAS
        return unquote(token.text) if named else None

    def _keyword(self, keyword: str, before: str, at: int) -> int:
        frame, after = self._frames[-1], self._tokens[at + 1].keyword
        match keyword:
            case "SELECT" | "VALUES":
                frame.query, frame.sources, frame.scope = True, False, _Scope(frame.outer)
            case "FROM" if frame.query and before != "DISTINCT":  # x IS DISTINCT FROM y
                frame.sources = before != "DELETE"
                self._expect = "source" if frame.sources else "target"
            case "JOIN" if frame.sources:
                self._expect = "source"
            case _ if keyword in ENDS_FROM:
                frame.sources = False
            case "IN":
                self._expect = "member"
            case "INTO" if before in _BEFORE_INTO:
                self._expect = "target"
            case "DELETE":
                frame.query = True
            case "UPDATE" if before not in ("ON", "DO", "BEFORE", "AFTER", "OF"):
                frame.query, self._expect = True, "target"
                at += 2 if after == "OR" else 0
            case "TABLE":
                self._expect = "target"
                if after == "IF":
                    at += {"NOT": 3, "EXISTS": 2}.get(self._tokens[at + 2].keyword, 0)
            case "VIRTUAL" if before == "CREATE":  # its module reads whatever tokens follow
                while self._tokens[at + 1].text not in (";", ""):
                    at += 1
            case "WITH" if not frame.query:
                frame.ctes, frame.sources = True, False
        return at
