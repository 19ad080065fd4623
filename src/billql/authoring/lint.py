"""The rules of definitions beyond their format.

A rule is a function from a resource to the problems in it. Its name in findings is the
function's, with hyphens. What the format itself forbids is `definition`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from billql.authoring.finding import Severity
from billql.definitions.catalog import Table
from billql.definitions.column_rules import Problem
from billql.definitions.methods import Method
from billql.definitions.model import Column, Service
from billql.definitions.pagination.unknown import ADVICE, UNKNOWN

Rule = Callable[[Table], Iterator[Problem]]

AMOUNTS = frozenset(
    ("amount", "balance", "cost", "discount", "fee", "price", "subtotal", "tax", "total")
)
"""Last parts of the names of columns that hold money."""

MINOR = "cents"
"""The last part of the names of columns that count minor units."""

_ALSO_COUNTS = frozenset(("total",))
"""Of these, the ones that name counts as well."""


def money_currency(table: Table) -> Iterator[Problem]:
    """Yield amounts without a currency: in a column, or else in the description."""
    for name, column in table.resource.columns.items():
        is_money = column.type == "decimal" or column.minor
        text = f"{column.description} {table.resource.description}".lower()
        if is_money and column.currency is None and "currency" not in text:
            yield (
                ("columns", name),
                "an amount without a currency; name the column that holds it with `currency`, "
                "or add one with a `value`",
            )


def money_type(table: Table) -> Iterator[Problem]:
    """Yield amounts that are not exact: neither decimal nor integer in minor units."""
    for name, column in table.resource.columns.items():
        last = name.rpartition("_")[2]
        whole = column.type == "integer" and not column.minor
        counts = whole and last not in _ALSO_COUNTS and column.currency is None
        is_amount = last in AMOUNTS and (column.type == "real" or counts)
        if is_amount or (whole and last == MINOR):
            yield (
                ("columns", name, "type"),
                f"a column called {name} looks like money, which is `type: decimal`, or an integer "
                "with `minor: true`",
            )


def time_type(table: Table) -> Iterator[Problem]:
    """Yield times that are not timestamps, which alone compare in one form."""
    for name, column in table.resource.columns.items():
        is_text = column.type in ("text", "integer") and not _is_echo(column)
        if name.endswith("_at") and is_text:
            yield (
                ("columns", name, "type"),
                f"a column called {name} looks like a time, which is `type: timestamp`, with "
                "`format: epoch` if the API counts seconds",
            )


def list_paging(table: Table) -> Iterator[Problem]:
    """Yield lists without `paging` and without a known length."""
    for name, method in table.resource.methods.items():
        if _is_list(method) and method.paging is None and method.expected_rows is None:
            yield (
                ("methods", name),
                "a list without `paging`; if the API sends all of it at once, set "
                "`expected_rows` to its usual length",
            )


def paging_unknown(table: Table) -> Iterator[Problem]:
    """Yield lists of which nobody has found out how they are paged; that is an error."""
    for name, method in table.resource.methods.items():
        if method.paging == UNKNOWN:
            yield (
                ("methods", name, "paging"),
                f"nobody has determined how this list is paged, so it cannot be read. {ADVICE}",
            )


def id_unique(table: Table) -> Iterator[Problem]:
    """Yield identifiers that are not declared unique."""
    columns = table.resource.columns
    ids = [name for name in ("id", "uuid") if name in columns and not _is_echo(columns[name])]
    if ids and not table.resource.unique:
        yield ("columns", ids[0]), f"set `unique: [{ids[0]}]`, or the columns that identify a row"


def echo_unfilled(table: Table) -> Iterator[Problem]:
    """Yield echo columns for which no method has a parameter."""
    for name, column in table.resource.columns.items():
        if _is_echo(column) and not _is_taken(table, name):
            yield ("columns", name), "no method has a parameter for it, so it can never be read"


def echo_hidden(table: Table) -> Iterator[Problem]:
    """Yield echo columns of optional parameters that are not hidden: `SELECT *` would need them."""
    for name, column in table.resource.columns.items():
        if not _is_echo(column) or column.hidden or not _is_taken(table, name):
            continue
        for method_name, method in table.resource.methods.items():
            if name not in _needed(method):
                yield (
                    ("columns", name),
                    f"{method_name} does not need it, but `SELECT *` does; set `hidden: true`",
                )


def grouped_when_read(table: Table) -> Iterator[Problem]:
    """Yield groupings that are not always sent: what is read would decide which rows there are."""
    for name, method in table.resource.methods.items():
        for key, parameter in method.parameters.items():
            if (parameter.name or key).lower().startswith("group") and parameter.when_read:
                yield (
                    ("methods", name, "parameters", key, "when_read"),
                    "with fewer groups there are fewer rows, so that `count(*)` would depend on "
                    "the columns that are read; leave `when_read` out, and group by all columns",
                )


def reserved_word(table: Table) -> Iterator[Problem]:
    """Yield columns that SQL needs quotes for."""
    for name in table.resource.columns:
        if name in reserved_words():
            yield ("columns", name), f"{name} is a reserved word of SQL; choose another name"


def description_capital(table: Table) -> Iterator[Problem]:
    """Yield descriptions that do not begin with a capital letter."""
    for place, text in _descriptions(table):
        if text[:1].islower():
            yield (*place, "description"), "begins with a small letter"


RULES: Mapping[Rule, Severity] = {
    money_currency: "warning",
    money_type: "warning",
    time_type: "warning",
    list_paging: "warning",
    id_unique: "warning",
    echo_unfilled: "warning",
    echo_hidden: "warning",
    grouped_when_read: "warning",
    reserved_word: "warning",
    description_capital: "warning",
    paging_unknown: "error",
}


def name_of(rule: Rule) -> str:
    """Return the name of a rule in findings."""
    return rule.__name__.replace("_", "-")


def unused_paging(paging: Iterable[str], services: Iterable[Service]) -> Iterator[Problem]:
    """Yield the entries of a provider's `paging` that no method uses."""
    used = {
        method.paging
        for service in services
        for resource in service.resources.values()
        for method in resource.methods.values()
    }
    for name in paging:
        if name not in used:
            yield ("paging", name), "no method pages this way"


@cache
def reserved_words() -> frozenset[str]:
    """Return the keywords that SQLite accepts as names only in quotes; each is tried."""
    import apsw

    database = apsw.Connection(":memory:")
    found = set()
    for keyword in apsw.keywords:
        try:
            database.execute(
                f"WITH t({keyword}) AS (SELECT 1) SELECT t.{keyword}, {keyword} AS {keyword} FROM t"
            )
        except apsw.SQLError:
            found.add(keyword.lower())
    database.close()
    return frozenset(found)


def _is_echo(column: Column) -> bool:
    return column.path == "$parameter"


def _is_list(method: Method) -> bool:
    rows = method.rows
    is_text = method.response in ("json", "jsonl")
    return not method.single and isinstance(rows, str) and "[]" in rows and is_text


def _is_taken(table: Table, column: str) -> bool:
    return any(column in _filtered(method) for method in table.resource.methods.values())


def _filtered(method: Method) -> set[str]:
    """Return the columns that a method's parameters filter."""
    return {column for column, _ in method.filters()}


def _needed(method: Method) -> set[str]:
    """Return the columns of parameters that are required or have a default."""
    return {
        column
        for column, parameter in method.filters()
        if parameter.required or parameter.default is not None
    }


def _descriptions(table: Table) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield (), table.resource.description
    for name, column in table.resource.columns.items():
        yield ("columns", name), column.description
    for name, method in table.resource.methods.items():
        yield ("methods", name), method.description
