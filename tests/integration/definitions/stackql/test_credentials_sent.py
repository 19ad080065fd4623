"""Credentials of every kind reach the server that they are for, and no error shows them."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest
import yaml

import billql
from billql.errors import ApiError, CredentialMissing
from support.stackql.harbor import DOCUMENTS, Harbor, in_turn, root

SQL = "SELECT * FROM harbor.dues.tariffs"
FINE = {"items": ["a"]}


def read(
    tmp_path: Path, harbor: Harbor, said: object, environ: dict[str, str], sql: str = SQL
) -> list[tuple[object, ...]]:
    folder = root(tmp_path)
    path = folder / "harbor" / "provider.yaml"
    data = yaml.safe_load((DOCUMENTS / "v00.00.00000" / "provider.yaml").read_text())
    data["config"]["auth"] = said
    path.write_text(yaml.safe_dump(data))
    with billql.connect(
        definitions=[folder], environ=environ, http_transport=httpx.MockTransport(harbor)
    ) as connection:
        return connection.execute(sql).fetchall()


BASIC = {"type": "basic", "username_var": "U", "password_var": "P"}
KEYS = {
    "type": "custom",
    "name": "X-A",
    "credentialsenvvar": "A",
    "successor": {"type": "custom", "name": "X-B", "credentialsenvvar": "B"},
}
AWS = {"type": "aws_signing_v4", "keyIDenvvar": "I", "credentialsenvvar": "S"}


def test_a_name_and_a_password(tmp_path: Path) -> None:
    harbor = in_turn(FINE)
    assert read(tmp_path, harbor, BASIC, {"U": "me", "P": "secret"}) == [("a",)]
    encoded = base64.b64encode(b"me:secret").decode()
    assert harbor.asked[0].headers["Authorization"] == f"Basic {encoded}"


def test_two_keys(tmp_path: Path) -> None:
    harbor = in_turn(FINE)
    read(tmp_path, harbor, KEYS, {"A": "one", "B": "two"})
    assert (harbor.asked[0].headers["X-A"], harbor.asked[0].headers["X-B"]) == ("one", "two")


def test_a_signature_for_each_request(tmp_path: Path) -> None:
    harbor = in_turn({"results": [], "meta": {"next": "x"}}, {"results": []})
    sql = "SELECT * FROM harbor.dues.dues WHERE period = '{}'"
    read(tmp_path, harbor, AWS, {"I": "AKID", "S": "key"}, sql)
    first, second = (request.headers["Authorization"] for request in harbor.asked)
    assert first.startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert first != second


def test_nobody(tmp_path: Path) -> None:
    harbor = in_turn(FINE)
    assert read(tmp_path, harbor, {"type": "null_auth"}, {}) == [("a",)]
    assert "Authorization" not in harbor.asked[0].headers


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing, match="the environment variable P is not set"):
        read(tmp_path, in_turn(), BASIC, {"U": "me"})
    with pytest.raises(CredentialMissing, match="variables A and B are not set"):
        read(tmp_path, in_turn(), KEYS, {})


def test_no_error_shows_a_part_of_a_credential(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"me:opensesame").decode()
    for told in ("opensesame", encoded, "me:opensesame"):
        harbor = in_turn(httpx.Response(400, json={"error": {"message": f"Not {told}!"}}))
        with pytest.raises(ApiError, match="Not …!") as caught:
            read(tmp_path, harbor, BASIC, {"U": "me", "P": "opensesame"})
        assert "sesame" not in repr(vars(caught.value))
        assert encoded not in repr(vars(caught.value))


def test_parts_of_a_provider_have_servers_of_their_own(tmp_path: Path) -> None:
    harbor = Harbor(lambda request: httpx.Response(200, json={**FINE, "ships": [{"id": 1}]}))
    sql = "SELECT 1 FROM harbor.dues.tariffs, harbor.ships.ships WHERE port = 'north'"
    read(tmp_path, harbor, {"type": "bearer"}, {"HARBOR_TOKEN": "t"}, sql)
    assert {request.url.host for request in harbor.asked} == {
        "dues.harbor.example.com",
        "north.harbor.example.com",
    }
