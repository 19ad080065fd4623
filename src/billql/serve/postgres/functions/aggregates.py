"""Aggregates.

https://www.postgresql.org/docs/15/functions-aggregate.html
"""

from __future__ import annotations

from billql.serve.postgres import types
from billql.serve.postgres.functions.accumulators import (
    AllTrue,
    AnyTrue,
    Bits,
    BitsOr,
    ContinuousPercentile,
    Elements,
    Joined,
    JsonElements,
    JsonMembers,
    Mode,
    OneRow,
    Percentile,
    Quantified,
    QuantifiedAll,
)
from billql.serve.postgres.functions.registry import Function, function
from billql.serve.postgres.functions.sums import (
    Average,
    IntervalAverage,
    IntervalSum,
    RealAverage,
    RealSpread,
    RealSum,
    Spread,
    Sum,
    WholeSum,
    spread,
)

_SPREADS = (
    *((kind, "numeric", Spread) for kind in ("int2", "int4", "int8", "numeric")),
    ("float8", "float8", RealSpread),
)


def _spreads() -> list[Function]:
    names = {
        "variance": (True, False), "var_samp": (True, False), "var_pop": (False, False),
        "stddev": (True, True), "stddev_samp": (True, True), "stddev_pop": (False, True),
    }  # fmt: skip
    return [
        function(name, kind, result, aggregate=spread(base, sample=sample, is_root=is_root))
        for name, (sample, is_root) in names.items()
        for kind, result, base in _SPREADS
    ]


_SORTED = ("int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar",
           "name", "date", "timestamp", "timestamptz", "time", "interval", "oid")  # fmt: skip
FUNCTIONS = [
    *(function("sum", kind, "int8", aggregate=WholeSum, window=True) for kind in ("int2", "int4")),
    function("sum", "int8", "numeric", aggregate=Sum, window=True),
    function("sum", "numeric", "numeric", aggregate=Sum, window=True),
    function("sum", "float4", "float4", aggregate=RealSum, window=True),
    function("sum", "float8", "float8", aggregate=RealSum, window=True),
    function("sum", "interval", "interval", aggregate=IntervalSum),
    *(
        function("avg", kind, "numeric", aggregate=Average, window=True)
        for kind in ("int2", "int4", "int8", "numeric")
    ),
    *(
        function("avg", kind, "float8", aggregate=RealAverage, window=True)
        for kind in ("float4", "float8")
    ),
    function("avg", "interval", "interval", aggregate=IntervalAverage),
    *(
        function(
            name, kind, "text" if kind in ("varchar", "name") else kind, sql=name, aggregate=OneRow
        )
        for kind in _SORTED
        for name in ("min", "max")
    ),
    *_spreads(),
    function("string_agg", "text text", "text", aggregate=Joined),
    function("array_agg", "anyelement", "anyarray", aggregate=Elements),
    function("json_agg", "anyjson", "json", aggregate=JsonElements),
    function("jsonb_agg", "anyjson", "jsonb", aggregate=JsonElements),
    function("json_object_agg", "anytext anyjson", "json", aggregate=JsonMembers),
    function("jsonb_object_agg", "anytext anyjson", "jsonb", aggregate=JsonMembers),
    *(function(name, "bool", "bool", aggregate=AllTrue) for name in ("bool_and", "every")),
    function("bool_or", "bool", "bool", aggregate=AnyTrue),
    *(
        function(name, kind, kind, aggregate=made)
        for kind in types.INTEGERS
        for name, made in (("bit_and", Bits), ("bit_or", BitsOr))
    ),
]

OPERATORS: dict[str, type] = {
    "pg_any": Quantified,
    "pg_all": QuantifiedAll,
    "pg_one_row": OneRow,
    "pg_percentile_cont": ContinuousPercentile,
    "pg_percentile_disc": Percentile,
    "pg_mode": Mode,
}
"""Aggregates that operators and subqueries become."""
