"""Requests held against a contract: what a vendor's document allows in each operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import orjson
import yaml

from billql.sandbox.api import Request
from billql.sandbox.server import Intercept

Facts = Mapping[str, Any]
"""What is known of one parameter: its place, type, bounds, words and format."""

HERE = Path(__file__).parent
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
FORMATS = {
    "uuid": UUID,
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "ipv4": re.compile(r"\d{1,3}(\.\d{1,3}){3}"),
}
SIZES = ("limit", "per_page")


HISTORY = "GET /v2/customers/my/billing_history"
AHEAD = frozenset(
    {
        # The document's own example has addresses of next pages with both.
        (HISTORY, "page"),
        (HISTORY, "per_page"),
        # Without it the list hides what was replaced; it is newer than the document, and an API
        # that does not know it lists all.
        (
            "GET /v1/customers/{customer_id}/invoices",
            "include_historical_commit_invoices",
        ),
        # Sent beside seats that a statement names, which are an error without it.
        ("POST /v1/contracts/seatBalances/list", "skip_missing_seat_ids"),
        # Sent where an answer has one, and no answer of the document's has.
        ("POST /v2/contracts/list", "cursor"),
    }
)
"""What is sent although the documents do not have it."""


class Operation(NamedTuple):
    """A verb and a path, and the parameters that it takes."""

    request: str
    """As the document has it, like `GET /v1/invoices/{invoice}`."""
    parameters: Mapping[str, Facts]

    @property
    def size(self) -> tuple[str, Facts] | None:
        """Find the parameter for the size of a page."""
        for name in SIZES:
            if name in self.parameters and "client" not in self.parameters[name]:
                return name, self.parameters[name]
        return None


class Sent(NamedTuple):
    """A request as it left."""

    method: str
    url: str
    body: bytes

    def parameters(self) -> Iterator[tuple[str, str, Any]]:
        """List what its query and body hold: the place, the name and the value."""
        for name, value in parse_qsl(urlsplit(self.url).query, keep_blank_values=True):
            yield "query", re.sub(r"\[\d+\]", "[]", name), value
        if self.body:
            yield from _members(orjson.loads(self.body))


def _members(data: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _members(value, f"{within}{name}.")
        else:
            yield "body", within + name, value


@cache
def contract(provider: str) -> list[Operation]:
    """Read the contract of a provider."""
    data = yaml.safe_load((HERE / f"{provider}.yaml").read_text(encoding="utf-8"))
    return [Operation(request, parameters) for request, parameters in data.items()]


def operation(provider: str, method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Find the operation of a path, and the values that stand in the path.

    Raises LookupError where the document has none. What spells more out comes first.
    """
    found = []
    for one in contract(provider):
        verb, _, template = one.request.partition(" ")
        names = re.findall(r"\{(\w+)\}", template)
        pattern = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(template))
        match = re.fullmatch(pattern, path)
        if verb == method and match is not None:
            found.append((len(names), one, dict(zip(names, match.groups(), strict=True))))
    if not found:
        raise LookupError(f"the document has no {method} {path}")
    _, chosen, values = min(found, key=lambda one: one[0])
    return chosen, {name: unquote(value) for name, value in values.items()}


def faults(provider: str, sent: Sent, ahead: frozenset[tuple[str, str]] = AHEAD) -> list[str]:
    """Say what a contract does not allow in a request.

    `ahead` are the operations and parameters that no document has, and that are sent all the same.
    """
    try:
        found, in_path = operation(provider, sent.method, urlsplit(sent.url).path)
    except LookupError as error:
        return [str(error)]
    wrong = []
    seen = set(in_path)
    for place, name, value in (*(("path", *pair) for pair in in_path.items()), *sent.parameters()):
        seen |= {name, name.partition(".")[0]}
        facts = found.parameters.get(name)
        beyond = facts is None or facts["in"] != place or facts.get("client", False)
        if beyond and (found.request, name) not in ahead:
            wrong.append(f"{found.request}: the document has no {name} in its {place}")
        if facts is not None:
            unfit = misfits(facts, value, in_json=place == "body")
            wrong += [f"{found.request}: {name} {why}" for why in unfit]
    for name, facts in found.parameters.items():
        if facts.get("required") and name not in seen:
            wrong.append(f"{found.request} needs {name}")
    return wrong


def misfits(facts: Facts, value: Any, *, in_json: bool) -> Iterator[str]:
    """Say why a value is none that a parameter takes; what is not in JSON is text."""
    kind = facts.get("type")
    if kind == "array":
        values = value if in_json else value.split(",")
        if not isinstance(values, list):
            yield f"is {value!r}, which is no array"
        elif len(values) > facts.get("most", len(values)):
            yield f"has {len(values)} values"
        else:
            for one in values:
                yield from misfits(facts["of"], one, in_json=in_json)
        return
    if not in_json and kind in ("boolean", "integer"):
        value = _read(value)
    if kind == "boolean" and not isinstance(value, bool):
        yield f"is {value!r}, which is no boolean"
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"is {value!r}, which is no integer"
        elif not facts.get("min", value) <= value <= facts.get("max", value):
            yield f"is {value}, which is out of its bounds"
    if "enum" in facts and value not in facts["enum"]:
        yield f"is {value!r}, which is none of its words"
    pattern = FORMATS.get(facts.get("format", ""))
    if pattern is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
        yield f"is {value!r}, which is no {facts['format']}"


def _read(text: str) -> Any:
    """Read true, false and whole numbers as an address has them; other text is left."""
    if re.fullmatch(r"true|false|-?[0-9]{1,18}", text):
        return orjson.loads(text)
    return text


@contextmanager
def held() -> Iterator[Intercept]:
    """Show a sandbox's requests to what is given, and hold them all against their contracts."""
    wrong = set[str]()

    def see(request: Request) -> None:
        query = f"?{urlencode(request.pairs)}" if request.pairs else ""
        sent = Sent(request.method, f"{request.origin}{request.path}{query}", request.body)
        wrong.update(faults(_vendor(request.headers["authorization"]), sent))

    yield see
    assert not wrong, "\n".join(sorted(wrong))


def _vendor(authorization: str) -> str:
    """Tell whose API a request is for by its token."""
    starts = {"Bearer sk_": "stripe", "Bearer rk_": "stripe", "Bearer dop_": "digitalocean"}
    for start, vendor in starts.items():
        if authorization.startswith(start):
            return vendor
    return "metronome"
