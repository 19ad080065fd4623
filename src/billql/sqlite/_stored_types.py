"""CREATE TABLE … AS SELECT keeps the declared types of amounts and times.

SQLite declares the columns of such a table by affinity alone: NUM, REAL, TEXT. What the table's
column is made of decides which type is written into the stored CREATE TABLE instead:

    a column declared DECIMAL, TIMESTAMP, …    its type
    an amount that an expression makes         DECIMAL REAL
    an amount in minor units                   MINOR INTEGER; MINOR REAL for an average or quotient
    max(created), lag(created) OVER …          the type of the argument
    date(…), last_day(…), date_trunc(…)        DATE, MONTH or TIMESTAMP

Every value stays: https://sqlite.org/pragma.html#pragma_writable_schema. The collation `time` is
not written: another program, which does not know it, could not read the column any more ("no such
collation sequence"). So times in a table of one's own compare as texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import apsw

from billql.sql.amounts import Amount
from billql.sql.parentheses import closing
from billql.sql.projections import selects
from billql.sql.source_map import apply_edits
from billql.sql.tokenizer import Token, quote, significant, type_name, unquote
from billql.sqlite._functions import WITHOUT_NOISE
from billql.sqlite._sum_calls import clauses

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement
    from billql.sqlite.result_amounts import Origin

_STORED = frozenset(("DECIMAL", "MINOR", "DATE", "MONTH", "TIMESTAMP", "BOOLEAN", "JSON"))
"""The first words of the types that are stored."""
_AMOUNT = "DECIMAL REAL"
"""The type of an amount that an expression makes; resources declare theirs so."""
_MINOR, _MINOR_PART = "MINOR INTEGER", "MINOR REAL"
"""The types of an amount in minor units."""
_SAME = frozenset(("MAX", "MIN", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"))
_SAME |= {WITHOUT_NOISE.upper()}
"""Functions that return one of the values of their first argument."""
_EITHER = frozenset(("COALESCE", "IFNULL"))
"""Functions that return one of their arguments."""
_MOST_ARGUMENTS = 4
"""How many arguments of such a function are looked at."""
_MADE = {"DATE": "DATE TEXT", "LAST_DAY": "DATE TEXT"}
"""The types of what functions make."""
_TRUNCATED = {
    **dict.fromkeys(("SECOND", "MINUTE", "HOUR"), "TIMESTAMP TEXT"),
    **dict.fromkeys(("DAY", "WEEK"), "DATE TEXT"),
    **dict.fromkeys(("MONTH", "QUARTER", "YEAR"), "MONTH TEXT"),
}
"""The types of what date_trunc() makes, by its unit."""


class Target(NamedTuple):
    """A table that a statement makes."""

    schema: str
    name: str


def target_of(statement: ParsedStatement) -> Target | None:
    """Return the table that a CREATE TABLE … AS SELECT makes; None for any other statement."""
    tokens = statement.tokens
    keywords = [token.keyword for token in tokens]
    if keywords[:1] != ["CREATE"] or "TABLE" not in keywords[1:3]:
        return None
    at = keywords.index("TABLE") + 1
    schema = "main" if at == 2 else "temp"
    if keywords[at : at + 3] == ["IF", "NOT", "EXISTS"]:
        at += 3
    if len(tokens) > at + 2 and tokens[at + 1].text == ".":
        schema, at = unquote(tokens[at].text), at + 2
    if keywords[at + 1 : at + 2] != ["AS"]:
        return None
    return Target(schema, unquote(tokens[at].text))


def exists(database: apsw.Connection, target: Target) -> bool:
    """Return whether there is a table; false also where there is no such schema."""
    found = database.execute(
        "SELECT 1 FROM pragma_table_info(?, ?)", (target.name, target.schema)
    ).fetchone()
    return found is not None


def types_of(
    query: ParsedStatement,
    origins: Sequence[Origin],
    amounts: Sequence[Amount | None],
    describe: Callable[[str], Sequence[Origin]],
) -> list[str | None] | None:
    """Return the types to store of a query's columns; None if there are none.

    `describe` returns where the columns of another query come from; empty if it has a mistake.
    """
    times = _times(query, origins, describe)
    types = [
        _amount_type(declared, amount)
        or declared_time
        or (declared if _is_stored(declared) else None)
        for (_, declared, *_), amount, declared_time in zip(origins, amounts, times, strict=True)
    ]
    return types if any(types) else None


def _is_stored(declared: str | None) -> bool:
    return type_name(declared) in _STORED


def _amount_type(declared: str | None, amount: Amount | None) -> str | None:
    """Return the type of an amount; None if that is what it is declared to be."""
    if amount is None or _is_stored(declared):
        return None
    if amount.is_minor:
        return _MINOR_PART if amount.is_rounded else _MINOR
    return None if declared else _AMOUNT


def _times(
    query: ParsedStatement,
    origins: Sequence[Origin],
    describe: Callable[[str], Sequence[Origin]],
) -> list[str | None]:
    """Return the types of columns that are times made by a function."""
    nothing: list[str | None] = [None] * len(origins)
    whole = [columns for depth, columns in selects(query) if depth == 0]
    if len(whole) != 1 or len(whole[0]) != len(origins):
        made = nothing
    else:
        made = [_made(column.tokens) for column in whole[0]]
    found = [
        {place: kind for place, (_, kind, *_) in enumerate(described) if _is_time(kind)}
        for described in (describe(each) for each in _variants(query))
    ]
    return [
        declared or (_common([each.get(place) for each in found]) if not origin[1] else None)
        for place, (declared, origin) in enumerate(zip(made, origins, strict=True))
    ]


def _is_time(declared: str | None) -> bool:
    return (declared or "").upper().startswith(("DATE", "MONTH", "TIMESTAMP"))


def _common(types: Sequence[str | None]) -> str | None:
    return types[0] if len(set(types)) == 1 else None


def _variants(query: ParsedStatement) -> Iterator[str]:
    """Yield a query with an argument of `max(created)`, `coalesce(a, b)` in place of the call.

    Which is the first argument, then the second of those that have one, and so on.
    """
    calls = [
        (column.tokens, arguments)
        for _, columns in selects(query)
        for column in columns
        if (arguments := _arguments(column.tokens))
    ]
    for number in range(min(max((len(found) for _, found in calls), default=0), _MOST_ARGUMENTS)):
        edits = [
            (tokens[0].start, tokens[-1].end, _text(query, found[min(number, len(found) - 1)]))
            for tokens, found in calls
        ]
        yield apply_edits(query.text, edits)


def _text(query: ParsedStatement, tokens: Sequence[Token]) -> str:
    return query.text[tokens[0].start : tokens[-1].end]


def _arguments(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Return the arguments that a call returns, those of calls among them; else nothing."""
    found = _own_arguments(tokens)
    return [inner for one in found for inner in _arguments(one) or [one]]


def _own_arguments(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    function = tokens[0].keyword
    if len(tokens) < 4 or tokens[1].text != "(" or function not in _SAME | _EITHER:
        return []
    last = closing(tokens, 1)
    if last is None or clauses(tokens, last + 1)[0] != len(tokens):
        return []
    found, depth, start = list[Sequence[Token]](), 0, 2
    for at in range(2, last + 1):
        if depth == 0 and (at == last or tokens[at].text == ","):
            found.append(tokens[start:at])
            start = at + 1
        depth += {"(": 1, ")": -1}.get(tokens[at].text, 0)
    if function in _EITHER or (function in ("MAX", "MIN") and len(found) > 1):
        return found if all(found) else []
    return found[:1] if all(found) and len(found) < 3 else []


def _made(tokens: Sequence[Token]) -> str | None:
    """Return the type of what a call of a function of time makes; None for any other expression."""
    if len(tokens) < 4 or tokens[1].text != "(" or closing(tokens, 1) != len(tokens) - 1:
        return None
    if tokens[0].keyword == "DATE_TRUNC" and tokens[2].kind == "string":
        return _TRUNCATED.get(unquote(tokens[2].text).upper())
    return _MADE.get(tokens[0].keyword)


def declare(database: apsw.Connection, target: Target, types: Sequence[str | None]) -> None:
    """Write types into the stored statement of a table that was just made."""
    stored = f"{quote(target.schema)}.sqlite_schema"
    where = "WHERE type = 'table' AND name = ? COLLATE NOCASE"
    row = database.execute(f"SELECT sql FROM {stored} {where}", (target.name,)).fetchone()
    sql = None if row is None else _with_types(str(row[0]), types)
    if sql is None:
        return
    database.pragma("writable_schema", True)
    try:
        database.execute(f"UPDATE {stored} SET sql = ? {where}", (sql, target.name))
        if target.schema.lower() != "temp":  # so that other connections read it anew
            version = database.pragma("schema_version", schema=target.schema)
            database.pragma("schema_version", version + 1, schema=target.schema)
    finally:
        database.execute("PRAGMA writable_schema = RESET")


def _with_types(sql: str, types: Sequence[str | None]) -> str | None:
    """Return a CREATE TABLE that SQLite has written with other types; None if it is different."""
    tokens = significant(sql)
    opening = next((at for at, token in enumerate(tokens) if token.text == "("), len(tokens))
    columns = [opening + 1]
    columns += [at + 1 for at, token in enumerate(tokens) if at > opening and token.text == ","]
    if len(columns) != len(types) or any(token.text == "(" for token in tokens[opening + 1 :]):
        return None
    ends = [start - 1 for start in columns[1:]] + [len(tokens) - 1]
    edits = [
        (tokens[name].end, tokens[end - 1].end, f" {declared}")
        for name, end, declared in zip(columns, ends, types, strict=True)
        if declared
    ]
    return apply_edits(sql, edits)
