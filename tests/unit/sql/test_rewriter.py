"""Dotted names in SQL text: what is rewritten, and that nothing else is ever touched."""
# ruff: noqa: E501 - a case is a line

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import Any, NoReturn

import apsw
import apsw.ext
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billql.sql import rewriter
from billql.sql.rewriter import Reference, Rewritten
from billql.sql.statements import ParsedStatement, each_statement, parse
from billql.sql.tokenizer import quote, tokenize, unquote

BALANCES = "digitalocean.billing.balances"


def rewrite(
    sql: str, resolve: Callable[[Reference], str], shorthand: Collection[str] = ()
) -> Rewritten:
    return rewriter.rewrite(parse(sql), resolve, rewriter.Shorthand(shorthand))


def references(sql: str) -> list[Reference]:
    return rewriter.references(parse(sql))


def tables(sql: str) -> list[Reference]:
    return rewriter.tables(parse(sql))


def split(script: str) -> list[ParsedStatement]:
    return list(each_statement(script))


def canonical(reference: Reference) -> str:
    """The catalog's part, for tests: every name exists, in lower case."""
    return reference.name.lower()


def refuse(reference: Reference) -> NoReturn:
    """The catalog's part where no name may be seen."""
    raise AssertionError(f"taken for a resource: {reference}")


def module(db: apsw.Connection, name: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    def produce(key: str | None = None) -> Iterator[tuple[Any, ...]]:
        return (row for row in rows if key is None or row[0] == key)

    table: Any = produce
    table.columns = columns.split()
    table.column_access = apsw.ext.VTColumnAccess.By_Index
    apsw.ext.make_virtual_module(db, name, table, eponymous_only=True)


@pytest.fixture
def db() -> Iterator[apsw.Connection]:
    """Local tables, an attached schema with a provider's name, and a few resources."""
    connection = apsw.Connection(":memory:")
    connection.execute(
        """
        CREATE TABLE t(a, b, c); INSERT INTO t VALUES (1, 'x', '{"k": [1, 2]}'), (2, 'y', NULL);
        CREATE TABLE u(a PRIMARY KEY, d); INSERT INTO u VALUES (1, 10);
        CREATE TABLE balances(id, local); INSERT INTO balances VALUES (1, 'mine');
        CREATE VIEW v AS SELECT a FROM t; CREATE INDEX t_a ON t(a);
        CREATE TABLE "a.b.c"(d);
        ATTACH ':memory:' AS digitalocean;
        CREATE TABLE digitalocean.billing(balances, amount, "x y");
        """
    )
    module(connection, BALANCES, "account_balance generated", [(23.44, "2026-10-02")])
    invoices = [("u1", 9.5, "2026-08"), ("u2", 12.0, "2026-09")]
    module(connection, "digitalocean.billing.invoices", "invoice_uuid amount period", invoices)
    items = [("u1", "Droplets", 5.0), ("u1", "Spaces", 4.5), ("u2", "Droplets", 12.0)]
    module(connection, "digitalocean.billing.items", "invoice_uuid product amount", items)
    module(connection, "stripe.billing.invoices", "id amount", [("in_1", 12.0), ("in_2", 7.0)])
    module(connection, "stripe.billing.order", "id total", [("o1", 3)])
    yield connection
    connection.close()


def prepare(db: apsw.Connection, sql: str) -> str | None:
    """Let SQLite compile a statement, not run it: what it says against it, if anything."""
    db.exec_trace = lambda *_: False
    try:
        db.execute(sql)
    except (apsw.ExecTraceAbort, apsw.BindingsError):
        return None
    except apsw.Error as error:
        return str(error)
    finally:
        db.exec_trace = None
    return None


def run(db: apsw.Connection, sql: str) -> list[tuple[Any, ...]]:
    """Rewrite and execute, and give the rows."""
    return list(db.execute(rewrite(sql, canonical).sql))


# What SQLite takes as it is.
ACCEPTED = r"""
SELECT 1
SELECT * FROM t
SELECT * FROM main.t
SELECT main.t.a FROM main.t
SELECT t.* FROM t
SELECT * FROM t AS x JOIN u AS y ON x.a = y.a
SELECT * FROM t x, u y WHERE x.a = y.a
SELECT * FROM t 'x' WHERE x.a = 1
SELECT * FROM 't'
SELECT * FROM "t"
SELECT * FROM `t`
SELECT * FROM [t]
SELECT "t"."a", `t`.`a`, [t].[a], 't'.'a' FROM t
SELECT "main"."t"."a", `main`.`t`.`a`, [main].[t].[a] FROM t
SELECT main . t . a FROM main /* x.y.z */ . t
SELECT * FROM "digitalocean.billing.balances"
SELECT * FROM 'digitalocean.billing.balances'
SELECT * FROM `digitalocean.billing.balances`
SELECT * FROM [digitalocean.billing.balances]
SELECT * FROM main."digitalocean.billing.balances"
SELECT "digitalocean.billing.balances".account_balance FROM "digitalocean.billing.balances"
SELECT b.account_balance FROM "digitalocean.billing.balances" AS b
SELECT * FROM "a.b.c"
SELECT "a.b.c".d FROM "a.b.c"
SELECT * FROM digitalocean.billing
SELECT digitalocean.billing.balances FROM digitalocean.billing
SELECT digitalocean.billing.balances + 1 FROM digitalocean.billing
SELECT digitalocean.billing."x y" FROM digitalocean.billing
SELECT 1 FROM digitalocean.billing WHERE digitalocean.billing.balances IS NOT NULL
SELECT 1 FROM digitalocean.billing ORDER BY digitalocean.billing.balances DESC
SELECT 1 FROM digitalocean.billing GROUP BY digitalocean.billing.balances
SELECT sum(digitalocean.billing.amount) FROM digitalocean.billing
SELECT 1 FROM digitalocean.billing WHERE 1 IS DISTINCT FROM digitalocean.billing.balances
SELECT 1 FROM digitalocean.billing WHERE 1 IS NOT DISTINCT FROM digitalocean.billing.amount
SELECT main.t.a IS DISTINCT FROM main.t.b FROM t, u
SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b FROM t
SELECT 1 FROM t WHERE (1, 2, 3) IN digitalocean.billing
SELECT a IN (main.t.a, main.t.b) FROM main.t
SELECT a FROM t WHERE a IN (SELECT a FROM u)
SELECT a FROM t WHERE (a, b) NOT IN (SELECT a, d FROM u)
SELECT 1 -- FROM digitalocean.billing.balances
SELECT 1 /* FROM digitalocean.billing.balances */
SELECT /* FROM a.b.c -- */ 1 FROM /* , a.b.c */ t
SELECT 1 /* not /* nested */ FROM t
SELECT 1 /* unterminated FROM a.b.c
SELECT 1 -- it's FROM a.b.c
SELECT 'FROM digitalocean.billing.balances'
SELECT 'it''s FROM a.b.c' FROM t
SELECT 'a.b.c' AS "FROM a.b.c" FROM t
SELECT "a" AS [FROM a.b.c], `b` AS `FROM a.b.c` FROM t
SELECT x'00ff', X'AB' FROM t
SELECT 1_000, 0x1F, 0xff_ff, 1e5, 1E-5, .5, 5., 1.5e+3, 1_0.2_5
SELECT ?, ?1, :a, @a, $a, $ns::x, $ns::x(a.b.c), @a::b::c, :a$b
SELECT c->'$.k', c->>'$.k[0]', c -> 'k' ->> 1 FROM t
SELECT json_extract(c, '$.a.b.c.d') FROM t
SELECT key, value FROM t, json_each(t.c)
SELECT value FROM json_each('[1,2]') AS j WHERE j.value > 1
SELECT name FROM pragma_table_info('t', 'main') WHERE pk = 0
SELECT a || b, a | 1, a & 1, a << 2, a >> 2, ~a, a <> b, a != b, a == b, a % 2 FROM t
SELECT count(*) FILTER (WHERE a > 1) FROM t
SELECT sum(a) OVER (PARTITION BY b ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t
SELECT sum(a) OVER w, rank() OVER w2 FROM t WINDOW w AS (ORDER BY a), w2 AS (ORDER BY b)
SELECT sum(a) OVER win FROM t WINDOW win AS (PARTITION BY t.a), x AS (win ORDER BY t.b)
SELECT CAST(julianday('2026-01-01') AS a_b_c)
SELECT group_concat(a, ',' ORDER BY b) FROM t
SELECT a FROM t WHERE b LIKE '%.b.c' ESCAPE '\' AND b GLOB '*.b.c'
SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t
SELECT CAST(a AS TEXT) COLLATE nocase FROM t
SELECT a FROM t UNION SELECT d FROM u EXCEPT SELECT 1 INTERSECT SELECT 2
SELECT a FROM t UNION ALL SELECT a FROM u ORDER BY a LIMIT 1, 2
SELECT a FROM t LIMIT 1 OFFSET 2
SELECT DISTINCT a FROM t
SELECT ALL a FROM t
SELECT * FROM t LEFT JOIN u USING (a)
SELECT * FROM t LEFT OUTER JOIN u ON t.a = u.a
SELECT * FROM t NATURAL LEFT JOIN u
SELECT * FROM t CROSS JOIN u
SELECT * FROM t FULL JOIN u USING (a) RIGHT JOIN v USING (a)
SELECT * FROM (t JOIN u USING (a)) JOIN v USING (a)
SELECT * FROM ((t))
SELECT * FROM (SELECT * FROM (SELECT a FROM t)) AS balances
SELECT * FROM (VALUES (1, 2), (3, 4)) AS x
SELECT * FROM (WITH q AS (SELECT 1) SELECT * FROM q)
SELECT (SELECT a FROM t WHERE t.a = u.a) FROM u
SELECT EXISTS (SELECT 1 FROM t), NOT EXISTS (SELECT 1 FROM u)
SELECT * FROM t INDEXED BY t_a WHERE a = 1
SELECT * FROM t NOT INDEXED
SELECT * FROM t AS left JOIN u AS indexed ON left.a = indexed.a
SELECT * FROM t end, u replace WHERE end.a = replace.a
SELECT window, over, filter FROM (SELECT 1 AS window, 2 AS over, 3 AS filter)
SELECT replace(b, 'x', 'y') FROM t
VALUES (1, 'a.b.c'), (2, 'FROM a.b.c')
WITH balances AS (SELECT 1 AS account_balance) SELECT balances.account_balance FROM balances
WITH "digitalocean.billing.balances" AS (SELECT 1) SELECT * FROM "digitalocean.billing.balances"
WITH digitalocean(billing) AS (SELECT 1) SELECT digitalocean.billing FROM digitalocean
WITH x AS MATERIALIZED (SELECT 1), y(z) AS NOT MATERIALIZED (SELECT 2) SELECT * FROM x, y
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n
WITH q AS (SELECT 1 AS a) INSERT INTO u SELECT a, 1 FROM q
WITH q AS (SELECT 1 AS a) UPDATE t SET b = 2 WHERE a IN q
WITH q AS (SELECT 1 AS a) DELETE FROM t WHERE a IN (SELECT a FROM q)
EXPLAIN SELECT * FROM t
EXPLAIN QUERY PLAN SELECT * FROM t, u
INSERT INTO t VALUES (1, 2, 3)
INSERT INTO t(a, b) SELECT a, d FROM u
INSERT INTO main.t AS x (a) VALUES (1)
INSERT OR REPLACE INTO u VALUES (1, 2)
INSERT OR IGNORE INTO u SELECT a, b FROM t
INSERT INTO t DEFAULT VALUES
INSERT INTO digitalocean.billing VALUES (1, 2, 3)
INSERT INTO "a.b.c" VALUES (1)
DELETE FROM [a.b.c]
UPDATE `a.b.c` SET d = 1
REPLACE INTO u VALUES (1, 2)
INSERT INTO u VALUES (1, 2) ON CONFLICT DO NOTHING
INSERT INTO u VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET d = excluded.d, a = u.a WHERE d > 1
INSERT INTO u SELECT a, b FROM t WHERE true ON CONFLICT (a) DO UPDATE SET d = d + 1
INSERT INTO u VALUES (1, 2) RETURNING a, d AS "a.b.c"
UPDATE t SET a = 1, b = 2 WHERE c IS NULL
UPDATE OR IGNORE u SET a = 1
UPDATE t AS x SET a = x.b
UPDATE t SET a = u.d FROM u WHERE u.a = t.a RETURNING t.a, b
UPDATE t SET (a, b) = (SELECT a, d FROM u)
UPDATE digitalocean.billing SET amount = 1
DELETE FROM t WHERE a IN (SELECT a FROM u) RETURNING a, b
DELETE FROM digitalocean.billing
CREATE TABLE x(a INTEGER PRIMARY KEY, b TEXT DEFAULT 'a.b.c', c AS (a + 1) STORED)
CREATE TABLE IF NOT EXISTS x(a INT, b ANY PRIMARY KEY) STRICT, WITHOUT ROWID
CREATE TABLE x(a INT PRIMARY KEY, b GENERATED ALWAYS AS (a * 2) VIRTUAL) WITHOUT ROWID
CREATE TABLE x(a REFERENCES u(a) ON UPDATE SET NULL ON DELETE CASCADE, CHECK (a > 1))
CREATE TABLE x(a, FOREIGN KEY (a) REFERENCES u(a) ON UPDATE CASCADE ON DELETE SET DEFAULT)
CREATE TEMP TABLE x AS SELECT * FROM t
CREATE TABLE digitalocean.x AS VALUES (1)
CREATE TABLE x AS WITH q AS (SELECT 1) SELECT * FROM q
CREATE VIRTUAL TABLE f USING fts5(a, b, tokenize = 'porter ascii')
CREATE VIEW w AS SELECT a FROM t
CREATE TEMP VIEW IF NOT EXISTS w(x) AS WITH q AS (SELECT 1) SELECT * FROM q
CREATE INDEX digitalocean.i ON billing(balances) WHERE amount > 1
CREATE UNIQUE INDEX IF NOT EXISTS i ON t(a, lower(b) DESC)
CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END
CREATE TRIGGER g UPDATE OF a, b ON t WHEN new.a > 1 BEGIN UPDATE u SET d = new.a; END
CREATE TEMP TRIGGER g INSTEAD OF UPDATE ON v FOR EACH ROW BEGIN DELETE FROM t; SELECT 1; END
CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'a.b.c') FROM u; END
EXPLAIN CREATE TRIGGER g AFTER INSERT ON t BEGIN REPLACE INTO u VALUES (new.a, 2); END
ALTER TABLE t RENAME TO z
ALTER TABLE t RENAME COLUMN a TO z
ALTER TABLE digitalocean.billing ADD COLUMN z DEFAULT 1
ALTER TABLE t DROP COLUMN b
DROP TABLE IF EXISTS t
DROP TABLE digitalocean.billing
DROP VIEW v
DROP INDEX IF EXISTS t_a
BEGIN IMMEDIATE TRANSACTION
COMMIT
SAVEPOINT digitalocean
RELEASE SAVEPOINT s
ROLLBACK TO s
ATTACH 'a.b.c' AS x
ATTACH DATABASE ':memory:' AS "a.b.c"
DETACH digitalocean
PRAGMA table_info(t)
PRAGMA main.cache_size = -2000
PRAGMA digitalocean.user_version
VACUUM
VACUUM main INTO 'a.b.c'
ANALYZE main.t
REINDEX t_a
SELECT 'ünï.cödé.ñame', "🧾" FROM (SELECT 1 AS "🧾")
SELECT schön.größe FROM (SELECT 1 AS größe) AS schön
SELECT * FROM t AS 🧾 WHERE 🧾.a = 1
""".strip().split("\n")
ACCEPTED += [
    "",
    " \n\t ",
    ";",
    "-- nothing",
    "/* FROM a.b.c",
    "\ufeffSELECT 1",
    "SELECT\f1\r\n FROM\n\t\v t",
    "SELECT 1; ;",
    "SELECT 1 -- FROM a.b.c\n FROM t",
    "SELECT 1 -- \r FROM a.b.c",
    "CREATE VIRTUAL TABLE f USING fts5(a, FROM a.b.c, x IN d.e.f, a.b.c.d)",
]
# What SQLite refuses, and must refuse as it is written.
REFUSED = [
    "FROM digitalocean.billing.balances",
    "SELECT 'FROM digitalocean.billing.balances",
    'SELECT "FROM digitalocean.billing.balances',
    "SELECT `FROM digitalocean.billing.balances",
    "SELECT [FROM digitalocean.billing.balances",
    "SELECT x'FROM digitalocean.billing.balances",
    "SELECT '''",
    "SELECT * FROM digitalocean.billing.",
    "SELECT * FROM digitalocean..billing..balances",
    "SELECT * FROM digitalocean.billing.5",
    "SELECT * FROM 1.billing.balances",
    "SELECT * FROM .digitalocean.billing.balances",
    "SELECT * FROM :digitalocean.billing.balances",
    "SELECT a.b.c FROM t",
    "SELECT a.b.c. FROM t",
    "SELECT extract(year FROM digitalocean.billing.balances)",
    "SELECT trim('x' FROM digitalocean.billing.balances)",
    "SELECT substring(a FROM b.c.d FOR 2) FROM t",
    "SELECT * FROM t WHERE 1 IS DISTINCT FROM",
    "PRAGMA digitalocean.billing.balances",
    "ANALYZE digitalocean.billing.balances",
    "REINDEX digitalocean.billing.balances",
    "CREATE INDEX i ON digitalocean.billing.balances(a)",
    "CREATE VIEW digitalocean.billing.balances AS SELECT 1",
    "VACUUM INTO digitalocean.billing.balances",
    "CREATE VIRTUAL TABLE a.b.c USING fts5(a)",
    "SELECT 1 FROM t ORDER BY a, b.c.d LIMIT 1, b.c.d",
    "SELECT ) FROM ( , a.b . WHERE",
    "))))((((",
    "𝕊𝔼𝕃𝔼ℂ𝕋 * FROM a.b.c",
    "ſelect * FROM a.b.c",
    "\\ ^ { } ! # $ @ \x01 \x7f \x0b",
    "SELECT 1a.b.c.d, 0x.b.c.d, 1_.b.c.d",
    "SELECT /*",
    "DROP digitalocean.billing.balances",
    "select from where a.b.c group by d.e.f",
]


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_sqlite_takes_passes_byte_for_byte(db: apsw.Connection, sql: str) -> None:
    assert prepare(db, sql) is None, "the test itself is wrong"
    result = rewrite(sql, refuse)
    assert result.sql == sql
    assert result.resources == () == result.edits
    assert references(sql) == []
    assert "".join(token.text for token in tokenize(sql)) == sql


@pytest.mark.parametrize("sql", REFUSED)
def test_what_sqlite_refuses_passes_too(db: apsw.Connection, sql: str) -> None:
    assert sql.startswith("FROM") or prepare(db, sql) is not None, "the test itself is wrong"
    assert rewrite(sql, refuse).sql == sql
    assert "".join(token.text for token in tokenize(sql)) == sql


def test_there_are_enough_of_them() -> None:
    assert len(ACCEPTED) + len(REFUSED) >= 130
    assert len(set(ACCEPTED + REFUSED)) == len(ACCEPTED + REFUSED)


BAL = '"digitalocean.billing.balances"'
INV = '"digitalocean.billing.invoices"'
STR = '"stripe.billing.invoices"'

# What is written, and what SQLite reads. DO. stands for digitalocean.billing., ST. for Stripe's.
REWRITTEN = [
    # A table in a FROM clause
    ("SELECT * FROM DO.balances", f'SELECT * FROM {BAL} AS "balances"'),
    ("SELECT * FROM DO.balances b", f"SELECT * FROM {BAL} b"),
    ("SELECT * FROM DO.balances AS b", f"SELECT * FROM {BAL} AS b"),
    ("SELECT * FROM DO.balances 'b'", f"SELECT * FROM {BAL} 'b'"),
    ('SELECT * FROM DO.balances"b"', f'SELECT * FROM {BAL} "b"'),
    ("SELECT * FROM DO.balances[b]", f"SELECT * FROM {BAL}[b]"),
    ("SELECT * FROM DO.balances AS left", f"SELECT * FROM {BAL} AS left"),
    ("SELECT * FROM DO.balances end", f"SELECT * FROM {BAL} end"),
    ("SELECT * FROM DigitalOcean.Billing.BALANCES", f'SELECT * FROM {BAL} AS "balances"'),
    ("SELECT * FROM DO.balances;", f'SELECT * FROM {BAL} AS "balances";'),
    ("SELECT * FROM DO.balances--x", f'SELECT * FROM {BAL} AS "balances"--x'),
    ("SELECT * FROM DO.balances NOT INDEXED", f'SELECT * FROM {BAL} AS "balances" NOT INDEXED'),
    ("SELECT * FROM DO.balances WHERE 1", f'SELECT * FROM {BAL} AS "balances" WHERE 1'),
    ("SELECT * FROM ST.order", 'SELECT * FROM "stripe.billing.order" AS "order"'),
    # All ways to write a name
    ('SELECT * FROM"digitalocean"."billing"."balances"', f'SELECT * FROM{BAL} AS "balances"'),
    ("SELECT * FROM `digitalocean`.[billing].'balances'", f'SELECT * FROM {BAL} AS "balances"'),
    ("SELECT * FROM [digitalocean].[billing].[balances]b", f"SELECT * FROM {BAL}b"),
    (
        "SELECT * FROM [digitalocean].[billing].[balances]WHERE 1",
        f'SELECT * FROM {BAL} AS "balances"WHERE 1',
    ),
    ("SELECT * FROM digitalocean . billing\n.\tbalances\n", f'SELECT * FROM {BAL} AS "balances"\n'),
    (
        "SELECT * FROM digitalocean/* x.y.z */.billing -- a.b\n.balances",
        f'SELECT * FROM {BAL} AS "balances"',
    ),
    ("SELECT * FROM/**/DO.balances/**/", f'SELECT * FROM/**/{BAL} AS "balances"/**/'),
    # Joins
    ("SELECT * FROM t, DO.balances, u", f'SELECT * FROM t, {BAL} AS "balances", u'),
    ("SELECT * FROM t x,DO.balances y,u", f"SELECT * FROM t x,{BAL} y,u"),
    ("SELECT * FROM t JOIN DO.balances ON 1", f'SELECT * FROM t JOIN {BAL} AS "balances" ON 1'),
    (
        "SELECT * FROM DO.balances LEFT JOIN t ON 1",
        f'SELECT * FROM {BAL} AS "balances" LEFT JOIN t ON 1',
    ),
    (
        "SELECT * FROM DO.balances NATURAL JOIN t",
        f'SELECT * FROM {BAL} AS "balances" NATURAL JOIN t',
    ),
    (
        "SELECT * FROM t JOIN u ON t.a = u.a, DO.balances",
        f'SELECT * FROM t JOIN u ON t.a = u.a, {BAL} AS "balances"',
    ),
    (
        "SELECT * FROM t JOIN u ON t.a IN (1, 2), DO.balances",
        f'SELECT * FROM t JOIN u ON t.a IN (1, 2), {BAL} AS "balances"',
    ),
    (
        "SELECT * FROM t JOIN u USING (a), DO.balances",
        f'SELECT * FROM t JOIN u USING (a), {BAL} AS "balances"',
    ),
    (
        "SELECT * FROM DO.invoices a JOIN DO.invoices b USING (period)",
        f"SELECT * FROM {INV} a JOIN {INV} b USING (period)",
    ),
    # Parentheses: SQLite forgets an alias that stands alone in them
    ("SELECT * FROM (DO.balances)", f'SELECT * FROM ({BAL}) AS "balances"'),
    ("SELECT * FROM t, ((DO.balances))", f'SELECT * FROM t, (({BAL})) AS "balances"'),
    ("SELECT * FROM t, (DO.balances) b", f"SELECT * FROM t, ({BAL}) b"),
    ("SELECT * FROM (DO.balances JOIN t)", f'SELECT * FROM ({BAL} AS "balances" JOIN t)'),
    ("SELECT * FROM (t JOIN DO.balances ON 1)", f'SELECT * FROM (t JOIN {BAL} AS "balances" ON 1)'),
    ("SELECT * FROM ((DO.balances), t)", f'SELECT * FROM (({BAL}) AS "balances", t)'),
    (
        "SELECT * FROM (SELECT * FROM DO.balances)",
        f'SELECT * FROM (SELECT * FROM {BAL} AS "balances")',
    ),
    # Arguments
    ("SELECT * FROM DO.balances('u1')", f"SELECT * FROM {BAL}('u1') AS \"balances\""),
    ("SELECT * FROM DO.balances((1), t.a) b", f"SELECT * FROM {BAL}((1), t.a) b"),
    (
        "SELECT * FROM t, DO.balances ( t.a ) WHERE 1",
        f'SELECT * FROM t, {BAL} ( t.a ) AS "balances" WHERE 1',
    ),
    ("SELECT * FROM t, (DO.balances(1))", f'SELECT * FROM t, ({BAL}(1)) AS "balances"'),
    # After IN
    ("SELECT 1 IN DO.balances", f"SELECT 1 IN {BAL}"),
    ("SELECT 1 NOT IN DO.balances FROM t", f"SELECT 1 NOT IN {BAL} FROM t"),
    ("SELECT 1 WHERE 1 IN DO.balances('x') AND 1", f"SELECT 1 WHERE 1 IN {BAL}('x') AND 1"),
    # Where SQLite writes
    ("INSERT INTO DO.balances VALUES (1)", f"INSERT INTO {BAL} VALUES (1)"),
    ("INSERT OR ABORT INTO DO.balances(a) SELECT 1", f"INSERT OR ABORT INTO {BAL}(a) SELECT 1"),
    ("REPLACE INTO DO.balances SELECT * FROM t", f"REPLACE INTO {BAL} SELECT * FROM t"),
    ("UPDATE DO.balances SET a = 1", f"UPDATE {BAL} SET a = 1"),
    ("UPDATE OR FAIL DO.balances AS b SET a = 1", f"UPDATE OR FAIL {BAL} AS b SET a = 1"),
    ("DELETE FROM DO.balances WHERE 1", f"DELETE FROM {BAL} WHERE 1"),
    ("DROP TABLE IF EXISTS DO.balances", f"DROP TABLE IF EXISTS {BAL}"),
    ("ALTER TABLE DO.balances RENAME TO x", f"ALTER TABLE {BAL} RENAME TO x"),
    ("CREATE TABLE IF NOT EXISTS DO.balances(a)", f"CREATE TABLE IF NOT EXISTS {BAL}(a)"),
    ("CREATE TABLE DO.balances AS SELECT 1", f"CREATE TABLE {BAL} AS SELECT 1"),
    # Columns
    ("SELECT DO.balances.x FROM DO.balances", f'SELECT "balances".x FROM {BAL} AS "balances"'),
    ("SELECT DO.balances . x FROM DO.balances", f'SELECT "balances" . x FROM {BAL} AS "balances"'),
    ("SELECT DO.balances.* FROM DO.balances", f'SELECT "balances".* FROM {BAL} AS "balances"'),
    (
        "SELECT DO.balances.'x y' FROM DO.balances",
        f'SELECT "balances".\'x y\' FROM {BAL} AS "balances"',
    ),
    (
        "SELECT a, DO.balances.x+1 FROM t, DO.balances",
        f'SELECT a, "balances".x+1 FROM t, {BAL} AS "balances"',
    ),
    (
        "SELECT 1 FROM DO.balances ORDER BY DO.balances.x",
        f'SELECT 1 FROM {BAL} AS "balances" ORDER BY "balances".x',
    ),
    (
        "SELECT 1 FROM t WHERE 1 IS NOT DISTINCT FROM DO.balances.x",
        f"SELECT 1 FROM t WHERE 1 IS NOT DISTINCT FROM {BAL}.x",
    ),
    # … of a table that has another alias, or that is not there: SQLite names what it lacks
    ("SELECT DO.balances.x FROM DO.balances b", f"SELECT {BAL}.x FROM {BAL} b"),
    ("SELECT DO.balances.x FROM t", f"SELECT {BAL}.x FROM t"),
    ("SELECT DO.balances.x", f"SELECT {BAL}.x"),
    # … and of one that was quoted by hand
    (f"SELECT DO.balances.x FROM {BAL}", f"SELECT {BAL}.x FROM {BAL}"),
    # Two tables of one name in a FROM clause
    (
        "SELECT DO.invoices.x, ST.invoices.x FROM DO.invoices, ST.invoices",
        f"SELECT {INV}.x, {STR}.x FROM {INV}, {STR}",
    ),
    ("SELECT * FROM DO.invoices i, ST.invoices", f'SELECT * FROM {INV} i, {STR} AS "invoices"'),
    ("SELECT DO.balances.* FROM DO.balances, balances", f"SELECT {BAL}.* FROM {BAL}, balances"),
    (
        "SELECT DO.balances.* FROM DO.balances, main.Balances",
        f"SELECT {BAL}.* FROM {BAL}, main.Balances",
    ),
    ("SELECT * FROM DO.balances, t AS balances", f"SELECT * FROM {BAL}, t AS balances"),
    ("SELECT * FROM DO.balances, (SELECT 1) balances", f"SELECT * FROM {BAL}, (SELECT 1) balances"),
    ("SELECT * FROM DO.balances, f(1, 2) AS balances", f"SELECT * FROM {BAL}, f(1, 2) AS balances"),
    (
        "UPDATE balances SET a = DO.balances.x FROM DO.balances",
        f"UPDATE balances SET a = {BAL}.x FROM {BAL}",
    ),
    # … in two of them
    (
        "SELECT 1 FROM DO.invoices UNION SELECT 2 FROM ST.invoices",
        f'SELECT 1 FROM {INV} AS "invoices" UNION SELECT 2 FROM {STR} AS "invoices"',
    ),
    (
        "WITH balances AS (SELECT balances.x FROM DO.balances) SELECT * FROM balances",
        f'WITH balances AS (SELECT balances.x FROM {BAL} AS "balances") SELECT * FROM balances',
    ),
    (
        "SELECT 1 FROM DO.balances WHERE x IN (SELECT DO.balances.x FROM t)",
        f'SELECT 1 FROM {BAL} AS "balances" WHERE x IN (SELECT "balances".x FROM t)',
    ),
    # … one inside of the other, which hides the outer one
    (
        "SELECT 1 FROM DO.balances WHERE (SELECT DO.balances.x = balances.x FROM balances)",
        f"SELECT 1 FROM {BAL} WHERE (SELECT {BAL}.x = balances.x FROM balances)",
    ),
    (
        "SELECT 1 FROM DO.invoices WHERE (SELECT DO.invoices.x = ST.invoices.x FROM ST.invoices)",
        f'SELECT 1 FROM {INV} WHERE (SELECT {INV}.x = "invoices".x FROM {STR} AS "invoices")',
    ),
    (
        "SELECT 1 FROM DO.balances WHERE (SELECT DO.balances.x FROM DO.balances)",
        f'SELECT 1 FROM {BAL} AS "balances" WHERE (SELECT "balances".x FROM {BAL} AS "balances")',
    ),
    (
        "SELECT 1 FROM DO.balances WHERE (SELECT DO.balances.x FROM DO.balances z)",
        f'SELECT 1 FROM {BAL} AS "balances" WHERE (SELECT "balances".x FROM {BAL} z)',
    ),
    # … where a subquery in a FROM clause or a WITH clause does not see what is beside it
    (
        "SELECT 1 FROM DO.balances, (SELECT DO.balances.x FROM t)",
        f'SELECT 1 FROM {BAL} AS "balances", (SELECT {BAL}.x FROM t)',
    ),
    (
        "WITH q AS (SELECT DO.balances.x) SELECT 1 FROM DO.balances, q",
        f'WITH q AS (SELECT {BAL}.x) SELECT 1 FROM {BAL} AS "balances", q',
    ),
    (
        "SELECT 1 FROM DO.balances WHERE (SELECT 1 FROM (SELECT DO.balances.x))",
        f'SELECT 1 FROM {BAL} AS "balances" WHERE (SELECT 1 FROM (SELECT "balances".x))',
    ),
    # Statements in statements
    (
        "EXPLAIN QUERY PLAN SELECT * FROM DO.balances",
        f'EXPLAIN QUERY PLAN SELECT * FROM {BAL} AS "balances"',
    ),
    (
        "CREATE VIEW w AS SELECT DO.balances.x FROM DO.balances",
        f'CREATE VIEW w AS SELECT "balances".x FROM {BAL} AS "balances"',
    ),
    (
        "CREATE TABLE x AS SELECT * FROM DO.balances",
        f'CREATE TABLE x AS SELECT * FROM {BAL} AS "balances"',
    ),
    (
        "CREATE TRIGGER g INSERT ON t BEGIN INSERT INTO u SELECT DO.balances.x FROM DO.balances; DELETE FROM DO.items; END",
        f'CREATE TRIGGER g INSERT ON t BEGIN INSERT INTO u SELECT "balances".x FROM {BAL} AS "balances"; DELETE FROM "digitalocean.billing.items"; END',
    ),
    (
        "SELECT 1 FROM DO.balances; SELECT 2 FROM balances, DO.balances",
        f'SELECT 1 FROM {BAL} AS "balances"; SELECT 2 FROM balances, {BAL}',
    ),
    (
        "WITH q AS (SELECT * FROM DO.balances) INSERT INTO t SELECT * FROM q",
        f'WITH q AS (SELECT * FROM {BAL} AS "balances") INSERT INTO t SELECT * FROM q',
    ),
    # More parts than a name has: the catalog will say so
    ("SELECT * FROM a.b.c.d", 'SELECT * FROM "a.b.c.d" AS "d"'),
    ("SELECT a.b.c.d.e", 'SELECT "a.b.c.d".e'),
    # Quotes in names, and quotes that would run into each other
    ('SELECT * FROM "a""b".[c"d].e', 'SELECT * FROM "a""b.c""d.e" AS "e"'),
    ('SELECT 1 AS "x"[a].[b].[c].d', 'SELECT 1 AS "x" "a.b.c".d'),
    # Text that is not ASCII
    ("SELECT '🧾' FROM DO.balances WHERE 'é'", f"SELECT '🧾' FROM {BAL} AS \"balances\" WHERE 'é'"),
    ("SELECT * FROM bücher.rechnung.größe", 'SELECT * FROM "bücher.rechnung.größe" AS "größe"'),
]


def spelled(sql: str) -> str:
    return re.sub(r"\bST\.", "stripe.billing.", re.sub(r"\bDO\.", "digitalocean.billing.", sql))


@pytest.mark.parametrize(("written", "read"), REWRITTEN)
def test_dotted_names_are_rewritten(written: str, read: str) -> None:
    sql = spelled(written)
    result = rewrite(sql, canonical)
    assert result.sql == read
    assert result.original == sql
    assert rewrite(read, refuse).sql == read
    for reference in references(sql):
        cut = tokenize(sql[reference.start : reference.end])
        parts = [unquote(t.text) for t in cut if t.kind in ("identifier", "quoted", "string")]
        assert parts == [part for part in reference.parts if part != "*"]


ANSWERED: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("SELECT account_balance FROM DO.balances", [(23.44,)]),
    ("SELECT balances.account_balance FROM DO.balances", [(23.44,)]),
    (
        "SELECT DO.balances.account_balance, balances.* FROM DO.balances",
        [(23.44, 23.44, "2026-10-02")],
    ),
    (
        "SELECT DigitalOcean.Billing.Balances.Account_Balance FROM digitalocean.BILLING.balances",
        [(23.44,)],
    ),
    ("SELECT DO.balances.* FROM DO.balances, balances", [(23.44, "2026-10-02")]),
    ("SELECT balances.local FROM DO.balances, balances", [("mine",)]),
    ("SELECT b.account_balance FROM t, ((DO.balances)) AS b WHERE t.a = 1", [(23.44,)]),
    ("SELECT DO.balances.account_balance FROM t, (DO.balances) WHERE t.a = 1", [(23.44,)]),
    ("SELECT DO.balances.account_balance FROM (DO.balances JOIN t) WHERE t.a = 1", [(23.44,)]),
    (
        "SELECT x.amount, y.amount FROM DO.invoices x JOIN DO.invoices y ON x.period < y.period",
        [(9.5, 12.0)],
    ),
    (
        "SELECT DO.invoices.amount FROM DO.invoices JOIN ST.invoices ON DO.invoices.amount = ST.invoices.amount",
        [(12.0,)],
    ),
    (
        "SELECT id FROM ST.invoices WHERE EXISTS (SELECT 1 FROM DO.invoices WHERE DO.invoices.amount = ST.invoices.amount)",
        [("in_1",)],
    ),
    (
        "SELECT invoices.amount FROM DO.invoices UNION ALL SELECT invoices.amount FROM ST.invoices ORDER BY 1",
        [(7.0,), (9.5,), (12.0,), (12.0,)],
    ),
    (
        "SELECT period, sum(items.amount) FROM DO.invoices JOIN DO.items USING (invoice_uuid) GROUP BY DO.invoices.period ORDER BY DO.invoices.period DESC",
        [("2026-09", 12.0), ("2026-08", 9.5)],
    ),
    ("SELECT product FROM DO.items('u1') WHERE items.amount < 5", [("Spaces",)]),
    (
        "SELECT i.period, DO.items.product FROM DO.invoices i CROSS JOIN DO.items(i.invoice_uuid) ORDER BY 1, 2",
        [("2026-08", "Droplets"), ("2026-08", "Spaces"), ("2026-09", "Droplets")],
    ),
    ("SELECT count(*) FROM t WHERE ('u1', 'Spaces', 4.5) IN DO.items", [(2,)]),
    (
        "SELECT (SELECT count(*) FROM DO.items WHERE items.invoice_uuid = DO.invoices.invoice_uuid) FROM DO.invoices",
        [(2,), (1,)],
    ),
    (
        "SELECT amount FROM DO.invoices WHERE DO.invoices.amount IS NOT DISTINCT FROM DO.invoices.amount AND DO.invoices.period = '2026-08'",
        [(9.5,)],
    ),
    (
        "WITH balances AS (SELECT DO.balances.account_balance AS x FROM DO.balances) SELECT balances.x FROM balances",
        [(23.44,)],
    ),
    ("WITH x AS (SELECT * FROM DO.items) SELECT sum(amount) FROM x", [(21.5,)]),
    ('SELECT "order".total, ST.order.id FROM ST.order', [(3, "o1")]),
    (
        "SELECT * FROM (SELECT max(DO.invoices.amount) FROM DO.invoices) AS m, DO.balances WHERE balances.account_balance > 1",
        [(12.0, 23.44, "2026-10-02")],
    ),
    (
        "CREATE VIEW w AS SELECT DO.balances.account_balance AS x FROM DO.balances; SELECT x FROM w",
        [(23.44,)],
    ),
    (
        "CREATE TABLE x AS SELECT * FROM DO.items; SELECT count(*), sum(x.amount) FROM x",
        [(3, 21.5)],
    ),
    (
        "CREATE TEMP TABLE invoices AS SELECT * FROM DO.invoices; SELECT DO.invoices.amount - invoices.amount FROM invoices JOIN DO.invoices USING (period)",
        [(0.0,), (0.0,)],
    ),
    (
        "INSERT INTO u(a, d) SELECT invoice_uuid, DO.invoices.amount FROM DO.invoices; SELECT sum(d) FROM u",
        [(31.5,)],
    ),
    ("UPDATE u SET d = DO.balances.account_balance FROM DO.balances; SELECT d FROM u", [(23.44,)]),
    (
        "UPDATE balances SET local = DO.balances.account_balance FROM DO.balances RETURNING local",
        [(23.44,)],
    ),
    (
        "DELETE FROM t WHERE EXISTS (SELECT 1 FROM DO.balances WHERE account_balance > t.a * 20); SELECT a FROM t",
        [(2,)],
    ),
    (
        "CREATE TEMP TRIGGER g AFTER INSERT ON u BEGIN UPDATE t SET b = DO.balances.generated FROM DO.balances WHERE a = 1; END; INSERT INTO u VALUES (9, 9); SELECT b FROM t WHERE a = 1",
        [("2026-10-02",)],
    ),
]


@pytest.mark.parametrize(("sql", "rows"), ANSWERED)
def test_sqlite_answers_what_was_asked(
    db: apsw.Connection, sql: str, rows: list[tuple[Any, ...]]
) -> None:
    assert run(db, spelled(sql)) == rows


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("INSERT INTO DO.balances VALUES (1, 2)", "may not be modified"),
        ("REPLACE INTO DO.balances VALUES (1, 2)", "may not be modified"),
        ("UPDATE DO.balances SET generated = 1", "may not be modified"),
        ("DELETE FROM DO.balances", "may not be modified"),
        ("DROP TABLE DO.balances", "may not be dropped"),
        ("ALTER TABLE DO.balances RENAME TO x", "may not be altered"),
        ("SELECT DO.balances.x FROM DO.balances", "no such column: balances.x"),
        (
            "SELECT DO.balances.generated FROM DO.balances b",
            f"no such column: {BALANCES}.generated",
        ),
        ("SELECT DO.balances.generated FROM t", f"no such column: {BALANCES}.generated"),
        ("SELECT 1 FROM DO.balance", "no such table: digitalocean.billing.balance"),
        ("SELECT 1 FROM DO.balances, DO.balances WHERE DO.balances.generated", "ambiguous column"),
    ],
)
def test_sqlite_refuses_in_its_own_words(db: apsw.Connection, sql: str, message: str) -> None:
    with pytest.raises(apsw.SQLError, match=re.escape(message)):
        run(db, spelled(sql))


def test_a_table_may_hide_a_resource(db: apsw.Connection) -> None:
    """SQLite does not mind: the session has to, by the kind `target`."""
    (reference, *_) = references("CREATE TABLE digitalocean.billing.balances AS SELECT 1")
    assert reference.kind == "target"
    (reference,) = tables('CREATE TABLE "digitalocean.billing.balances"(x)')
    assert (reference.kind, reference.name) == ("target", BALANCES)
    run(db, f"CREATE TABLE {BALANCES}(x)")
    assert run(db, f"SELECT * FROM {BALANCES}") == []


def test_references() -> None:
    sql = 'SELECT a.b.c.d, x.y FROM A.b."C" AS z JOIN t WHERE 1 IN e.f.g; DELETE FROM h.i.j'
    found = references(sql)
    assert [(r.name, r.kind, r.has_alias) for r in found] == [
        ("a.b.c", "column", False),
        ("A.b.C", "source", True),
        ("e.f.g", "member", False),
        ("h.i.j", "target", False),
    ]
    assert [sql[r.start : r.end] for r in found] == ["a.b.c.d", 'A.b."C"', "e.f.g", "h.i.j"]
    assert found[0].parts == ("a", "b", "c", "d")


def test_every_table_is_listed() -> None:
    sql = """
        WITH q AS (SELECT * FROM [a.b.c]) INSERT INTO main.t SELECT 1 IN 'x.y.z', f(1), g.h
        FROM u JOIN "digitalocean.billing.balances" USING (a), json_each('[]') AS j, p.q.r, (k)
        WHERE v IN (w, (SELECT 1 FROM q, `l`)) WINDOW m AS (ORDER BY n), o AS (m)
    """
    found = tables(sql)
    expected = f"a.b.c main.t x.y.z u {BALANCES} json_each p.q.r k q l"
    assert [r.name for r in found] == expected.split()
    assert [r.kind for r in found][:4] == ["source", "target", "member", "source"]
    assert rewrite(sql, canonical).tables == tuple(found)
    assert rewrite(sql, canonical).resources == ("p.q.r",)


def test_resolve_may_raise_and_says_where() -> None:
    def unknown(reference: Reference) -> str:
        raise LookupError(reference.name, reference.start)

    with pytest.raises(LookupError) as caught:
        rewrite("SELECT 1 FROM digitalocean.biling.balances", unknown)
    assert caught.value.args == ("digitalocean.biling.balances", 14)


def test_resources_are_listed_once() -> None:
    result = rewrite("SELECT A.b.c.d FROM a.B.c, d.e.f x, a.b.C y WHERE g.h.i.j", canonical)
    assert result.resources == ("a.b.c", "d.e.f")


@pytest.mark.parametrize("keyword", sorted(apsw.keywords))
def test_an_alias_is_what_sqlite_takes_for_one(db: apsw.Connection, keyword: str) -> None:
    """After a table's name, each keyword goes on with the statement or is an alias."""
    said = prepare(db, f"SELECT 1 FROM t {keyword}")
    (reference,) = references(f"SELECT 1 FROM a.b.c {keyword}")
    if said is None:
        assert reference.has_alias == (keyword != "WINDOW")  # this one needs AS with a resource
    elif "incomplete" in said:
        assert reference.has_alias == (keyword == "AS")
    (reference,) = references(f"SELECT 1 FROM a.b.c AS {keyword.lower()}")
    assert reference.has_alias


@pytest.mark.parametrize("prefix", ["1", "'é🧾€'", "/* 🧾 */ DO.balances.generated"])
def test_errors_are_found_in_the_text_that_was_written(db: apsw.Connection, prefix: str) -> None:
    sql = spelled(f"SELECT {prefix} FROM t, DO.balances, DO.invoices i WHERE 'ü' = wrong")
    result = rewrite(sql, canonical)
    with pytest.raises(apsw.SQLError, match="no such column: wrong") as caught:
        db.execute(result.sql)
    raised: Any = caught.value
    offset = result.original_offset_of_byte(raised.error_offset)
    assert sql[offset:] == "wrong"


def test_offsets() -> None:
    sql = "SELECT é FROM a.b.c('€') WHERE a.b.c.d = 1"
    result = rewrite(sql, canonical)
    assert result.sql == 'SELECT é FROM "a.b.c"(\'€\') AS "c" WHERE "c".d = 1'
    for there, here in {
        "é": "é",
        '"a.b.c"': "a.b.c('€')",
        "b.c": "a.b.c(",
        "('€')": "('€')",
        "€": "€')",
        ' AS "c"': " WHERE",
        'c" W': " WHERE",
        " WHERE": " WHERE",
        '"c".d': "a.b.c.d =",
        ".d =": ".d =",
        "1": "1",
    }.items():
        offset = result.sql.index(there)
        assert sql[result.original_offset(offset) :].startswith(here), there
        in_bytes = len(result.sql[:offset].encode())
        assert result.original_offset_of_byte(in_bytes) == result.original_offset(offset)
    assert result.original_offset(len(result.sql)) == len(sql)
    assert result.original_offset(10**9) == result.original_offset_of_byte(10**9) == len(sql)
    assert result.original_offset(-1) == result.original_offset_of_byte(-1) == 0


SCRIPTS = [
    ("SELECT 1", ["SELECT 1"]),
    ("SELECT 1;", ["SELECT 1;"]),
    ("SELECT 1; SELECT 2", ["SELECT 1;", " SELECT 2"]),
    ("", []),
    (" ;; -- x\n; /* y */", []),
    ("-- x\nSELECT 1; -- y\n", ["-- x\nSELECT 1;"]),
    ("SELECT ';'; SELECT \";\" /* ; */;", ["SELECT ';';", ' SELECT ";" /* ; */;']),
    ("SELECT [;]; SELECT `;`; -- ;", ["SELECT [;];", " SELECT `;`;"]),
    (
        "CREATE TRIGGER a BEGIN SELECT 1; END; SELECT 2",
        ["CREATE TRIGGER a BEGIN SELECT 1; END;", " SELECT 2"],
    ),
    (
        "create temp trigger a begin select 1;end;x",
        ["create temp trigger a begin select 1;end;", "x"],
    ),
    (
        "EXPLAIN QUERY PLAN CREATE TEMPORARY TRIGGER a ; END ; y",
        ["EXPLAIN QUERY PLAN CREATE TEMPORARY TRIGGER a ; END ;", " y"],
    ),
    (
        "EXPLAIN CREATE/**/TRIGGER a; END x; ; END;z",
        ["EXPLAIN CREATE/**/TRIGGER a; END x; ; END;", "z"],
    ),
    (
        "CREATE TRIGGER a BEGIN SELECT CASE WHEN 1 THEN 2 END; END; x",
        ["CREATE TRIGGER a BEGIN SELECT CASE WHEN 1 THEN 2 END; END;", " x"],
    ),
    (
        "CREATE TRIGGER unfinished BEGIN SELECT 1; SELECT 2;",
        ["CREATE TRIGGER unfinished BEGIN SELECT 1; SELECT 2;"],
    ),
    ("CREATE TABLE trigger(a); END; x", ["CREATE TABLE trigger(a);", " END;", " x"]),
    ('"CREATE" TRIGGER a; END; x', ['"CREATE" TRIGGER a;', " END;", " x"]),
    ("CREATE TRIGGERS a; END;", ["CREATE TRIGGERS a;", " END;"]),
    ("BEGIN; SELECT 'unterminated; COMMIT;", ["BEGIN;", " SELECT 'unterminated; COMMIT;"]),
]


@pytest.mark.parametrize(("script", "statements"), SCRIPTS)
def test_scripts_are_split(script: str, statements: list[str]) -> None:
    found = split(script)
    assert [statement.text for statement in found] == statements
    for statement in found:
        assert script.startswith(statement.text, statement.start)
        assert statement == (*parse(statement.text)[:2], script, statement.start)


@pytest.mark.parametrize("sql", [sql for sql in ACCEPTED if sql.strip(" \n\t;")])
def test_splitting_agrees_with_sqlite(sql: str) -> None:
    """SQLite parses to find the end of a statement; the tokens are enough for that."""
    if all(t.kind in ("space", "comment") for t in tokenize(sql)):
        assert split(sql) == []
        return
    if sql.endswith(("unterminated FROM a.b.c", "SELECT 1; ;")):
        assert split(sql)[0].text == sql.removesuffix(" ;")
        return
    (statement,) = split(f"{sql}\n;")
    assert apsw.complete(statement.text)
    pieces = split(f"; {sql}\n;; {sql}\n; -- x")
    assert [piece.text for piece in pieces] == [f" {sql}\n;"] * 2


TOKENS = [
    ("a1$_é", ["identifier"]),
    ("xx'a'", ["identifier", "string"]),
    ("x", ["identifier"]),
    ("1", ["number"]),
    ("1_000", ["number"]),
    ("0x1F", ["number"]),
    ("0xg", ["number"]),
    (".5", ["number"]),
    ("1.", ["number"]),
    ("1.e5", ["number"]),
    ("1e+5_0", ["number"]),
    ("1e+", ["number", "operator"]),
    ("1a", ["number"]),
    ("1.2.3", ["number", "number"]),
    ("0x1.5", ["number", "number"]),
    ("a.5", ["identifier", "number"]),
    ("a.b", ["identifier", "operator", "identifier"]),
    ("'it''s'", ["string"]),
    ("'a'b", ["string", "identifier"]),
    ("''", ["string"]),
    ("''''", ["string"]),
    ('"a""b"', ["quoted"]),
    ("`a``b`", ["quoted"]),
    ("[a[b]", ["quoted"]),
    ("[a]]", ["quoted", "illegal"]),
    ("x'0a'", ["blob"]),
    ("X'zz'", ["blob"]),
    ("'abc", ["illegal"]),
    ("'''", ["illegal"]),
    ('"abc', ["illegal"]),
    ("`abc", ["illegal"]),
    ("[abc", ["illegal"]),
    ("[", ["illegal"]),
    ("x'abc", ["illegal"]),
    ("--x\ny", ["comment", "space", "identifier"]),
    ("--x\ry", ["comment"]),
    ("/**/x", ["comment", "identifier"]),
    ("/*/x*/", ["comment"]),
    ("/*x", ["comment"]),
    ("/*", ["operator", "operator"]),
    ("*/", ["operator", "operator"]),
    ("?", ["variable"]),
    ("?12", ["variable"]),
    ("?a", ["variable", "identifier"]),
    (":a$b", ["variable"]),
    ("@a", ["variable"]),
    ("#a", ["variable"]),
    ("$a::b(c d", ["variable", "space", "identifier"]),
    ("$a(b)c", ["variable", "identifier"]),
    ("$::a", ["variable"]),
    ("::a", ["variable", "variable"]),
    ("->", ["operator"]),
    ("->>", ["operator"]),
    ("|||", ["operator", "operator"]),
    (">>=", ["operator", "operator"]),
    ("===", ["operator", "operator"]),
    ("!=", ["operator"]),
    ("!", ["illegal"]),
    ("^", ["illegal"]),
    (" \t\n\f\r\v", ["space"]),
    ("\v", ["illegal"]),
    ("\ufeffa", ["space", "identifier"]),
    ("a\ufeff", ["identifier"]),
    ("\0", ["illegal"]),
    ("🧾", ["identifier"]),
    ("\x80", ["identifier"]),
    ("\ud800", ["identifier"]),
]


@pytest.mark.parametrize(("sql", "kinds"), TOKENS)
def test_tokens(sql: str, kinds: list[str]) -> None:
    found = tokenize(sql)
    assert [token.kind for token in found] == kinds
    assert "".join(token.text for token in found) == sql
    assert [sql[token.start : token.end] for token in found] == [token.text for token in found]


@pytest.mark.parametrize(
    ("text", "name"),
    [("a", "a"), ('"a""b"', 'a"b'), ("`a``b`", "a`b"), ("'a''b'", "a'b"), ("[a]", "a"), ('""', "")],
)
def test_names_are_unquoted_and_quoted(text: str, name: str) -> None:
    assert unquote(text) == name
    assert unquote(quote(name)) == name


WORDS = re.findall(
    r"\S+",
    r"""
    SELECT FROM JOIN LEFT WHERE ON USING AS IN NOT IS DISTINCT WITH RECURSIVE UNION ALL ORDER BY GROUP
    LIMIT VALUES INSERT INTO REPLACE UPDATE OR SET DELETE CREATE DROP TABLE VIEW TRIGGER TEMP IF EXISTS
    BEGIN END EXPLAIN WINDOW RETURNING DO VIRTUAL a b a.b a.b.c d.e.c A.B.C.d a.b.c.* t.a "a.b.c" "a" `b`
    [c] 'x' x'00' . . . ( ( ) ) , , ; * = 1 1.5 ?1 $x::y(z) -> /*a.b.c*/ é ' " [ ` /* -- $""",
)
CHARACTERS = "ab.c'\"`[]()*/-;,$:@?#!=<>|&~+%_0159exX\n\t \v\ufeff"
SOUP = st.lists(st.sampled_from([*WORDS, "--x\n"]), max_size=60)
TEXT = st.text(
    st.sampled_from(CHARACTERS) | st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=60,
)
ANY = TEXT | SOUP.map(" ".join) | SOUP.map("".join)
thorough = settings(max_examples=400, deadline=None)


@thorough
@given(ANY | st.text())
def test_tokens_join_to_the_text(sql: str) -> None:
    found = tokenize(sql)
    assert "".join(token.text for token in found) == sql
    assert all(token.text for token in found)


@thorough
@given(ANY)
@example('SELECT """')
@example("$a(")
def test_sqlite_cuts_the_same_tokens(sql: str) -> None:
    """Where SQLite stumbles, it names the token and its place."""
    sql = f"SELECT {sql}"
    connection = apsw.Connection("")
    connection.exec_trace = lambda *_: False
    try:
        connection.execute(sql)
    except (apsw.ExecTraceAbort, apsw.BindingsError):
        return
    except apsw.Error as error:
        raised: Any = error
        said, offset = str(error), raised.error_offset
    found = re.fullmatch(r'(near|unrecognized token:) "(.+)"(: syntax error)?', said, re.DOTALL)
    if found:
        tokens = {len(sql[: token.start].encode()): token for token in tokenize(sql)}
        assert found[2] in [token.text for token in tokens.values()]
        if offset >= 0:
            assert tokens[offset].text == found[2]


@thorough
@given(ANY)
def test_rewriting_never_fails_and_changes_only_what_it_says(sql: str) -> None:
    result = rewrite(sql, canonical)
    pieces, done = [], 0
    for start, end, text in result.edits:
        assert done <= start <= end
        pieces += [sql[done:start], text]
        done = end
    assert result.sql == "".join(pieces) + sql[done:]
    assert len(references(sql)) <= len(result.edits)
    assert (result.sql == sql) == (not references(sql))
    offsets = [result.original_offset(offset) for offset in range(len(result.sql) + 1)]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0
    assert offsets[-1] == len(sql)
    kept = sum(result.sql[i : i + 1] == sql[o : o + 1] for i, o in enumerate(offsets[:-1]))
    assert kept >= len(sql) - sum(end - start for start, end, _ in result.edits)
    for statement in split(sql):
        assert sql.startswith(statement.text, statement.start)


@thorough
@given(ANY)
def test_what_is_rewritten_stays_so(sql: str) -> None:
    once = rewrite(sql, canonical).sql
    assert rewrite(once, refuse).sql == once


@thorough
@given(st.lists(st.sampled_from([word for word in WORDS if "." not in word]), max_size=60))
def test_no_dots_no_change(soup: list[str]) -> None:
    sql = " ".join(soup)
    assert rewrite(sql, refuse).sql == sql


LONG = """' " ` [ ( ) (( a. /* -- $a( $:: 1_ 'a'' "." ; a.b.c, FROM( IN\ta.b.c\t WITH\tx\tAS( FROM\ta.b.c(
    SELECT\t1\tFROM(a.b.c, (SELECT\ta.b.c.d\tFROM\ta.b.c\tWHERE SELECT\t1\tFROM\ta.b.c(1)\t
    CREATE\tTRIGGER\tx;"""


@pytest.mark.parametrize("piece", re.split(r"\s*[ \n]\s*", LONG))
def test_a_long_text_takes_a_step_a_token(piece: str) -> None:
    sql = piece * (200_000 // len(piece))
    found = tokenize(sql)
    assert "".join(token.text for token in found) == sql
    assert len(split(sql)) <= len(found)
    short, long = (calls_to_rewrite(piece * (size // len(piece))) for size in (5_000, 20_000))
    assert long <= 5 * short + 100


def calls_to_rewrite(sql: str) -> int:
    """Count the function calls that it takes to rewrite a text."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        rewrite(sql, canonical)
    finally:
        sys.setprofile(before)
    return calls
