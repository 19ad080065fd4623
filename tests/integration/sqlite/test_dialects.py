"""What people from other databases write is met with what to write here, which runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billql import errors
from billql.sql import dialects
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

ROW = """(SELECT 3 AS x, 2 AS y, 'abc' AS s, '2026-01-31' AS day, '2026-02-01' AS later,
          '[1, 2]' AS list)"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    session = Session(":memory:", lambda: Options(environ={}))
    list(session.execute("CREATE TABLE t (day TEXT, amount REAL, top TEXT)"))
    yield session
    session.close()


def hint(session: Session, sql: str) -> str:
    with pytest.raises(errors.SqlError) as caught:
        list(session.execute(sql))
    return str(caught.value.hint)


@pytest.mark.parametrize(("text", "names"), dialects.EXPRESSIONS.items())
def test_what_to_write_for_a_function_runs(
    session: Session, text: str, names: tuple[str, ...]
) -> None:
    known = {str(name) for (name,) in session.execute("SELECT name FROM pragma_function_list")}
    for name in set(names) - known - {"left", "right", "isnull"}:
        assert hint(session, f"SELECT {name}(x) FROM {ROW}") == f"Write {text}."
    for expression in text.replace(" or ", ", ").split(", ") if " or " in text else [text]:
        ((value,),) = session.execute(f"SELECT {expression} FROM {ROW}")
        assert value is not None


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ("SELECT now()", "datetime('now')"),
        ("SELECT left('abc', 2)", "substr(s, 1, 2)"),
        ("SELECT isnull(amount, 0) FROM t", "ifnull(x, y)"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE TABLE … AS SELECT …"),
        ("REFRESH MATERIALIZED VIEW v", "INSERT"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "DROP VIEW IF EXISTS"),
        ("CREATE DATABASE x", "--db FILE"),
        ("CREATE SCHEMA x", "ATTACH"),
        ("SELECT TOP 5 * FROM t", "LIMIT"),
        ("SELECT * FROM t FETCH FIRST 5 ROWS ONLY", "LIMIT"),
        ("SELECT DISTINCT ON (day) * FROM t", "row_number()"),
        ("SELECT * FROM t QUALIFY row_number() OVER () = 1", "subquery"),
        ("SELECT 'a' ILIKE 'A'", "LIKE, which ignores"),
        ("SELECT * FROM t WHERE day ~ 'a'", "REGEXP"),
        ("SELECT * FROM t WHERE day RLIKE 'a'", "REGEXP"),
        (
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM t",
            "percentile_cont(x, 0.9)",
        ),
        ("SELECT '1'::int", "CAST("),
        ("SELECT amount::numeric(10,2) FROM t", "CAST("),
        ("SELECT TRY_CAST(amount AS INT) FROM t", "CAST("),
        ("SELECT day + INTERVAL '1 day' FROM t", "date(day, '+1 month')"),
        ("SELECT day - INTERVAL 1 DAY FROM t", "date(day, '+1 month')"),
        ("SELECT interval '1 day'", "date(day, '+1 month')"),
        ("SELECT DATE '2026-01-01'", "plain text"),
        ("SELECT extract(year FROM day) FROM t", "year(day)"),
        ("SELECT current_date()", "without parentheses"),
        ("SELECT sum(amount) FROM t GROUP BY ALL", "GROUP BY 1, 2"),
        ("SELECT sum(amount) FROM t GROUP BY ROLLUP(day)", "UNION ALL"),
        ("SELECT * EXCLUDE (day) FROM t", "Name the columns"),
        ("SELECT * EXCEPT (day) FROM t", "Name the columns"),
        ("SELECT * FROM t PIVOT (sum(amount) FOR day IN ('a'))", "FILTER"),
        ("SELECT 1 MINUS SELECT 2", "EXCEPT"),
        ("TRUNCATE TABLE t", "DELETE FROM"),
        ("MERGE INTO t USING u ON 1 WHEN MATCHED THEN DELETE", "ON CONFLICT"),
        ("INSERT INTO t VALUES (1, 2, 3) ON DUPLICATE KEY UPDATE day = 1", "ON CONFLICT"),
        ("START TRANSACTION", "BEGIN"),
        ("SET search_path = x", "USE"),
        ("COPY t TO 'f.csv'", ".once FILE"),
        ("ALTER TABLE t MODIFY day INT", "new table"),
        ("SELECT * FROM information_schema.tables", "SHOW TABLES"),
        ("SELECT * FROM pg_tables", "SHOW TABLES"),
        ("SELECT 1 FROM dual", "Leave FROM dual out."),
        ("SELECT * FROM unnest('[1]')", "json_each("),
        ("SHOW DATABASES", "SHOW PROVIDERS"),
        ("SHOW SCHEMAS", "SHOW SERVICES"),
        ("SHOW COLUMNS FROM t", "DESCRIBE"),
        ("SHOW CREATE TABLE t", ".schema"),
    ],
)
def test_a_hint_hints(session: Session, sql: str, part: str) -> None:
    assert part in hint(session, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT topp FROM t",
        "SELECT top FROM t WHERE amount >",
        "SELECT day interval FROM t x y",
        "SELECT * FROM nothing",
        "SELECT intervall FROM t",
        "UPDATE t SET = 1",
    ],
)
def test_what_is_another_mistake_gets_no_such_hint(session: Session, sql: str) -> None:
    hints = [phrase.hint for phrase in dialects.PHRASES]
    assert hint(session, sql) not in hints
