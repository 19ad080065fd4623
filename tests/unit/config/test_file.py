"""The config file: what it may say, how mistakes are told, where tokens are found."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import billql
from billql.config import file
from billql.config.file import ConnectionConfig, Profile, ResolvedConfig
from billql.config.settings import Settings
from billql.errors import Exit, InterfaceError
from billql.http import secret_sources
from support.config_file import FILE, token, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


# The file.


def test_a_whole_file(path: Path) -> None:
    found = file.resolve_profile(written(path, FILE))
    assert found == ResolvedConfig(
        connections={"acme": ConnectionConfig(provider="stripe", token_env="ACME")},
        profile=Profile(
            connections=("acme",),
            definitions=("~/providers",),
            max_requests=500,
            max_cost=0.5,
            cache_ttl=60,
            cache="~/answers",
        ),
        settings=Settings(read_timeout=5, attempts=2),
    )


def test_another_profile_has_all_connections_if_it_names_none(path: Path) -> None:
    assert list(file.resolve_profile(written(path, FILE), "all").connections) == ["acme", "beta-2"]


def test_no_file_says_nothing(path: Path) -> None:
    assert file.resolve_profile(path) == file.resolve_profile(None) == ResolvedConfig()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[connections.a]\n", "connections.a: Object missing required field `provider`"),
        (
            "[connections.a]\nprovidr = 'x'\nprovider = 'x'",
            "connections.a.providr: unknown key; did you mean provider?",
        ),
        ("[connections.a]\nprovider = 1", "connections.a.provider: Expected `str`, got `int`"),
        (
            "[connections.'a b']\nprovider = 'x'",
            "connections.a b: expected: a name of letters, digits, dots, dashes and underscores",
        ),
        ("[settings]\nattempts = 0", "settings.attempts: Expected `int` >= 1"),
        ("[settings]\npatients = 1", "settings.patients: unknown key; did you mean patience?"),
        ("[profiles.p]\ncache_ttl = -1", "profiles.p.cache_ttl: Expected `float` >= 0.0"),
        (
            "[registries.a]\nurl = 'https://example.com'\nkeys = []",
            "registries.a.keys: expected: one public key, or several",
        ),
        ("profile = 'none'", None),
        ("[a", None),
        ("a = 1\na = 2", None),
    ],
)
def test_a_mistake_is_named(path: Path, text: str, said: str | None) -> None:
    with pytest.raises(InterfaceError) as caught:
        file.resolve_profile(written(path, text))
    assert str(path) in str(caught.value)
    if said is not None:
        assert str(caught.value) == f"{path}: {said}"
    assert caught.value.exit_code is Exit.USAGE


def test_not_toml_and_not_text(path: Path) -> None:
    path.write_bytes(b"# nothing\r\na = '\xff'")
    with pytest.raises(InterfaceError, match=r"config\.toml is not text in UTF-8, in line 2"):
        file.resolve_profile(path)
    path.write_bytes(b"# nothing\na = = 1")
    with pytest.raises(InterfaceError, match=r"config\.toml is not TOML: .*line 2"):
        file.resolve_profile(path)
    path.write_bytes(b"#" * (file.MAX_BYTES + 1))
    with pytest.raises(InterfaceError, match="larger than"):
        file.resolve_profile(path)
    with pytest.raises(InterfaceError, match="cannot be read: Is a directory"):
        file.resolve_profile(path.parent)


KEY = f"ed25519:{'A' * 42}E="


def test_registries_have_names_and_keys(path: Path) -> None:
    path.write_text(f"[registries.acme]\nurl = 'https://acme.example'\nkeys = ['{KEY}']\n")
    acme = file.resolve_profile(path).registries["acme"]
    assert (acme.url, acme.keys, acme.providers) == ("https://acme.example", (KEY,), ())


@pytest.mark.parametrize(
    "key",
    [
        "",
        "ed25519:",
        "ed25519:AAAA",
        KEY + "\n",
        KEY.removesuffix("="),
        KEY.removeprefix("ed25519:"),
        KEY.replace("ed25519", "rsa"),
        "ed25519:" + "Á" * 44,
        "ed25519:" + "A" * 42 + "B=",  # the last bits of base64 mean nothing, and have to be zero
    ],
)
def test_what_is_not_a_public_key(path: Path, key: str) -> None:
    text = f"[registries.acme]\nurl = 'https://acme.example'\nkeys = [{json.dumps(key)}]\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InterfaceError, match=r"registries\.acme\.keys.*: expected: a public key"):
        file.resolve_profile(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_editors_put_around_text(path: Path, encoding: str, end: str) -> None:
    path.write_bytes(FILE.replace("\n", end).encode(encoding))
    assert file.resolve_profile(path) == file.resolve_profile(
        written(path.with_name("plain.toml"), FILE)
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(path: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    path.write_bytes(f"{mark}{FILE}".encode(encoding))
    with pytest.raises(InterfaceError, match="is not text in UTF-8, but in UTF-16") as caught:
        file.resolve_profile(path)
    assert "Save it as UTF-8" in (caught.value.hint or "")


def test_no_file_lies_below_a_file(path: Path) -> None:
    path.write_text("")
    assert file.resolve_profile(path / "billql" / "config.toml") == file.resolve_profile(None)
    with pytest.raises(InterfaceError, match="There is no config file"):
        file.resolve_profile(path / "config.toml", required=True)


def test_unknown_names_of_profiles_and_connections(path: Path) -> None:
    with pytest.raises(InterfaceError, match="There is no profile wrk") as caught:
        file.resolve_profile(written(path, FILE), "wrk")
    assert caught.value.hint == "Its profiles: work, all."
    written(path, "profile = 'p'\n[profiles.p]\nconnections = ['x']")
    with pytest.raises(InterfaceError, match=r"profiles\.p\.connections: there is no connection x"):
        file.resolve_profile(path)


def test_a_file_that_is_named_must_be_there(path: Path) -> None:
    with pytest.raises(InterfaceError, match="There is no config file"):
        billql.connect(config=path)
    connection = billql.connect(environ={"BILLQL_CONFIG": str(path)})
    with pytest.raises(InterfaceError, match="There is no config file"):
        connection.execute("SELECT * FROM stripe.core.customers")
    connection.close()


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_token_in_a_file_that_others_can_read_is_warned_of(path: Path) -> None:
    written(path, "[connections.a]\nprovider = 'stripe'\ntoken = 'planted'")
    warnings: list[str] = []
    billql.connect(config=path, warn=warnings.append).close()
    assert warnings == []
    path.chmod(0o640)
    billql.connect(config=path, warn=warnings.append).close()
    assert warnings == [f"{path} holds a token, and others can read it: chmod 600 {path}"]
    with pytest.warns(UserWarning, match="others can read it"):
        billql.connect(config=path).close()


def test_no_warning_for_a_file_without_a_token(path: Path) -> None:
    written(path, FILE).chmod(0o644)
    assert file.resolve_profile(path).warnings == ()


def test_what_is_given_goes_before_the_profile_and_that_before_the_rest(
    path: Path, tmp_path: Path
) -> None:
    written(path, FILE)
    with billql.connect(config=path, cache_ttl=1.0) as connection:
        options = connection._sessions.shared().options
    assert (options.cache_ttl, options.settings.max_requests) == (1.0, 500)
    assert options.cache == Path("~/answers").expanduser()
    assert Path("~/providers").expanduser() in options.catalog._places
    assert options.settings == Settings(read_timeout=5, attempts=2, max_requests=500, max_cost=0.5)
    with billql.connect(config=path, profile="all", cache=tmp_path) as connection:
        options = connection._sessions.shared().options
    assert (options.cache_ttl, options.cache) == (300.0, tmp_path)
    assert options.settings.max_requests == Settings().max_requests
    assert options.settings.max_cost is None
    with billql.connect(config=path, max_requests=7, max_cost=0) as connection:
        settings = connection._sessions.shared().options.settings
    assert (settings.max_requests, settings.max_cost) == (7, 0)


# Tokens.


def test_one_way_to_a_token_is_enough() -> None:
    with pytest.raises(InterfaceError, match="has several sources of its token"):
        token(token="a", token_env="b")


def test_nothing_that_is_shown_holds_a_token(path: Path) -> None:
    text = "[connections.a]\nprovider = 'stripe'\ntoken = 'planted'"
    found = file.resolve_profile(written(path, text))
    shown = f"{found!r} {found} {secret_sources.describe('a', found.connections['a'])}"
    assert "planted" not in shown
    secret = ConnectionConfig(provider="x", token_command="show --pin 1234")
    assert "1234" not in f"{secret!r} {secret_sources.describe('a', secret)}"


def test_what_people_may_know_of_connections(path: Path) -> None:
    text = """
[connections.a]
provider = "stripe"
token_env = "A"
[connections.b]
provider = "stripe"
token_command = "no-such-program"
url = "https://proxy.example.com"
"""
    environ = {"METRONOME_BEARER_TOKEN": "there"}
    with billql.connect(config=written(path, text), environ=environ) as connection:
        engine = connection._session.engine
        told = [engine.connection_info(*names) for names in engine.connection_names()]
    named = {"digitalocean", "metronome", "stripe"}
    assert [tuple(one) for one in told if one[1] in named] == [
        (
            "digitalocean",
            "digitalocean",
            "https://api.digitalocean.com",
            "DIGITALOCEAN_TOKEN",
            False,
        ),
        ("metronome", "metronome", "https://api.metronome.com", "METRONOME_BEARER_TOKEN", True),
        ("a", "stripe", "https://api.stripe.com", "the environment variable A", False),
        ("b", "stripe", "https://proxy.example.com", "the command no-such-program", True),
    ]
