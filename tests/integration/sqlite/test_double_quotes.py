"""A name in double quotes that means nothing is an error, and never a text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from billql import errors
from billql.sqlite.session import Session
from support.shop import Shop, opened, select


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(Shop(things=3), tmp_path) as session:
        select(session, "CREATE TABLE mine (id INTEGER, Amount REAL, note TEXT)")
        select(session, "INSERT INTO mine VALUES (1, 2.5, 'open')")
        yield session


def refused(session: Session, sql: str) -> errors.SqlError:
    with pytest.raises(errors.SqlError) as caught:
        select(session, sql)
    return caught.value


WRITE = "Double quotes are for names; write a text as "


@pytest.mark.parametrize(
    ("sql", "name", "hint"),
    [
        ('SELECT id FROM @things WHERE name = "open"', '"open"', f"{WRITE}'open'."),
        ('SELECT "nmae" FROM @things', '"nmae"', f"{WRITE}'nmae'. The name of a column is name."),
        ('SELECT "amuont" FROM mine', '"amuont"', "The name of a column is Amount."),
        ('SELECT "Nmae" FROM @things', '"Nmae"', "The name of a column is name."),
        ('SELECT * FROM @things WHERE name IN ("n1", "n2")', '"n1"', f"{WRITE}'n1'."),
        ('SELECT * FROM @things WHERE name LIKE "n%"', '"n%"', f"{WRITE}'n%'."),
        ('SELECT * FROM @things WHERE name BETWEEN "a" AND "b"', '"a"', f"{WRITE}'a'."),
        ('SELECT date("now")', '"now"', f"{WRITE}'now'."),
        ('SELECT id FROM @things ORDER BY "idd"', '"idd"', "The name of a column is id."),
        ('SELECT id FROM @things GROUP BY "idd"', '"idd"', "The name of a column is id."),
        ('SELECT note FROM @things JOIN mine ON "things.id" = 1', '"things.id"', WRITE),
        ('SELECT "it\'s"', '"it\'s"', f"{WRITE}'it''s'."),
        ('SELECT "a""b"', '"a""b"', f"{WRITE}'a\"b'."),
        (f'SELECT "{"x" * 60}"', f'"{"x" * 60}"', f"{WRITE}'{'x' * 40}…'."),
        ('INSERT INTO mine VALUES (1, 2, "closed")', '"closed"', f"{WRITE}'closed'."),
        ('UPDATE mine SET note = "closed"', '"closed"', f"{WRITE}'closed'."),
        ('DELETE FROM mine WHERE note = "closed"', '"closed"', f"{WRITE}'closed'."),
        ('SELECT * FROM pragma_table_info("mine")', '"mine"', f"{WRITE}'mine'."),
        ('CREATE INDEX i ON mine ("amuont")', '"amuont"', "The name of a column is Amount."),
        ('CREATE INDEX i ON mine (id) WHERE note = "open"', '"open"', f"{WRITE}'open'."),
        ('CREATE TABLE t (x CHECK (x <> "q"))', '"q"', f"{WRITE}'q'."),
        ('CREATE TABLE t (x, y AS (x || "q"))', '"q"', f"{WRITE}'q'."),
        ('CREATE TABLE t AS SELECT "open" AS x', '"open"', f"{WRITE}'open'."),
        ('WITH k AS (SELECT "open" AS x) SELECT * FROM k', '"open"', f"{WRITE}'open'."),
        ('EXPLAIN QUERY PLAN SELECT "open"', '"open"', f"{WRITE}'open'."),
    ],
)
def test_it_is_an_error(session: Session, sql: str, name: str, hint: str) -> None:
    error = refused(session, sql)
    assert error.message == f"no such column: {name}"
    assert error.sql is not None
    assert error.offset is not None
    assert error.sql[error.offset :].startswith(name)
    assert hint in str(error.hint)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "id", "Amount", mine."note" FROM "mine"',
        'SELECT sum("id") AS "n x" FROM @things GROUP BY "kind" HAVING "n x" > 1 ORDER BY "n x"',
        "SELECT 'open', \"id\" FROM @things",
        'SELECT t."id" FROM "shop"."all"."things" t',
        'CREATE TABLE "t x" ("a b" TEXT DEFAULT \'q\', CHECK ("a b" <> \'\'))',
        "SELECT [id], `name` FROM @things",
    ],
)
def test_names_in_double_quotes_are_names(session: Session, sql: str) -> None:
    select(session, sql)


@pytest.mark.parametrize("quoted", ["[nope]", "`nope`", "mine.nope", 'mine."nope"'])
def test_other_quotes_have_no_word_about_texts(session: Session, quoted: str) -> None:
    error = refused(session, f"SELECT {quoted} FROM mine")
    assert "no such column" in error.message
    assert "quotes" not in str(error.hint)


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Session]:
    """A session on a database in which another program has taken names for texts."""
    path = str(tmp_path / "older.db")
    database = apsw.Connection(path)
    database.config(apsw.SQLITE_DBCONFIG_DQS_DML, 1)
    database.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 1)
    database.execute(
        "CREATE TABLE paid (id, note);"
        'CREATE VIEW plain AS SELECT "id" FROM paid;'
        'CREATE VIEW opened AS SELECT id FROM paid WHERE note = "open";'
        "CREATE TABLE log (x);"
        'CREATE TRIGGER logged AFTER INSERT ON paid BEGIN INSERT INTO log VALUES ("new"); END;'
        "INSERT INTO log VALUES (1)"
    )
    database.close()
    session = Session(path, lambda: pytest.fail("no resource is named"))
    yield session
    session.close()


def test_a_view_that_another_program_has_stored(older: Session) -> None:
    assert select(older, "SELECT * FROM plain") == []
    error = refused(older, "SELECT * FROM opened")
    assert error.message == (
        'The view opened has a text in double quotes, which are for names: "open"'
    )
    assert error.hint == "Drop the view and create it again with 'open'."
    select(older, "DROP VIEW opened")
    select(older, "CREATE VIEW opened AS SELECT id FROM paid WHERE note = 'open'")
    assert select(older, "SELECT * FROM opened") == []


def test_a_trigger_that_another_program_has_stored(older: Session) -> None:
    error = refused(older, "INSERT INTO paid VALUES (1, 'x')")
    assert "The trigger logged has a text in double quotes" in error.message
    assert error.hint == "Drop the trigger and create it again with 'new'."
    assert select(older, "SELECT count(*) FROM log UNION ALL SELECT count(*) FROM paid") == [
        (1,),
        (0,),
    ]


def test_a_view_of_ones_own_fails_when_it_is_read(session: Session) -> None:
    """SQLite reads the names in a view when it is used."""
    select(session, 'CREATE VIEW v AS SELECT "nope" AS x FROM mine')
    assert "The view v has a text in double quotes" in refused(session, "SELECT * FROM v").message
