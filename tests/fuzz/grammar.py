"""Definitions as they might be: drawn from the words of the format, and right often enough."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from billql.definitions.types import ColumnType, Format, Operator

from .drawing import NUMBERS, SCALARS

NAMES = st.sampled_from(("a", "b", "c", "id"))
PATHS = st.sampled_from(
    (
        *("a", "a.b", "a[].b", "$parent.id", "$parent.$parent.id", "$root.a", "$header.link"),
        *("$key", "$value", "$parameter", "$body", "a[]", "[]", ".", "$parent.", "a..b"),
    )
)
ROWS = st.sampled_from(("", "a", "a[]", "a.b[]", "a{}", "a[].b{}", "[]", ".[]", "a[].b[].c"))
PLACES = st.sampled_from(("path", "query", "body", "header", "host"))
TYPES = st.sampled_from(get_args(ColumnType))
FORMATS = st.sampled_from(get_args(Format))
VALUES = st.sampled_from(("x", "today", "2025-01-31", "1.5", 0, 7, 1.5, True)) | SCALARS

COLUMN = st.fixed_dictionaries(
    {"type": TYPES, "description": st.just("B.")},
    optional={
        "path": PATHS,
        "format": FORMATS,
        "aggregate": st.sampled_from(("min", "max")),
        "value": VALUES,
        "divide": st.sampled_from((1, 100, 2**62)),
        "null_unless": st.dictionaries(PATHS, VALUES | st.lists(VALUES, max_size=2), max_size=1),
        "currency": NAMES,
        "hidden": st.booleans(),
    },
)
PARAMETER = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES | st.just("a.b"),
        "in": PLACES,
        "column": NAMES,
        "operator": st.sampled_from(get_args(Operator)),
        "match": st.sampled_from(("exact", "superset")),
        "required": st.booleans(),
        "lists": st.sampled_from(("comma", "repeat", "brackets")),
        "format": FORMATS,
        "null": VALUES,
        "value": VALUES,
        "default": VALUES | st.lists(VALUES, max_size=2),
        "when_read": st.lists(NAMES, max_size=2),
    },
)
KINDS = (
    "page_number",
    "page_count",
    "next_url",
    "link_header",
    "cursor_token",
    "after_id",
    "single_page",
)
PAGING = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS)},
    optional={
        "path": PATHS,
        "total": PATHS,
        "pages_at": PATHS,
        "parameter": NAMES | st.just("a.b"),
        "size": st.none() | st.integers(0, 3),
        "size_parameter": NAMES,
        "location": PLACES,
        "size_location": PLACES,
        "until_empty": st.booleans(),
    },
)
METHOD = st.fixed_dictionaries(
    {
        "request": st.sampled_from(("GET /v1/x", "GET /v1/{id}", "POST /v1/x", "GET /v1/{a}/{b}")),
        "description": st.just("B."),
        "parameters": st.dictionaries(NAMES | st.just("a.b"), PARAMETER, max_size=3),
    },
    optional={
        "response": st.sampled_from(("json", "csv", "bytes")),
        "rows": ROWS
        | st.lists(
            st.fixed_dictionaries(
                {"at": ROWS}, optional={"values": st.dictionaries(NAMES, VALUES, max_size=1)}
            ),
            max_size=2,
        ),
        "paging": PAGING,
        "window_limit": st.fixed_dictionaries({"column": NAMES, "days": st.integers(1, 40)}),
        "split_by": NAMES,
        "single": st.booleans(),
        "order": st.lists(NAMES | NAMES.map("-{}".format), max_size=2),
        "freshness": st.fixed_dictionaries(
            {"seconds": NUMBERS, "unless": st.dictionaries(NAMES, VALUES)}
        ),
        "expected_rows": st.sampled_from((1, 10**18)),
    },
)
RESOURCE = st.fixed_dictionaries(
    {
        "description": st.just("B."),
        "columns": st.dictionaries(NAMES, COLUMN, min_size=1),
        "methods": st.dictionaries(NAMES, METHOD, min_size=1, max_size=2),
        "examples": st.just([{"question": "What?", "sql": "SELECT 1"}]),
    },
    optional={"unique": st.lists(NAMES, max_size=2)},
)
PROVIDER = {
    "billql": 1,
    "title": "A",
    "description": "B.",
    "version": "1.0.0",
    "documentation": "https://example.com",
    "url": "https://{id}.example.com",
    "auth": {"kind": "bearer", "secret": "A_TOKEN", "help": "Ask for one."},
}
