"""Where requests go, and what they carry."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.stackql.document import Document, Unsupported
from billql.definitions.stackql.requests import Call, arguments, call, server
from billql.definitions.stackql.settings import Settings

NOWHERE = Call("GET", "/", {}, {}, ())


def at(url: str, **defaults: str) -> Any:
    variables = {name: {"default": default} for name, default in defaults.items()}
    document = Document({"servers": [{"url": url, "variables": variables}]})
    return server(document, {}, NOWHERE)


@pytest.mark.parametrize(
    ("url", "defaults", "origin", "prefix", "keys"),
    [
        ("https://api.example.com", {}, "https://api.example.com", "", []),
        ("https://api.example.com/v4/", {}, "https://api.example.com", "/v4", []),
        ("https://api.example.com:8443", {}, "https://api.example.com:8443", "", []),
        ("https://{o}.example.com/", {"o": "me"}, "https://{o}.example.com", "", ["o"]),
        ("https://a.{r}.example.com", {"r": "x"}, "https://a.{r}.example.com", "", ["r"]),
        ("https://{h:^(?:[^.]+)$}/x", {"h": "b.example.com"}, "https://b.example.com", "/x", []),
        ("https://{h}.com", {"h": "b.example"}, "https://b.example.com", "", []),
        ("https://example.com/{org}", {"org": ""}, "https://example.com", "/{org}", ["org"]),
        ("{s}://example.com", {"s": "https"}, "https://example.com", "", []),
    ],
)
def test_servers(
    url: str, defaults: dict[str, str], origin: str, prefix: str, keys: list[str]
) -> None:
    found = at(url, **defaults)
    assert (found.origin, found.prefix) == (origin, prefix)
    assert [one.name for one in found.arguments if one.is_key] == keys


@pytest.mark.parametrize(
    ("url", "defaults"),
    [
        ("http://api.example.com", {}),
        ("{s}://example.com", {"s": "http"}),
        ("/v1", {}),
        ("", {}),
        ("https://{endpoint}", {"endpoint": ""}),
        ("https://{endpoint}", {}),
        ("https://{host}.com", {"host": ""}),
        ("https://me@example.com", {}),
        ("https://example.com:port", {}),
        ("https://ex ample.com", {}),
        ("https://exämple.com", {}),
        ("https://example.com?x=", {}),
        ("https://{h}", {"h": "a@b.example.com"}),
        ("https://{h}", {"h": "{evil}.example.com"}),
    ],
)
def test_servers_that_no_token_goes_to(url: str, defaults: dict[str, str]) -> None:
    with pytest.raises(Unsupported, match="server"):
        at(url, **defaults)


def test_the_innermost_server_holds() -> None:
    document = Document({"servers": [{"url": "https://a.example.com"}]})
    inner: Any = {"servers": [{"url": "https://b.example.com"}]}
    assert server(document, {}, NOWHERE._replace(operation=inner)).origin == "https://b.example.com"
    assert server(document, inner, NOWHERE).origin == "https://b.example.com"


def method(reference: str) -> dict[str, Any]:
    return {"operation": {"$ref": reference}}


def test_a_query_in_a_path_is_constant() -> None:
    document = Document({"paths": {"/?Action=List&__x&Version=": {"get": {"operationId": "a"}}}})
    translate = Settings({"requestTranslate": {"algorithm": "drop_double_underscore_params"}})
    for settings, names in (
        (Settings({}), ["Action", "__x", "Version"]),
        (translate, ["Action", "Version"]),
    ):
        found = call(document, method("#/paths/~1?Action=List&__x&Version=/get"), settings)
        assert found.path == "/"
        assert [one.name for one in found.constants] == names
    assert found.constants[0].value == "List"


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("#/paths/~1a/put", "the verb PUT"),
        ("#/paths/~1a/get", "an operation that the document does not have"),
        ("#/components/x", "an operation of another document"),
        ("other.yaml#/paths/~1a/get", "an operation of another document"),
        ("#/paths/a b/get", "the path a b"),
    ],
)
def test_operations_that_cannot_be_called(reference: str, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        call(Document({"paths": {"/a": {"put": {"x": 1}}}}), method(reference), Settings({}))


def taking(*parameters: Any, path: str = "/") -> list[Any]:
    operation = {"parameters": list(parameters)}
    return arguments(Document({}), Call("GET", path, {}, operation, ()))


def test_parameters() -> None:
    (found,) = taking({"name": "ids", "in": "query", "schema": {"type": "array"}})
    assert (found.kind, found.required, found.value) == ("text", False, None)
    (found,) = taking({"name": "n", "in": "path", "schema": {"type": "integer"}})
    assert (found.kind, found.required) == ("integer", True)
    (found,) = taking(path="/{forgotten}")
    assert (found.name, found.location, found.required) == ("forgotten", "path", True)


def test_an_operations_parameters_go_before_its_paths() -> None:
    item = {"parameters": [{"name": "a", "in": "query", "required": True}]}
    operation = {"parameters": [{"name": "a", "in": "query"}, {"name": "a", "in": "header"}]}
    found = arguments(Document({}), Call("GET", "/", item, operation, ()))
    assert [(one.location, one.required) for one in found] == [("query", False), ("header", False)]


@pytest.mark.parametrize("name", ["Authorization", "host", "Cookie", "content-type"])
def test_headers_of_others_are_not_parameters(name: str) -> None:
    assert taking({"name": name, "in": "header", "required": True}) == []


@pytest.mark.parametrize(
    ("parameter", "why"),
    [
        ({"name": "a", "in": "cookie", "required": True}, "a as a cookie"),
        ({"name": "a", "in": "query", "required": True, "content": {}}, "an object in a"),
        ({"name": "a", "in": "path", "x-ms-skip-url-encoding": True}, "slashes in a"),
    ],
)
def test_parameters_that_cannot_be_sent(parameter: Any, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        taking(parameter)


def test_but_not_if_nobody_needs_them() -> None:
    optional: list[Any] = [
        {"name": "a", "in": "cookie"},
        {"name": "b", "in": "query", "schema": {"properties": {}}},
    ]
    assert taking(*optional) == []
