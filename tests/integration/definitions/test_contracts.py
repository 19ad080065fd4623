"""Every request that the definitions can send, held against what the vendors' documents allow.

Each method of each table is driven with each of its parameters, alone and all at once, to the
second page of its list. An API of our own answers; what it was asked is compared with contracts,
which are data made of the documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import httpx
import pytest

import billql
from billql.definitions.catalog import Catalog, Table
from billql.definitions.model import Column, Method, Parameter, placeholders
from billql.definitions.pagination import AfterId, CursorToken, NextUrl, PageNumber, Paginator
from billql.planning.pushdown import echo_columns
from contracts.contract import AHEAD, Facts, Operation, Sent, contract, faults, operation

CATALOGUE = Catalog()
VENDORS = ("digitalocean", "metronome", "stripe")
TABLES = [CATALOGUE.table(name) for name in CATALOGUE.names() if name.partition(".")[0] in VENDORS]
METHODS = [
    pytest.param(table, name, id=f"{table.name}-{name}")
    for table in TABLES
    for name in table.resource.methods
]
FILTERS = [
    pytest.param(table, method, name, id=f"{table.name}-{method}-{name}")
    for table in TABLES
    for method, how in table.resource.methods.items()
    for name, parameter in how.parameters.items()
    if parameter.value is None
]

LEFT_OUT = {
    # No row has this status: it stands for two others.
    ("GET /v1/subscriptions", "status"): {"ended"},
}
"""Words that a filter takes and a definition leaves out."""

CLOSED_ANYWAY = {
    # Three words that the documents name, with no enumeration.
    ("GET /v1/customers/{customer_id}/invoices", "status"),
    ("GET /v1/customers/{customer_id}/invoices/breakdowns", "status"),
    ("GET /v1/balance_transactions", "type"),
}
"""Filters whose words a document lists in its text alone."""

UUID = "5f7e8f9a-0b1c-4d2e-8f3a-4b5c6d7e8f90"
MOMENTS = {"<": "2026-01-20", "<=": "2026-01-20", "=": "2026-01-01", ">=": "2026-01-01"}
TEXTS = {
    "account_urn": f"do:team:{UUID}",
    "reserved_ip": "192.0.2.1",
    "project_id": UUID,
    "currency": "usd",
    "snapshot_id": "7",
}
"""Texts for parameters that do not take any."""


def api_name(name: str, parameter: Parameter) -> str:
    """Give the name of a parameter in the contract."""
    return re.sub(r"\[\d+\]", "[]", parameter.name or name)


def known(table: Table, method: Method) -> Operation:
    """Find the operation of a method."""
    shape = re.sub(r"\{\w+\}", "{}", method.request)
    for one in contract(table.name.partition(".")[0]):
        if re.sub(r"\{\w+\}", "{}", one.request) == shape:
            return one
    raise LookupError(f"the document has no {method.request}")


def facts_of(table: Table, method: Method, name: str, parameter: Parameter) -> Facts:
    """Find what the contract has of a parameter; those of a path go by their place."""
    found = known(table, method)
    told = api_name(name, parameter)
    if parameter.location == "path":
        places = placeholders(method.path)
        told = placeholders(found.request.partition(" ")[2])[places.index(told)]
    return found.parameters.get(told, {})


def value(table: Table, method: Method, name: str, parameter: Parameter) -> str:
    """Give a value for a parameter, as it stands in a condition."""
    column = table.columns[parameter.column or name]
    facts = facts_of(table, method, name, parameter)
    if column.type == "boolean":
        return "true"
    if column.type == "integer":
        return "7"
    if column.type in ("date", "timestamp"):
        at = "" if column.type == "date" else "T00:00:00Z"
        return f"'{MOMENTS[parameter.operator]}{at}'"
    if parameter.values:
        return f"'{parameter.values[0]}'"
    if "uuid" in (parameter.format, facts.get("format")):
        return f"'{UUID}'"
    if facts.get("format") == "date-time":
        return "'2026-01-01T00:00:00Z'"
    return f"'{TEXTS.get(name, 'some')}'"


def conditions(table: Table, method: Method, names: Sequence[str]) -> str:
    """Say something of what a method requires, and of some other parameters."""
    terms = [
        f"{parameter.column or name} {parameter.operator} {value(table, method, name, parameter)}"
        for name, parameter in method.parameters.items()
        if parameter.value is None and (name in names or parameter.required)
    ]
    return " AND ".join(terms) or "true"


SIZED = [
    pytest.param(table, name, id=f"{table.name}-{name}")
    for table in TABLES
    for name, method in table.resource.methods.items()
    if not method.single and known(table, method).size is not None
]
"""The methods whose document has a size of a page."""


class Api:
    """Answers as a table's methods expect it, each list in two pages; notes what it is asked."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.sent: list[Sent] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(Sent(request.method, str(request.url), request.content))
        method = self._method(request)
        if method.response == "csv":
            return httpx.Response(
                200, text="product\nDroplets\n", headers={"content-type": "text/csv"}
            )
        if method.response == "bytes":
            return httpx.Response(200, content=b"%PDF", headers={"content-type": "application/pdf"})
        page = len(self.sent)
        data: dict[str, Any] = {}
        for source in method.sources():
            merge(data, nested(source.at, self._row(page)))
        paginator = paginator_of(self.table, method)
        if paginator is not None:
            self._lead_on(paginator, data, request, more=page == 1)
        return httpx.Response(200, json=data)

    def _method(self, request: httpx.Request) -> Method:
        for method in self.table.resource.methods.values():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(method.path))
            if method.verb == request.method and re.fullmatch(pattern, request.url.path):
                return method
        raise LookupError(request.url.path)

    def _row(self, page: int) -> dict[str, Any]:
        """Give a row that has all columns and that no other page has."""
        row: dict[str, Any] = {"id": f"id_{page}"}
        for name, column in self.table.resource.columns.items():
            path = column.path or name
            if column.value is None and not path.startswith("$") and "[]" not in path:
                merge(row, nested(path, written(name, column, page)))
        return row

    def _lead_on(
        self, paginator: Paginator, data: dict[str, Any], request: httpx.Request, *, more: bool
    ) -> None:
        match paginator:
            case PageNumber(total=total):
                merge(data, nested(total, 2))
            case NextUrl(path=path):
                after = request.url.copy_merge_params({"page": "2"})
                merge(data, nested("meta.total", 2))
                merge(data, nested(path, str(after) if more else None))
            case CursorToken(path=path):
                merge(data, nested(path, "more" if more else None))
            case AfterId(more=flag):
                merge(data, nested(flag, more))
            case _:
                raise NotImplementedError(type(paginator).__name__)

    def ask(self, where: str) -> list[Sent]:
        """Read every column that there is, and give what was sent."""
        provider = self.table.name.partition(".")[0]
        asked = {term.split()[0] for term in where.split(" AND ")}
        unseen = set(echo_columns(self.table)) - asked
        names = [name for name in self.table.resource.columns if name not in unseen]
        columns = ", ".join(f'"{name}"' for name in names)
        tokens = {provider: "a-token"}
        with billql.connect(tokens=tokens, http_transport=httpx.MockTransport(self)) as connection:
            rows = connection.execute(f"SELECT {columns} FROM {self.table.name} WHERE {where}")
            list(islice(rows, 1000))
        return self.sent


def written(name: str, column: Column, page: int) -> Any:
    """Write a value as an API does."""
    match column.format, column.type:
        case (("epoch" | "epoch_ms"), _):
            return 1_767_225_600 + page
        case "reference", _:
            return f"{name}_{page}"
        case "dollars", _:
            return "$1.50"
        case _, "json":
            return {}
        case _, "boolean":
            return True
        case _, "integer" | "real":
            return page
        case _, "decimal":
            return "1.50"
        case _, "month":
            return "2026-01"
        case _, "date" | "timestamp":
            return f"2026-01-{page:02}T00:00:00Z"
        case _:
            return f"{name}_{page}"


def paginator_of(table: Table, method: Method) -> Paginator | None:
    return table.provider.paging[method.paging] if isinstance(method.paging, str) else method.paging


def nested(path: str, inner: Any) -> dict[str, Any]:
    """Put a value where a path leads to."""
    for part in reversed(path.split(".") if path else []):
        if part.endswith("[]"):
            inner = {part[:-2]: [inner]}
        elif part.endswith("{}"):
            inner = {part[:-2]: {"key": inner}}
        else:
            inner = {part: inner}
    assert isinstance(inner, dict)
    return inner


def merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for name, found in other.items():
        if isinstance(found, dict) and isinstance(into.get(name), dict):
            merge(into[name], found)
        elif isinstance(found, list) and isinstance(into.get(name), list):
            merge(into[name][0], found[0])
        else:
            into[name] = found


def driven(table: Table, name: str) -> Iterator[list[Sent]]:
    """Drive a method with what it requires, with each other parameter, and with all of them."""
    method = table.resource.methods[name]
    others = [
        key
        for key, parameter in method.parameters.items()
        if parameter.value is None and not parameter.required
    ]
    for names in ((), *((key,) for key in others), others):
        yield Api(table).ask(conditions(table, method, names))


@pytest.mark.parametrize(("table", "name"), METHODS)
def test_every_request_is_one_that_the_document_allows(table: Table, name: str) -> None:
    provider = table.name.partition(".")[0]
    method = table.resource.methods[name]
    found = known(table, method)
    sent = [one for requests in driven(table, name) for one in requests]
    wrong = {fault for one in sent for fault in faults(provider, one)}
    assert not wrong
    own = [one for one in sent if operation(provider, one.method, path_of(one))[0] is found]
    told = {key for one in own for _, key, _ in one.parameters()}
    for key, parameter in method.parameters.items():
        assert parameter.location == "path" or api_name(key, parameter) in told, key


def path_of(sent: Sent) -> str:
    return httpx.URL(sent.url).path


@pytest.mark.parametrize(("table", "name"), SIZED)
def test_a_list_is_asked_for_in_its_largest_pages(table: Table, name: str) -> None:
    method = table.resource.methods[name]
    size = known(table, method).size
    assert size is not None
    key, facts = size
    first, *others = Api(table).ask(conditions(table, method, ()))
    assert [given for _, told, given in first.parameters() if told == key] in (
        [facts.get("max", 100)],
        [str(facts.get("max"))],
    )
    assert others, "the second page was not asked for"


def test_the_billing_history_is_asked_for_in_large_pages() -> None:
    """The document has no parameter for it, but its addresses have."""
    first, second = Api(CATALOGUE.table("digitalocean.billing.billing_history")).ask("true")
    assert httpx.URL(first.url).query == b"per_page=200"
    assert httpx.URL(second.url).query == b"per_page=200&page=2"


def test_contracts_follow_a_cursor_that_an_answer_has() -> None:
    where = f"customer_id = '{UUID}'"
    first, second = Api(CATALOGUE.table("metronome.contracts.contracts")).ask(where)
    assert {name for _, name, _ in first.parameters()} == {"customer_id", "include_archived"}
    assert ("body", "cursor", "more") in list(second.parameters())


def test_nothing_more_than_is_known_goes_beyond_the_documents() -> None:
    beyond = {
        fault
        for table in TABLES
        for name in table.resource.methods
        for requests in driven(table, name)
        for sent in requests
        for fault in faults(table.name.partition(".")[0], sent, frozenset())
    }
    assert len(beyond) == len(AHEAD), beyond


@pytest.mark.parametrize(("table", "method", "name"), FILTERS)
def test_filters_take_what_the_document_says(table: Table, method: str, name: str) -> None:
    how = table.resource.methods[method]
    parameter = how.parameters[name]
    facts = facts_of(table, how, name, parameter)
    of = facts.get("of", facts)
    place = (known(table, how).request, api_name(name, parameter))
    words = set(of.get("enum", ())) - LEFT_OUT.get(place, set())
    if place not in CLOSED_ANYWAY:
        assert set(parameter.values) == words
    if of.get("format") in ("uuid", "ipv4"):
        assert parameter.format == "uuid" or parameter.pattern is not None
