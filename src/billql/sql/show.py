"""SHOW, DESCRIBE, USE and REGISTRY: statements of billql's own, which SQLite does not have.

    SHOW [EXTENDED] PROVIDERS | SERVICES | RESOURCES | TABLES | METHODS | EXAMPLES | CONNECTIONS
        [IN name] [LIKE pattern [ESCAPE character]] [WHERE … | ORDER BY … | LIMIT …]
    DESCRIBE [EXTENDED] name [LIKE …] [WHERE …]
    USE provider | provider.service | NONE
    REGISTRY LIST [provider] [LIKE …] [WHERE …]
    REGISTRY PULL provider [version]

EXTENDED shows all columns. The name of DESCRIBE is a table's, or a method's: its parameters. TABLES
are the resources and the user's own tables. FROM means the same as IN, and DESC the same as
DESCRIBE. All but USE are spellings of SELECTs over
the tables `billql.catalog.*`:

    SHOW RESOURCES IN stripe.billing LIKE 'in%' WHERE …

    SELECT name, description FROM (SELECT * FROM "billql.catalog.resources" WHERE TRUE
    AND provider = 'stripe' AND service = 'billing' AND resource LIKE 'in%') AS resources WHERE …

Only text is read here. The session finds out whether a name exists, and SQLite reads what
follows the pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from billql.sql.rewriter import Reference
from billql.sql.source_map import Edit, RewrittenText, apply_edits
from billql.sql.tokenizer import NAMES, Token, quote, quote_text, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

_KEYS = ("provider", "service", "resource", "method")


class ShowForm(NamedTuple):
    """What a statement shows."""

    table: str
    columns: str
    like: str
    """The column that a pattern is for."""
    parts: int
    """How many parts the name after IN has at most. What it leaves open is shown too."""
    condition: str = "TRUE"
    source: str = ""
    """What is read, if not the table of the catalog itself."""
    shows_keys: bool = True
    """Whether the parts of names that its own name leaves open are shown before `columns`."""


_TABLES = f"""(SELECT NULL AS provider, NULL AS service, name AS resource,
    iif(schema IN ('main', 'temp'), '', schema || '.') || name AS name, type, NULL AS description
    FROM pragma_table_list WHERE type IN ('table', 'view', 'virtual')
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND instr(name, '.') = 0
    UNION ALL SELECT provider, service, resource, name, kind, description
    FROM {quote("billql.catalog.resources")})"""
"""The user's own tables, which are in no service, and the resources and views."""

SHOWN = {
    "PROVIDERS": ShowForm(
        "providers", "provider, title, version, secret, description", "provider", 0
    ),
    "SERVICES": ShowForm("services", "service, description", "service", 1),
    "RESOURCES": ShowForm("resources", "name, description", "resource", 2),
    "TABLES": ShowForm(
        "resources", "name, type, description", "resource", 2, source=_TABLES, shows_keys=False
    ),
    "METHODS": ShowForm("methods", "method, request, required, optional, description", "method", 3),
    "EXAMPLES": ShowForm("examples", "number, question, sql", "question", 3),
    "CONNECTIONS": ShowForm("connections", "connection, url, source, ready", "connection", 1),
}
_DESCRIBE = ShowForm("columns", "column, type, required", "column", 3, "(required OR NOT hidden)")
_DESCRIBE_EXTENDED = ShowForm(
    "columns",
    "column, type, required, hidden, input, operators, currency, description",
    "column",
    3,
)
_METHOD = ShowForm(
    "parameters",
    "parameter, column, operator, required, match, location, description",
    "parameter",
    4,
)
_USE = ShowForm("resources", "", "", 2)
_VERSIONS = ShowForm("versions", "version, status, size, source", "provider", 1)

_LOCAL = (
    '(SELECT name AS column, type, "notnull" AS required, hidden, 0 AS input, NULL AS operators, '
    "NULL AS currency, NULL AS description FROM pragma_table_xinfo({}))"
)
"""The columns of a table of the user's own, in the shape of `billql.catalog.columns`."""

_TAIL = ("LIKE", "WHERE", "ORDER", "LIMIT")
"""What may follow; but for LIKE, it is left to SQLite."""
_ELSEWHERE = {
    **dict.fromkeys(("DATABASES", "CATALOGS"), "SHOW PROVIDERS lists the APIs."),
    "SCHEMAS": "SHOW SERVICES lists the services of the APIs.",
    **dict.fromkeys(("COLUMNS", "FIELDS"), "DESCRIBE name lists the columns of a table."),
    "VIEWS": "SHOW TABLES lists views too.",
    "CREATE": ".schema NAME shows in the shell how a table is defined.",
    "FUNCTIONS": "SELECT DISTINCT name FROM pragma_function_list lists the functions.",
}
"""What other databases show, and how it is shown here."""
_HINTS = {
    "SHOW": f"SHOW lists {', '.join(SHOWN)}, as in SHOW RESOURCES IN provider.service.",
    "DESCRIBE": "DESCRIBE lists columns, as in DESCRIBE provider.service.resource; "
    "DESCRIBE provider.service.resource.method lists the parameters of a method.",
    "REGISTRY": "REGISTRY LIST shows versions, and REGISTRY PULL provider installs one.",
    "USE": "USE provider.service, or USE provider, makes names short, and USE NONE ends that.",
}


class ShowStatement(NamedTuple):
    """What a statement asks for."""

    verb: str
    """SHOW, DESCRIBE, USE, LIST or PULL."""
    form: ShowForm
    name: Reference | None
    """The name that it is about, if it has one."""
    statement: ParsedStatement
    head: tuple[int, int]
    """Where the statement starts, and where its name ends."""
    version: str | None
    """The version that PULL names."""
    like: tuple[int, int, int] | None
    """Where LIKE starts and ends, and where its pattern ends."""

    @property
    def table(self) -> str:
        """Return the whole name of the table that it reads."""
        return f"billql.catalog.{self.form.table}"

    def select(self, place: Sequence[str], local: str | None = None) -> RewrittenText:
        """Return it as a SELECT about a place in the catalog, or about a local table."""
        form, keys, source = self.form, _KEYS[: self.form.parts], quote(self.table)
        if local is not None:
            keys, source = (), _LOCAL.format(quote_text(local))
        elif form.source:
            source = form.source
        fixed = [f"{key} = {quote_text(part)}" for key, part in zip(keys, place, strict=False)]
        shown = ", ".join([*keys[len(place) :] * form.shows_keys, form.columns])
        within = " AND ".join(["TRUE", *fixed])
        if form.source and self.name is None:  # tables of the user's own are in no service
            within = f"(provider IS NULL OR {within})"
        where = f"{form.condition} AND {within}"
        text = f"SELECT {shown} FROM (SELECT * FROM {source} WHERE {where}"
        close = f") AS {form.table} "
        edits: list[Edit] = [(*self.head, text + close)]
        if self.like is not None:
            start, end, stop = self.like
            edits = [(*self.head, text), (start, end, f" AND {form.like} LIKE")]
            edits.append((stop, stop, close))
        sql = self.statement.text
        return RewrittenText(apply_edits(sql, edits), sql, tuple(edits))

    @property
    def names_place(self) -> bool:
        """Return whether its WHERE has a condition on the provider or the service."""
        tail = (token for token in self.statement.tokens if token.start >= self.head[1])
        names = (unquote(token.text).lower() for token in tail if token.kind in NAMES)
        return any(name in _KEYS[:2] for name in names)

    def of_method(self) -> ShowStatement:
        """Return the same for the parameters of a method."""
        return self._replace(form=_METHOD)


def read(statement: ParsedStatement, verb: str) -> ShowStatement:
    """Return what a statement asks for, whose verb is one of `statement_kind.own_verb_of`. Raise
    SqlError.
    """
    return _Parser(statement, verb).read()


class _Parser:
    """A parser of one statement, from the left to the right."""

    def __init__(self, statement: ParsedStatement, verb: str) -> None:
        self._statement, self._verb = statement, verb
        end = Token("end", "", len(statement.text.rstrip()))
        self._tokens = [*statement.tokens, end, end]
        self._at = 1

    def read(self) -> ShowStatement:
        start = self._tokens[0].start
        form, name = self._subject()
        version = self._version() if self._verb == "PULL" else None
        head = start, self._tokens[self._at - 1].end
        acts = self._verb in ("USE", "PULL")
        like = None if acts else self._like()
        if acts or self._token.keyword not in _TAIL:
            while self._token.text == ";":
                self._at += 1
            if self._token.kind != "end":
                self._fail()
        return ShowStatement(self._verb, form, name, self._statement, head, version, like)

    def _subject(self) -> tuple[ShowForm, Reference | None]:
        """Read what is shown, and the name that it is about."""
        if self._verb == "SHOW":
            extended = self._accept("EXTENDED")
            form = SHOWN.get(self._token.keyword) or self._fail()
            if extended:
                form = form._replace(columns="*", shows_keys=False)
            self._at += 1
            named = form.parts > 0 and self._accept("IN", "FROM")
            return form, self._name(form) if named else None
        if self._verb == "DESCRIBE":
            after = self._tokens[self._at + 1]
            if after.kind in NAMES and after.keyword not in _TAIL and self._accept("EXTENDED"):
                return _DESCRIBE_EXTENDED, self._name(_DESCRIBE_EXTENDED)
            return _DESCRIBE, self._name(_DESCRIBE)
        if self._verb == "USE":
            return _USE, None if self._accept("NONE") else self._name(_USE)
        self._verb = self._token.keyword
        if not self._accept("LIST", "PULL"):
            self._verb = "REGISTRY"
            self._fail()
        named = self._verb == "PULL" or self._token.keyword not in ("", *_TAIL)
        return _VERSIONS, self._name(_VERSIONS) if named else None

    def _version(self) -> str | None:
        """Read a version such as 1.2.3, which are two numbers to a tokenizer, or a text."""
        if self._token.kind == "string":
            return unquote(self._expect("string").text)
        start = self._at
        while self._token.kind == "number":
            self._at += 1
        return "".join(token.text for token in self._tokens[start : self._at]) or None

    def _name(self, form: ShowForm) -> Reference:
        first = self._expect(*NAMES)
        parts, last = [unquote(first.text)], first
        while self._token.text == ".":
            self._at += 1
            last = self._expect(*NAMES)
            parts.append(unquote(last.text))
        parts = ".".join(parts).split(".")  # a whole name may be in quotes as a whole
        name = Reference(tuple(parts), first.start, last.end, "source")
        most = form.parts + (self._verb == "DESCRIBE")  # it may be that of a method
        if len(parts) > most:
            raise self._statement.error(
                f"{name.name} has too many parts",
                name.start,
                hint=f"What stands here is a {'.'.join(_KEYS[:most])}.",
            )
        return name

    def _like(self) -> tuple[int, int, int] | None:
        if not self._accept("LIKE"):
            return None
        like = self._tokens[self._at - 1]
        pattern = self._expect("string", "variable")
        if self._accept("ESCAPE"):
            pattern = self._expect("string", "variable")
        return like.start, like.end, pattern.end

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _accept(self, *keywords: str) -> bool:
        found = self._token.keyword in keywords
        self._at += found
        return found

    def _expect(self, *kinds: str) -> Token:
        token = self._token
        if token.kind not in kinds:
            self._fail()
        self._at += 1
        return token

    def _fail(self) -> NoReturn:
        """Raise the error in SQLite's wording, with what may stand here as the hint."""
        token = self._token
        wrong = f'near "{token.text}": syntax error' if token.text else "incomplete input"
        hint = _HINTS.get(self._verb, _HINTS["REGISTRY"])
        if self._verb == "SHOW" and self._at < 3 and token.keyword in _ELSEWHERE:
            hint = f"{_ELSEWHERE[token.keyword]} {hint}"
        raise self._statement.error(wrong, token.start, hint=hint)
