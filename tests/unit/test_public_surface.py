"""The public surface: every name that billql exports, with the parameters of its signature.

A change here is a change for the programs that use billql.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
from typing import Any

import pytest

import billql
from billql import errors

CONSTANTS = {
    *("BINARY", "DATETIME", "NUMBER", "ROWID", "STRING"),
    *("__version__", "apilevel", "paramstyle", "sqlite_version_info", "threadsafety"),
}
CALLABLES = {
    "connect": (
        "database sandbox profile config tokens urls definitions read_only from_history "
        "max_requests max_cost max_rows limits timeout cache_ttl cache decimals autocommit "
        "skip_failing_connections interactive environ http_transport clock settings warn log"
    ),
    "aconnect": "database options",
    "AsyncConnection.another": "database",
    "AsyncConnection.close": "",
    "AsyncConnection.commit": "",
    "AsyncConnection.cursor": "",
    "AsyncConnection.estimate": "sql parameters",
    "AsyncConnection.execute": "sql parameters",
    "AsyncConnection.executemany": "sql rows",
    "AsyncConnection.executescript": "script",
    "AsyncConnection.interrupt": "",
    "AsyncConnection.rollback": "",
    "AsyncCursor.close": "",
    "AsyncCursor.execute": "sql parameters",
    "AsyncCursor.executemany": "sql rows",
    "AsyncCursor.executescript": "script",
    "AsyncCursor.fetch_arrow_table": "",
    "AsyncCursor.fetchall": "",
    "AsyncCursor.fetchmany": "size",
    "AsyncCursor.fetchone": "",
    "scan_polars": "source connection options",
    "Binary": "value",
    "Date": "year month day",
    "DateFromTicks": "ticks",
    "Time": "hour minute second",
    "TimeFromTicks": "ticks",
    "Timestamp": "year month day hour minute second",
    "TimestampFromTicks": "ticks",
    "Settings": (
        "connect_timeout read_timeout response_timeout patience attempts failure_patience "
        "body_limit concurrency statement_timeout max_requests max_cost max_rows"
    ),
    "Connection.another": "database",
    "Connection.cursor": "",
    "Connection.execute": "sql parameters",
    "Connection.estimate": "sql parameters",
    "Connection.sync_history": "names note",
    "Connection.export_history": "name folder as_of every",
    "Connection.executemany": "sql rows",
    "Connection.executescript": "script",
    "Connection.commit": "",
    "Connection.rollback": "",
    "Connection.interrupt": "",
    "Connection.cache_info": "",
    "Connection.clear_cache": "",
    "Connection.close": "",
    "Cursor.amounts": "",
    "Cursor.execute": "sql parameters",
    "Cursor.executemany": "sql rows",
    "Cursor.executescript": "script",
    "Cursor.fetchone": "",
    "Cursor.fetchmany": "size",
    "Cursor.fetchall": "",
    "Cursor.fetch_record_batch": "batch_size",
    "Cursor.fetch_arrow_table": "",
    "Row.keys": "",
    "Cursor.nextset": "",
    "Cursor.callproc": "name parameters",
    "Cursor.setinputsizes": "sizes",
    "Cursor.setoutputsize": "size column",
    "Cursor.close": "",
    "Cursor.rows_for": "format",
    "Cursor.write": "path format",
    "Cursor.chart": "path kind title",
    "ScanStats.as_dict": "",
    "ScanStats.note": "text",
}
ATTRIBUTES = {
    "Connection": (
        "autocommit decimals in_transaction namespace read_only row_factory scans session"
    ),
    "Cursor": "arraysize connection description lastrowid names row_factory rowcount scans",
    "ScanStats": "resource requests pages rows cache_hits retries waited paced cost notes waiting",
    "CacheStats": "lists responses bytes",
    "Estimate": "scans requests is_minimum missing costs",
    "ScanEstimate": "resource method requests readings rows missing cost detail",
    "Amount": "currency place is_minor is_rounded",
}
"""What the objects have that `connect` and cursors return; nobody else makes them."""

ERRORS = {
    **dict.fromkeys(
        (
            *("BadResponse", "BadValue", "ClosedError", "ConnectionFailed", "CredentialMissing"),
            *("DataError", "DatabaseError", "DefinitionError", "Error", "Inaccessible"),
            *("IntegrityError", "InterfaceError", "InternalError", "ListChanged"),
            *("NotSupportedError", "OperationalError", "OutputError", "ProgrammingError"),
            *("RequestLimit", "CostLimit", "RowLimit", "StatementTimeout"),
        ),
        "message hint",
    ),
    **dict.fromkeys(
        ("ApiError", "CredentialRefused"),
        "message status method url api_code api_message request_id unknown hint",
    ),
    "Interrupted": "",
    "ParameterMissing": "message resource column hint",
    **dict.fromkeys(("ReadOnly", "SqlError", "UnknownName"), "message sql offset hint"),
}
NAMES = {
    *CONSTANTS,
    *(name.partition(".")[0] for name in (*CALLABLES, *ATTRIBUTES)),
    *ERRORS,
    "Warning",
}


def find(name: str) -> Any:
    """Return what a dotted name stands for."""
    return functools.reduce(getattr, name.split("."), billql)


def parameters(function: Any) -> str:
    return " ".join(name for name in inspect.signature(function).parameters if name != "self")


def members(kind: type) -> set[str]:
    """Return the public methods and properties that a class defines itself."""
    return {name for name in vars(kind) if not name.startswith("_")}


def test_the_exported_names() -> None:
    assert set(billql.__all__) == NAMES
    assert dir(billql) == sorted(billql.__all__)
    assert (billql.apilevel, billql.threadsafety, billql.paramstyle) == ("2.0", 1, "qmark")


def test_a_star_imports_them_all() -> None:
    found: dict[str, Any] = {}
    exec("from billql import *", found)
    assert found.keys() - {"__builtins__"} == NAMES
    assert all(found[name] is getattr(billql, name) for name in NAMES)


@pytest.mark.parametrize("name", CALLABLES)
def test_the_parameters_of_a_signature(name: str) -> None:
    assert parameters(find(name)) == CALLABLES[name]


@pytest.mark.parametrize("name", ERRORS)
def test_the_parameters_of_an_error(name: str) -> None:
    assert parameters(getattr(billql, name)) == ERRORS[name]


def test_the_members_of_connections_and_cursors() -> None:
    for kind in (billql.Connection, billql.Cursor):
        name = kind.__name__
        methods = {one.partition(".")[2] for one in CALLABLES if one.startswith(f"{name}.")}
        listed = methods | set(ATTRIBUTES[name].split())
        assert members(kind) - ERRORS.keys() - {"Warning"} <= listed
        with billql.connect() as connection:
            made: Any = connection if kind is billql.Connection else connection.cursor()
            assert all(hasattr(made, one) for one in listed)


def test_the_attributes_of_statistics() -> None:
    stats = billql.ScanStats("digitalocean.billing.invoices")
    assert all(hasattr(stats, one) for one in ATTRIBUTES["ScanStats"].split())
    assert billql.CacheStats._fields == tuple(ATTRIBUTES["CacheStats"].split())
    assert billql.Amount._fields == tuple(ATTRIBUTES["Amount"].split())


def test_what_signatures_name_is_exported() -> None:
    abc = {"Any", "Callable", "Iterable", "Iterator", "Literal", "Mapping", "Self", "Sequence"}
    # A parsed statement is what billql's own shell hands over; the others are tuples and mappings.
    own = {"ParsedStatement", "Description", "Parameters", "Row", "Synced", "HistorySession"}
    known = {
        *vars(builtins),
        *abc,
        "os",
        "datetime",
        "httpx",
        "pl",
        "pyarrow",
        *own,
        *billql.__all__,
    }
    signatures = [inspect.signature(find(name)) for name in CALLABLES]
    properties = [
        inspect.signature(value.fget)
        for kind in (billql.Connection, billql.Cursor, billql.ScanStats)
        for value in vars(kind).values()
        if isinstance(value, property) and value.fget is not None
    ]
    named: set[str] = set()
    for one in (*signatures, *properties):
        for annotation in (one.return_annotation, *(p.annotation for p in one.parameters.values())):
            if isinstance(annotation, str):
                tree = ast.parse(annotation)
                named |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert {"Settings", "ScanStats", "CacheStats"} <= named <= known


def test_every_error_is_exported() -> None:
    own = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.Error | errors.Warning)
    }
    assert own == {*ERRORS, "Warning"}
    assert all(getattr(billql, name) is getattr(errors, name) for name in own)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'billql' has no attribute 'conect'"):
        _ = billql.conect  # type: ignore[attr-defined]
