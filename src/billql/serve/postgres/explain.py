"""EXPLAIN: what a statement would cost, in the form that PostgreSQL's clients read.

A real PostgreSQL with postgres_fdw plans by the cost: a table that lacks a key is the dearest of
all, so that it is joined by that key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from billql.serve.postgres.compiler.compile import Compiled
from billql.serve.postgres.compiler.parsing import Statement, TokenType
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.sqlite.estimate import Estimate

_REQUEST = 1_000.0
"""What a request costs, where reading a page of a file costs 1."""
_IMPOSSIBLE = 1e12
"""What a statement costs that fails for want of a key."""
_ROW = 0.01
_WIDTH = 100
_LOCAL_ROWS = 1_000
"""How many rows a statement is taken to return that reads no API."""


def parse_options(statement: Statement) -> tuple[str, Statement]:
    """Return the format of the plan and the statement; raise PostgresError for other options."""
    rest, form = statement.after(1), "text"
    if rest.keyword_at(0) == "(" and rest.keyword_at(1) not in ("SELECT", "WITH", "VALUES", "("):
        end = next(
            (n for n, one in enumerate(rest.tokens) if one.token_type == TokenType.R_PAREN), 0
        )
        keywords = [token.text.lower() for token in rest.tokens[1:end]]
        form = _form(keywords)
        rest = rest.after(end + 1)
    while rest.keyword in ("VERBOSE", "ANALYZE"):
        if rest.keyword == "ANALYZE":
            raise _analyze()
        rest = rest.after(1)
    return form, rest


def _form(keywords: Sequence[str]) -> str:
    found = "text"
    parts = " ".join(keywords).split(" , ")
    for part in parts:
        name, _, value = part.partition(" ")
        if name == "format":
            found = value
        elif name == "analyze" and value not in ("false", "off", "0"):
            raise _analyze()
        elif name not in (
            "analyze",
            "verbose",
            "costs",
            "settings",
            "buffers",
            "timing",
            "summary",
            "wal",
        ):
            raise PostgresError(
                "42601", f'unrecognized EXPLAIN option "{name}"', hint="Use FORMAT JSON."
            )
    if found not in ("text", "json"):
        raise unsupported(f"EXPLAIN (FORMAT {found})", "Use FORMAT JSON.")
    return found


def _analyze() -> PostgresError:
    return unsupported("EXPLAIN ANALYZE", "It would send requests: use EXPLAIN.")


def rows(found: Estimate, compiled: Compiled, form: str) -> list[tuple[str]]:
    """Return the lines of a plan, or one document of JSON."""
    total, count = _cost(found), _rows(found)
    width = _WIDTH * max(1, len(compiled.columns))
    title = "Foreign Scan" if found.scans else "Result"
    if form == "json":
        plan = {
            "Node Type": title, "Startup Cost": total / 2, "Total Cost": total, "Plan Rows": count,
            "Plan Width": width, "Requests": found.requests,
            "Plans": [_scan(scan.resource, scan.detail, scan.requests) for scan in found.scans],
        }  # fmt: skip
        return [(json.dumps([{"Plan": plan}]),)]
    lines = [f"{title}  (cost={total / 2:.2f}..{total:.2f} rows={count} width={width})"]
    for scan in found.scans:
        lines.append(f"  ->  {scan.resource}: {scan.detail}")
    return [(line,) for line in lines]


def _scan(resource: str, detail: str, requests: int) -> dict[str, object]:
    return {
        "Node Type": "Foreign Scan", "Relation Name": resource, "Detail": detail,
        "Requests": requests,
    }  # fmt: skip


def _cost(found: Estimate) -> float:
    if found.missing:
        return _IMPOSSIBLE
    return 1 + found.requests * _REQUEST + _rows(found) * _ROW


def _rows(found: Estimate) -> int:
    if not found.scans:
        return _LOCAL_ROWS
    return max(1, max(scan.rows * (scan.readings or 1) for scan in found.scans))
