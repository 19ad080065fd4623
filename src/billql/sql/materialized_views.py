"""CREATE, REFRESH and DROP MATERIALIZED VIEW: statements that SQLite does not have.

    CREATE MATERIALIZED VIEW [IF NOT EXISTS] name [SCOPE BY column | NONE] AS SELECT …
    CREATE MATERIALIZED VIEW [IF NOT EXISTS] name AS SELECT … [SCOPE BY column | NONE]
    REFRESH MATERIALIZED VIEW name [WHERE …]
    DROP MATERIALIZED VIEW [IF EXISTS] name

The keywords are PostgreSQL's, but for SCOPE BY, which names the column by whose values rows are
read, compared and stored. Only text is read here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, NoReturn

from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import NAMES, Token, unquote

Verb = Literal["CREATE", "REFRESH", "DROP"]

_HINTS: dict[str, str] = {
    "CREATE": "Write CREATE MATERIALIZED VIEW name AS SELECT …; SCOPE BY column may follow the "
    "name.",
    "REFRESH": "Write REFRESH MATERIALIZED VIEW name, or add WHERE with a condition on its scope.",
    "DROP": "Write DROP MATERIALIZED VIEW name.",
}


class MaterializedView(NamedTuple):
    """What a statement asks for."""

    verb: Verb
    name: str
    at: int
    """The character of the statement at which the name begins."""
    if_exists: bool = False
    """Whether CREATE leaves a view as it is that is there, and DROP does without one."""
    query: tuple[int, int] | None = None
    """Where the SELECT of CREATE, or the condition of REFRESH, begins and ends."""
    scope: str | None = None
    """The column that SCOPE BY names; empty for NONE."""
    scope_at: int = 0
    """The character of the statement at which that column begins."""


def read(statement: ParsedStatement) -> MaterializedView:
    """Return what a statement asks for, if `statement_kind.is_about_materialized_view` of it. Raise
    SqlError.
    """
    return _Parser(statement).read()


class _Parser:
    """A parser of one statement, from the left to the right."""

    def __init__(self, statement: ParsedStatement) -> None:
        self._statement = statement
        tokens = list(statement.tokens)
        while tokens and tokens[-1].text == ";":
            tokens.pop()
        self._end = tokens[-1].end
        end = Token("end", "", len(statement.text.rstrip()))
        self._tokens = [*tokens, end, end]
        self._at = 1
        self._verb = statement.keyword

    def read(self) -> MaterializedView:
        """Return what the statement asks for; raise SqlError."""
        if self._verb == "CREATE" and self._token.keyword in ("OR", "TEMP", "TEMPORARY"):
            raise self._statement.error(
                f"There is no CREATE {self._token.keyword} … MATERIALIZED VIEW",
                self._token.start,
                hint="A history stays until DROP MATERIALIZED VIEW.",
            )
        if not (self._accept("MATERIALIZED") and self._accept("VIEW")):
            self._fail()
        if_exists = False
        if self._verb != "REFRESH" and self._accept("IF"):
            keywords = ("NOT", "EXISTS") if self._verb == "CREATE" else ("EXISTS",)
            if not all(self._accept(one) for one in keywords):
                self._fail()
            if_exists = True
        at = self._token.start
        name = self._name()
        if self._verb == "CREATE":
            return self._create(name, at, if_exists)
        query = None
        if self._verb == "REFRESH" and self._accept("WHERE"):
            query = self._token.start, self._end
            if self._token.kind == "end":
                self._fail()
        elif self._token.kind != "end":
            self._fail()
        verb: Verb = "DROP" if self._verb == "DROP" else "REFRESH"
        return MaterializedView(verb, name, at, if_exists, query)

    def _create(self, name: str, at: int, if_exists: bool) -> MaterializedView:
        scope, scope_at, end = self._scope()
        if not self._accept("AS"):
            self._fail()
        start = self._token.start
        if self._token.keyword not in ("SELECT", "WITH", "VALUES"):
            self._fail()
        last = len(self._tokens) - 2  # the index of the end
        if scope is None and [one.keyword for one in self._tokens[last - 3 : last - 1]] == [
            "SCOPE",
            "BY",
        ]:
            self._at = last - 3
            end = self._tokens[last - 4].end
            scope, scope_at, _ = self._scope()
        else:
            end = self._end
        return MaterializedView("CREATE", name, at, if_exists, (start, end), scope, scope_at)

    def _scope(self) -> tuple[str | None, int, int]:
        """Read SCOPE BY; return the column, where it begins, and where it ends."""
        if not self._accept("SCOPE"):
            return None, 0, 0
        if not self._accept("BY"):
            self._fail()
        token = self._token
        if token.kind not in NAMES:
            self._fail()
        self._at += 1
        scope = "" if token.keyword == "NONE" else unquote(token.text)
        return scope, token.start, token.end

    def _name(self) -> str:
        """Read the name, which may have the main database before it."""
        first = self._token
        if first.kind not in NAMES:
            self._fail()
        self._at += 1
        if self._token.text != ".":
            return unquote(first.text)
        self._at += 1
        second = self._token
        if second.kind not in NAMES:
            self._fail()
        self._at += 1
        if unquote(first.text).lower() != "main":
            raise self._statement.error(
                f"A history is stored in the main database, not in {unquote(first.text)}",
                first.start,
                hint="Open the file itself with --db.",
            )
        return unquote(second.text)

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _accept(self, keyword: str) -> bool:
        found = self._token.keyword == keyword
        self._at += found
        return found

    def _fail(self) -> NoReturn:
        """Raise the error in SQLite's wording, with what may stand here as the hint."""
        token = self._token
        wrong = f'near "{token.text}": syntax error' if token.text else "incomplete input"
        raise self._statement.error(wrong, token.start, hint=_HINTS[self._verb])
