"""The trimmed documents are what their sources make, and nobody wrote in them by hand."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from contracts import discovery, trim
from contracts.document import DOCUMENTS, entries

VENDOR = {
    "openapi": "3.0.3",
    "info": {"title": "Acme", "version": "7", "description": "All of it."},
    "servers": [{"url": "https://api.acme.example/v1"}],
    "paths": {
        "/invoices/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {
                "summary": "Returns one.",
                "parameters": [{"name": "Trace", "in": "header", "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "One.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/invoice"}}
                        },
                    }
                },
            },
        },
        "/others": {"get": {"responses": {}}},
    },
    "components": {
        "parameters": {
            "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        },
        "schemas": {
            "invoice": {
                "type": "object",
                "description": "An invoice.",
                "properties": {
                    "description": {"type": "string", "example": "May", "x-order": 1},
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/line"}},
                },
            },
            "line": {
                "type": "object",
                "properties": {"next": {"$ref": "#/components/schemas/line"}},
            },
            "other": {"type": "object"},
        },
    },
}


def test_what_is_used_stays_with_what_it_reaches_and_no_sentence() -> None:
    kept = trim.trim(VENDOR, {"GET /v1/invoices/{}"})
    assert list(kept["paths"]) == ["/v1/invoices/{id}"]
    assert list(kept["components"]["schemas"]) == ["invoice", "line"]
    assert kept["components"]["schemas"]["invoice"]["properties"]["description"] == {
        "type": "string"
    }
    (parameter,) = kept["paths"]["/v1/invoices/{id}"]["get"]["parameters"]
    assert parameter["name"] == "id"
    text = trim.written(kept)
    assert json.loads(text) == kept
    assert "An invoice." not in text
    assert "Returns one." not in text


def test_the_paths_of_a_coming_provider_stay() -> None:
    assert list(trim.trim(VENDOR, set(), {"paths": ["/v1/oth.*"]})["paths"]) == ["/v1/others"]


def test_a_placeholder_with_one_value_stands_in_the_path() -> None:
    kept = trim.trim(VENDOR, {"GET /v1/invoices/7"}, {"fixed": {"id": "7"}})
    assert list(kept["paths"]) == ["/v1/invoices/7"]
    assert kept["paths"]["/v1/invoices/7"]["get"]["parameters"] == []


def test_parts_that_describe_the_same_member_are_one_part() -> None:
    schemas = {
        "a": {"properties": {"id": {"type": "string"}, "b": {"$ref": "#/components/schemas/b"}}},
        "b": {"properties": {"c": {"type": "integer"}}},
        "d": {
            "allOf": [
                {"$ref": "#/components/schemas/a"},
                {"properties": {"b": {"properties": {"e": {}}, "required": ["c"]}}},
            ]
        },
        "f": {"allOf": [{"$ref": "#/components/schemas/b"}, {"properties": {"g": {}}}]},
    }
    document = {"components": {"schemas": schemas}}
    assert trim.combined(document, schemas["d"]) == {
        "properties": {
            "id": {"type": "string"},
            "b": {
                "allOf": [
                    {"$ref": "#/components/schemas/b"},
                    {"properties": {"e": {}}, "required": ["c"]},
                ]
            },
        }
    }
    assert trim.combined(document, schemas["f"]) == schemas["f"]


@pytest.mark.parametrize(
    ("provider", "client"), [("metronome", "metronome-sdk"), ("stripe", "stripe")]
)
def test_a_document_of_a_client_is_what_the_client_makes(provider: str, client: str) -> None:
    text = (DOCUMENTS / f"{provider}.json").read_text(encoding="utf-8")
    if json.loads(text)["info"]["version"] == version(client):  # `make compatibility` has others
        assert trim.written(trim.of_client(provider)) == text


def test_every_document_has_an_entry_with_its_source_and_licence() -> None:
    for file in sorted(Path(DOCUMENTS).glob("*.json")):
        about = entries()[file.stem]
        assert about["source"]
        assert about["licence"]


def test_discovery_documents_of_google_say_the_same_as_openapi() -> None:
    name = {"type": "string", "location": "path", "required": True}
    size = {"type": "integer", "format": "int32", "location": "query"}
    method = {
        "httpMethod": "GET",
        "flatPath": "v1/accounts/{accountsId}/bills",
        "parameters": {"name": name, "pageSize": size},
        "response": {"$ref": "Bills"},
    }
    bill = {"properties": {"at": {"type": "string", "format": "google-datetime"}}, "id": "Bills"}
    resources = {"accounts": {"resources": {"bills": {"methods": {"list": method}}}}}
    vendor = {"title": "A", "version": "v1", "revision": "7", "schemas": {"Bills": bill}}
    made = discovery.openapi([{**vendor, "resources": resources}])
    operation = made["paths"]["/v1/accounts/{accountsId}/bills"]["get"]
    assert [(one["name"], one["in"]) for one in operation["parameters"]] == [
        ("accountsId", "path"),
        ("pageSize", "query"),
    ]
    assert made["components"]["schemas"]["Bills"] == {
        "properties": {"at": {"type": "string", "format": "date-time"}}
    }
    assert list(trim.trim(made, {"GET /v1/accounts/{}/bills"})["components"]["schemas"]) == [
        "Bills"
    ]
