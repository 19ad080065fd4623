"""What a reader is asked for: the options of `session.read.format("billql")`.

    table          a resource or a view by its full name, such as stripe.billing.invoices;
                   `load("stripe.billing.invoices")` passes it as `path`
    config         a config file, at the same path on every executor; default: the user's own
    profile        a profile of it
    definitions    a folder with more providers, also on every executor
    connections    the names of connections with commas between; default: all of the provider
    partitions     how many tasks may read one connection; default: 4
    keys           a column and its values as JSON: {"invoice_uuid": ["…", "…"]}
    window         a column of instants or days by which the rows are parted
    from, until    the first instant or day of the window, and the first one after it
    pushdown       true: filters reach the API, and this frame is for one query alone; see source
    delay          stream: how many seconds a row may be late; default: 60
    max_requests   how many requests one task may send
    sandbox        true: a private sandbox for each task, to try things

A limit of requests belongs to a token, and executors do not know of each other. Hence `partitions`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from billql.errors import InterfaceError

PARTITIONS = 4
DELAY = 60

_NAMES = (
    "table",
    "config",
    "profile",
    "definitions",
    "connections",
    "partitions",
    "keys",
    "window",
    "from",
    "until",
    "pushdown",
    "delay",
    "max_requests",
    "sandbox",
)


class Keys(NamedTuple):
    """A column and the values that it shall have."""

    column: str
    values: tuple[Any, ...]


class ReadOptions(NamedTuple):
    """The options, checked."""

    table: str
    config: str | None = None
    profile: str | None = None
    definitions: str | None = None
    connections: tuple[str, ...] = ()
    """Empty: all that the provider has."""
    partitions: int = PARTITIONS
    keys: Keys | None = None
    window: str | None = None
    start: str | None = None
    end: str | None = None
    pushdown: bool = False
    delay: int = DELAY
    max_requests: int | None = None
    sandbox: bool = False

    def connect_arguments(self) -> dict[str, Any]:
        """Return the arguments of `billql.connect` for one task."""
        return {
            "config": self.config,
            "profile": self.profile,
            "definitions": (self.definitions,) if self.definitions else (),
            "max_requests": self.max_requests,
            "sandbox": self.sandbox,
            "read_only": True,
        }


def parse(options: Mapping[str, str]) -> ReadOptions:
    """Return options as checked ones; raise InterfaceError for what cannot be meant."""
    written = {name.lower(): value for name, value in options.items()}
    if unknown := sorted(written.keys() - {*_NAMES, "path"}):
        raise InterfaceError(
            f"The format billql has no option {unknown[0]}",
            hint=f"Its options are {', '.join(_NAMES)}. Tokens are looked up by each task, in its "
            "environment or config file.",
        )
    table = (written.get("table") or written.get("path", "")).lower()
    if not table:
        raise InterfaceError(
            "The format billql needs a table",
            hint='Write .option("table", "stripe.billing.invoices").',
        )
    found = ReadOptions(
        table=table,
        config=written.get("config"),
        profile=written.get("profile"),
        definitions=written.get("definitions"),
        connections=_listed(written.get("connections", "")),
        partitions=_count("partitions", written.get("partitions", str(PARTITIONS))),
        keys=_keys(written["keys"]) if "keys" in written else None,
        window=written.get("window"),
        start=written.get("from"),
        end=written.get("until"),
        pushdown=_flag("pushdown", written.get("pushdown", "false")),
        delay=_count("delay", written.get("delay", str(DELAY)), least=0),
        max_requests=(
            _count("max_requests", written["max_requests"]) if "max_requests" in written else None
        ),
        sandbox=_flag("sandbox", written.get("sandbox", "false")),
    )
    if found.keys is not None and found.window is not None:
        raise InterfaceError(
            "Rows are parted by keys or by a window, not by both", hint="Omit one of the options."
        )
    if found.window is None and (found.start or found.end):
        raise InterfaceError(
            "The options from and until need a column",
            hint='Name it: .option("window", "created").',
        )
    return found


def _listed(text: str) -> tuple[str, ...]:
    """Return the names between commas, each once: one named twice would be read twice."""
    return tuple(dict.fromkeys(filter(None, re.split(r"\s*,\s*", text.strip()))))


def _count(name: str, text: str, least: int = 1) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
        raise InterfaceError(
            f"The option {name} is {text!r}", hint=f"It is a whole number, at least {least}."
        )
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise InterfaceError(f"The option {name} is {text!r}", hint="It is true or false.")
    return text.lower() == "true"


def _keys(text: str) -> Keys:
    try:
        ((column, values),) = json.loads(text).items()
        is_right = isinstance(values, list) and all(
            isinstance(value, str | int) and not isinstance(value, bool) for value in values
        )
    except (ValueError, AttributeError):
        is_right = False
    if not is_right:
        raise InterfaceError(
            f"The option keys is {text:.80}",
            hint='It is one column with a list of texts or integers: {"invoice_uuid": ["…"]}.',
        )
    return Keys(column, tuple(dict.fromkeys(values)))
