"""`billql registry`: the commands, what they print, and how they end."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from billql.cli import main
from billql.errors import Exit
from support.commands import Result, Run
from support.registry.making import define

Trust = Callable[..., None]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Run:
    """Run a command below `billql registry`, in an empty folder and with an empty data folder."""
    monkeypatch.setenv("BILLQL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BILLQL_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        code = main(("registry", *arguments))
        out, err = capsysbinary.readouterr()
        return Result(code, out.decode(), err.decode())

    return run


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    """Name a registry and the key that signs it in the config file."""

    def trust(name: str, place: str, key: str, *providers: str) -> None:
        lines = [f"[registries.{name}]", f'url = "{place}"', f"keys = {[key]}"]
        lines += [f"providers = {list(providers)}"]
        (tmp_path / "config.toml").write_text("\n".join(lines))

    return trust


def test_from_a_key_to_an_installed_package(run: Run, trust: Trust, tmp_path: Path) -> None:
    code, public, _ = run("key", "new", "key.pem")
    assert code == Exit.OK
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert run("key", "show", "key.pem").out == public
    public = public.strip()

    define(tmp_path / "provider", "1.0.0")
    assert run("build", "--key", "key.pem", "--output", "registry") == (
        Exit.OK,
        "",
        "acme 1.0.0.\n",
    )
    assert (
        run("build", "--key", "key.pem", "--output", "registry").err
        == "acme 1.0.0 exists already.\n"
    )

    result = run("pull", "acme", "--from", "registry")
    assert result.code == Exit.DEFINITION
    assert result.err.startswith(f"error: {tmp_path}/registry: The index is signed by a key that")

    trust("own", "registry", public)
    assert run("pull", "acme", "--from", "own").err == "Installed acme 1.0.0.\n"
    assert run("pull", "acme", "--from", "registry").err == "Already installed: acme 1.0.0.\n"
    assert run("verify") == (Exit.OK, "provider,version,problem\nacme,1.0.0,\n", "")

    define(tmp_path / "provider", "1.0.0", services={"billing": "credits"})
    result = run("build", "--key", "key.pem", "--output", "registry")
    assert result.code == Exit.DEFINITION
    assert "hint: Raise `version` in acme/provider.yaml." in result.err
    define(tmp_path / "provider", "1.1.0", services={"billing": "credits"})
    assert run("build", "--key", "key.pem", "--output", "registry").err == "acme 1.1.0.\n"
    listed = json.loads(run("list", "acme", "--from", "registry", "--format", "json").out)
    assert [(one["version"], one["status"]) for one in listed] == [
        ("1.1.0", "available"),
        ("1.0.0", "in use"),
    ]

    (tmp_path / "data" / "packages" / "acme" / "1.0.0" / "billing.yaml").write_text("")
    result = run("verify", "acme")
    assert result.code == Exit.DEFINITION
    assert "acme,1.0.0,Not what was pulled: billing.yaml" in result.out

    assert run("remove", "acme").err == "Removed acme 1.0.0.\n"
    (tmp_path / "config.toml").write_text("")
    assert run("pull", "acme", "--from", "registry").code == Exit.DEFINITION


def test_what_ships_with_billql_is_there_without_a_network(run: Run) -> None:
    result = run("list")
    assert result.code == Exit.OK
    assert "\nstripe," in result.out
    assert run("pull", "stripe").err.startswith("Installed stripe ")
    assert run("verify", "stripe").code == Exit.OK


def test_an_older_version_is_installed_beside_the_one_in_use(
    run: Run, trust: Trust, tmp_path: Path
) -> None:
    public = run("key", "new", "key.pem").out.strip()
    trust("own", "registry", public, "acme")
    for version in ("1.0.0", "1.1.0"):
        define(tmp_path / "provider", version)
        run("build", "--key", "key.pem", "--output", "registry")
    run("pull", "acme", "--from", "registry")
    assert run("pull", "acme", "1.0.0", "--from", "registry").err == (
        "Installed acme 1.0.0, which is not the active version: see billql registry list.\n"
    )


def test_the_data_folder_can_be_named(run: Run, tmp_path: Path) -> None:
    assert run("pull", "stripe", "--data", "elsewhere").code == Exit.OK
    assert run("verify", "--data", "elsewhere").out.count("stripe") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ([], Exit.USAGE, "required: COMMAND"),
        (["push"], Exit.USAGE, "invalid choice"),
        (["pull"], Exit.USAGE, "required: PROVIDER"),
        (["pull", "nosuch"], Exit.SQL, "There is no provider nosuch"),
        (["pull", "stripe", "--from", "http://example.com"], Exit.USAGE, "https:// address"),
        (["pull", "stripe", "--from", "nowhere"], Exit.DEFINITION, "cannot be read"),
        (["remove", "stripe"], Exit.USAGE, "No version of stripe is installed"),
        (["build"], Exit.USAGE, "required: --key, --output"),
        (
            ["build", "--key", "none.pem", "--output", "built"],
            Exit.USAGE,
            "none.pem cannot be read",
        ),
        (
            ["build", "--key", "none.pem", "--output", "built", "--expires", "soon"],
            Exit.USAGE,
            "'soon' is not a day like 2027-03-31",
        ),
        (["key", "show", "none.pem"], Exit.USAGE, "none.pem cannot be read"),
    ],
)
def test_what_goes_wrong(run: Run, arguments: list[str], code: Exit, error: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (code, "")
    assert error in result.err
    assert result.err.startswith("error: ")
