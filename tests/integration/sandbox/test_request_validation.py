"""The sandbox refuses what the vendors' documents do not allow, in every operation that is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from billql.sandbox import Sandbox
from contracts.document import document
from contracts.operation import Operation, Parameter
from support.shipped import CATALOG

STRICT = ("metronome", "stripe")
"""Who refuses what it does not know; DigitalOcean ignores it."""
USED = [
    pytest.param(vendor, one, id=one.request)
    for vendor in ("digitalocean", "metronome", "stripe")
    for one in document(vendor).operations
]
DEFINED = {
    (method.request, name)
    for table in map(CATALOG.table, CATALOG.names())
    for method in table.resource.methods.values()
    for name in ("page", "per_page", *(one.name or key for key, one in method.parameters.items()))
}
"""The parameters of each request that billql knows."""
WHEN = "2026-01-01T00:00:00Z"
LATER = "2026-01-02T00:00:00Z"
ALWAYS: dict[str, dict[str, Any]] = {
    "GET /v1/auditLogs": {"sort": "date_desc"},
    "GET /v1/customers/{customer_id}/costs": {"ending_before": LATER},
    "GET /v1/customers/{customer_id}/invoices/breakdowns": {"ending_before": LATER},
    "POST /v1/contract-pricing/products/list": {"archive_filter": "ALL"},
    "POST /v1/packages/list": {"archive_filter": "ALL"},
    "POST /v1/usage/groups": {"group_by": {"key": "region"}, "starting_on": WHEN},
}
"""What billql sends always, and without which the sandbox does not respond."""
SOME = "00000000-0000-4000-8000-000000000000"

EXISTING = {
    "account_urn": "do:team:12345678-1234-1234-1234-123456789012",
    "invoice_uuid": "preview",
    "plan_id": SOME,
    "project_id": "default",
}


class Ask(NamedTuple):
    """A request: what its path, query and body say."""

    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]

    def says(self, place: str, name: str, value: Any) -> Ask:
        """Say one thing more; None takes it back."""
        changed = Ask(dict(self.path), dict(self.query), dict(self.body))
        into = {"path": changed.path, "query": changed.query, "body": changed.body}[place]
        if value is None:
            for key in [key for key in into if key.partition("[")[0] == name]:
                del into[key]
        else:
            into[name] = value
        return changed


Answer = Callable[[str, Operation, Ask], httpx.Response]


@pytest.fixture(scope="module")
def response() -> Iterator[Answer]:
    with Sandbox(size="small") as sandbox, httpx.Client(trust_env=False, timeout=120) as http:

        def send(vendor: str, one: Operation, api: Ask) -> httpx.Response:
            verb, _, path = one.request.partition(" ")
            for name, value in api.path.items():
                path = path.replace(f"{{{name}}}", str(value))
            return http.request(
                verb,
                sandbox.urls[vendor] + path,
                params=api.query,
                json=api.body if verb == "POST" else None,
                headers={"authorization": f"Bearer {sandbox.tokens[vendor]}"},
            )

        yield send


def plain(one: Operation) -> Ask:
    """Ask for what an operation requires, with values that fit."""
    api = Ask({}, {}, {})
    for name, parameter in one.parameters.items():
        if parameter.required:
            inner = [f"{name}[{key}]" for key in parameter.facts.get("required", ())]
            for key in inner or [name]:
                api = api.says(parameter.place, key, fitting(one.leaves.get(key, parameter)))
    for name, value in ALWAYS.get(one.request, {}).items():
        api = api.says("query" if one.request.startswith("GET") else "body", name, value)
    return api


def fitting(parameter: Parameter) -> Any:
    """Return a value that a parameter takes, of what need not be there."""
    name, facts = parameter.name, parameter.facts
    if "enum" in facts:
        return facts["enum"][0]
    by_format = {"uuid": SOME, "date-time": WHEN, "date": "2026-01-01", "ipv4": "192.0.2.1"}
    value = EXISTING.get(name, 60 if facts.get("type") == "integer" else "some")
    if name not in EXISTING and facts.get("format") in by_format:
        value = by_format[facts["format"]]
    return [value] if parameter.schema.get("type") == "array" else value


def unfit(parameter: Parameter) -> Iterator[Any]:
    """Return values that a parameter does not take."""
    facts = inner = parameter.facts
    wrong: list[Any] = ["maybe"] if inner.get("type") in ("boolean", "integer") else []
    if "enum" in inner:
        wrong += ["nobody", inner["enum"][0].swapcase() + "x"]
    if inner.get("format") == "uuid":
        wrong += ["x", SOME[:-1], f"{SOME}0"]
    if inner.get("format") == "date-time":
        wrong += ["2026-01-01", "x"]
    if "maximum" in facts:
        wrong += [facts["minimum"] - 1, facts["maximum"] + 1]
    if parameter.place == "body" and parameter.schema.get("type") == "array":
        yield from ([one] for one in wrong)
    else:
        yield from wrong


@pytest.mark.parametrize(("vendor", "one"), USED)
def test_what_is_unknown_is_refused(response: Answer, vendor: str, one: Operation) -> None:
    api = plain(one)
    usual = response(vendor, one, api)
    for place in ("query", "body") if one.request.startswith("POST") else ("query",):
        reply = response(vendor, one, api.says(place, "colour", "red"))
        if vendor not in STRICT:
            assert reply.status_code == usual.status_code
            continue
        assert reply.status_code == 400
        assert "colour" in reply.text
        if vendor == "stripe":
            assert reply.json()["error"]["code"] == "parameter_unknown"


@pytest.mark.parametrize(("vendor", "one"), USED)
def test_what_is_required_is_missed(response: Answer, vendor: str, one: Operation) -> None:
    api = plain(one)
    for name, parameter in one.parameters.items():
        if parameter.required and parameter.place != "path":
            reply = response(vendor, one, api.says(parameter.place, name, None))
            assert reply.status_code == 400
            assert name in reply.text


@pytest.mark.parametrize(("vendor", "one"), USED)
def test_what_does_not_fit_is_refused(response: Answer, vendor: str, one: Operation) -> None:
    api = plain(one)
    for name, parameter in one.leaves.items():
        place, facts = parameter.place, parameter.facts
        if vendor == "digitalocean" and place == "path" and facts.get("format") != "date":
            continue  # An id that is none leads to nothing there.
        if vendor not in STRICT and (one.request, name) not in DEFINED:
            continue
        for value in unfit(parameter):
            if "." in name:
                continue
            reply = response(vendor, one, api.says(place, name, value))
            assert reply.status_code == 400, (name, value, reply.text)
            assert re.search(re.escape(name.partition("[")[0]), reply.text)
