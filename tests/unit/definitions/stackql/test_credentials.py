"""What documents say of authentication, as billql's own kinds."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.auth import Anonymous, Auth, Basic, Bearer, Header, SigV4
from billql.definitions.stackql.credentials import auth
from billql.definitions.stackql.document import Unsupported

HELP = "The documentation of acme shows where to get one."


def of(kind: str, origin: str = "https://api.example.com", **said: Any) -> Auth:
    return auth({"type": kind, **said}, "acme", origin)


def test_tokens() -> None:
    assert of("bearer", credentialsenvvar="T") == Bearer(secret="T", help=HELP)
    assert of("bearer") == Bearer(secret="ACME_TOKEN", help=HELP)
    assert isinstance(of("null_auth"), Anonymous)
    assert isinstance(auth({}, "acme", ""), Anonymous)


@pytest.mark.parametrize("kind", ["service_account", "oauth2", "azure_default"])
def test_tokens_that_others_make_are_taken(kind: str) -> None:
    found = of(kind)
    assert isinstance(found, Bearer)
    assert found.secret == "ACME_ACCESS_TOKEN"
    assert "access token" in found.help


@pytest.mark.parametrize(
    ("said", "headers"),
    [
        ({"type": "api_key", "valuePrefix": "SSWS "}, {"Authorization": "SSWS k"}),
        ({"type": "api_key"}, {"Authorization": "api_key k"}),
        ({"type": "api_key", "name": "X-Key", "location": "header"}, {"X-Key": "k"}),
        ({"type": "custom", "name": "X-Key", "valuePrefix": "p="}, {"X-Key": "p=k"}),
        ({"type": "basic", "credentialsenvvar": "B"}, {"Authorization": "Basic k"}),
    ],
)
def test_keys(said: dict[str, str], headers: dict[str, str]) -> None:
    found = auth(said, "acme", "")
    assert isinstance(found, Header)
    assert found.headers("k") == headers


def test_several_keys() -> None:
    second = {"type": "custom", "name": "X-B", "credentialsenvvar": "B"}
    found = of("custom", name="X-A", credentialsenvvar="A", successor=second)
    assert found.env_vars() == ("A", "B")
    assert found.headers("1:2") == {"X-A": "1", "X-B": "2"}


def test_a_name_and_a_password() -> None:
    found = of("basic", username_var="U", password_var="P")
    assert found == Basic(user="U", secret="P", help=HELP)


@pytest.mark.parametrize(
    ("origin", "service"),
    [
        ("https://ce.{region}.amazonaws.com", "ce"),
        ("https://iam.amazonaws.com", "iam"),
        ("https://api.ecr.{region}.amazonaws.com", "ecr"),
        ("https://email.{region}.amazonaws.com", "ses"),
        ("https://{id}.execute-api.{region}.amazonaws.com", "execute-api"),
    ],
)
def test_signatures(origin: str, service: str) -> None:
    found = of("aws_signing_v4", origin, keyIDenvvar="I", credentialsenvvar="S")
    assert isinstance(found, SigV4)
    assert (found.service, found.env_vars()) == (service, ("I", "S"))


@pytest.mark.parametrize(
    "said",
    [
        {"type": "psychic"},
        {"type": "api_key", "location": "query", "name": "key"},
        {"type": "custom", "successor": {"location": "query"}},
        {"type": "custom", "successor": {"valuePrefix": "x "}},
    ],
)
def test_what_is_not_done(said: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        auth(said, "acme", "")
