"""`billql doctor`: what it finds, with and without a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from billql.cli import main
from billql.doctor import examine, worst
from billql.doctor.finding import Finding, Level
from billql.errors import Exit
from billql.sqlite.options import ConnectOptions
from support import acme
from support.registry.making import OWN, World

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    acme.define(tmp_path / "definitions", billing=acme.BILLING)
    return tmp_path / "definitions"


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return str(path)


def about(findings: list[Finding], subject: str) -> list[Finding]:
    return [one for one in findings if one.subject == subject]


def of_acme(
    definitions: Path, reply: Callable[[httpx.Request], httpx.Response]
) -> tuple[list[Finding], list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return reply(request)

    wanted = ConnectOptions(
        environ={"ACME_TOKEN": "planted-token"},
        definitions=[definitions],
        http_transport=httpx.MockTransport(answer),
        clock=lambda: NOW,
    )
    return list(examine(wanted, online=True)), asked


def test_nothing_is_set_up(tmp_path: Path) -> None:
    findings = list(examine(ConnectOptions(environ={"BILLQL_CONFIG": config(tmp_path, "")})))
    assert {one.level for one in findings} == {Level.OK, Level.NOTE}
    assert worst(findings) == Exit.OK
    (stripe,) = about(findings, "connection stripe")
    assert (stripe.level, stripe.text) == (Level.NOTE, "not set up")
    assert "export STRIPE_API_KEY=" in (stripe.hint or "")
    assert about(findings, "provider stripe")[0].text.endswith("32 resources")


def test_a_mistake_in_the_config_file(tmp_path: Path) -> None:
    path = config(tmp_path, "[connections.a]\nprovidr = 'stripe'")
    findings = list(examine(ConnectOptions(environ={}, config=path)))
    (found,) = about(findings, "config")
    assert found.level is Level.ERROR
    assert "connections.a.providr: unknown key" in found.text
    # The rest is looked at all the same.
    assert about(findings, "provider stripe")[0].level is Level.OK
    assert worst(findings) == Exit.USAGE


def test_a_connection_without_its_token_and_one_for_no_provider(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        "[connections.a]\nprovider = 'stripe'\ntoken_env = 'A'\n"
        "[connections.b]\nprovider = 'strpe'\n[connections.c]\nprovider = 'stripe'\ntoken = 'x'",
    )
    Path(path).chmod(0o644)
    findings = list(examine(ConnectOptions(environ={}, config=path)))
    (a,), (b,), (c,) = (about(findings, f"connection {name}") for name in "abc")
    assert (a.level, a.exit) == (Level.ERROR, Exit.CREDENTIAL)
    assert (b.level, b.text) == (Level.ERROR, "there is no provider strpe")
    assert c.text == "has a token, from the config file"
    assert about(findings, "config")[0].level is Level.WARNING
    assert worst(findings) == Exit.CREDENTIAL


def test_a_definition_with_a_mistake(definitions: Path) -> None:
    (definitions / "acme" / "billing.yaml").write_text("billql: 1\nresources: 5\n")
    findings = list(examine(ConnectOptions(environ={}, definitions=[definitions])))
    (found,) = about(findings, "provider acme")
    assert found.level is Level.ERROR
    assert "billing.yaml:2: resources" in found.text
    assert worst(findings) == Exit.DEFINITION


def test_packages_and_registries(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.release("1.0.0")
    world.release("1.1.0")
    for version in ("1.0.0", "1.1.0"):
        world.registry().pull("acme", version)
    named = f"[registries.own]\nurl = {str(world.built)!r}\nkeys = [{OWN.public!r}]\n"

    def found(text: str) -> list[Finding]:
        environ = {"BILLQL_DATA": str(world.data), "BILLQL_CONFIG": config(tmp_path, text)}
        findings = list(examine(ConnectOptions(environ=environ)))
        return [one for one in findings if one.subject.startswith(("package", "registr"))]

    assert found(named) == [
        Finding(Level.OK, "registries", "own"),
        Finding(Level.OK, "packages", "2 versions as pulled"),
    ]
    (world.store.folder("acme", "1.0.0") / "billing.yaml").write_text("")
    changed, _, sound = found(named)
    assert (changed.level, changed.subject) == (Level.ERROR, "package acme 1.0.0")
    assert changed.text == "Not what was pulled: billing.yaml"
    assert "billql registry remove acme 1.0.0" in (changed.hint or "")
    assert sound.text == "1 version as pulled"
    assert {one.level for one in found("")} == {Level.ERROR}
    (wrong,) = found(named.replace(str(world.built), "http://example.com"))
    assert (wrong.level, wrong.subject) == (Level.ERROR, "registries")
    assert "must be an https:// address" in wrong.text


def test_a_token_that_is_accepted(definitions: Path) -> None:
    headers = {"ratelimit-remaining": "4998", "ratelimit-limit": "5000"}
    headers["date"] = format_datetime(NOW, usegmt=True)
    findings, asked = of_acme(
        definitions, lambda request: httpx.Response(200, json={"data": []}, headers=headers)
    )
    _, online = about(findings, "connection acme")
    assert online.text == "its token is accepted; 4,998 of 5,000 requests are left"
    assert about(findings, "clock")[0].text == "agrees with the API of connection acme"
    # One small request, with the token where it belongs.
    (request,) = asked
    assert str(request.url) == "https://acme.example/bills?limit=1"
    assert request.headers["authorization"] == "Bearer planted-token"
    assert worst(findings) == Exit.OK


@pytest.mark.parametrize(
    ("status", "level", "text", "code"),
    [
        (401, Level.ERROR, "GET https://acme.example/bills answered 401: no", Exit.CREDENTIAL),
        (403, Level.OK, "its token is accepted, but may not read acme.billing.bills", Exit.OK),
        (500, Level.ERROR, "GET https://acme.example/bills answered 500: no", Exit.API),
    ],
)
def test_what_an_api_says_to_a_token(
    definitions: Path, status: int, level: Level, text: str, code: int
) -> None:
    reply = httpx.Response(status, json={"message": "no"})
    findings, _ = of_acme(definitions, lambda request: reply)
    _, online = about(findings, "connection acme")
    assert (online.level, online.text) == (level, text)
    assert worst(findings) == code


@pytest.mark.parametrize(("status", "code"), [(200, Exit.OK), (400, Exit.CREDENTIAL)])
def test_a_credential_that_is_exchanged_for_a_token(
    definitions: Path, status: int, code: int
) -> None:
    path = definitions / "acme" / "provider.yaml"
    how = "kind: client_credentials, client_id: ACME_TOKEN, token_path: /token"
    path.write_text(path.read_text().replace("kind: bearer", how))

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(status, json={"access_token": "granted", "error": "no"})
        assert request.headers["authorization"] == "Bearer granted"
        return httpx.Response(200, json={"data": []})

    findings, asked = of_acme(definitions, reply)
    assert worst(findings) == code
    assert len(asked) == (2 if status == 200 else 1)
    if code == Exit.CREDENTIAL:
        online = about(findings, "connection acme")[-1]
        assert online.text == "POST https://acme.example/token answered 400: no"


def test_no_answer(definitions: Path) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused, planted-token")

    findings, _ = of_acme(definitions, fail)
    _, online = about(findings, "connection acme")
    assert online.level is Level.ERROR
    assert "https://acme.example sent no response" in online.text
    assert "planted" not in str(findings)
    assert worst(findings) == Exit.NETWORK


@pytest.mark.parametrize(("seconds", "way"), [(3600, "behind"), (-3600, "ahead of")])
def test_a_clock_that_is_wrong(definitions: Path, seconds: int, way: str) -> None:
    moment = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    headers = {"date": format_datetime(moment, usegmt=True)}
    findings, _ = of_acme(
        definitions, lambda request: httpx.Response(200, json={}, headers=headers)
    )
    (clock,) = about(findings, "clock")
    assert (clock.level, clock.text) == (
        Level.WARNING,
        f"3600 seconds {way} the API of connection acme",
    )


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = config(tmp_path, "[connections.a]\nprovider = 'stripe'\ntoken_env = 'NO_SUCH_TOKEN'")
    assert main(["doctor", "--config", path]) == Exit.CREDENTIAL
    out, err = capsys.readouterr()
    assert err == ""
    assert f"ok      config: {path}: 1 connection\n" in out
    told = "There is no token for the connection a: the environment variable NO_SUCH_TOKEN has none"
    assert f"error   connection a: {told}\n        Put it there: export NO_SUCH_TOKEN=…" in out


def test_what_an_api_charges_for_is_not_asked(definitions: Path) -> None:
    written = definitions / "acme" / "billing.yaml"
    text = written.read_text()
    requests = re.findall(r"^( +)request: .*\n", text, re.MULTILINE)
    assert requests
    priced = re.sub(
        r"^( +)(request: .*)$",
        r"\1\2\n\1price: {amount: 0.01, currency: USD}",
        text,
        flags=re.MULTILINE,
    )
    written.write_text(priced)
    findings, asked = of_acme(definitions, lambda _: httpx.Response(200, json={"data": []}))
    assert not asked
    (found,) = [one for one in about(findings, "connection acme") if one.level is Level.NOTE]
    assert found.text == "not asked: every resource needs a key, or is charged for"
