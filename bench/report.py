"""The report: what was measured, how, and what came of it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from bench import growth
from bench.commands import SHORT_ROUNDS
from bench.growth import Growth
from bench.measures import ROUNDS, Line
from bench.queries import QUERIES

_HEAD = """\
# Benchmarks

What billql costs, beside a loop that somebody writes by hand and beside Shillelagh. `make bench`
measures it anew, in one run of a few minutes, and writes this page.

| measure | result | target | reached |
|---|---|---|---|
"""

_HOW = """
## How it is measured

- All sides ask the same API, a small HTTP server of the benchmark's own (`bench/api.py`) in a
  process of its own. Its pages are rendered beforehand; a latency is the time for which it holds
  a response back while it serves others. It counts the requests that it gets.
- The sides run alternately, {rounds} rounds of each, {short} of the commands that take less than
  a second, and the medians are compared, so that what else the machine does falls on all of
  them. The ratios mean more than the seconds, which are this machine's.
- Every time begins with a fresh session or client: connecting is part of it, loading Python is not.
- *The loop* is written with httpx and orjson (`bench/by_hand.py`). It makes tuples of the
  responses and stops there: amounts stay text, and a list that changes while it is read goes
  unnoticed. With the same concurrency it uses {concurrency} threads; *serial*, it asks page
  after page.
- *Shillelagh* has an adapter for the same API (`bench/by_shillelagh.py`) that asks for the largest
  pages and parses with orjson. What it costs depends on the type of its instants:
  `StringDateTime`, as in Shillelagh's own adapter for GitHub's API; `ISODateTime`, which reads ISO
  8601 alone; or `String`, which leaves the API's text as it is, so that nothing is left to convert.
  billql checks every instant and writes it in UTC.
- *The script* (`bench/script.py`) writes a file of the same list with httpx, orjson, and csv or
  pyarrow. Beside a whole command its whole process counts, with Python's start and all imports.
- Processor time and memory are otherwise those of a child process that does nothing else. An idle
  process has loaded everything and has read one row.
- *StackQL's documents* are made by `bench/catalog.py`, offline: as many of them, as large, and of
  as many values as the registry of StackQL has for 36 providers, 290 MB in all, and tables need as
  much of them. A search that finds none of them read before also writes what they were compiled to;
  all cores read them.

Measured with {versions}.

## The fewest requests

The queries run over the sandboxes of DigitalOcean's and Stripe's APIs, each in a session of its
own, and the sandbox counts. The least number is argued from the API: what nobody can know before
asking, and what fits a page.

| question | requests | why not fewer |
|---|---|---|
"""


def text(lines: Sequence[Line], grown: Sequence[Growth] = ()) -> str:
    """Return the page for some measures."""
    from bench.by_hand import CONCURRENCY

    measured = "".join(
        f"| {line.measure} | {line.result} | {line.target} | {'yes' if line.reached else 'no'} |\n"
        for line in lines
    )
    packages = ("apsw", "httpx", "orjson", "shillelagh")
    versions = ", ".join([f"Python {platform.python_version()}", *map(_versioned, packages)])
    how = _HOW.format(rounds=ROUNDS, short=SHORT_ROUNDS, concurrency=CONCURRENCY, versions=versions)
    queries = "".join(f"| {one.question} | {one.least} | {one.because} |\n" for one in QUERIES)
    return f"{_HEAD}{measured}{how}{queries}{growth.text(grown)}"


def _versioned(name: str) -> str:
    """Return a package's name and version; one that is not installed has not been measured."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"
