"""`billql provider`: what it writes, prints and answers with."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billql.cli import main
from billql.definitions.shared import built_in_root
from billql.errors import Exit
from billql.sandbox import Sandbox
from support.api_client import TOKEN
from support.commands import Result, Run, account
from support.openapi.importing import DOCUMENTS
from support.server import Asked, Serve

DIGITALOCEAN = str(built_in_root() / "digitalocean")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `billql provider` in a folder of its own, with nothing but `environ` to reach an API."""

    def run(*arguments: str, **environ: str) -> Result:
        for name in ("ACME_TOKEN", "DIGITALOCEAN_TOKEN", "BILLQL_DIGITALOCEAN_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("BILLQL_CONFIG", str(tmp_path / "config.toml"))
        (tmp_path / "config.toml").touch(mode=0o600)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        code = main(["provider", *arguments])
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="small") as sandbox:
        yield sandbox


# new and check ------------------------------------------------------------------------------------


def test_a_first_provider_passes_the_strict_check(run: Run) -> None:
    made = run("new", "acme")
    assert (made.code, made.out) == (Exit.OK, "")
    assert "billql provider check acme" in made.err
    assert run("check", "--strict", "acme") == (Exit.OK, "", "0 errors, 0 warnings\n")


def test_a_first_provider_goes_where_it_shall(run: Run, tmp_path: Path) -> None:
    assert run("new", "acme", "--folder", "deep/down").code == Exit.OK
    assert (tmp_path / "deep" / "down" / "acme" / "provider.yaml").is_file()
    again = run("new", "acme", "--folder", "deep/down")
    assert again.code == Exit.USAGE
    assert "not empty" in again.err


def test_warnings_fail_a_strict_check_alone(run: Run, tmp_path: Path) -> None:
    run("new", "acme")
    path = tmp_path / "acme" / "billing.yaml"
    path.write_text(path.read_text().replace("    unique: [id]\n", ""))
    loose, strict = run("check", "acme"), run("check", "--strict", "acme")
    assert (loose.code, strict.code) == (Exit.OK, Exit.DEFINITION)
    assert loose.out == strict.out
    assert loose.out.startswith("acme/billing.yaml:7: resources.invoices.columns.id: warning: ")
    assert loose.out.endswith("[id-unique]\n")


def test_a_mistake_fails_a_check(run: Run, tmp_path: Path) -> None:
    run("new", "acme")
    path = tmp_path / "acme" / "billing.yaml"
    path.write_text(path.read_text().replace("type: decimal", "type: money"))
    found = run("check", "acme", DIGITALOCEAN)
    assert found.code == Exit.DEFINITION
    assert "acme/billing.yaml:15: resources.invoices.columns.amount.type: expected " in found.out
    assert found.err == "1 error, 0 warnings\n"


@pytest.mark.parametrize("arguments", [[], ["check"], ["new"], ["no-such-action"]])
def test_a_command_line_that_makes_no_sense_is_refused(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).code == Exit.USAGE


# try ----------------------------------------------------------------------------------------------


def test_examples_are_tried_in_a_sandbox(run: Run) -> None:
    tried = run("try", DIGITALOCEAN, "billing.invoices", "--sandbox", "--rows", "2")
    assert tried.code == Exit.OK
    line, head, _, *shown = tried.out.splitlines()
    assert line.startswith("digitalocean.billing.invoices 1: 24 rows, 3 columns; 1 request, ")
    assert head.split() == ["invoice_period", "amount", "change"]
    assert len(shown) == 2


def test_a_provider_of_ones_own_is_tried_in_a_sandbox(run: Run) -> None:
    run("new", "acme")
    tried = run("try", "acme", "--sandbox")
    assert tried.code == Exit.OK
    line, head, _, *shown = tried.out.splitlines()
    assert line.startswith("acme.billing.invoices 1: ")
    assert "amount" in head
    assert len(shown) == 3


def test_examples_need_a_token(run: Run) -> None:
    tried = run("try", DIGITALOCEAN, "balances")
    assert tried.code == Exit.CREDENTIAL
    assert "digitalocean.billing.balances 1: error: There is no token" in tried.out
    assert "DIGITALOCEAN_TOKEN" in tried.err


def test_the_worst_outcome_gives_the_exit_code(run: Run, serve: Serve) -> None:
    server = serve(lambda asked: asked.answer({}, 401 if asked.path == "/v2/account" else 400))
    environ = {"DIGITALOCEAN_TOKEN": TOKEN}
    refused = run("try", DIGITALOCEAN, "account", "--against", server.url, **environ)
    assert refused.code == Exit.CREDENTIAL
    all_of_them = run("try", DIGITALOCEAN, "--against", server.url, **environ)
    assert all_of_them.code == Exit.API
    assert all(": error: " in line for line in all_of_them.out.splitlines())


@pytest.mark.parametrize("resource", ["invoicess", "voices", "stripe.core.charges"])
def test_a_resource_that_does_not_exist(run: Run, resource: str) -> None:
    tried = run("try", DIGITALOCEAN, resource, "--sandbox")
    assert tried.code == Exit.SQL
    assert "billing.invoices" in tried.err


def test_a_recording_is_played_without_a_network(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    environ = account(sandbox)
    before = len(sandbox.requests)
    recorded = run(
        "try", DIGITALOCEAN, "billing_history", "--record", "kept", "--rows", "0", **environ
    )
    assert recorded.code == Exit.OK
    sent = len(sandbox.requests) - before
    assert recorded.err == f"Wrote {sent} responses to kept, which only you can read\n"

    kept = tmp_path / "kept"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert environ["DIGITALOCEAN_TOKEN"] not in kept.read_text()
    assert "uthorization" not in kept.read_text()

    played = run("try", DIGITALOCEAN, "billing_history", "--replay", "kept", "--rows", "0")
    assert played.code == Exit.OK
    assert [without_time(line) for line in played.out.splitlines()] == [
        without_time(line) for line in recorded.out.splitlines()
    ]
    assert len(sandbox.requests) - before == sent


def without_time(line: str) -> str:
    """Return a line of `try` without its time."""
    return line.rpartition(", ")[0]


def test_a_request_that_is_not_in_the_recording(run: Run, sandbox: Sandbox) -> None:
    run("try", DIGITALOCEAN, "balances", "--sandbox", "--record", "kept", "--rows", "0")
    played = run("try", DIGITALOCEAN, "billing.invoices", "--replay", "kept", "--rows", "0")
    assert played.code == Exit.NETWORK
    assert "/v2/customers/my/invoices?per_page=200 is not in the recording kept" in played.out
    assert "--record" in played.err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "not JSON",
        '{"billql_recording": 2, "origins": {}}',
        '{"billql_recording": 1}',
        '{"billql_recording": 1, "origins": {}}\n{"method": "GET"}',
        '{"billql_recording": 1, "origins": {}}\n7',
    ],
)
def test_a_file_that_is_no_recording_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "kept").write_text(text)
    played = run("try", DIGITALOCEAN, "balances", "--replay", "kept", "--rows", "0")
    assert played.code == Exit.USAGE
    assert "no recording" in played.err


def test_a_recording_that_cannot_be_read_or_written(run: Run) -> None:
    assert run("try", DIGITALOCEAN, "balances", "--replay", "none").code == Exit.USAGE
    written = run("try", DIGITALOCEAN, "balances", "--sandbox", "--record", "no/such/kept")
    assert written.code == Exit.USAGE
    assert "cannot be written" in written.err


def test_a_token_that_the_api_repeats_is_not_recorded(
    run: Run, serve: Serve, tmp_path: Path
) -> None:
    def repeat(asked: Asked) -> None:
        body: dict[str, Any] = {
            "invoices": [{"id": asked.headers["authorization"], "amount": "1.5"}],
            "meta": {"total": 1},
        }
        asked.answer(body, headers={"link": f"<{asked.headers['authorization']}>"})

    server = serve(repeat)
    run("new", "acme")
    tried = run("try", "acme", "--against", server.url, "--record", "kept", ACME_TOKEN=TOKEN)
    assert tried.out.startswith("acme.billing.invoices 1: ")
    assert tried.code == Exit.OK
    text = (tmp_path / "kept").read_text()
    assert TOKEN not in text
    first, line = map(json.loads, text.splitlines())
    assert first == {"billql_recording": 1, "origins": {"acme": server.url}}
    assert json.loads(line["text"])["invoices"][0]["id"] == "Bearer ..."
    assert (line["method"], line["status"]) == ("GET", 200)


def test_bytes_and_refusals_are_recorded_too(run: Run, sandbox: Sandbox) -> None:
    for resource in ("invoice_pdf", "account"):
        recorded = run(
            "try", DIGITALOCEAN, resource, "--sandbox", "--record", "kept", "--rows", "0"
        )
        played = run("try", DIGITALOCEAN, resource, "--replay", "kept", "--rows", "0")
        assert recorded.code == played.code == Exit.OK
        assert list(map(without_time, recorded.out.splitlines())) == list(
            map(without_time, played.out.splitlines())
        )
    environ = {"DIGITALOCEAN_TOKEN": "refused"}
    address = sandbox.urls["digitalocean"]
    refused = run(
        "try", DIGITALOCEAN, "balances", "--against", address, "--record", "kept", **environ
    )
    assert refused.code == Exit.CREDENTIAL
    assert (
        run("try", DIGITALOCEAN, "balances", "--replay", "kept", "--rows", "0").code
        == Exit.CREDENTIAL
    )


# import-openapi -----------------------------------------------------------------------------------


def test_a_document_becomes_a_provider(run: Run, tmp_path: Path) -> None:
    spec = str(DOCUMENTS / "cloud.yaml")
    made = run("import-openapi", spec, "--select", "Billing", "--select", "/v2/droplets/*")
    assert (made.code, made.out) == (Exit.OK, "")
    assert "6 resources with 6 methods" in made.err
    assert "billql provider try digitalocean" in made.err
    assert sorted(path.name for path in (tmp_path / "digitalocean").iterdir()) == [
        "billing.yaml",
        "machines.yaml",
        "provider.yaml",
    ]
    assert run("check", "digitalocean").code == Exit.OK
    assert run("try", "digitalocean", "invoices", "--sandbox").code == Exit.OK
    again = run("import-openapi", spec, "--select", "Billing")
    assert again.code == Exit.USAGE
    assert "not empty" in again.err


def test_a_provider_made_of_a_document_can_be_named(run: Run, tmp_path: Path) -> None:
    spec = str(DOCUMENTS / "odd.json")
    made = run(
        "import-openapi", spec, "--select", "Money", "--name", "acme", "--folder", "providers"
    )
    # A list whose paging is unknown is refused until somebody has determined it.
    assert made.code == Exit.DEFINITION
    assert "GET /v1/endless: paging: unknown: it accepts offset" in made.err
    money = tmp_path / "providers" / "acme" / "money.yaml"
    found = run("check", str(money.parent))
    assert found.code == Exit.DEFINITION
    line = money.read_text().splitlines().index("        paging: unknown") + 1
    assert f"money.yaml:{line}: resources.endless.methods.list.paging: error: " in found.out
    money.write_text(money.read_text().replace("paging: unknown", "paging: {kind: single_page}"))
    assert run("check", str(money.parent)).code == Exit.OK
    assert run("import-openapi", spec, "--select", "Money", "--name", "a-b").code == Exit.USAGE


def test_without_a_selection_the_tags_are_listed(run: Run) -> None:
    result = run("import-openapi", str(DOCUMENTS / "cloud.yaml"))
    assert result.code == Exit.USAGE
    assert "Billing, Machines" in result.err
