"""Every auth kind: the headers that a credential becomes, and what of it must not be shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace

import msgspec
import pytest

from billql.definitions.auth import (
    Anonymous,
    Auth,
    AuthScheme,
    Basic,
    Bearer,
    ClientCredentials,
    Header,
    SigV4,
)
from billql.http.credentials import ApiConnection
from billql.messages import Home, Request
from support.api_client import PROVIDER

REQUEST = Request("GET", "https://api.example.com/things")
HELP = "Ask for one."


def test_a_bearer_token() -> None:
    auth = Bearer(secret="T", help=HELP)
    assert auth.from_env({"T": " tok\n"}) == "tok"
    assert auth.headers("tok") == {"Authorization": "Bearer tok"}
    assert auth.signature("tok", REQUEST) == {}
    assert auth.secret_forms("tok") == ("tok",)


def test_a_name_and_a_password() -> None:
    auth = Basic(user="U", secret="P", help=HELP)
    assert auth.from_env({"U": "me", "P": "pass:word"}) == "me:pass:word"
    assert auth.from_env({"U": "me"}) == auth.from_env({"P": "pass"}) == ""
    encoded = base64.b64encode(b"me:pass:word").decode()
    assert auth.headers("me:pass:word") == {"Authorization": f"Basic {encoded}"}
    assert set(auth.secret_forms("me:pass:word")) == {encoded, "me:pass:word", "pass:word"}


def test_what_an_access_token_is_requested_with() -> None:
    auth = ClientCredentials(client_id="I", secret="S", token_path="/token", help=HELP)
    assert auth.from_env({"I": "me", "S": "se:cret"}) == "me:se:cret"
    encoded = base64.b64encode(b"me:se:cret").decode()
    assert auth.headers("me:se:cret") == auth.signature("me:se:cret", REQUEST) == {}
    assert auth.token_headers("me:se:cret")["Authorization"] == f"Basic {encoded}"
    request = auth.token_request("https://api.example.com")
    assert request.url == "https://api.example.com/token"
    assert request.content == b"grant_type=client_credentials"
    assert set(auth.secret_forms("me:se:cret")) == {encoded, "me:se:cret", "se:cret"}


def test_keys_in_headers() -> None:
    auth = Header(secret="K", header="X-Key", prefix="Key ", help=HELP)
    assert auth.headers("k:1") == {"X-Key": "Key k:1"}
    assert auth.secret_forms("k:1") == ("k:1",)
    both = Header(secret="K", header="X-A", also={"X-B": "L"}, help=HELP)
    assert both.from_env({"K": "1", "L": "2"}) == "1:2"
    assert both.headers("1:2") == {"X-A": "1", "X-B": "2"}
    assert both.secret_forms("1:2") == ("1:2", "1", "2")


def test_nobody() -> None:
    auth = Anonymous()
    assert auth.from_env({}) != ""
    assert auth.env_vars() == auth.secret_forms("x") == ()
    assert auth.headers("x") == {}


KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def signed(request: Request, secret: str = f"AKIDEXAMPLE:{KEY}") -> dict[str, str]:
    return SigV4(service="ce").signature(secret, request)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("ce.eu-west-1.amazonaws.com", "eu-west-1"),
        ("my-api-v2.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("iam.amazonaws.com", "us-east-1"),
        ("127.0.0.1", "us-east-1"),
    ],
)
def test_a_signature_is_that_of_its_specification(host: str, region: str) -> None:
    request = Request(
        "POST",
        f"https://{host}/a b".replace(" ", "%20"),
        (("z", "ä/"), ("a", "1 2")),
        {"x": "é"},
        headers=(("X-Amz-Target", "Service.Operation"),),
    )
    headers = signed(request)
    moment = headers["X-Amz-Date"]
    scope = f"{moment[:8]}/{region}/ce/aws4_request"
    assert request.content == '{"x":"é"}'.encode()
    canonical = "\n".join(
        (
            "POST",
            "/a%2520b",
            "a=1%202&z=%C3%A4%2F",
            f"host:{host}",
            f"x-amz-date:{moment}",
            "x-amz-target:Service.Operation",
            "",
            "host;x-amz-date;x-amz-target",
            hashlib.sha256(request.content).hexdigest(),
        )
    )
    text = "\n".join(
        ("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest())
    )
    key = f"AWS4{KEY}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, text).hex()
    assert headers["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, "
        f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}"
    )


def test_the_service_is_the_one_of_the_public_address() -> None:
    auth, secret = SigV4(), f"AKIDEXAMPLE:{KEY}"
    public = Request("POST", "https://budgets.eu-west-3.amazonaws.com/", body={})
    here = replace(public, url="http://127.0.0.1:9/", home=Home("http://127.0.0.1:9", public.url))
    for request in (public, here):
        found = auth.signature(secret, request)["Authorization"]
        assert "/eu-west-3/budgets/aws4_request, " in found


def test_what_all_requests_carry_is_signed_too() -> None:
    provider = msgspec.structs.replace(
        PROVIDER, auth=SigV4(), headers={"Content-Type": "application/x-amz-json-1.1"}
    )
    url = "https://ce.us-east-1.amazonaws.com"
    sender = ApiConnection("aws", provider, url, f"AKIDEXAMPLE:{KEY}", "aws", "a test")
    headers = sender.headers_for(Request("POST", f"{url}/", headers=(("X-Amz-Target", "A.B"),)))
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-target,"
    assert signed in headers["Authorization"]


def test_a_temporary_key_sends_its_token() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"}
    auth = SigV4(service="ce")
    assert auth.from_env(environ) == "A:S:T"
    assert auth.from_env({**environ, "AWS_SESSION_TOKEN": ""}) == "A:S"
    assert auth.from_env({**environ, "AWS_ACCESS_KEY_ID": ""}) == ""
    assert signed(REQUEST, "A:S:T")["X-Amz-Security-Token"] == "T"
    assert "X-Amz-Security-Token" not in signed(REQUEST, "A:S")
    assert set(auth.secret_forms("A:S1:T2")) == {"A:S1:T2", "S1", "T2"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"kind": "bearer", "secret": "T", "help": "x"}', Bearer),
        ('{"kind": "basic", "user": "U", "secret": "P", "help": "x"}', Basic),
        ('{"kind": "header", "secret": "K", "header": "X-Key", "help": "x"}', Header),
        ('{"kind": "aws_sigv4", "service": "ce"}', SigV4),
        ('{"kind": "none"}', Anonymous),
    ],
)
def test_kinds_are_told_apart(text: str, kind: type[AuthScheme]) -> None:
    assert type(msgspec.json.decode(text, type=Auth)) is kind
