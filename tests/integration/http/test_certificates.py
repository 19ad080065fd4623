"""Whose certificates are trusted, and what is said of those that cannot be read."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from billql.errors import InterfaceError
from billql.http import certificates
from billql.http.reply import NoResponse
from support.certificates import SELF_SIGNED, ask, no_certificates, serving
from support.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(lambda asked: asked.answer([1]), serving(SELF_SIGNED)) as server:
        yield server


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_file_of_certificates(server: Server, variable: str) -> None:
    environ = {variable: str(SELF_SIGNED)}
    assert ask(server, environ) == b"[1]"
    assert certificates.context(environ)[1] == f"the certificates of {variable}={SELF_SIGNED}"


def test_what_goes_first_is_all_that_is_read(server: Server) -> None:
    others = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "/no/such")
    assert ask(server, {**others, "SSL_CERT_FILE": str(SELF_SIGNED)}) == b"[1]"
    others["REQUESTS_CA_BUNDLE"] = str(SELF_SIGNED)
    assert ask(server, others) == b"[1]"


def test_a_variable_that_is_empty_says_nothing(server: Server) -> None:
    with pytest.raises(NoResponse, match="certificate verify failed") as caught:
        ask(server, dict.fromkeys(certificates.VARIABLES, ""))
    assert not caught.value.again
    assert "SSL_CERT_FILE" in (caught.value.hint or "")


def test_a_file_that_does_not_vouch_for_the_server(server: Server) -> None:
    with pytest.raises(NoResponse, match="certificate verify failed") as caught:
        ask(server, {"SSL_CERT_FILE": certifi.where()})
    assert f"SSL_CERT_FILE={certifi.where()}" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "kind",
    ["nothing", "below a file", "empty", "text", "a key alone", "binary", "cut short", "a loop"],
)
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_file_that_is_none(tmp_path: Path, variable: str, kind: str) -> None:
    path, why = no_certificates(tmp_path)[kind]
    with pytest.raises(InterfaceError) as caught:
        certificates.context({variable: str(path)})
    assert f"{variable}={path} cannot be read: " in caught.value.message
    assert why in caught.value.message
    assert f"unset {variable}" in (caught.value.hint or "")


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    path, why = no_certificates(tmp_path)["a folder"]
    with pytest.raises(InterfaceError, match=why):
        certificates.context({"SSL_CERT_FILE": str(path)})


@pytest.mark.parametrize("kind", ["nothing", "text", "a folder"])
def test_a_folder_that_is_none(tmp_path: Path, kind: str) -> None:
    path, _ = no_certificates(tmp_path)[kind]
    for value in (f"{path}", f"{path}{os.pathsep}/etc"):
        with pytest.raises(InterfaceError) as caught:
            certificates.context({"SSL_CERT_DIR": value})
        assert f"SSL_CERT_DIR={path} cannot be read: " in caught.value.message


def test_a_system_that_has_none(tmp_path: Path) -> None:
    made, name = certificates.first_of([str(tmp_path), str(tmp_path / "none")])
    assert name == "certifi's certificates, for the system has none"
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert made.check_hostname
    assert made.cert_store_stats()["x509_ca"] > 50
