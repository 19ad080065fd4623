"""Dot commands about the catalog: tables, their columns, examples, connections, plans."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from billql.errors import InterfaceError
from billql.output.text_cells import visible
from billql.shell.commands.command import Command
from billql.sql.tokenizer import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from billql.shell.shell import Shell


def _tables(shell: Shell, arguments: Sequence[str]) -> None:
    pattern = arguments[0] if arguments else "%"
    lines = [*_local(shell, pattern), *_resources(shell, pattern)]
    shell.printer.write("".join(f"{line}\n" for line in lines))


def _local(shell: Shell, pattern: str) -> Iterator[str]:
    found = shell.connection.execute(
        "SELECT iif(schema IN ('main', 'temp'), '', schema || '.') || name AS known "
        "FROM pragma_table_list WHERE type IN ('table', 'view', 'virtual') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND instr(name, '.') = 0 "
        "AND known LIKE ? ORDER BY 1",
        (pattern,),
    )
    yield from (visible(name) for (name,) in found)


def _resources(shell: Shell, pattern: str) -> Iterator[str]:
    """Yield the resources whose name, or its last part, is LIKE a pattern, by service."""
    found = shell.connection.execute(
        "SELECT provider || '.' || service, resource FROM billql.catalog.resources "
        "WHERE name LIKE :pattern OR resource LIKE :pattern ORDER BY 1, 2",
        {"pattern": pattern},
    )
    for service, resources in groupby(found, lambda row: row[0]):
        yield f"{service}: {', '.join(resource for _, resource in resources)}"


def _schema(shell: Shell, arguments: Sequence[str]) -> None:
    name = arguments[0] if arguments else "%"
    local = shell.connection.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name LIKE ?1 "
        "UNION ALL SELECT sql FROM sqlite_temp_schema WHERE sql IS NOT NULL AND tbl_name LIKE ?1",
        (name,),
    )
    found = [f"{sql};" for (sql,) in local]
    in_use = shell.connection.namespace
    if in_use:
        found += _declared(shell, f"{in_use}.{name}")
    if arguments and not found:
        found += _declared(shell, name)
    if arguments and not found:
        raise InterfaceError(
            f"No table matches {name}", hint=".tables lists the tables and resources."
        )
    shell.printer.write("".join(f"{sql}\n" for sql in found))


def _declared(shell: Shell, pattern: str) -> Iterator[str]:
    """Yield the lines of CREATE TABLE statements that describe the resources.

    Their name, or its last part, is LIKE the pattern.
    """
    found = shell.connection.execute(
        "SELECT concat_ws('.', provider, service, resource) AS name, column, type, description, "
        "required FROM billql.catalog.columns WHERE name LIKE ?1 OR resource LIKE ?1 "
        "ORDER BY name, position",
        (pattern,),
    )
    for name, grouped in groupby(found, lambda row: row[0]):
        yield f"CREATE TABLE {name} ("
        columns = list(grouped)
        for place, (_, column, kind, description, required) in enumerate(columns, start=1):
            first = f"  {quote(column)} {kind.upper()}{',' * (place < len(columns))}"
            about = f"{'Required. ' * required}{' '.join((description or '').split())}"
            yield f"{first:40} -- {visible(about)}".rstrip(" -")
        yield ");"


def _connections(shell: Shell, arguments: Sequence[str]) -> None:
    shell.execute("SELECT connection, provider, url, source, ready FROM billql.catalog.connections")


def _explain(shell: Shell, arguments: Sequence[str]) -> None:
    if not arguments:
        shell.printer.write(f"{'on' if shell.explain else 'off'}\n")
    elif arguments[0].lower() in ("on", "off"):
        shell.explain = arguments[0].lower() == "on"
    else:
        shell.show_plan(arguments[0])


def _examples(shell: Shell, arguments: Sequence[str]) -> None:
    pattern = arguments[0] if arguments else "%"
    found = shell.connection.execute(
        "SELECT concat_ws('.', provider, service, resource) AS name, number, question, sql "
        "FROM billql.catalog.examples WHERE name LIKE ?1 OR resource LIKE ?1 ORDER BY name, number",
        (pattern,),
    ).fetchall()
    if not found:
        raise InterfaceError(
            f"There are no examples for {pattern}", hint=".tables lists the resources."
        )
    if len(arguments) == 2:
        _run_example(shell, {str(number): sql for _, number, _, sql in found}, arguments[1])
        return
    lines = []
    for name, examples in groupby(found, lambda row: row[0]):
        lines.append(f"{name}\n")
        for _, number, question, sql in examples:
            lines.append(f"  {number}. {visible(question)}\n")
            if arguments:
                lines += (f"       {visible(line)}\n" for line in sql.splitlines())
    shell.printer.write("".join(lines))


def _run_example(shell: Shell, statements: dict[str, str], number: str) -> None:
    if number not in statements:
        raise InterfaceError(
            f"There is no example {number}", hint=f"Use one of {', '.join(statements)}."
        )
    sql = statements[number].strip()
    shell.printer.write(f"{sql}\n\n")
    shell.execute(sql)


COMMANDS = (
    Command(
        "connections", "", "List the connections and the sources of their tokens", _connections
    ),
    Command(
        "examples",
        "[RESOURCE [NUMBER]]",
        "List the example queries of a resource, or run one",
        _examples,
        most=2,
        kinds=("resource",),
    ),
    Command(
        "explain",
        "SQL|on|off",
        "Show the query plan of a statement, or of each one before it runs",
        _explain,
        whole=True,
        kinds=("on|off",),
    ),
    Command(
        "schema",
        "[PATTERN]",
        "Show the definitions of tables, and the columns of resources",
        _schema,
        most=1,
        kinds=("table",),
        more="PATTERN is a LIKE pattern: % matches any text, _ any single character.",
    ),
    Command(
        "tables",
        "[PATTERN]",
        "List tables, views and resources",
        _tables,
        most=1,
        kinds=("table",),
        more="PATTERN is a LIKE pattern: % matches any text, _ any single character.",
    ),
)
