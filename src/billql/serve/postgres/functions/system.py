"""Functions on the session, on the catalog and on rights.

https://www.postgresql.org/docs/15/functions-info.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billql.serve.postgres import types
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.functions.registry import Context, Function, function
from billql.serve.postgres.settings import VERSION_TEXT
from billql.serve.postgres.values import arrays


def session(context: Context, what: str) -> str | None:
    """Return the user, the database or the first schema of the search path."""
    if what == "schema":
        known = [name for name in context.settings.search_path if _has_schema(context, name)]
        return known[0] if known else None
    return context.settings.user if what == "user" else context.settings.database


def _has_schema(context: Context, name: str) -> bool:
    try:
        context.oid_of("regnamespace", f'"{name}"')
    except PostgresError:
        return False
    return True


def _current_schemas(context: Context, implicit: int) -> str:
    known = [name for name in context.settings.search_path if _has_schema(context, name)]
    if implicit and "pg_catalog" not in known:
        known.insert(0, "pg_catalog")
    return arrays.dump(known)


def _setting(context: Context, name: str, missing_ok: int = 0) -> str | None:
    try:
        return context.settings.show(name)
    except PostgresError:
        if missing_ok:
            return None
        raise


def _set(context: Context, name: str, value: str, _: int) -> str:
    context.settings.set(name, value)
    return context.settings.show(name)


def _format_type(context: Context, oid: int | None, typmod: int | None) -> str | None:
    if oid is None:
        return None
    known = types.BY_OID.get(oid)
    if known is None:
        return context.name_of("regtype", oid) if oid else "-"
    if typmod is None or typmod < 0:
        return (
            "bpchar" if known.name == "bpchar" and typmod is not None else types.display(known.name)
        )
    if known.name == "numeric":
        size = typmod - 4
        return f"numeric({size >> 16},{size & 0x7FF})"
    if known.name in ("varchar", "bpchar"):
        return f"{types.display(known.name)}({typmod - 4})"
    if known.name in ("timestamp", "timestamptz", "time"):
        first, _, rest = types.display(known.name).partition(" ")
        return f"{first}({typmod}) {rest}"
    return types.display(known.name)


def _object(kind: str) -> Any:
    def find(context: Context, name: str) -> int | None:
        try:
            return context.oid_of(kind, name)
        except PostgresError:
            return None

    return find


def _pretty_size(size: int) -> str:
    units = ("bytes", "kB", "MB", "GB", "TB")
    number, place = float(abs(size)), 0
    while number >= 10 * 1024 and place < len(units) - 1:
        number, place = number / 1024, place + 1
    return f"{'-' if size < 0 else ''}{round(number)} {units[place]}"


def _is_reading(privilege: str) -> int:
    wanted = {
        part.strip().upper().removesuffix(" WITH GRANT OPTION") for part in privilege.split(",")
    }
    return int(bool(wanted & {"SELECT", "USAGE", "CONNECT", "EXECUTE"}))


def _ends(*, ends: bool) -> Any:
    return lambda context, process_id: int(context.terminate(process_id, ends=ends))


def _rights(name: str) -> list[Function]:
    """Return a test of rights in its forms: the user and the object may be numbers or names."""
    last = lambda *values: _is_reading(values[-1])  # noqa: E731
    return [
        function(name, f"{user}{thing} text", "bool", last)
        for user in ("", "name ", "oid ")
        for thing in ("text", "oid")
    ]


def _column_rights() -> list[Function]:
    last = lambda *values: _is_reading(values[-1])  # noqa: E731
    return [
        function("has_column_privilege", f"{user}{table} {column} text", "bool", last)
        for user in ("", "name ", "oid ")
        for table in ("text", "oid")
        for column in ("text", "int2")
    ]


def _null(name: str, arguments: str, result: str = "text", **options: Any) -> Function:
    """Return a function about what billql has none of, such as constraints: it returns NULL."""
    return function(name, arguments, result, lambda *_: None, **options)


def _constant(name: str, arguments: str, result: str, value: Any, **options: Any) -> Function:
    return function(name, arguments, result, lambda *_: value, **options)


_DESCRIPTION = (
    "(SELECT description FROM pg_catalog.pg_description "
    "WHERE objoid = {0} AND objsubid = {1} AND classoid = {2})"
)
_CLASS_OF = "(SELECT oid FROM pg_catalog.pg_class WHERE relname = {1} AND relnamespace = 11)"
_KEYWORDS = (
    ("word", "text"),
    ("catcode", "char"),
    ("barelabel", "bool"),
    ("catdesc", "text"),
    ("baredesc", "text"),
)
_VISIBLE = tuple(
    f"pg_{kind}_is_visible"
    for kind in [
        "function",
        "type",
        "operator",
        "collation",
        "opclass",
        "conversion",
        "ts_config",
        "ts_dict",
        "statistics_obj",
    ]
)


def _table_is_visible(context: Context, oid: int) -> int:
    return int("." not in context.name_of("regclass", oid))


def _keywords() -> str:
    import json

    from billql.serve.postgres.functions.quoting import RESERVED

    rows = [
        {
            "word": name,
            "catcode": "R",
            "barelabel": 1,
            "catdesc": "reserved",
            "baredesc": "can be bare label",
        }
        for name in sorted(RESERVED)
    ]
    return json.dumps(rows)


FUNCTIONS = [
    _constant("version", "", "text", VERSION_TEXT),
    function("current_database", "", "name", sql="pg_session('database')"),
    function("current_schema", "", "name", sql="pg_session('schema')"),
    function("current_schemas", "bool", "_name", _current_schemas, context=True),
    function("current_setting", "text bool", "text", _setting, context=True, optional=1),
    function("set_config", "text text bool", "text", _set, context=True, volatile=True),
    function("pg_backend_pid", "", "int4", lambda context: context.process_id, context=True),
    function("pg_terminate_backend", "int4", "bool", _ends(ends=True), context=True, volatile=True),
    function("pg_cancel_backend", "int4", "bool", _ends(ends=False), context=True, volatile=True),
    function("format_type", "oid int4", "text", _format_type, context=True, strict=False),
    function("to_regclass", "text", "regclass", _object("regclass"), context=True),
    function("to_regtype", "text", "regtype", _object("regtype"), context=True),
    function("to_regnamespace", "text", "regnamespace", _object("regnamespace"), context=True),
    function("to_regproc", "text", "regproc", _object("regproc"), context=True),
    function("to_regrole", "text", "regrole", _object("regrole"), context=True),
    function(
        "pg_get_userbyid",
        "oid",
        "name",
        lambda context, oid: context.name_of("regrole", oid),
        context=True,
    ),
    function("pg_table_is_visible", "oid", "bool", _table_is_visible, context=True),
    *(_constant(name, "oid", "bool", 1) for name in _VISIBLE),
    function("col_description", "oid int4", "text", sql=_DESCRIPTION.format("{0}", "{1}", 1259)),
    function("obj_description", "oid name", "text", sql=_DESCRIPTION.format("{0}", 0, _CLASS_OF)),
    function(
        "obj_description",
        "oid",
        "text",
        sql="(SELECT description FROM pg_catalog.pg_description "
        "WHERE objoid = {0} AND objsubid = 0)",
    ),
    _null("shobj_description", "oid name"),
    *_rights("has_table_privilege"),
    *_rights("has_schema_privilege"),
    *_rights("has_database_privilege"),
    *_rights("has_any_column_privilege"),
    *_rights("has_function_privilege"),
    *_rights("has_sequence_privilege"),
    *_rights("has_type_privilege"),
    *_rights("has_foreign_data_wrapper_privilege"),
    *_rights("has_server_privilege"),
    *_rights("pg_has_role"),
    *_column_rights(),
    _constant("pg_encoding_to_char", "int4", "name", "UTF8"),
    _constant("pg_client_encoding", "", "name", "UTF8"),
    _constant("getdatabaseencoding", "", "name", "UTF8"),
    _constant("pg_is_in_recovery", "", "bool", 0),
    _constant("pg_is_other_temp_schema", "oid", "bool", 0),
    _constant("pg_my_temp_schema", "", "oid", 0),
    _constant("pg_relation_is_publishable", "regclass", "bool", 0),
    _constant("pg_relation_is_updatable", "regclass bool", "int4", 0),
    _constant("pg_column_is_updatable", "regclass int2 bool", "bool", 0),
    _constant("txid_current", "", "int8", 1),
    *(
        _constant(name, "regclass", "int8", 0)
        for name in (
            "pg_relation_size",
            "pg_total_relation_size",
            "pg_table_size",
            "pg_indexes_size",
        )
    ),
    _constant("pg_relation_size", "regclass text", "int8", 0),
    *(
        _constant(name, kind, "int8", 0)
        for name in ("pg_database_size", "pg_tablespace_size")
        for kind in ("oid", "name")
    ),
    *(
        _constant(name, "oid", "int8", 0)
        for name in (
            "pg_stat_get_numscans",
            "pg_stat_get_tuples_inserted",
            "pg_stat_get_live_tuples",
        )
    ),
    function("pg_size_pretty", "int8", "text", _pretty_size),
    function("pg_size_pretty", "numeric", "text", lambda size: _pretty_size(int(float(size)))),
    _null("pg_tablespace_location", "oid"),
    _null("pg_get_expr", "pg_node_tree oid bool", optional=1),
    _null("pg_get_expr", "text oid bool", optional=1),
    _null("pg_get_constraintdef", "oid bool", optional=1),
    _null("pg_get_indexdef", "oid int4 bool", optional=2),
    _null("pg_get_viewdef", "oid bool", optional=1),
    _null("pg_get_viewdef", "text bool", optional=1),
    _null("pg_get_ruledef", "oid bool", optional=1),
    _null("pg_get_triggerdef", "oid bool", optional=1),
    _null("pg_get_functiondef", "oid"),
    _null("pg_get_partkeydef", "oid"),
    _null("pg_get_serial_sequence", "text text"),
    _null("pg_get_statisticsobjdef", "oid"),
    _null("pg_get_statisticsobjdef_columns", "oid"),
    _null("pg_get_partition_constraintdef", "oid"),
    function(
        "pg_get_function_result",
        "oid",
        "text",
        sql="(SELECT pg_type_name(prorettype) FROM pg_catalog.pg_proc WHERE oid = {0})",
    ),
    function(
        "pg_get_function_arguments",
        "oid",
        "text",
        sql="(SELECT pg_argument_names(proargtypes) FROM pg_catalog.pg_proc WHERE oid = {0})",
    ),
    function(
        "pg_get_function_identity_arguments",
        "oid",
        "text",
        sql="(SELECT pg_argument_names(proargtypes) FROM pg_catalog.pg_proc WHERE oid = {0})",
    ),
    _null("inet_server_addr", "", "inet"),
    _null("inet_client_addr", "", "inet"),
    _null("inet_server_port", "", "int4"),
    _null("inet_client_port", "", "int4"),
    _constant("pg_get_keywords", "", "record", _keywords(), is_set=True, columns=_KEYWORDS),
    _constant("pg_listening_channels", "", "text", "[]", is_set=True),
    _constant("pg_partition_ancestors", "regclass", "regclass", "[]", is_set=True),
    _null("pg_char_to_encoding", "name", "int4"),
]


def _type_name(context: Context, oid: int) -> str:
    known = types.BY_OID.get(oid)
    return types.display(known.name) if known is not None else context.name_of("regtype", oid)


WITH_CONTEXT: dict[str, Callable[..., Any]] = {
    "pg_session": session,
    "pg_type_name": _type_name,
    "pg_argument_names": lambda context, stored: ", ".join(
        _type_name(context, int(oid)) for oid in arrays.load(stored)
    ),
}
"""What stands in the SQL of other functions; all are strict."""
