"""Agents ask a billql of their own over stdio, and one that serves them over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from support import accounts
from support.server import Script, Server

from .test_serve import TOKEN, environment, serving

Serve = Callable[[Script], Server]
PATIENCE = 60.0
BILLS = len(accounts.bills("anna"))


class Api:
    """An API with a table that never answers, and how a process is started that asks it."""

    def __init__(self, folder: Path, serve: Serve) -> None:
        self.begun = threading.Event()
        api = accounts.Accounts()
        api.before = self.begun.set
        self.server = serve(api)
        accounts.define(folder)
        accounts.connect(folder, self.server.url, ["anna"]).close()
        self.audit = folder / "audit.jsonl"
        config, definitions = str(folder / "anna.toml"), str(folder)
        self.arguments = ["--config", config, "--definitions", definitions]
        self.arguments += ["--audit-log", str(self.audit)]
        self.variables = {"anna": accounts.token("anna")}

    def audited(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@pytest.fixture
def api(tmp_path: Path, serve: Serve) -> Api:
    return Api(tmp_path, serve)


@contextmanager
def over_stdio(folder: Path, api: Api) -> Iterator[Any]:
    command = ["-m", "billql", "mcp", *api.arguments]
    yield StdioServerParameters(
        command=sys.executable, args=command, env=environment(folder, **api.variables)
    )


@contextmanager
def over_http(folder: Path, api: Api) -> Iterator[Any]:
    with serving(
        folder, "--mcp", "127.0.0.1:0", *api.arguments, BILLQL_MCP_TOKEN=TOKEN, **api.variables
    ) as (process, line):
        found = re.fullmatch(
            r"MCP: (http://127\.0\.0\.1:\d+/mcp) \(token in BILLQL_MCP_TOKEN\);.*\n", line
        )
        assert found is not None, line
        yield _authorized(found[1])
        assert process.poll() is None


@asynccontextmanager
async def _authorized(url: str) -> AsyncIterator[Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


Over = Callable[[Path, Api], AbstractContextManager[Any]]


def text_of(found: CallToolResult) -> str:
    (content,) = found.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("over", [over_stdio, over_http])
def test_an_agent(tmp_path: Path, api: Api, over: Over) -> None:
    async def main(client: Client) -> None:
        async def query(sql: str) -> CallToolResult:
            return await client.call_tool("query", {"sql": sql})

        listed = await client.call_tool("list_tables", {"within": "acme"})
        assert "acme.billing.bills" in text_of(listed)
        typo = await query("SELECT onwer FROM acme.billing.bills")
        assert typo.is_error
        assert "owner" in text_of(typo)
        write = await query("CREATE TABLE mine AS SELECT * FROM acme.billing.bills")
        assert write.is_error
        assert "read-only" in text_of(write)
        api.begun.clear()
        silent = asyncio.create_task(query("SELECT id FROM acme.billing.silent"))
        assert await asyncio.to_thread(api.begun.wait, PATIENCE)
        silent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await silent
        while len(api.audited()) < 4:
            await asyncio.sleep(0.02)
        assert f"n\n{BILLS}\n" in text_of(
            await query("SELECT count(*) AS n FROM acme.billing.bills")
        ).replace("\r", "")

    async def asked(transport: Any) -> None:
        async with Client(transport) as client:
            await asyncio.wait_for(main(client), PATIENCE)

    with over(tmp_path, api) as transport:
        asyncio.run(asked(transport))
    outcomes = [line["outcome"] for line in api.audited()]
    assert outcomes == ["ok", "bad-sql", "read-only", "cancelled", "ok"]
    assert accounts.token("anna") not in api.audit.read_text()
    api.server.until(lambda: api.server.open == 0)
