"""What was added is listed, described, verified and removed like what a registry has installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import billql
from billql import errors
from billql.cli import main
from billql.definitions.stackql.adding import add
from support.stackql.harbor import DOCUMENTS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["registry", *words, "--data", str(data)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def lines(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()[1:]]


def test_what_was_added_is_listed(run: Run) -> None:
    assert run("add-stackql", str(DOCUMENTS)) == (0, "", "Added harbor, with 3 services.\n")
    code, out, _ = run("list", "harbor")
    assert (code, lines(out)) == (0, [["harbor", "0.0.0", "in use", "", "StackQL"]])
    code, out, _ = run("list")
    assert ["harbor", "0.0.0", "in use", "", "StackQL"] in lines(out)
    assert {row[0] for row in lines(out)} >= {"digitalocean", "harbor", "stripe"}
    assert run("list", "harbour")[0] != 0


def test_what_was_added_is_verified(run: Run, data: Path) -> None:
    assert run("verify")[1] == "provider,version,problem\n"
    add(DOCUMENTS, data)
    for words in (("verify",), ("verify", "harbor"), ("verify", "Harbor")):
        code, out, _ = run(*words)
        assert (code, lines(out)) == (0, [["harbor", "0.0.0", ""]])
    services = data / "stackql" / "harbor" / "services"
    (services / "dues.yaml").write_text("{}")
    (services / "ships.yaml").unlink()
    (services / "more.yaml").write_text("{}")
    code, out, _ = run("verify")
    assert code == errors.Exit.DEFINITION
    assert "Not what was added: services/dues.yaml, services/more.yaml, services/ships.yaml" in out
    add(DOCUMENTS, data)
    assert run("verify")[0] == 0
    (data / "stackql" / "harbor" / "checksums.json").unlink()
    assert "checksums.json cannot be read" in run("verify")[1]


def test_what_was_added_is_removed(run: Run, data: Path) -> None:
    add(DOCUMENTS, data)
    code, _, err = run("remove", "harbor", "9.9.9")
    assert code != 0
    assert "harbor 9.9.9 is not installed" in err
    assert "Installed of harbor: 0.0.0." in err
    assert run("remove", "HARBOR") == (0, "", "Removed harbor 0.0.0.\n")
    assert not (data / "stackql" / "harbor").exists()
    code, _, err = run("remove", "harbor")
    assert code != 0
    assert "No version of harbor is installed" in err
    assert "harbor" not in run("list")[1]


def document(tmp_path: Path, document: Any, **services: str) -> Path:
    """Write a provider with one document, and others that it names besides."""
    folder = tmp_path / "acme" / "v2.10.3"
    (folder / "services").mkdir(parents=True)
    (folder / "services" / "a.yaml").write_text(json.dumps(document))
    named = {"a": "a.yaml", **services}
    provider = {
        "name": "acme",
        "version": "v02.10.3",
        "providerServices": {
            name: {"service": {"$ref": f"acme/services/{file}"}} for name, file in named.items()
        },
        "config": {"auth": {"type": "null_auth"}},
    }
    (folder / "provider.yaml").write_text(json.dumps(provider))
    return tmp_path / "acme"


def things(server: str, kind: str = "integer", **schema: Any) -> dict[str, Any]:
    """Describe an API: all things, and one by its id."""
    row = schema or {"type": "object", "properties": {"id": {"type": kind}, "size": {}}}
    answers = {
        "/things": {"type": "array", "items": row},
        "/things/{id}": row,
        "/owners/{owner}/things": {"type": "array", "items": row},
    }

    def operation(path: str) -> dict[str, Any]:
        needed = [
            {"name": name, "in": "path", "required": True, "schema": {"type": kind}}
            for name in ("id", "owner")
            if f"{{{name}}}" in path
        ]
        content = {"application/json": {"schema": answers[path]}}
        return {"parameters": needed, "responses": {"200": {"content": content}}}

    methods = {
        name: {
            "operation": {"$ref": f"#/paths/{path.replace('/', '~1')}/get"},
            "response": {"mediaType": "application/json", "openAPIDocKey": "200"},
        }
        for name, path in zip(("list", "get", "of_owner"), answers, strict=True)
    }
    return {
        "openapi": "3.0.0",
        "servers": [{"url": server}],
        "paths": {path: {"get": operation(path)} for path in answers},
        "components": {
            "x-stackQL-resources": {
                resource: {
                    "methods": methods,
                    "sqlVerbs": {
                        "select": [
                            {"$ref": f"#/components/x-stackQL-resources/things/methods/{name}"}
                            for name in names
                        ]
                    },
                }
                for resource, names in {
                    "things": ("get", "list"),
                    "owned": ("of_owner",),
                }.items()
            }
        },
    }


def answer(request: httpx.Request) -> httpx.Response:
    rows = [{"id": number, "size": number * 100} for number in (4, 5)]
    match request.url.path.split("/"):
        case ["", "things"] | ["", "owners", "7", "things"]:
            return httpx.Response(200, json=rows)
        case ["", "things", "5"]:
            return httpx.Response(200, json=rows[1])
    return httpx.Response(404, json={"message": "No such path"})


def opened(data: Path) -> billql.Connection:
    return billql.connect(
        definitions=[data / "stackql"], environ={}, http_transport=httpx.MockTransport(answer)
    )


def test_a_version_is_that_of_the_documents(run: Run, tmp_path: Path) -> None:
    folder = document(tmp_path, things("https://acme.test"))
    assert run("add-stackql", str(folder)) == (0, "", "Added acme, with 1 service.\n")
    assert lines(run("list", "acme")[1]) == [["acme", "2.10.3", "in use", "", "StackQL"]]
    assert run("remove", "acme", "2.10.3")[2] == "Removed acme 2.10.3.\n"


def test_missing_documents_are_named(run: Run, tmp_path: Path, data: Path) -> None:
    folder = document(tmp_path, things("https://acme.test"), b="gone.yaml", c="lost.yaml")
    said = run("add-stackql", str(folder))[2]
    assert said == (
        "Added acme, with 1 service.\nThe documents of these services are missing: "
        "b (services/gone.yaml), c (services/lost.yaml).\n"
    )
    code, out, _ = run("verify", "acme")
    assert code == errors.Exit.DEFINITION
    assert "Missing when it was added: services/gone.yaml, services/lost.yaml" in out
    with opened(data) as connection:
        for sql in ("SELECT * FROM acme.b.x", "SHOW RESOURCES IN acme.b", "USE acme.b"):
            with pytest.raises(errors.DefinitionError, match=r"services/gone\.yaml is missing"):
                connection.execute(sql)
        assert connection.execute("SELECT count(*) FROM acme.a.things").fetchone() == (2,)


SECRETLESS = "http://acme.test"
ELSEWHERE = {"$ref": "other.yaml#/components/schemas/Thing"}


@pytest.mark.parametrize(
    ("described", "why"),
    [
        (things(SECRETLESS), r"asked without encryption \(http://acme.test\)"),
        (things("https://acme.test", **ELSEWHERE), r"another document \(other.yaml#/components"),
        (things("https://acme.test", **{"$ref": "#/nothing"}), "what is not there"),
    ],
)
def test_what_cannot_be_read_says_so(
    tmp_path: Path, data: Path, described: dict[str, Any], why: str
) -> None:
    """It has no columns, and so is no table without any."""
    add(document(tmp_path, described), data)
    with opened(data) as connection:
        for sql in (
            "SELECT * FROM acme.a.things",
            "SELECT id FROM acme.a.things",
            "DESCRIBE acme.a.things",
            "SHOW METHODS IN acme.a.things",
        ):
            with pytest.raises(errors.NotSupportedError, match=why) as caught:
                connection.execute(sql)
            assert "acme.a.things cannot be read" in caught.value.message
        # The others are none the worse for it.
        listed: dict[str, str] = dict(connection.execute("SHOW RESOURCES IN acme.a").fetchall())
        assert "cannot be read: it needs" in listed["acme.a.things"]
        columns = "SELECT count(*) FROM billql.catalog.columns WHERE provider = 'acme'"
        assert connection.execute(columns).fetchone() == (0,)
        assert connection.execute("SHOW SERVICES IN acme").fetchall()


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("key", ["5", "5.0", "'5'", "'5.0'", "' 5 '", "(SELECT '5')"])
def test_a_numeric_key_is_found_by_its_digits(
    tmp_path: Path, data: Path, kind: str, key: str
) -> None:
    add(document(tmp_path, things("https://acme.test", kind)), data)
    with opened(data) as connection:
        sql = f"SELECT size FROM acme.a.things WHERE id = {key}"
        cursor = connection.execute(sql)
        assert [int(size) for (size,) in cursor.fetchall()] == [500]
        assert [scan.requests for scan in cursor.scans] == [1]
        owner = key.replace("5", "7")
        sql = f"SELECT count(*) FROM acme.a.owned WHERE owner = {owner}"
        assert connection.execute(sql).fetchone() == (2,)


@pytest.mark.parametrize("kind", ["integer", "number"])
def test_numeric_keys_join(tmp_path: Path, data: Path, kind: str) -> None:
    """What a row says as a number goes into an address as it came."""
    add(document(tmp_path, things("https://acme.test", kind)), data)
    with opened(data) as connection:
        sql = (
            "WITH ids AS MATERIALIZED (SELECT id FROM acme.a.things WHERE size = 500) "
            "SELECT t.size FROM ids JOIN acme.a.things t ON t.id = ids.id"
        )
        assert [int(size) for (size,) in connection.execute(sql).fetchall()] == [500]


def test_a_filter_that_may_be_left_out_is_not_required(tmp_path: Path, data: Path) -> None:
    described = things("https://acme.test")
    operation = described["paths"]["/owners/{owner}/things"]["get"]
    operation["parameters"] += [
        {"name": name, "in": "query", "schema": {"type": "integer"}} for name in ("year", "month")
    ]
    add(document(tmp_path, described), data)
    with opened(data) as connection:
        ((_, _, required, optional, _),) = connection.execute(
            "SHOW METHODS IN acme.a.owned"
        ).fetchall()
        assert (required, optional) == ("owner", "year, month")
        found = connection.execute("SELECT count(*) FROM acme.a.owned WHERE owner = 7")
        assert found.fetchone() == (2,)
