"""What billql sends and what the sandbox responds, held against what the vendors wrote.

Every request is valid by the vendor's OpenAPI document, with nothing in it that the document does
not have; so is every response. `contracts` has the documents.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from billql.definitions.catalog import Table
from billql.docs.samples import _sources, _WithoutLimits
from billql.messages import Home, Request
from billql.sandbox import Sandbox
from billql.sandbox.mock.auth import accepted
from billql.sql.tokenizer import quote
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from contracts import document as documents
from contracts.document import Document, entries
from contracts.drawing import NOW, requests
from contracts.exchanges import Exchange, Recorder
from contracts.operation import Sent, request_of
from support.shipped import CATALOG
from support.vendor_documents import PROPERTY

PROVIDERS = [
    provider
    for provider in CATALOG.providers()
    if (documents.DOCUMENTS / f"{provider}.json").exists()
]
ROUNDS = 40
"""How many statements are drawn for each method."""

Tell = Callable[[str, object], None]


def tables(provider: str) -> list[Table]:
    return [CATALOG.table(name) for name in CATALOG.names() if name.startswith(f"{provider}.")]


def texts(table: Table) -> list[str]:
    """Return the texts that the examples of a table compare with."""
    return [
        text
        for example in table.resource.examples
        for text in re.findall(r"'([^']*)'", example.sql)
    ]


def covered(document: Document, request: str) -> bool:
    return request not in document.about.get("uncovered", {})


@pytest.mark.parametrize("provider", CATALOG.providers())
def test_a_provider_has_a_document_or_a_reason(provider: str, record_property: Tell) -> None:
    assert provider in entries(), f"tests/contracts/providers.yaml has no entry for {provider}"
    about = entries()[provider]
    if provider not in PROVIDERS:
        for table in tables(provider):
            record_property(PROPERTY, f"{table.name}: not covered, {about['missing']}")
        return
    assert about["source"]
    assert about["licence"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_method_is_in_the_document_or_listed(provider: str, record_property: Tell) -> None:
    document = documents.document(provider)
    listed = document.about.get("uncovered", {})
    missing: dict[str, list[str]] = {}
    for table in tables(provider):
        for method in table.resource.methods.values():
            try:
                document.operation(request_of(method))
            except LookupError:
                missing.setdefault(request_of(method), []).append(table.name)
    assert missing.keys() == listed.keys()
    for request, names in missing.items():
        reason = listed[request]
        record_property(PROPERTY, f"{', '.join(names)}: not covered, {request}: {reason}")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_request_that_is_drawn_is_valid(provider: str, record_property: Tell) -> None:
    document = documents.document(provider)
    complaints = Counter[str]()
    tried = 0
    for table in tables(provider):
        for name, method in table.resource.methods.items():
            if not covered(document, request_of(method)):
                continue
            found = list(requests(table, name, ROUNDS, texts(table)))
            assert found, f"no request was drawn for {table.name} by {name}"
            tried += len(found)
            complaints.update(one for each in found for one in document.complaints(each))
    record_property(
        PROPERTY,
        f"{provider}: {tried:,} drawn requests by {document.title}, "
        f"{complaints.total()} complaints",
    )
    assert not complaints


LEFT_OUT = {
    # No row has this status: it stands for two others.
    ("GET /v1/subscriptions", "status"): {"ended"},
    # No row has this value: what never recurs has none.
    ("GET /2010-04-01/Accounts/{AccountSid}/Usage/Triggers.json", "Recurring"): {"alltime"},
    # Reports of hours are a resource of their own.
    ("POST /#AWSInsightsIndexService.GetCostAndUsage", "Granularity"): {"HOURLY"},
}
"""Values that a filter takes and a definition leaves out."""

STATED_IN_WORDS = {
    ("GET /v1/customers/{customer_id}/invoices", "status"),
    ("GET /v1/customers/{customer_id}/invoices/breakdowns", "status"),
    ("GET /v1/balance_transactions", "type"),
}
"""Filters whose values the vendor lists in words alone."""

GROWING = {
    # New kinds of use come with new products; an unknown one is the API's to refuse.
    ("GET /api/v1/usage/hourly-attribution", "usage_type"),
}
"""Filters that take more values than a document lists, so that a definition takes any."""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_filters_take_the_values_of_the_document(provider: str) -> None:
    document = documents.document(provider)
    for table in tables(provider):
        for method in table.resource.methods.values():
            if not covered(document, request_of(method)):
                continue
            operation = document.operation(request_of(method))
            for key, parameter in method.parameters.items():
                name = re.sub(r"\[\d+\]", "[]", parameter.name or key)
                place = (operation.request, name)
                if parameter.value is not None or name not in operation.leaves:
                    continue
                facts = operation.leaves[name].facts
                taken = set(facts.get("enum", ())) - LEFT_OUT.get(place, set())
                assert set(parameter.values) == taken or place in STATED_IN_WORDS | GROWING, place
                if facts.get("format") in ("uuid", "ipv4"):
                    assert parameter.format == "uuid" or parameter.pattern, place


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_list_is_read_in_its_largest_pages(provider: str) -> None:
    document = documents.document(provider)
    for table in tables(provider):
        for method in table.resource.methods.values():
            if method.single or not covered(document, request_of(method)):
                continue
            size = document.operation(request_of(method)).size
            paginator = table.paginator(method)
            if size is not None:
                assert paginator is not None, method.request
                assert paginator.size_parameter == size.name
                assert paginator.size == size.schema.get("maximum", paginator.size)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_ahead_of_the_document_is_sent(provider: str) -> None:
    """What is listed and not sent, or in the document by now, is taken off the list."""
    document = documents.document(provider)
    strict = Document(document.data, {**document.about, "ahead": {}})
    found = {
        (strict.find(sent.method, sent.path)[0].request, name)
        for table in tables(provider)
        for method in table.resource.methods
        for sent in requests(table, method, ROUNDS, texts(table))
        for complaint in strict.complaints(sent)
        for name in re.findall(r"(?:has no |\(')(\w+)(?:'| in)", complaint)
    }
    listed = {
        (request, name)
        for request, names in document.about.get("ahead", {}).items()
        for name in names
    }
    assert found == listed


class Run:
    """A provider's sandbox, what was exchanged with it, and the values that rows had."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.document = documents.document(provider)
        self.known: dict[str, dict[str, list[object]]] = {}
        with Sandbox(until=NOW.date(), size="small", catalog=CATALOG) as sandbox:
            self._recorder = Recorder({provider: sandbox.urls[provider]})
            options = Options(
                {},
                sandbox.tokens,
                sandbox.urls,
                _WithoutLimits(()),
                cache_ttl=0,
                http_transport=self._recorder,
                clock=lambda: NOW,
            )
            session = Session(":memory:", lambda: options)
            for table in tables(provider):
                self._read(session, table)
            for sql in self.document.about.get("statements", ()):
                list(session.execute(sql))
            session.close()
            self._draw(sandbox)
            self._recorder.close()

    @property
    def exchanges(self) -> list[Exchange]:
        """What is documented: a request for an access token is OAuth's own."""
        granting = getattr(CATALOG.provider(self.provider).auth, "token_path", None)
        return [one for one in self._recorder.exchanges if one.sent.path != granting]

    def _read(self, session: Session, table: Table) -> None:
        for example in table.resource.examples:
            list(session.execute(example.sql.replace("'now'", f"'{NOW:%Y-%m-%d}'")))
        columns = [name for name, column in table.columns.items() if column.path != "$parameter"]
        known = self.known.setdefault(table.name, {})
        for alias, source in _sources(table):
            listed = ", ".join(f"{alias}.{quote(name)}" for name in columns)
            source = source.replace("'now'", f"'{NOW:%Y-%m-%d}'")
            for row in session.execute(f"SELECT {listed} {source}"):
                for name, value in zip(columns, row, strict=True):
                    if value is not None and len(known.setdefault(name, [])) < 50:
                        known[name].append(value)

    def _draw(self, sandbox: Sandbox) -> None:
        """Send drawn requests, whose keys are those of rows."""
        anywhere = {name: seen for one in self.known.values() for name, seen in one.items()}
        url, token = sandbox.urls[self.provider], sandbox.tokens[self.provider]
        with httpx.Client(transport=self._recorder) as client:
            for table in tables(self.provider):
                known = anywhere | self.known[table.name]
                for name in table.resource.methods:
                    drawn = requests(table, name, 4, texts(table), known)
                    for sent in dict.fromkeys(drawn):
                        self._send(client, table, sent, url, token)

    def _send(self, client: httpx.Client, table: Table, sent: Sent, url: str, token: str) -> None:
        origin, path, query = split(sent.url)
        about = table.provider
        kind = {"Content-Type": "application/json"} if sent.body else {}
        known = accepted(about.auth, token)
        headers = {**kind, **dict(sent.headers), **about.headers, **known}
        request = Request(
            "GET" if sent.method == "GET" else "POST",
            url + path,
            tuple(sent.pairs),
            sent.data,
            tuple(headers.items()),
            home=Home(url, origin),
        )
        headers |= about.auth.signature(token, request)
        client.request(sent.method, f"{url}{path}{query}", content=sent.body, headers=headers)


def split(url: str) -> tuple[str, str, str]:
    """Return the origin, the path and the query of an address."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", parts.path, query


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_sandbox_and_billql_exchange_what_is_valid(
    provider: str, record_property: Tell
) -> None:
    made = Run(provider)
    complaints = Counter[str]()
    responded = set[str]()
    validated = 0
    for exchange in made.exchanges:
        complaints.update(made.document.complaints(exchange.sent))
        if made.document.leaves_out(exchange.sent):
            continue
        operation, _ = made.document.find(exchange.sent.method, exchange.sent.path)
        if exchange.status == 200:
            responded.add(operation.request)
        try:
            complaints.update(
                operation.response_complaints(exchange.status, exchange.kind, exchange.body)
            )
            validated += 1
        except LookupError:
            assert exchange.status >= 400, exchange  # what a document may leave unsaid
    record_property(
        PROPERTY,
        f"{provider}: {len(made.exchanges):,} requests to the sandbox, {validated:,} responses "
        f"by {made.document.title}, {complaints.total()} complaints",
    )
    assert not complaints
    called = {
        made.document.operation(request_of(method)).request
        for table in tables(provider)
        for method in table.resource.methods.values()
        if covered(made.document, request_of(method))
    }
    assert called - responded == set(), "every method has had a response"
