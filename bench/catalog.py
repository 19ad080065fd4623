"""The catalog with StackQL's documents: as many and as large as its registry has of 36 providers.

The documents are made here, because the registry's own are 290 MB of other people's work. They have
the same number of services, resources, bytes and values in a line, and tables need as much of
them; what they describe is made up.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import child
from bench.api import Api
from bench.measures import ROUNDS, Line

_PROVIDERS, _SERVICES, _RESOURCES = 36, 1768, 14_748
_FOUND = 615
"""How many of the resources a search for buckets finds."""

_NOUNS = (
    "account",
    "alarm",
    "backup",
    "bucket",
    "budget",
    "certificate",
    "cluster",
    "domain",
    "endpoint",
    "firewall",
    "gateway",
    "group",
    "host",
    "image",
    "key",
    "ledger",
    "log",
    "mount",
    "network",
    "order",
    "policy",
    "queue",
    "role",
    "zone",
)
_KINDS = ("string", "integer", "boolean", "number")
_SENTENCE = (
    "The {0} of the {1}, as it was at the time of the request, or as it will be set later on."
)

_SEARCH = "SELECT name FROM billql.catalog.resources WHERE name LIKE '%bucket%'"
_COLUMNS = "SELECT DISTINCT resource FROM billql.catalog.columns WHERE column LIKE '%gateway%'"


class _Taken(NamedTuple):
    """Seconds of processor time, seconds on the clock, and the lines that were written."""

    cpu: float
    seconds: float
    lines: int


def catalog(api: Api) -> Iterator[Line]:
    """Measure searches of a catalog with 14,748 tables, and what else reads all of it."""
    with tempfile.TemporaryDirectory() as folder:
        data, cache = Path(folder, "data"), Path(folder, "cache")
        make(data / "stackql")
        passed = {
            name: one for name, one in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        bare = {**passed, "XDG_CACHE_HOME": str(cache), "BILLQL_DATA": str(Path(folder, "nothing"))}
        environ = {**bare, "BILLQL_DATA": str(data)}
        yield from _searches(environ, cache)
        yield from _others(environ)
        yield _start(environ, bare)


def _searches(environ: Mapping[str, str], cache: Path) -> Iterator[Line]:
    _run(
        _query("SELECT provider FROM billql.catalog.services"), environ
    )  # compiles Python, no table
    cold = _run(_query(_SEARCH), environ)
    assert cold.lines == _FOUND + 1, cold.lines
    yield Line(
        f"a search of {_RESOURCES:,} tables in StackQL's documents, none read before",
        f"{cold.cpu:.1f} s of processor time, {cold.seconds:.1f} s on the clock with "
        f"{os.cpu_count()} cores",
        "≤ 10 s on the clock",
        cold.seconds <= 10,
    )
    warm = median(_run(_query(_SEARCH), environ).cpu for _ in range(ROUNDS))
    size = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file()) / child.MIB
    yield Line(
        "the same search again",
        f"{warm:.2f} s of processor time; the cache has {size:.0f} MiB",
        "≤ 2 s of processor time; ≤ 25 MiB",
        warm <= 2 and size <= 25,
    )
    columns = median(_run(_query(_COLUMNS), environ).cpu for _ in range(ROUNDS))
    yield Line(
        "a search of the names of their columns",
        f"{columns:.2f} s of processor time",
        "≤ 2 s of processor time",
        columns <= 2,
    )


def _others(environ: Mapping[str, str]) -> Iterator[Line]:
    for what, name in (
        ("PostgreSQL's catalog of them, for a server", "wire"),
        ("their names, to be completed in a shell", "names"),
        ("a list of them for an agent", "agent"),
    ):
        command = [sys.executable, "-m", "bench.catalog", name]
        cpu = median(_run(command, environ).cpu for _ in range(ROUNDS))
        yield Line(what, f"{cpu:.1f} s of processor time", "≤ 5 s of processor time", cpu <= 5)


def _start(environ: Mapping[str, str], bare: Mapping[str, str]) -> Line:
    """Compare the start of a command with these documents and without."""
    rounds = 10
    taken = [[_run(_query("SELECT 1"), one).cpu for one in (environ, bare)] for _ in range(rounds)]
    ours, theirs = (median(one) for one in zip(*taken, strict=True))
    return Line(
        "`SELECT 1` with StackQL's documents installed",
        f"{ours / theirs:.2f} × the processor time without ({ours * 1000:.0f} ms to "
        f"{theirs * 1000:.0f} ms)",
        "≤ 1.1 × without",
        ours / theirs <= 1.1,
    )


def _query(sql: str) -> list[str]:
    return [str(Path(sys.executable).with_name("billql")), "query", "--format", "csv", sql]


def _run(command: Sequence[str], environ: Mapping[str, str]) -> _Taken:
    """Run a command; its processor time is also that of the processes that it has started."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environ, cwd=child.ROOT, stdout=subprocess.PIPE, check=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Taken(cpu, seconds, done.stdout.count(b"\n"))


# The documents ----------------------------------------------------------------------------------


def make(root: Path, services: int = _SERVICES, resources: int = _RESOURCES) -> None:
    """Write the documents of all providers below a folder."""
    for number in range(_PROVIDERS):
        name = f"vendor_{number:02}"
        folder = root / name / "services"
        folder.mkdir(parents=True)
        named = [f"service_{one:04}" for one in range(number, services, _PROVIDERS)]
        (folder.parent / "provider.yaml").write_text(_provider(name, named), encoding="utf-8")
        for service in named:
            of_it = range(int(service[-4:]), resources, services)
            text = _document(name, service, [f"{_noun(one)}_{one:05}" for one in of_it])
            (folder / f"{service}.yaml").write_text(text, encoding="utf-8")


def _noun(number: int) -> str:
    return _NOUNS[number % len(_NOUNS)]


def _provider(name: str, services: Sequence[str]) -> str:
    listed = "".join(
        f"  {one}:\n    name: {one}\n    title: {one}\n    description: The part {one} of the API\n"
        f"    service:\n      $ref: {name}/v00.00.00000/services/{one}.yaml\n"
        for one in services
    )
    return (
        f"id: {name}\nname: {name}\nversion: v00.00.00000\nproviderServices:\n{listed}config:\n"
        f"  auth:\n    type: bearer\n    credentialsenvvar: {name.upper()}_TOKEN\n"
    )


def _document(provider: str, service: str, resources: Sequence[str]) -> str:
    def each(part: Callable[[str], str]) -> str:
        return "".join(map(part, resources))

    return (
        f"openapi: 3.0.0\ninfo:\n  title: {service}\n  version: 1.0.0\nservers:\n"
        f"- url: https://{service.replace('_', '-')}.{provider.replace('_', '-')}.example.com\n"
        f"paths:\n{each(_paths)}components:\n  schemas:\n{each(_schemas)}"
        f"  x-stackQL-resources:\n{each(_methods)}"
    )


def _paths(name: str) -> str:
    """Return a list with five filters, and what reads, makes, changes and deletes one."""
    filters = "".join(
        f"      - name: {noun}\n        in: query\n        required: false\n"
        f"        description: {_SENTENCE.format(noun, name)}\n        schema:\n"
        f"          type: {_KINDS[number % 4]}\n"
        for number, noun in enumerate(_NOUNS[:5])
    )
    key = "      - {name: id, in: path, required: true, schema: {type: string}}\n"

    def responses(schema: str) -> str:
        return (
            f"      responses:\n        '200':\n          description: The {name}\n"
            "          content:\n            application/json:\n              schema:\n"
            f"                $ref: '#/components/schemas/{schema}'\n"
        )

    def operation(verb: str, parameters: str, schema: str) -> str:
        return (
            f"    {verb}:\n      operationId: {verb}_{name}\n"
            f"      description: {_SENTENCE.format(verb, name)}\n"
            f"      parameters:\n{parameters}{responses(schema)}"
        )

    one = "".join(operation(verb, key, name) for verb in ("get", "put", "patch", "delete"))
    return f"  /{name}:\n{operation('get', filters, f'{name}_list')}  /{name}/{{id}}:\n{one}"


def _schemas(name: str) -> str:
    """Return a list's schema, a row's with thirteen members, two of them described by schemas of
    their own, and others that no table needs.
    """

    def of_object(schema: str, nouns: Sequence[str]) -> str:
        members = "".join(
            f"        {noun}:\n          type: {_KINDS[number % 4]}\n"
            f"          description: {_SENTENCE.format(noun, name)}\n"
            for number, noun in enumerate(nouns)
        )
        return f"    {schema}:\n      type: object\n      properties:\n{members}"

    others = "".join(
        of_object(f"{name}_{kind}", _NOUNS[:20]) for kind in ("owner", "state", "deleted", "error")
    )
    nested = "".join(
        f"        {kind}: {{$ref: '#/components/schemas/{name}_{kind}'}}\n"
        for kind in ("owner", "state")
    )
    return (
        f"    {name}_list:\n      type: object\n      properties:\n        items:\n"
        f"          type: array\n          items: {{$ref: '#/components/schemas/{name}'}}\n"
        "        nextPageToken:\n          type: string\n"
        f"{of_object(name, _NOUNS[3:14])}{nested}{others}"
    )


def _methods(name: str) -> str:
    def method(kind: str, path: str) -> str:
        return (
            f"        {kind}:\n          operation:\n            $ref: '#/paths/{path}/get'\n"
            "          response:\n            mediaType: application/json\n"
            "            openAPIDocKey: '200'\n"
        )

    return (
        f"    {name}:\n      id: {name}\n      name: {name}\n      methods:\n"
        f"{method('list', f'~1{name}')}{method('get', f'~1{name}~1{{id}}')}"
        "      sqlVerbs:\n        select:\n"
        f"        - $ref: '#/components/x-stackQL-resources/{name}/methods/list'\n"
        f"        - $ref: '#/components/x-stackQL-resources/{name}/methods/get'\n"
    )


# What reads all of it ---------------------------------------------------------------------------


def _read(what: str) -> None:
    import billql

    with billql.connect(read_only=True) as connection:
        if what == "wire":
            from billql.serve.postgres.catalog import tables
            from billql.serve.postgres.catalog.names import Catalog

            assert Catalog(tables.read(connection), "user", "billql").image
        elif what == "names":
            from billql.shell.known import read_catalog

            assert len(read_catalog(connection).resources) > _RESOURCES
        else:
            from billql.serve.mcp.catalog import list_tables

            assert "tables" in list_tables(connection)
            assert f"{_FOUND} tables" in list_tables(connection, search="bucket")


MEASURES: dict[str, Callable[[Api], Iterator[Line]]] = {catalog.__name__: catalog}

if __name__ == "__main__":
    _read(sys.argv[1])
