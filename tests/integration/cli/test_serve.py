"""What `billql serve` refuses before it serves anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.cli import main


@pytest.mark.parametrize(
    ("arguments", "config", "message"),
    [
        ((), "", "There is nothing to serve"),
        (("--http", "8080"), "", "is no address"),
        (("--http", ":8080"), "", "is no address"),
        (("--http", "::1:8080"), "", "is no address"),
        (("--http", "127.0.0.1:99999"), "", "is no address"),
        (("--http", "0.0.0.0:0"), "", "plain HTTP"),
        (("--http", "0.0.0.0:0", "--anonymous"), "", "a token is needed"),
        (("--http", "127.0.0.1:0", "--tls-key", "a.pem"), "", "both a certificate and its key"),
        ((), "[serve.http]\nadress = 'x'\n", "serve.http"),
        ((), "[serve.http]\naddress = 'x'\n", "is no address"),
        (("--http", "127.0.0.1:0"), "[serve]\nmax_rows = 0\n", "serve.max_rows"),
        (("--http", "127.0.0.1:0", "--db", "missing.db"), "", "missing.db"),
        (("--http", "127.0.0.1:0", "--profile", "nobody"), "", "no profile nobody"),
    ],
)
def test_what_cannot_be_served_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    config: str,
    message: str,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("BILLQL_HTTP_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--config", str(path), *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_a_short_token_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BILLQL_HTTP_TOKEN", "guessed")
    assert main(["serve", "--http", "127.0.0.1:0", "--sandbox"]) == 2
    printed = capsys.readouterr().err
    assert "fewer than 16" in printed
    assert "guessed" not in printed
