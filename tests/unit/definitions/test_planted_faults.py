"""The check against vendors' documents finds what is wrong: each fault is planted, and found."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from billql.definitions.catalog import Table
from billql.definitions.methods import Method, Parameter
from billql.definitions.pagination import CursorToken, PageNumber
from contracts.document import Document, document
from contracts.drawing import requests
from contracts.operation import Sent
from support.shipped import CATALOG

Change = Callable[[Method], Method]

DROPLETS = "digitalocean.droplets.droplets"
CONTRACTS = "metronome.contracts.contracts"
INVOICES = "stripe.billing.invoices"
SERVICES = "aws.costs.services"
ACCOUNTS = "aws.organizations.accounts"
COSTS = "POST /#AWSInsightsIndexService.GetCostAndUsage"
LINODES = "linode.compute.instances"


def complaints(name: str, method: str, change: Change = lambda method: method) -> set[str]:
    """Hold what a changed method sends against the document."""
    table = CATALOG.table(name)
    changed = change(table.resource.methods[method])
    resource = msgspec.structs.replace(table.resource, methods={method: changed})
    planted: Table = msgspec.structs.replace(table, resource=resource)
    found = list(requests(planted, method, 20, ["some"]))
    assert found
    return {one for sent in found for one in document(table.provider_name).complaints(sent)}


def with_parameter(key: str, **fields: Any) -> Change:
    return lambda method: msgspec.structs.replace(
        method, parameters={**method.parameters, key: Parameter(**fields)}
    )


def renamed(name: str, other: str) -> Change:
    return lambda method: msgspec.structs.replace(
        method,
        parameters={
            other if key == name else key: msgspec.structs.replace(one, column=one.column or key)
            if key == name
            else one
            for key, one in method.parameters.items()
        },
    )


def paged(paging: Any) -> Change:
    return lambda method: msgspec.structs.replace(method, paging=paging)


def test_a_method_that_nobody_changed_is_valid() -> None:
    for name in (DROPLETS, CONTRACTS, INVOICES, SERVICES, ACCOUNTS):
        method = "list"
        assert complaints(name, method) == set()


@pytest.mark.parametrize(
    ("name", "method", "change", "complaint"),
    [
        pytest.param(
            CONTRACTS,
            "list",
            paged(CursorToken(path="cursor", location="body", size=20, size_location="body")),
            "POST /v2/contracts/list: body: Additional properties are not allowed ('limit' was",
            id="the-size-that-contracts-do-not-take",
        ),
        pytest.param(
            CONTRACTS,
            "list",
            with_parameter("colour", location="body", value="red"),
            "POST /v2/contracts/list: body: Additional properties are not allowed ('colour' was",
            id="another-member-of-a-body",
        ),
        pytest.param(
            SERVICES,
            "list",
            with_parameter("filter", name="Filter.Dimension.Key", location="body", value="SERVICE"),
            f"{COSTS}: body.Filter: Unevaluated properties are not allowed ('Dimension' was",
            id="another-name-deep-in-a-body",
        ),
        pytest.param(
            SERVICES,
            "list",
            with_parameter(
                "group_type_1", name="GroupBy[0].Type", location="body", value="SERVICE"
            ),
            f'{COSTS}: body.GroupBy.N.Type: "SERVICE" is not one of "DIMENSION", "TAG"',
            id="another-value-in-a-list-of-a-body",
        ),
        pytest.param(
            SERVICES,
            "list",
            with_parameter("metrics", name="Metrics", location="body", value="UnblendedCost"),
            f'{COSTS}: body.Metrics: "UnblendedCost" is not of type "array"',
            id="a-text-for-a-list-of-a-body",
        ),
        pytest.param(
            SERVICES,
            "list",
            with_parameter("start", name="TimePeriod.From", location="body", value="2026-01-01"),
            f'{COSTS}: body.TimePeriod: "Start" is a required property',
            id="a-member-that-is-missing",
        ),
        pytest.param(
            ACCOUNTS,
            "list",
            paged(
                CursorToken(
                    path="NextToken",
                    parameter="NextToken",
                    location="body",
                    size=21,
                    size_parameter="MaxResults",
                    size_location="body",
                )
            ),
            "POST /#AWSOrganizationsV20161128.ListAccounts: body.MaxResults: 21 is greater than "
            "the maximum of 20",
            id="a-page-of-a-body-that-is-too-large",
        ),
        pytest.param(
            DROPLETS,
            "list_by_tag",
            renamed("tag_name", "tag"),
            "GET /v2/droplets: the document has no tag in its query",
            id="another-name-of-a-parameter",
        ),
        pytest.param(
            INVOICES,
            "list",
            with_parameter("created[from]", column="created", operator=">=", format="epoch"),
            "GET /v1/invoices: created: Unevaluated properties are not allowed ('from' was",
            id="another-name-within-a-parameter",
        ),
        pytest.param(
            CONTRACTS,
            "list",
            with_parameter("include_archived", location="body", value="yes"),
            'POST /v2/contracts/list: body.include_archived: "yes" is not of type "boolean"',
            id="another-type-in-a-body",
        ),
        pytest.param(
            DROPLETS,
            "list",
            paged(PageNumber(total="meta.total", size=201)),
            "GET /v2/droplets: per_page: 201 is greater than the maximum of 200",
            id="a-page-above-the-largest",
        ),
        pytest.param(
            INVOICES,
            "list",
            with_parameter("status", value="unpaid"),
            'GET /v1/invoices: status: "unpaid" is not one of',
            id="a-value-that-is-none-of-the-enumeration",
        ),
        pytest.param(
            DROPLETS,
            "get",
            with_parameter("droplet_id", location="path", column="name", required=True),
            'GET /v2/droplets/{droplet_id}: droplet_id: "some" is not of type "integer"',
            id="another-type-in-a-path",
        ),
        pytest.param(
            CONTRACTS,
            "list",
            with_parameter("customer_id", location="query", required=True, format="uuid"),
            'POST /v2/contracts/list: body: "customer_id" is a required property',
            id="a-member-in-another-place",
        ),
        pytest.param(
            DROPLETS,
            "list",
            lambda method: msgspec.structs.replace(method, request="GET /v2/droplet"),
            "the document has no GET /v2/droplet",
            id="another-path",
        ),
        pytest.param(
            *(LINODES, "list", with_parameter("sort", location="filter", name="colour", value="a")),
            "GET /v4/linode/instances: x-filter: it cannot be filtered by colour",
            id="another-member-of-a-filter",
        ),
        pytest.param(
            LINODES,
            "list",
            with_parameter("sort", location="filter", name="+order_by", value="colour"),
            "GET /v4/linode/instances: x-filter: it cannot be ordered by colour",
            id="an-order-by-no-member",
        ),
        pytest.param(
            *(
                LINODES,
                "list",
                with_parameter("sort", location="filter", name="+order", value="up"),
            ),
            "GET /v4/linode/instances: x-filter: its order is none",
            id="an-order-that-is-none",
        ),
        pytest.param(
            *(LINODES, "list", renamed("label", "status")),
            "GET /v4/linode/instances: x-filter: it cannot be filtered by status",
            id="a-member-that-cannot-be-filtered",
        ),
        pytest.param(
            *(LINODES, "list", with_parameter("label", location="filter")),
            'GET /v4/linode/instances: x-filter: label: "',
            id="a-value-of-a-filter-that-is-none",
        ),
        pytest.param(
            "linode.billing.invoices",
            "list",
            with_parameter(
                "date_from", location="filter", name="date", column="date", operator=">="
            ),
            "GET /v4/account/invoices: x-filter: date: ",
            id="a-time-with-its-zone",
        ),
        pytest.param(
            "linode.billing.payments",
            "list",
            paged(PageNumber(total="results", size=500, size_parameter="page_size")),
            "GET /v4/account/payments: page_size: 5 is less than the minimum of 25",
            id="a-page-below-the-least",
        ),
    ],
)
def test_a_planted_fault_of_a_request_is_found(
    name: str, method: str, change: Change, complaint: str
) -> None:
    found = complaints(name, method, change)
    assert any(one.startswith(complaint) for one in found), found


BALANCE = {
    "month_to_date_balance": "23.44",
    "account_balance": "12.23",
    "month_to_date_usage": "11.21",
    "generated_at": "2019-07-09T15:01:12Z",
}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, None),
        ({"account_balance": 12.23}, 'body.account_balance: 12.23 is not of type "string"'),
        ({"generated_at": "yesterday"}, 'body.generated_at: "yesterday" is not a "date-time"'),
        ({"balance": "1.00"}, "body: Unevaluated properties are not allowed ('balance' was"),
    ],
)
def test_a_planted_fault_of_a_response_is_found(
    change: dict[str, Any], complaint: str | None
) -> None:
    operation, _ = document("digitalocean").find("GET", "/v2/customers/my/balance")
    body = json.dumps(BALANCE | change).encode()
    found = list(operation.response_complaints(200, "application/json", body))
    if complaint is None:
        assert found == []
    else:
        (one,) = found
        assert one.startswith(f"{operation.request}: 200 {complaint}")


def test_a_fault_deep_in_an_alternative_is_named_where_it_is() -> None:
    operation, _ = document("metronome").find("POST", "/v2/contracts/list")
    body = json.dumps({"data": [{"id": 5}], "cursor": None}).encode()
    found = list(operation.response_complaints(200, "application/json", body))
    assert 'POST /v2/contracts/list: 200 body.data.N.id: 5 is not of type "string"' in found


def test_a_response_of_another_kind_is_a_fault() -> None:
    operation, _ = document("digitalocean").find("GET", "/v2/customers/my/balance")
    (found,) = operation.response_complaints(200, "text/html; charset=utf-8", b"")
    assert found == f"{operation.request}: 200 is text/html, not application/json"


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("", None),
        ("?limit=100&created[gte]=5&expand[]=data.customer&expand[]=data.discounts", None),
        ("?limit=101", "limit: 101 is greater than the maximum of 100"),
        ("?limit=ten", 'limit: "ten" is not of type "integer"'),
        ("?limit=1&limit=2", "limit: it has 2 values, and takes one"),
        ("?created[gte]=soon", 'created.gte: "soon" is not of type "integer"'),
    ],
)
def test_a_query_is_read_as_its_document_writes_it(query: str, complaint: str | None) -> None:
    sent = Sent("GET", f"https://api.stripe.com/v1/invoices{query}")
    found = document("stripe").complaints(sent)
    if complaint is None:
        assert found == []
    else:
        assert f"GET /v1/invoices: {complaint}" in found


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"generated_at": None}, None),
        ({"account_balance": 12.23}, 'body.account_balance: 12.23 is not of type "string"'),
        ({"balance": "1.00"}, "body: Unevaluated properties are not allowed ('balance' was"),
    ],
)
def test_what_a_mock_leaves_out_is_no_fault_and_what_it_makes_up_is(
    change: dict[str, Any], complaint: str | None
) -> None:
    known = document("digitalocean")
    partial = Document(known.data, {"partial": "A mock made it."})
    operation, _ = partial.find("GET", "/v2/customers/my/balance")
    body = json.dumps({"account_balance": "12.23"} | change).encode()
    found = list(operation.response_complaints(200, "application/json", body))
    if complaint is None:
        assert found == []
    else:
        assert [one for one in found if one.startswith(f"{operation.request}: 200 {complaint}")]


def test_what_is_listed_as_not_in_the_document_is_not_judged() -> None:
    known = document("digitalocean")
    listed = Document(known.data, {"uncovered": {"GET /v2/things/{id}": "It is newer."}})
    assert listed.complaints(Sent("GET", "https://api.digitalocean.com/v2/things/5")) == []
    (found,) = listed.complaints(Sent("GET", "https://api.digitalocean.com/v2/things"))
    assert found == "the document has no GET /v2/things"
