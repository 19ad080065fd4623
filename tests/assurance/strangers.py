"""Definitions as input of strangers: how one is read, and what may come of it.

Each is read by billql's own command line, in a process that may use only so much time and memory.
It is refused with an error that names the file, and the line where there is one, or does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from support.server import Asked, Server

from .case import Broken, Outcome
from .process import Done, Home, at_home

PROMISE = "definitions are untrusted"
SECONDS, MEGABYTES = 10, 1024
"""How much time of a processor, and how much address space, a definition may cost."""

LONGEST_ERROR = 2000
"""How many characters an error may have, however long what it is about."""

MEGABYTE = 1024 * 1024
TOKEN = "tok_definitions_90ab"
TABLE = "evil.all.things"

ADDRESS = r"provider.yaml:6: url|The url in the definition of evil is not the address"
"""What is said of an address that is none."""

PROVIDER = """\
billql: 1
title: Evil
description: An API of a stranger.
version: 1.0.0
documentation: https://evil.example/docs
url: https://evil.example
auth: {kind: bearer, secret: EVIL_TOKEN, help: Ask nobody.}
"""

SERVICE = """\
billql: 1
description: All of it.
resources:
  things:
    description: One row for each thing.
    columns:
      id: {type: integer, description: The id.}
    methods:
      list:
        request: GET /things
        description: Gives them.
        rows: items[]
    examples:
      - question: Which are there?
        sql: SELECT 1
"""


class Special(NamedTuple):
    """What makes something that is no plain file, at a path."""

    make: Callable[[Path], object]


Content = str | bytes | Callable[[], str | bytes] | Special
"""What a file holds; a large content is made when it is needed."""


class Attack(NamedTuple):
    """A definition that means no good, and what is said of it."""

    file: str
    content: Content
    words: str
    """A regular expression for what is said; empty if it does no harm, whatever is said."""


def provider(content: Content, words: str) -> Attack:
    """Attack with the provider's file."""
    return Attack("provider.yaml", content, words)


def service(content: Content, words: str) -> Attack:
    """Attack with a service's file."""
    return Attack("all.yaml", content, words)


def of_provider(old: str, new: str, words: str) -> Attack:
    """Attack with one part of the provider's file."""
    assert PROVIDER.count(old) == 1, old
    return provider(PROVIDER.replace(old, new), words)


def of_service(old: str, new: str, words: str) -> Attack:
    """Attack with one part of the service's file."""
    assert SERVICE.count(old) == 1, old
    return service(SERVICE.replace(old, new), words)


def runner(attack: Attack) -> Callable[[], Outcome]:
    """Read a definition by asking for its rows."""

    def run() -> Outcome:
        with at_home() as home, Server(give) as server:
            folder = home.folder / "definitions" / "evil"
            files: dict[str, Content] = {"provider.yaml": PROVIDER, "all.yaml": SERVICE}
            for name, content in {**files, attack.file: attack.content}.items():
                make(folder / name, content)
            before = files_of(home)
            home.environ["EVIL_TOKEN"] = TOKEN
            # An address of the definition's own is looked at only where no other one is said.
            if attack.words != ADDRESS:
                home.environ["BILLQL_EVIL_URL"] = server.url
            done = home.bounded(
                "query",
                "--definitions",
                str(folder.parent),
                f"SELECT * FROM {TABLE}",
                seconds=SECONDS,
                megabytes=MEGABYTES,
            )
            new = {path for path in files_of(home) - before if ".cache" not in path.parts}
            if new:
                raise Broken(f"it made {new}")
            if {asked.path for asked in server.asked} - {"/things", "//other.example/things"}:
                raise Broken(f"it asked for {server.targets}")
        return judged(done, attack.words)

    return run


def make(path: Path, content: Content) -> None:
    """Make a file, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Special):
        content.make(path)
        return
    held = content() if callable(content) else content
    path.write_bytes(held.encode() if isinstance(held, str) else held)


def files_of(home: Home) -> set[Path]:
    """Give all that is no folder below a home."""
    return {path for path in home.folder.rglob("*") if not path.is_dir()}


def give(asked: Asked) -> None:
    """Answer with one row."""
    asked.answer({"items": [{"id": 1}]})


def judged(done: Done, words: str) -> Outcome:
    """Judge what billql said to an attack."""
    told = f"{done.code}: {done.said[-300:]!r}"
    if done.code in (1, 137) or done.code < 0 or "Traceback" in done.err:
        raise Broken(f"it failed with {told}")
    if TOKEN in done.said:
        raise Broken(f"it shows a token: {told}")
    if len(done.err) > LONGEST_ERROR:
        raise Broken(f"an error of {len(done.err)} characters: {done.err[:300]!r}")
    if not re.search(words, done.err) or (words and not done.code):
        raise Broken(f"it does not say {words!r}, but {told}")
    return "clear error" if done.code else "right"


def laughs(count: int) -> str:
    """Give lines that each stand for ten times the one before."""
    return "a0: &a0 [ha, ha]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, count)
    )
