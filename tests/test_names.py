"""Dotted names in SQL text: what is rewritten, and that nothing else is ever touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import apsw
import apsw.ext
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billql import names
from billql.names import Reference, references, rewrite, split, tables, tokenize

BALANCES = "digitalocean.billing.balances"


def canonical(reference: Reference) -> str:
    """The catalogue's part, for tests: every name exists, in lower case."""
    return reference.name.lower()


def refuse(reference: Reference) -> NoReturn:
    """The catalogue's part where no name may be seen."""
    raise AssertionError(f"taken for a resource: {reference}")


def module(db: apsw.Connection, name: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    def produce(key: str | None = None) -> Iterator[tuple[Any, ...]]:
        return (row for row in rows if key is None or row[0] == key)

    produce.columns = columns.split()  # type: ignore[attr-defined]
    produce.column_access = apsw.ext.VTColumnAccess.By_Index  # type: ignore[attr-defined]
    apsw.ext.make_virtual_module(db, name, produce, eponymous_only=True)


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
    "CREATE VIRTUAL TABLE f USING fts5(a, prefix='2 3', content='', columnsize=0)",
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
    "CREATE VIRTUAL TABLE f USING fts5(a, FROM a.b.c, x IN a.b.c)",
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
    assert result.resources == () == result.splices
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
