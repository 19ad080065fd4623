"""Tokens from commands and from the system's keyring, which are processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from billql.errors import CredentialMissing
from billql.http import secret_sources
from support.config_file import token
from support.paths import ROOT, TESTS

PRINT = f'{sys.executable} -c \'print("from-command"); print("and more")\''


def test_where_a_token_can_be() -> None:
    keyring = {("billql", "my-acme"): "kept", ("billql", "other"): "of-other"}
    assert token(token="in-file") == "in-file"
    assert token({"X": " exported\n"}, token_env="X") == "exported"
    assert token({}, keyring, token_keyring="other") == "of-other"
    assert token(token_command=PRINT) == "from-command"
    assert token({"BILLQL_MY_ACME_TOKEN": "exported"}, keyring) == "exported"
    assert token({}, keyring) == "kept"


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            {},
            "the environment variable BILLQL_MY_ACME_TOKEN, "
            "or the keyring, as billql my-acme has none",
            "Put it there: export BILLQL_MY_ACME_TOKEN=…",
        ),
        ({"token_env": "X"}, "the environment variable X has none", "Put it there: export X=…"),
        (
            {"token_keyring": "a"},
            "the keyring, as billql a has none",
            "Put it there: keyring set billql a",
        ),
        ({"token": ""}, "the config file has none", None),
        (
            {"token_command": "no-such-program --secret"},
            "the command no-such-program printed none: No such file or directory",
            None,
        ),
        (
            {"token_command": "sh -c 'exit 3'"},
            "the command sh printed none: it ended with code 3",
            None,
        ),
        ({"token_command": "true"}, "the command true printed none: it printed nothing", None),
        (
            {"token_command": "echo 'x"},
            "the command echo printed none: a quote is not closed",
            None,
        ),
        ({"token_command": " "}, "the command without a name printed none: it is empty", None),
    ],
)
def test_no_token_there(said: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(CredentialMissing) as caught:
        token(**said)
    assert str(caught.value) == f"There is no token for the connection my-acme: {message}"
    assert hint is None or caught.value.hint == hint


def test_a_command_is_not_read_by_a_shell(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(CredentialMissing, match="a character that no token has"):
        token(token_command=f"echo tok;touch {trace}")
    assert not trace.exists()


def test_the_systems_keyring() -> None:
    def ask(**environ: str) -> tuple[str, str]:
        backend = {"PYTHON_KEYRING_BACKEND": "support.planted_keyring.Planted", **environ}
        done = subprocess.run(
            [sys.executable, "-c", "from billql.http import secret_sources\n"
             "print(secret_sources.keyring_password('billql', 'me'))"],
            env={**os.environ, "PYTHONPATH": str(TESTS), **backend},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.strip(), done.stderr

    assert ask(PLANTED_USER="me", PLANTED_PASSWORD="kept") == ("kept", "")
    assert ask(PLANTED_USER="you", PLANTED_PASSWORD="kept") == ("None", "")
    out, err = ask(PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    assert out == ""
    assert "KeyringMissing: this machine has no keyring" in err
    out, err = ask(PLANTED_LOCKED="1")
    assert out == ""
    assert "The system's keyring cannot be read: KeyringLocked" in err
    assert "planted-in-the-reason" not in err


ADVICE = (
    "Without a keyring, as on a server, name the token by token_env or token_command: "
    "docs/connections.md, 'Without a keyring'."
)


@pytest.mark.parametrize("chosen", ['token_keyring = "me"', ""])
@pytest.mark.parametrize("command", ["query", "doctor"])
@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("keyring.backends.fail.Keyring", "because this machine has no keyring"),
        ("", "because keyrings are not supported without: pip install 'billql[keyring]'"),
        ("support.planted_keyring.Planted", "The system's keyring cannot be read: KeyringLocked"),
    ],
)
def test_one_place_says_what_to_do_without_a_keyring(
    tmp_path: Path, chosen: str, command: str, trouble: str, why: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[connections.mine]\nprovider = "digitalocean"\n{chosen}\n')
    path = str(TESTS)
    if not trouble:  # as if the package was not installed
        (tmp_path / "keyring.py").write_text("raise ImportError\n")
        path = f"{tmp_path}{os.pathsep}{path}"
    arguments = {
        "query": ["query", "SELECT * FROM digitalocean.billing.balances"],
        "doctor": ["doctor"],
    }[command]
    done = subprocess.run(
        [sys.executable, "-m", "billql", *arguments, "--config", str(config)],
        env={
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": path,
            "PYTHON_KEYRING_BACKEND": trouble or "keyring.backends.null.Keyring",
            "PLANTED_LOCKED": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    shown = " ".join((done.stdout + done.stderr).split())
    assert why in shown
    assert ADVICE in shown


def test_the_place_is_there_and_the_pages_point_to_it() -> None:
    docs = ROOT / "docs"
    assert "\n## Without a keyring\n" in (docs / "connections.md").read_text()
    assert ADVICE == secret_sources.WITHOUT_KEYRING
    link = "connections.md#without-a-keyring"
    for page in ("getting-started.md", "security.md"):
        assert link in (docs / page).read_text()
    assert f"docs/{link}" in (ROOT / "README.md").read_text()
