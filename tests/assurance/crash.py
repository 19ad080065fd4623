"""Killed at any moment: every file is whole, old or new, and the next run works."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from support import accounts
from support.accounts import Accounts

from . import programs, writing
from .case import Broken, Case, Outcome
from .load import serving

PROMISE = "crash safety"


def cases() -> Iterator[Case]:
    """Give the cases; the quick ones die at some of the steps."""
    for name in writing.CASES:
        yield Case(PROMISE, f"{name}, killed at every step", _killed(name, "whole"), quick=False)
        if name in ("query --output bills.csv", "CREATE TABLE AS in a file", "query --cache"):
            yield Case(PROMISE, f"{name}, killed at some steps", _killed(name, "sample"))
    for what in ("pull", "remove"):
        yield Case(PROMISE, f"registry {what}", _registry(what), quick=False)


def _killed(name: str, extent: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with serving(Accounts()) as (_, folder, url):
            deaths = int(_run("assurance.writing", name, extent, str(folder), url, home=folder))
        if deaths < 3:
            raise Broken(f"it has died {deaths} times only")
        return "right"

    return run


def _registry(what: str) -> Callable[[], Outcome]:
    """What `unit/registry` does with one key and one package."""

    def run() -> Outcome:
        from support.registry.making import World

        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder))
            world.release("1.0.0")
            world.registry().pull("acme")
            world.release("1.1.0")
            left = json.loads(_run("support.registry.killing", what, folder, home=Path(folder)))
        if not all(one in (["1.0.0"], ["1.0.0", "1.1.0"]) for one in left) or len(left) < 3:
            raise Broken(f"what was left: {left}")
        return "right"

    return run


def _run(module: str, *arguments: str, home: Path) -> str:
    environ = {name: accounts.token(name) for name in writing.MINE}
    return programs.run(module, *arguments, seconds=400.0, HOME=str(home), **environ)
