"""The tables and their columns as text, in as few words as do: an agent pays for each of them.

A list that is too long is shortened step by step: without descriptions, to the number of tables of
each service, of each provider. So ten thousand tables are listed in some thousand words too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from billql.dbapi.connection import Connection
from billql.errors import UnknownName
from billql.sql.tokenizer import quote

_MOST = 12_000
"""How many characters a list has at most: some three thousand tokens."""
_MOST_DESCRIBED = 400
"""How many tables are described at most; describing one may take reading its definition."""
_LINE = 110
_LONGEST_COLUMN = 160
_LONGEST = 16_000
"""How many characters a table's description has at most."""
_EXAMPLES = 4


class _Listed(NamedTuple):
    provider: str
    service: str
    name: str


def list_tables(connection: Connection, within: str = "", search: str = "") -> str:
    """Return the tables of a provider or service, or of all, that have a word of `search`.

    Raise UnknownName for a provider or service that does not exist.
    """
    tables = _listed(connection, within)
    terms = search.lower().split()
    described = None
    if len(tables) <= _MOST_DESCRIBED:
        described = _described(connection, within)
        tables = [one for one in tables if _has(terms, f"{one.name} {described.get(one.name, '')}")]
    else:
        tables = [one for one in tables if _has(terms, one.name)]
    if not tables:
        return f"No table has {search!r}. Search by one word, or list the tables of a provider."
    if described is None and len(tables) <= _MOST_DESCRIBED:
        described = {}
        for place in sorted({f"{one.provider}.{one.service}" for one in tables}):
            described |= _described(connection, place)
    return _shortened(tables, described)


def describe_table(connection: Connection, name: str) -> str:
    """Return the columns of a table, what it needs, and examples; raise UnknownName."""
    parts = tuple(name.strip().strip('"').lower().split("."))
    if len(parts) != 3:
        raise UnknownName(
            f"{name!r:.80} is no whole name of a table",
            hint="A table has three parts: provider.service.resource. list_tables lists them.",
        )
    connection.execute(f"SELECT * FROM {'.'.join(map(quote, parts))} LIMIT 0")
    where = "WHERE provider = ? AND service = ? AND resource = ?"
    (about,) = connection.execute(
        f"SELECT description FROM billql.catalog.resources {where}", parts
    )
    columns = connection.execute(
        "SELECT column, type, input, required, operators, currency, description "
        f"FROM billql.catalog.columns {where} ORDER BY position",
        parts,
    ).fetchall()
    methods = connection.execute(
        f"SELECT method, required, price, currency FROM billql.catalog.methods {where}", parts
    )
    examples = connection.execute(
        f"SELECT question, sql FROM billql.catalog.examples {where} ORDER BY number LIMIT ?",
        (*parts, _EXAMPLES),
    ).fetchall()
    lines = [f"{'.'.join(parts)}: {about[0]}", "", "Columns (name, type, marks: description):"]
    lines += [_column(*one) for one in columns if not one[2]]
    if inputs := [_column(*one) for one in columns if one[2]]:
        lines += ["", "Inputs, for WHERE alone; do not select them:", *inputs]
    lines += ["", "Ways to read it (method: what WHERE needs):"]
    for method, required, price, currency in methods:
        money = "" if price is None else f"; each request costs {price} {currency}"
        lines.append(f"- {method}: {required or 'nothing'}{money}")
    for question, sql in examples:
        lines += ["", f"-- {question}", sql]
    text = "\n".join(lines)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… (shortened)"


def _column(
    name: str,
    kind: str,
    is_input: int,
    required: int,
    operators: str,
    currency: str | None,
    about: str,
) -> str:
    marks = [
        *(["required"] if required else []),
        *([f"the API filters by {operators}"] if operators else []),
        *([f"amount, its currency is in {currency}"] if currency else []),
    ]
    shown = f" [{'; '.join(marks)}]" if marks else ""
    return f"- {name} {kind}{shown}: {_truncated(about, _LONGEST_COLUMN)}"


def _place(within: str) -> tuple[str, list[str]]:
    parts = [part for part in within.strip().strip('"').lower().split(".") if part]
    names = ("provider", "service", "resource")[: len(parts)]
    return " AND ".join(["TRUE", *(f"{name} = ?" for name in names)]), parts[:3]


def _listed(connection: Connection, within: str) -> list[_Listed]:
    condition, parts = _place(within)
    if parts:
        # It raises UnknownName, with the nearest name that there is.
        connection.execute(f"SHOW RESOURCES IN {'.'.join(map(quote, parts[:2]))}")
    sql = f"SELECT provider, service, name FROM billql.catalog.resources WHERE {condition}"
    return [_Listed(*row) for row in connection.execute(sql, parts)]


def _described(connection: Connection, within: str) -> dict[str, str]:
    condition, parts = _place(within)
    sql = f"SELECT name, description FROM billql.catalog.resources WHERE {condition}"
    return {name: about or "" for name, about in connection.execute(sql, parts)}


def _shortened(tables: Sequence[_Listed], described: dict[str, str] | None) -> str:
    """Return the most that has room."""
    head = f"{len(tables)} tables"
    for describe in (described or {}, {}):
        lines = [
            f"{one.name}: {_truncated(describe[one.name], _LINE)}"
            if describe.get(one.name)
            else one.name
            for one in tables
        ]
        if (text := _fits(f"{head}:", lines)) is not None:
            return text
    advice = "Narrow the list down by a provider or service, or by a word."
    services = Counter(f"{one.provider}.{one.service}" for one in tables)
    providers = Counter(one.provider for one in tables)
    for kind, counts in (("service", services), ("provider", providers)):
        lines = [f"{name}: {count}" for name, count in counts.items()]
        if (text := _fits(f"{head}; of each {kind}:", [*lines, advice])) is not None:
            return text
    return f"{head} of {len(providers)} providers. {advice}"


def _fits(head: str, lines: Iterable[str]) -> str | None:
    text = "\n".join([head, *lines])
    return text if len(text) <= _MOST else None


def _has(terms: Sequence[str], text: str) -> bool:
    """Return whether a text has one of some words, or there are none."""
    lower = text.lower()
    return not terms or any(term in lower for term in terms)


def _truncated(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
