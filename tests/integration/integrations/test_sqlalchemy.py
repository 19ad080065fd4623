"""SQLAlchemy over the sandbox: reflection, types by value, data frames, transactions."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import NoSuchTableError, ProgrammingError

import billql

BILLING = "digitalocean.billing"


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    made = sa.create_engine("billql://?sandbox=1")
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def history(engine: sa.Engine) -> sa.Table:
    return sa.Table("billing_history", sa.MetaData(), autoload_with=engine, schema=BILLING)


def test_schemas_are_local_databases_and_services(engine: sa.Engine) -> None:
    found = sa.inspect(engine).get_schema_names()
    assert found[0] == "main"
    assert {BILLING, "stripe.billing", "billql.catalog", "billql.focus"} < set(found)


def test_tables_and_views_are_apart(engine: sa.Engine) -> None:
    inspector = sa.inspect(engine)
    assert {"balances", "invoices"} < set(inspector.get_table_names(BILLING))
    assert inspector.get_view_names(BILLING) == []
    assert "cost_and_usage" in inspector.get_view_names("billql.focus")
    assert inspector.get_table_names("billql.focus") == []
    assert "columns" in inspector.get_table_names("billql.catalog")


@pytest.mark.parametrize(
    ("name", "schema", "there"),
    [
        ("invoices", BILLING, True),
        ("INVOICES", "DigitalOcean.Billing", True),
        ("cost_and_usage", "billql.focus", True),
        ("nothing", BILLING, False),
        ("invoices", "digitalocean.nothing", False),
        ("invoices", "nothing.billing", False),
        ("invoices", "digitalocean", False),
        ("invoices", "a.b.c", False),
        ("invoices", None, False),
    ],
)
def test_a_table_is_there_or_not(
    engine: sa.Engine, name: str, schema: str | None, there: bool
) -> None:
    inspector = sa.inspect(engine)
    assert inspector.has_table(name, schema) is there
    if not there and schema is not None and schema.count(".") == 1:
        for look in (inspector.get_columns, inspector.get_table_comment):
            with pytest.raises(NoSuchTableError):
                look(name, schema)


def test_columns_have_types_and_comments(engine: sa.Engine) -> None:
    columns = {one["name"]: one for one in sa.inspect(engine).get_columns("invoices", BILLING)}
    assert {name: repr(one["type"]) for name, one in columns.items()} == {
        "invoice_uuid": "TEXT()",
        "invoice_id": "TEXT()",
        "invoice_period": "VARCHAR(length=7)",
        "amount": "DECIMAL(precision=38, scale=18)",
        "currency": "TEXT()",
        "connection": "TEXT()",
    }
    assert all(one["comment"] and one["nullable"] for one in columns.values())
    comment = sa.inspect(engine).get_table_comment("invoices", BILLING)
    assert "invoice" in str(comment["text"])


def test_a_needed_key_says_so(engine: sa.Engine) -> None:
    columns = sa.inspect(engine).get_columns("invoice_items", BILLING)
    (key,) = (one for one in columns if one["name"] == "invoice_uuid")
    assert "A statement needs a condition on it" in str(key["comment"])


def test_columns_that_only_filter_are_left_out(engine: sa.Engine) -> None:
    invoices = sa.Table("invoices", sa.MetaData(), autoload_with=engine, schema="stripe.billing")
    assert "query" not in invoices.c
    with engine.connect() as connection:
        rows = connection.execute(sa.select(invoices).limit(3)).all()
        found = connection.execute(
            sa.select(invoices.c.id).where(sa.column("query") == "status:'open'")
        ).all()
    assert len(rows) == 3
    assert isinstance(rows[0].lines, dict)
    assert isinstance(rows[0].livemode, bool)
    assert found


def test_values_are_decimals_and_instants(engine: sa.Engine, history: sa.Table) -> None:
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(history.c.date, history.c.amount).where(history.c.type == "Invoice").limit(1)
        ).one()
        plain = connection.exec_driver_sql(
            f"SELECT date, amount FROM {BILLING}.billing_history WHERE type = 'Invoice' LIMIT 1"
        ).one()
    assert row.date.isoformat().replace("+00:00", "Z") == plain.date
    assert row.date.tzinfo == datetime.UTC
    assert row.amount == Decimal(str(plain.amount))


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC),
        datetime.datetime(2026, 6, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        datetime.datetime(2026, 6, 1),
        datetime.date(2026, 6, 1),
    ],
)
def test_an_instant_is_compared_however_it_is_written(
    engine: sa.Engine, history: sa.Table, moment: datetime.date
) -> None:
    query = sa.select(sa.func.count(), sa.func.max(history.c.date)).where(history.c.date >= moment)
    with engine.connect() as connection:
        count, last = connection.execute(query).one()
        (plain,) = connection.exec_driver_sql(
            f"SELECT count(*) FROM {BILLING}.billing_history WHERE date >= '2026-06-01'"
        ).one()
        literal = query.compile(engine, compile_kwargs={"literal_binds": True})
        assert connection.exec_driver_sql(str(literal)).scalar() == plain
    assert (count, last.tzinfo) == (plain, datetime.UTC)


def test_an_amount_is_compared_as_a_decimal(engine: sa.Engine, history: sa.Table) -> None:
    with engine.connect() as connection:
        query = sa.select(sa.func.min(history.c.amount)).where(history.c.amount > Decimal("70.01"))
        assert connection.execute(query).scalar_one() > Decimal("70.01")
        assert connection.execute(sa.select(sa.cast(0.1 + 0.2, sa.Numeric))).scalar() == Decimal(
            "0.3"
        )


def test_a_whole_schema_is_reflected(engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    metadata.reflect(engine, schema=BILLING, views=True)
    assert {f"{BILLING}.invoices", f"{BILLING}.balances"} < set(metadata.tables)
    invoices = metadata.tables[f"{BILLING}.invoices"]
    items = metadata.tables[f"{BILLING}.invoice_items"]
    joined = invoices.join(items, items.c.invoice_uuid == invoices.c.invoice_uuid)
    with engine.connect() as connection:
        query = sa.select(sa.func.sum(items.c.amount)).select_from(joined)
        assert connection.execute(query).scalar_one() > 0


def test_a_view_is_read(engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    view = sa.Table("left_out", metadata, autoload_with=engine, schema="billql.focus")
    with engine.connect() as connection:
        assert list(connection.execute(sa.select(view)).keys()) == view.c.keys()


@pytest.mark.parametrize("name", ["invoices", "nothing"])
def test_a_table_of_the_catalog_has_no_keys_and_no_constraints(
    engine: sa.Engine, name: str
) -> None:
    inspector = sa.inspect(engine)
    looks: dict[Any, Any] = {
        inspector.get_pk_constraint: {"constrained_columns": [], "name": None},
        inspector.get_foreign_keys: [],
        inspector.get_unique_constraints: [],
        inspector.get_check_constraints: [],
        inspector.get_indexes: [],
        inspector.get_table_options: {},
    }
    for look, nothing in looks.items():
        if name == "invoices":
            assert look(name, BILLING) == nothing
        else:
            with pytest.raises(NoSuchTableError):
                look(name, BILLING)


def test_the_sql_of_a_view_is_that_of_local_ones(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE VIEW dear AS SELECT * FROM {BILLING}.invoices")
    assert "CREATE VIEW" in str(sa.inspect(engine).get_view_definition("dear"))
    with pytest.raises(NotImplementedError):
        sa.inspect(engine).get_view_definition("cost_and_usage", "billql.focus")
    view = sa.Table("dear", sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        assert isinstance(connection.execute(sa.select(view.c.amount)).scalar(), Decimal)


def test_other_arguments_go_into_connect_args() -> None:
    engine = sa.create_engine("billql://", connect_args={"sandbox": True, "max_requests": 0})
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.exec_driver_sql(f"SELECT * FROM {BILLING}.invoices").all()
    engine.dispose()


def test_the_orm_reads_a_table(engine: sa.Engine) -> None:
    class Base(orm.DeclarativeBase):
        pass

    class Invoice(Base):
        __table__ = sa.Table(
            "invoices",
            Base.metadata,
            sa.Column("invoice_uuid", sa.Text, primary_key=True),
            autoload_with=engine,
            schema=BILLING,
        )

    with orm.Session(engine) as session:
        query = sa.select(Invoice).order_by(Invoice.__table__.c.amount.desc()).limit(2)
        dear, other = session.scalars(query).all()
        found: Any = session.get(Invoice, dear.__dict__["invoice_uuid"])
    assert found is dear
    assert dear.__dict__["amount"] >= other.__dict__["amount"]


def test_what_is_refused_has_the_hint(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(ProgrammingError) as caught:
        connection.exec_driver_sql(f"SELECT amuont FROM {BILLING}.invoices")
    assert isinstance(caught.value.orig, billql.SqlError)
    assert "Did you mean" in str(caught.value.orig.hint)


def test_pandas_reads_and_writes(engine: sa.Engine) -> None:
    read = pandas.read_sql_table("billing_history", engine, schema=BILLING)
    assert str(read.dtypes["date"].tz) == "UTC"
    assert read.dtypes["amount"] == "float64"
    assert read.to_sql("kept", engine, index=False, if_exists="replace") == len(read)
    again = pandas.read_sql_table("kept", engine)
    pandas.testing.assert_frame_equal(read, again)
    joined = pandas.read_sql(
        f"SELECT count(*) AS n FROM kept k JOIN {BILLING}.billing_history h "
        "ON h.date = k.date AND h.amount = k.amount",
        engine,
    )
    assert joined["n"][0] >= len(read)


def test_a_table_made_by_select_keeps_its_types(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE mine AS SELECT date, amount, type, invoice_id "
            f"FROM {BILLING}.billing_history"
        )
    mine = sa.Table("mine", sa.MetaData(), autoload_with=engine)
    kinds = [repr(column.type) for column in mine.c]
    amount = "DECIMAL(precision=38, scale=18)"
    assert kinds == ["TIMESTAMP(timezone=True)", amount, "TEXT()", "TEXT()"]
    with engine.connect() as connection:
        row = connection.execute(sa.select(mine).limit(1)).one()
    assert (row.date.tzinfo, type(row.amount)) == (datetime.UTC, Decimal)


def test_an_outermost_savepoint_does_not_commit(tmp_path: Path) -> None:
    engine = sa.create_engine(f"billql:///{tmp_path}/a.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER)")
    with engine.connect() as connection:
        with connection.begin_nested():
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        connection.rollback()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT a FROM t").scalars().all() == [2]
        assert connection.get_isolation_level() == "SERIALIZABLE"
    engine.dispose()


def test_threads_share_an_engine(tmp_path: Path) -> None:
    engine = sa.create_engine(f"billql:///{tmp_path}/a.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t AS SELECT 7 AS a")
    found: list[Any] = []

    def ask() -> None:
        with engine.connect() as connection:
            found.append(connection.exec_driver_sql("SELECT a FROM t").scalar())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert found == [7] * 4


def test_a_closed_connection_is_replaced(tmp_path: Path) -> None:
    engine = sa.create_engine(f"billql:///{tmp_path}/a.db", pool_pre_ping=True)
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.close()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()


def test_a_read_only_engine_reads_alone() -> None:
    engine = sa.create_engine("billql://?sandbox=1&read_only=1&max_rows=60")
    invoices = sa.Table("invoices", sa.MetaData(), autoload_with=engine, schema=BILLING)
    with engine.connect() as connection:
        assert len(connection.execute(sa.select(invoices).limit(2)).all()) == 2
        with pytest.raises(ProgrammingError):
            connection.exec_driver_sql("CREATE TABLE t (a)")
        connection.rollback()
        with pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql(f"SELECT * FROM {BILLING}.billing_history").all()
    engine.dispose()
