"""SQL text: whatever people write, it is run, or refused with a word on what is wrong and where."""

from __future__ import annotations

import re
import time
from functools import cache

import apsw
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from billql.dbapi.connection import Connection
from billql.dbapi.sessions import Sessions
from billql.errors import Error, SqlError
from billql.shell.known_names import KnownColumn, KnownNames
from billql.shell.suggest import suggest
from billql.shell.text import is_complete, pieces
from billql.sql import rewriter, tokenizer
from billql.sql.rewriter import Reference
from billql.sql.statement_kind import query_of
from billql.sql.statements import each_statement, parse
from billql.sqlite.shared import Options, Shared
from support.shipped import CATALOG

from .drawing import TEXTS, edited
from .prop import Property, error_of

SEEDS = (
    "SELECT a.x, b.y FROM a.b.c a JOIN d.e.f AS b ON a.x = b.x WHERE b.y IN (1, ?2) LIMIT 3",
    "SELECT a.b.c.x, c.y FROM a.b.c, (SELECT d.e.f.x FROM d.e.f WHERE d.e.f.x = c.x) q",
    'WITH q(x) AS (SELECT x FROM "a.b.c") SELECT q.x, c.* FROM q LEFT JOIN a.b.c USING (x)',
    "SELECT x FROM a.b.c UNION ALL SELECT f.y FROM d.e.f ORDER BY 1 -- the end",
    "SELECT count(*) FILTER (WHERE x NOT IN a.b.c) OVER w FROM t WINDOW w AS (ORDER BY x)",
    "CREATE TABLE u AS SELECT /* all */ * FROM a.b.c c, d.e.f WHERE c.x IS DISTINCT FROM f.x",
    "INSERT INTO t (x, y) SELECT x, 'it''s' FROM `a`.[b].c ON CONFLICT DO UPDATE SET y = 1",
    "UPDATE t SET x = (SELECT max(x) FROM a.b.c WHERE a.b.c.y = t.y) WHERE x = x'00' RETURNING *",
    "DELETE FROM t WHERE x IN (SELECT x FROM (a.b.c) WHERE y = $v::w(z))",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t WHERE x = new.x; SELECT 1; END",
    "EXPLAIN QUERY PLAN SELECT 1_000, 0x1F, .5e-3, :a FROM t NOT INDEXED NATURAL JOIN a.b.c",
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT i FROM n",
    "SELECT money_sum(x), money(y, 'usd'), json('[1]') ->> 0 FROM t GROUP BY y HAVING x > 1",
    "SELECT provider FROM billql.catalog.providers WHERE provider LIKE 's%' ORDER BY title",
    "SELECT * FROM stripe.core.events e WHERE e.type = 'x' AND stripe.core.events.id = 1",
    "PRAGMA table_info(t); SAVEPOINT s; RELEASE s; BEGIN; COMMIT; VACUUM; ANALYZE; REINDEX",
)
SHOWN = (
    "SHOW PROVIDERS LIKE 's%' ESCAPE 'x' WHERE title = 'Stripe' ORDER BY 1 LIMIT 2",
    'SHOW RESOURCES IN "stripe".core WHERE name IN (SELECT 1) LIMIT 1',
    "SHOW METHODS FROM stripe.core.events; SHOW EXAMPLES; SHOW SERVICES; SHOW CONNECTIONS",
    "DESCRIBE EXTENDED stripe.core.events LIKE ?1 WHERE required OR hidden",
    "DESC billql.catalog.columns WHERE column > 'a'",
    "USE stripe.core",
    "USE NONE",
    "REGISTRY LIST stripe LIKE '%' WHERE version = '1.0.0'",
    "REGISTRY PULL stripe '1.0.0'",
)
WORDS = sorted({word for seed in (*SEEDS, *SHOWN) for word in re.findall(r"\w+|[^\w\s]", seed)})
PIECES: SearchStrategy[str] = st.one_of(
    st.sampled_from(
        ("a.b.c", "d.e.f.x", "t", " ", " ", "\n", "--", "/*", "*/", "'", '"', "`", "[")
    ),
    st.sampled_from(WORDS),
    TEXTS,
)

PLACES = st.integers(0, 100)


@st.composite
def texts(draw: DrawFn, seeds: tuple[str, ...] = (*SEEDS, *SHOWN)) -> str:
    """Draw SQL, most often a statement that was right before it was changed."""
    seed = re.findall(r"\w+|\s+|.", draw(st.sampled_from(seeds)))
    return "".join(draw(edited(seed, PIECES)))


# Names ------------------------------------------------------------------------------------------


def rewrites(sql: str) -> None:
    """Only names change; every place of the new text has its place in the old one."""
    found = tokenizer.tokenize(sql)
    assert "".join(token.text for token in found) == sql
    assert all(sql.startswith(one.text, one.start) for one in each_statement(sql))
    result = rewriter.rewrite(parse(sql), _canonical, rewriter.Shorthand(("f", "u"), ("b",)))
    offsets = [result.original_offset(at) for at in range(len(result.sql) + 1)]
    assert offsets == sorted(offsets)
    assert (offsets[0], offsets[-1]) == (0, len(sql))
    assert rewriter.rewrite(parse(result.sql), _refuse).sql == result.sql
    query_of(parse(sql))
    if len(list(each_statement(sql))) == 1 and _prepared(sql) is None:
        assert rewriter.rewrite(parse(sql), _refuse).sql == sql, "SQLite takes it as it is"


def points(sql: str) -> None:
    """Where SQLite stumbles over a word, the same word stands at that place of the user's text."""
    result = rewriter.rewrite(parse(sql), _canonical)
    refused = _prepared(result.sql)
    if refused is None:
        return
    message, at = refused
    near = re.fullmatch(r'near "(.+)": syntax error', message, re.DOTALL)
    if near is None or at < 0:
        return
    place = result.original_offset_of_byte(at)
    put_in = any(start <= place <= max(start, end - 1) for start, end, _ in result.edits)
    assert put_in or sql.startswith(near[1], place), (message, place)


def is_quick(piece: str) -> None:
    """A long text takes a moment, whatever it is made of."""
    sql = piece * (100_000 // len(piece))
    start = time.process_time()
    rewriter.rewrite(parse(sql), _canonical, rewriter.Shorthand(("f", "u"), ("b",)))
    list(each_statement(sql))
    query_of(parse(sql))
    assert time.process_time() - start < 20


def _canonical(reference: Reference) -> str:
    return reference.name.lower()


def _refuse(reference: Reference) -> str:
    raise AssertionError(f"{reference} would be changed")


@cache
def _database() -> apsw.Connection:
    """Give a database with tables of those names, in which statements are prepared, never run."""
    database = apsw.Connection(":memory:")
    for name in ("a.b.c", "d.e.f", "t"):
        database.execute(f'CREATE TABLE "{name}" (x UNIQUE, y)')
    database.exec_trace = lambda *_: False
    return database


def _prepared(sql: str) -> tuple[str, int] | None:
    """Let SQLite look at a statement; gives what it says against it, and at which byte."""
    try:
        if "\0" in sql:  # which Python cannot hand over
            return "NUL", -1
        _database().execute(sql)
    except (apsw.ExecTraceAbort, apsw.BindingsError):
        return None
    except apsw.Error as error:
        return str(error), getattr(error, "error_offset", -1)
    return None


# Sessions ---------------------------------------------------------------------------------------


def runs(sql: str) -> None:
    """A statement gives rows, or an error of billql's that points into its text."""
    sessions = Sessions(lambda: Shared(Options(environ={}, catalog=CATALOG)), str)
    session = sessions.open(":memory:")
    # Nothing is written outside of memory, and nothing runs for ever.
    session.database.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
    session.database.set_progress_handler(lambda: True, 1_000_000)
    with Connection(session, sessions, decimals=False, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (x UNIQUE, y)")
        error = error_of(Error, lambda: _begin(connection, sql))
    if isinstance(error, SqlError):
        assert error.offset is None or 0 <= error.offset <= len(sql)


def _begin(connection: Connection, sql: str) -> None:
    cursor = connection.execute(sql)
    if cursor.description is not None:
        cursor.fetchmany(20)


# People who type --------------------------------------------------------------------------------

KNOWN = KnownNames(
    providers={"a": "A.", "stripe": "B."},
    services={"a.b": "C.", "stripe.core": "D."},
    resources={"a.b.c": "E.", "stripe.core.events": "F."},
    tables={"t": ""},
    columns={
        "a.b.c": (KnownColumn("x", required=True), KnownColumn("y")),
        "t": (KnownColumn("x"),),
    },
    functions=("money_sum",),
    keywords=("SELECT", "FROM"),
    formats=("json",),
    commands={".mode": ("Set the format", ("format",)), ".read": ("Run a file", ("file",))},
    namespace="a.b",
)


def suggests(typed: tuple[str, int]) -> None:
    """Wherever somebody stands in a text, suggestions begin at that place or before it."""
    text, place = typed
    place = min(place, len(text))
    for one in suggest(text, place, KNOWN):
        assert 0 <= one.start <= place
        assert one.text
    is_complete(text)
    assert all(piece in text for piece in pieces(text.splitlines(keepends=True)))


PROPERTIES = (
    Property("rewriting", texts(), rewrites, 150),
    Property("places", texts(SEEDS), points, 150),
    Property("long-text", texts().filter(bool) | PIECES.filter(bool), is_quick, 8),
    Property("statements", texts(), runs, 120),
    Property("shows", texts(SHOWN), runs, 120),
    Property("suggestions", st.tuples(texts((*SEEDS, *SHOWN, ".mode j")), PLACES), suggests, 100),
)
