"""The server that agents speak to: four tools, the tables as resources, and a prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import ToolAnnotations
from pydantic import Field

from billql._version import __version__
from billql.dbapi.connection import Connection
from billql.serve.mcp import catalog, results, texts
from billql.serve.mcp.calls import Calls, Response
from billql.sqlite.estimate import Estimate
from billql.util.text import counted

F = TypeVar("F", bound=Callable[..., Any])
_MOST_ROWS = 1_000
_ROWS = 100
_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True)
_Place = Annotated[str, Field(description="A provider, or provider.service; empty for all.")]
_Search = Annotated[str, Field(description="Words, of which a table has one in its name or text.")]
_Table = Annotated[str, Field(description="The whole name: provider.service.resource.")]
_Sql = Annotated[str, Field(description="One SELECT, in SQLite's dialect.")]
_Rows = Annotated[int, Field(description="The most rows to return.", ge=1, le=_MOST_ROWS)]


def make(calls: Calls) -> MCPServer:
    """Return a server of calls."""
    server = MCPServer(
        "billql",
        title="billql: SQL over billing APIs",
        version=__version__,
        instructions=texts.INSTRUCTIONS,
        log_level="CRITICAL",  # billql reports its own errors
    )
    _add_tools(server, calls)
    _add_resources(server, calls)
    server.prompt(description="Answer a question about bills.")(analyze_bills)
    return server


def analyze_bills(question: str) -> str:
    """Return what to do about a question."""
    return texts.prompt(question)


def _add_tools(server: MCPServer, calls: Calls) -> None:
    def add(description: str) -> Callable[[F], F]:
        # As text alone: structured content would repeat it.
        return server.tool(description=description, annotations=_READS, structured_output=False)

    @add(texts.LIST_TABLES)
    async def list_tables(within: _Place = "", search: _Search = "") -> str:
        def work(connection: Connection, notes: list[str]) -> Response:
            return Response(catalog.list_tables(connection, within, search))

        return await calls.run("list_tables", {"within": within, "search": search}, work)

    @add(texts.DESCRIBE_TABLE)
    async def describe_table(table: _Table) -> str:
        return await _describe(calls, table)

    @add(texts.EXPLAIN)
    async def explain(sql: _Sql) -> str:
        def work(connection: Connection, notes: list[str]) -> Response:
            return Response(described(connection.estimate(sql)))

        return await calls.run("explain", {"sql": sql}, work)

    @add(texts.QUERY)
    async def query(sql: _Sql, context: Context[Any], max_rows: _Rows = _ROWS) -> str:
        def work(connection: Connection, notes: list[str]) -> Response:
            found = results.read(connection.execute(sql), max_rows)
            return Response(results.render(found, notes), len(found.rows))

        asked = {"sql": sql, "max_rows": max_rows}
        return await calls.run("query", asked, work, context.report_progress)


def _add_resources(server: MCPServer, calls: Calls) -> None:
    @server.resource("billql://tables", description="The tables.", mime_type="text/plain")
    async def tables() -> str:
        def work(connection: Connection, notes: list[str]) -> Response:
            return Response(catalog.list_tables(connection))

        return await calls.run("resource", {"uri": "billql://tables"}, work)

    @server.resource(
        "billql://table/{name}", description="The columns of a table.", mime_type="text/plain"
    )
    async def table(name: str) -> str:
        return await _describe(calls, name)


async def _describe(calls: Calls, table: str) -> str:
    def work(connection: Connection, notes: list[str]) -> Response:
        return Response(catalog.describe_table(connection, table))

    return await calls.run("describe_table", {"table": table}, work)


def described(estimate: Estimate) -> str:
    """Return what a statement would cost, in words."""
    lines = [f"The statement takes {estimate}."]
    for name, column in estimate.missing:
        lines.append(f"It fails without a condition on {column} of {name}, such as {column} = '…'.")
    for scan in estimate.scans:
        often = "once for each row of another table"
        times = often if scan.readings is None else counted(scan.readings, "time")
        lines.append(f"- {scan.resource}, read {times}: {scan.detail}")
    return "\n".join(lines)
