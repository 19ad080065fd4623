"""Definitions made of OpenAPI documents: what is imported, and what is left out and noted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from billql.authoring.check import check
from billql.authoring.openapi import operations
from billql.authoring.openapi.columns import Row
from billql.authoring.openapi.document import Document, column_type
from billql.authoring.openapi.importing import Imported, imported
from billql.authoring.openapi.naming import identifier, singular, without_verb
from billql.authoring.openapi.prose import sentence
from billql.authoring.openapi.provider import _auth
from billql.authoring.openapi.reading import read
from billql.errors import DefinitionError, InterfaceError
from support.openapi import importing
from support.openapi.importing import CLOUD, DOCUMENTS, written

ODD = read(DOCUMENTS / "odd.json")


def loaded(made: Imported, file: str) -> Any:
    return yaml.safe_load(made.files[file])


# A whole provider ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return importing.cloud(tmp_path_factory.mktemp("roots"))


def test_what_was_imported_passes_the_check(cloud: Path) -> None:
    findings = list(check(cloud))
    assert [str(one) for one in findings if one.severity == "error"] == []
    # Which currency amounts are in, the document does not say.
    assert {one.rule for one in findings} == {"money-currency"}


def test_what_all_resources_share() -> None:
    provider = loaded(imported(CLOUD, ["Billing"], "digitalocean"), "provider.yaml")
    assert provider == {
        "billql": 1,
        "title": "DigitalOcean",
        "description": "A cloud that sells machines (see it).",
        "version": "0.1.0",
        "documentation": "https://docs.example.com/cloud",
        "url": "https://api.digitalocean.com",
        "auth": {
            "kind": "bearer",
            "secret": "DIGITALOCEAN_TOKEN",
            "help": "Create a token for the API of DigitalOcean.",
        },
        "errors": {"message": "message", "code": "id", "request_id": "request_id"},
        "paging": {
            "links": {"kind": "next_url", "path": "links.pages.next", "total": "meta.total"},
            "pages": {"kind": "page_number", "total": "meta.total"},
        },
    }


def test_the_yaml_is_in_the_style_of_the_house() -> None:
    text = imported(CLOUD, ["/v2/droplets"], "acme").files["machines.yaml"]
    assert "          name: {match: superset}\n" in text
    assert "        sql: |\n          SELECT id, name, memory, locked, created_at\n" in text
    assert "  droplets:\n    description: A machine.\n    columns:\n      id:\n" in text


# What is odd --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def odd() -> Imported:
    return imported(ODD, ["Money", "/v1/events/search"], "odd")


def test_the_odd_document_passes_the_check(odd: Imported, tmp_path: Path) -> None:
    findings = list(check(written(odd, tmp_path / "odd")))
    assert [(one.severity, one.rule) for one in findings] == [("error", "paging-unknown")]
    (unknown,) = findings
    assert unknown.place == ("resources", "endless", "methods", "list", "paging")
    assert unknown.path is not None
    assert unknown.path.read_text().splitlines()[unknown.line - 1].strip() == "paging: unknown"
    assert "replace `unknown` by a paging kind" in unknown.message


def test_what_cannot_be_imported_is_noted(odd: Imported) -> None:
    assert odd.notes == [
        "GET /v1/payments: left out fields with members, or with names that paths cannot have: "
        "where, note.text",
        "GET /v1/payments/{payment-id}: left out fields with members, or with names that paths "
        "cannot have: note.text",
        "GET /v1/endless: paging: unknown: it accepts offset, and its response has nothing but "
        "rows",
        "GET /v1/broken: left out: the reference #/components/schemas/nowhere leads to nothing",
        "POST /v1/events/search: left out fields with members, or with names that paths cannot "
        "have: filter",
    ]


def test_columns_come_of_what_is_plain(odd: Imported) -> None:
    columns = loaded(odd, "money.yaml")["resources"]["payments"]["columns"]
    assert columns["id"] == {"type": "text", "description": "Its identifier, e.g. `p_1`."}
    assert columns["amount"] == {
        "type": "integer",
        "description": "The amount in cents.",
        "currency": "currency",
        "minor": True,
    }
    assert columns["fee"]["type"] == "decimal"
    assert columns["order_value"]["path"] == "order"
    assert (columns["created"]["type"], columns["created"]["format"]) == ("timestamp", "epoch")
    assert columns["status"]["description"] == "The status, one of paid and failed."
    assert columns["previous"]["type"] == columns["lines"]["type"] == "json"
    assert columns["payer_vat"]["path"] == "payer.vat"


def test_parameters_filter_only_where_that_is_clear(odd: Imported) -> None:
    payments = loaded(odd, "money.yaml")["resources"]["payments"]
    assert payments["methods"]["list"]["parameters"] == {
        "created[gte]": {
            "column": "created",
            "operator": ">=",
            "match": "superset",
            "format": "epoch",
        },
        "created_before": {},  # a day, where the column has instants
        "amount_max": {"column": "amount", "operator": "<", "match": "superset"},
        "status": {"match": "superset", "lists": "comma"},
        "expand[]": {"column": "expand", "lists": "brackets"},
    }
    assert payments["methods"]["get"]["parameters"] == {
        "payment_id": {"in": "path", "column": "id", "required": True}
    }
    assert payments["columns"]["created_before"]["hidden"] is True
    assert payments["unique"] == ["id"]


def test_paging_needs_both_sides(odd: Imported) -> None:
    resources = loaded(odd, "money.yaml")["resources"]
    paging = loaded(odd, "provider.yaml")["paging"]
    named = {name: one["methods"]["list"]["paging"] for name, one in resources.items()}
    assert named.pop("endless") == "unknown"
    assert {name: paging[one] for name, one in named.items()} == {
        "payments": {"kind": "after_id", "size": 50},
        "events": {
            "kind": "cursor_token",
            "path": "next_cursor",
            "parameter": "cursor",
            "location": "body",
            "size": 30,
            "size_location": "body",
        },
        "linked": {"kind": "link_header"},
        "rates": {"kind": "single_page"},
    }
    assert [one["methods"]["list"]["rows"] for one in resources.values()] == [
        "data[]",
        "[]",
        "[]",
        "rates{}",
        "events[]",
    ]


def test_servers_and_keys_are_noted(odd: Imported) -> None:
    provider = loaded(odd, "provider.yaml")
    assert provider["url"] == "https://eu.odd.example"
    assert provider["auth"]["kind"] == "header"
    assert provider["auth"]["header"] == "X-Odd-Key"
    assert loaded(odd, "money.yaml")["resources"]["rates"]["methods"]["list"]["request"] == (
        "GET /api/v1/rates"
    )


USAGE = Document(
    {
        "openapi": "3.0.3",
        "info": {"title": "Usage", "version": "1"},
        "servers": [{"url": "https://usage.example"}],
        "paths": {
            "/lines": {
                "get": {
                    "tags": ["Usage"],
                    "summary": "Lists the lines.",
                    "responses": {
                        "200": {
                            "content": {
                                "application/x-ndjson": {
                                    "schema": {
                                        "type": "object",
                                        "properties": {"name": {"type": "string"}},
                                    }
                                }
                            }
                        }
                    },
                }
            },
            "/months": {
                "get": {
                    "tags": ["Usage"],
                    "summary": "Lists the items of a month.",
                    "parameters": [
                        {"in": "query", "name": name, "schema": {"type": "integer"}}
                        for name in ("year", "month", "day")
                    ],
                    "responses": {
                        "200": {
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "properties": {"name": {"type": "string"}},
                                        },
                                    }
                                }
                            }
                        }
                    },
                }
            },
        },
    }
)


def test_lines_and_months_are_imported(tmp_path: Path) -> None:
    made = imported(USAGE, ["Usage"], "usage")
    assert made.notes == [
        "GET /months: months are requested as a whole; the parameter day is left out"
    ]
    resources = loaded(made, "usage.yaml")["resources"]
    lines = resources["lines"]["methods"]["list"]
    assert (lines["response"], lines["rows"]) == ("jsonl", "[]")
    months = resources["months"]["methods"]["list"]
    assert months["parameters"] == {
        "year": {"column": "month", "required": True, "by": "month", "format": "year"},
        "month": {"required": True, "by": "month", "format": "month_of_year"},
    }
    assert months["window_limit"] == {"column": "month", "months": 1}
    assert {one.rule for one in check(written(made, tmp_path / "usage"))} <= {"list-paging"}


# Selecting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "requests"),
    [
        ("billing", 5),
        ("/v2/droplets", 1),
        ("/v2/droplets/*", 1),
        ("/v2/*", 7),
        ("/v2/customers/my/invoices/{invoice_uuid}/pdf", 1),
    ],
)
def test_what_a_word_selects(word: str, requests: int) -> None:
    found = operations.select(CLOUD, [word])
    assert len(found) == requests
    assert {verb for _, verb, _, _ in found} == {"GET"}


def test_a_post_is_selected_only_by_its_own_path() -> None:
    assert "POST" not in {one[1] for one in operations.select(ODD, ["Money", "/v1/*"])}
    assert [one[1] for one in operations.select(ODD, ["/v1/events/search"])] == ["POST"]
    assert [one[1] for one in operations.select(CLOUD, ["POST /v2/droplets"])] == ["POST"]


@pytest.mark.parametrize(("word", "near"), [("Biling", "Billing"), ("/v2/droplet", "/v2/droplets")])
def test_a_word_that_selects_nothing_is_refused(word: str, near: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        operations.select(CLOUD, [word])
    assert near in str(caught.value.hint)


def test_a_selection_of_which_nothing_can_be_taken_is_refused() -> None:
    with pytest.raises(InterfaceError, match="Nothing") as caught:
        imported(ODD, ["/v1/broken"], "odd")
    assert "leads to nothing" in str(caught.value.hint)


# Documents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "a: [", "swagger: '2.0'", '{"openapi": "2.0"}', "\x00"]
)
def test_what_is_no_openapi_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "spec"
    path.write_text(text)
    with pytest.raises(InterfaceError, match=r"spec is n|spec:.* not YAML"):
        read(path)


def test_references_in_a_circle_end() -> None:
    document = Document(
        {
            "a": {"$ref": "#/b"},
            "b": {"$ref": "#/a"},
            "tree": {
                "allOf": [{"$ref": "#/tree"}, {"properties": {"child": {"$ref": "#/tree"}}}],
            },
        }
    )
    with pytest.raises(DefinitionError, match="circle"):
        document.resolve({"$ref": "#/a"})
    assert document.shape({"$ref": "#/a"}).kind == "any"
    shape = document.shape({"$ref": "#/tree"})
    assert list(document.shape(shape.properties["child"]).properties) == ["child"]


def test_schemas_of_schemas_take_no_time() -> None:
    """Each one twice the one below: without a memory this would take 2**60 looks."""
    schemas: dict[str, Any] = {
        f"s{n}": {"allOf": [{"$ref": f"#/s{n + 1}"}, {"$ref": f"#/s{n + 1}"}]} for n in range(60)
    }
    document = Document({**schemas, "s60": {"properties": {"id": {"type": "string"}}}})
    assert list(document.shape({"$ref": "#/s0"}).properties) == ["id"]


@pytest.mark.parametrize(
    "reference", ["#/nothing", "other.yaml#/a", "https://example.com/a", "#/list/9", "#a"]
)
def test_references_to_nothing_are_refused(reference: str) -> None:
    with pytest.raises(DefinitionError, match="reference"):
        Document({"list": [1]}).find(reference)


def test_an_amount_of_units_and_nanos_is_one_column_beside_its_currency() -> None:
    whole = {"type": "string", "format": "int64"}
    money = {"properties": {"currencyCode": {"type": "string"}, "units": whole, "nanos": whole}}
    found = Row(Document({}), {"properties": {"unitPrice": money}}, "skus[]").columns
    assert [
        (name, column.type, column.format, column.path, column.currency)
        for name, column in found.items()
    ] == [
        ("unit_price", "decimal", "money", "unitPrice", "unit_price_currency"),
        ("unit_price_currency", "text", None, "unitPrice.currencyCode", None),
    ]


def test_a_pointer_is_read_as_rfc_6901_has_it() -> None:
    document = Document({"paths": {"/a/{b}": {"x~y": [7]}}})
    assert document.find("#/paths/~1a~1%7Bb%7D/x~0y/0") == 7


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, ("text", None)),
        ({"type": ["string", "null"], "format": "date-time"}, ("timestamp", None)),
        ({"type": "string", "format": "date"}, ("date", None)),
        ({"type": "string", "format": "date-time-rfc-2822"}, ("timestamp", "rfc2822")),
        ({"type": "integer"}, ("integer", None)),
        ({"type": "integer", "format": "unix-time"}, ("timestamp", "epoch")),
        ({"type": "string", "format": "int64"}, ("integer", None)),
        ({"type": "number"}, ("real", None)),
        ({"type": ["integer", "number"]}, ("real", None)),
        ({"type": "boolean"}, ("boolean", None)),
        ({"type": ["integer", "string"]}, ("text", None)),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, ("text", None)),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, ("integer", None)),
        ({"oneOf": [{"type": "integer"}, {"type": "object"}]}, ("json", None)),
        ({"enum": ["a", "b"]}, ("text", None)),
        ({"type": "array", "items": {"type": "string"}}, ("json", None)),
        ({"properties": {"a": {}}}, ("json", None)),
        ({}, ("json", None)),
    ],
    ids=json.dumps,
)
def test_types_of_schemas(schema: dict[str, Any], expected: tuple[str, str | None]) -> None:
    assert column_type(Document({}).shape(schema)) == expected


# Words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The amount", "The amount."),
        ("the amount. More of it.", "The amount."),
        ("Its id (e.g. `7`), which is unique. It stays.", "Its id (e.g. `7`), which is unique."),
        ("A **bold** [link](https://x.example) and *more*", "A bold link and more."),
        ("# Title\n\nThe text.", "The text."),
        ("One of:\n- a\n- b", "One of."),
        ("One.<br><br>Two.", "One."),
        ("```\ncode\n```\nWords", "Words."),
        ("In U.S. dollars.", "In U.S. dollars."),
        ("| a | b |\n|---|---|", None),
        ("  ", None),
        (None, None),
        ("word " * 100, "Word" + " word" * 59 + "."),
    ],
)
def test_sentences(text: str | None, expected: str | None) -> None:
    assert sentence(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invoice_items", "invoice_items"),
        ("invoiceItems", "invoice_items"),
        ("Reserved IPs", "reserved_ips"),
        ("ISO2Code", "iso2_code"),
        ("@type", "type"),
        ("2fa", "n2_fa"),
        ("", "value"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_plurals_and_verbs() -> None:
    assert [singular(one) for one in ("invoices", "policies", "status", "addresses", "boxes")] == [
        "invoice",
        "policy",
        "status",
        "address",
        "box",
    ]
    assert [without_verb(one) for one in ("listGrants", "list", "getNetBalance", "plans")] == [
        "grants",
        "",
        "net_balance",
        "plans",
    ]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("/oauth/token", "client_credentials"),
        ("https://api.acme.example/oauth/token", "client_credentials"),
        ("https://login.acme.example/oauth/token", "bearer"),
    ],
)
def test_a_client_is_granted_tokens_by_the_api_itself_or_by_another(
    address: str, kind: str
) -> None:
    flow = {"clientCredentials": {"tokenUrl": address, "scopes": {}}}
    data = {
        "openapi": "3.0.0",
        "info": {"title": "Acme"},
        "servers": [{"url": "https://api.acme.example"}],
        "paths": {},
        "components": {"securitySchemes": {"clients": {"type": "oauth2", "flows": flow}}},
    }
    found = _auth(Document(data), "acme", "Acme", "https://api.acme.example", [])
    assert found["kind"] == kind
    assert found.get("token_path") == ("/oauth/token" if kind == "client_credentials" else None)


VENDOR = "application/vnd.acme.2026-01-01+json"


def acme(kind: str = VENDOR, **operation: Any) -> dict[str, Any]:
    """Return a document of an API with media types of its own, errors in an array and a filter."""
    text = {"type": "string"}
    listed = {"type": "array", "items": {"type": "object", "properties": {"id": text}}}
    rows = {"type": "object", "properties": {"data": listed}}
    error = {"type": "object", "properties": {"reason": text, "errorCode": text}}
    errors = {"type": "object", "properties": {"errors": {"type": "array", "items": error}}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Acme", "version": "1"},
        "servers": [{"url": "https://api.acme.example"}],
        "paths": {
            "/bills": {
                "get": {
                    "tags": ["Bills"],
                    "responses": {
                        "200": {"content": {kind: {"schema": rows}}},
                        "default": {"content": {"application/json": {"schema": errors}}},
                    },
                    **operation,
                }
            }
        },
    }


def test_a_media_type_with_a_version_is_asked_for() -> None:
    made = imported(Document(acme()), ["Bills"], "acme")
    assert loaded(made, "provider.yaml")["headers"] == {"Accept": VENDOR}
    assert "headers" not in loaded(
        imported(Document(acme("application/json")), ["Bills"], "acme"), "provider.yaml"
    )


def test_errors_in_an_array_are_found() -> None:
    found = loaded(imported(Document(acme()), ["Bills"], "acme"), "provider.yaml")["errors"]
    assert found == {"message": "errors[].reason", "code": "errors[].errorCode"}


@pytest.mark.parametrize("place", ["schema", "content"])
def test_a_header_with_json_is_noted(place: str) -> None:
    schema = {"type": "object", "properties": {"+and": {"type": "array"}}}
    header: dict[str, Any] = {"name": "X-Filter", "in": "header", "schema": schema}
    if place == "content":
        header["content"] = {"application/json": {"schema": header.pop("schema")}}
    made = imported(Document(acme(parameters=[header])), ["Bills"], "acme")
    assert any("X-Filter has JSON" in note and "`filter`" in note for note in made.notes)
