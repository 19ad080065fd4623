"""The real command line in untidy surroundings: an answer, or an error that names what is wrong.

Each case changes what is sound in one respect. What a query does not need may be wrong at will;
what it needs is named. Wherever the query meets something, `billql doctor` does too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from billql.errors import Exit
from billql.sandbox import Sandbox
from support.certificates import self_signed, serving
from support.commands import account
from support.server import Asked, Server
from support.surroundings import Outcome, bound, run
from support.tunnels import connecting

QUERY = ("query", "--format", "csv", "SELECT count(*) AS n FROM digitalocean.billing.balances")
ANSWER = "n\n1\n"
PLAIN = ("query", "--format", "csv", "SELECT 1 AS n")
TOKEN = "tok_surroundings_51f0"
BALANCE = {
    "month_to_date_balance": "1.00",
    "account_balance": "2.00",
    "month_to_date_usage": "3.00",
    "generated_at": "2026-03-15T06:31:50Z",
}


class Place(NamedTuple):
    """A folder with things that are no good for anything, and a sound environment."""

    folder: Path
    environ: dict[str, str]

    def path(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="small") as sandbox:
        yield sandbox


@pytest.fixture
def place(tmp_path: Path, sandbox: Sandbox) -> Iterator[Place]:
    """Make a home that is sound, and beside it a file, and folders without rights."""
    (tmp_path / "home").mkdir()
    (tmp_path / "file").write_text("Hello")
    (tmp_path / "empty").touch()
    (tmp_path / "secret").touch(mode=0o000)
    (tmp_path / "locked").mkdir(mode=0o000)
    (tmp_path / "fixed").mkdir(mode=0o555)
    (tmp_path / "config.toml").write_text("[settings]\nattempts = 1\nconnect_timeout = 5\n")
    yield Place(
        tmp_path,
        {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "BILLQL_CONFIG": str(tmp_path / "config.toml"),
            **account(sandbox),
        },
    )
    (tmp_path / "locked").chmod(0o700)
    (tmp_path / "fixed").chmod(0o700)


Change = dict[str, str | None]
"""Variables with their values, in which {} is the place's folder; None is not set."""


def changed(place: Place, change: Change) -> dict[str, str]:
    environ: dict[str, str | None] = {**place.environ, **change}
    return {
        name: value.replace("{}", str(place.folder))
        for name, value in environ.items()
        if value is not None
    }


def sound(outcome: Outcome) -> None:
    """See that nothing ended as no program of ours may end."""
    assert "Traceback" not in outcome.text
    assert "internal error in billql" not in outcome.text
    assert TOKEN not in outcome.text
    assert "s3cret" not in outcome.text


# What a query of a server on this machine does not need, whatever it is.

NEEDLESS: dict[str, Change] = {
    "certificates that are not there": {
        "SSL_CERT_FILE": "{}/none",
        "SSL_CERT_DIR": "{}/none",
        "SSLKEYLOGFILE": "{}/locked/keys",
    },
    "certificates that are none": {
        "SSL_CERT_FILE": "{}",
        "SSL_CERT_DIR": "{}/file",
        "REQUESTS_CA_BUNDLE": "{}/empty",
        "CURL_CA_BUNDLE": "{}/secret",
    },
    "SOCKS proxies": {"ALL_PROXY": "socks://127.0.0.1:1", "https_proxy": "socks5h://127.0.0.1:1"},
    "a dead proxy": {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"},
    "proxies that are none": {"HTTPS_PROXY": "://", "http_proxy": "%", "NO_PROXY": "1/2/3,::::"},
    "no home": {"HOME": None, "BILLQL_CONFIG": None},
    "a home that is not there": {"HOME": "{}/none", "BILLQL_CONFIG": None},
    "a home that is a file": {"HOME": "{}/file", "BILLQL_CONFIG": None},
    "a home without its whole path": {"HOME": "home", "BILLQL_CONFIG": None},
    "an empty home": {"HOME": "", "BILLQL_CONFIG": None},
    "a home that cannot be written": {"HOME": "{}/fixed", "BILLQL_CONFIG": None},
    "XDG folders that are files": {
        "XDG_CONFIG_HOME": "{}/file",
        "XDG_DATA_HOME": "{}/file",
        "XDG_CACHE_HOME": "{}/file",
        "XDG_STATE_HOME": "{}/file",
        "BILLQL_CONFIG": None,
    },
    "XDG folders without their whole path": {
        "XDG_CONFIG_HOME": "x",
        "XDG_DATA_HOME": "x",
        "XDG_CACHE_HOME": "x",
        "BILLQL_CONFIG": None,
    },
    "a cache that cannot be read": {"XDG_CACHE_HOME": "{}/locked"},
    "a cache that cannot be written": {"XDG_CACHE_HOME": "{}/fixed"},
    "variables of ours that say nothing": {
        "BILLQL_CONFIG": "",
        "BILLQL_DATA": "",
        "BILLQL_DEBUG": "",
        "BILLQL_STRIPE_URL": "",
        "BILLQL_DIGITALOCEN_URL": "x",
    },
    "a data folder that is a file": {"BILLQL_DATA": "{}/file"},
    "a locale that nobody knows": {"LC_ALL": "xx_YY.UTF-8", "LANGUAGE": "%%%", "TMPDIR": "{}/none"},
    "an encoding of one byte": {"PYTHONIOENCODING": "latin-1", "TERM": "dumb", "COLUMNS": "0"},
    "ASCII": {"PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C", "LANG": "%%%"},
    "programs and a terminal that are none": {
        "PAGER": "less '",
        "EDITOR": "vi '",
        "TERM": "nonsense",
        "COLUMNS": "many",
        "LINES": "-1",
        "NO_COLOR": "1",
        "FORCE_COLOR": "x",
    },
}


@pytest.mark.parametrize("name", NEEDLESS)
def test_what_is_not_needed_is_not_read(place: Place, name: str) -> None:
    outcome = run(QUERY, changed(place, NEEDLESS[name]), place.folder)
    sound(outcome)
    assert outcome == (Exit.OK, ANSWER, "")
    # Nothing was made where people did not say so: neither `~` nor what lies below it.
    assert {path.name for path in place.folder.iterdir()} == {
        *("home", "file", "empty", "secret", "locked", "fixed", "config.toml")
    }


@pytest.mark.parametrize(
    ("change", "subjects"),
    [
        (
            {
                "HOME": "{}/none",
                "XDG_CACHE_HOME": "{}/file",
                "TMPDIR": "{}/none",
                "LC_ALL": "xx_YY.UTF-8",
                "PAGER": "less '",
                "NO_PROXY": "10.0.0.0/99",
                "BILLQL_DIGITALOCEN_URL": "x",
                "ALL_PROXY": "http://me:s3cret@p:1",
            },
            [
                "warning data folder: there is none, for there is no home folder",
                "warning cache folder: {}/file/billql cannot be made: {}/file is a file",
                "warning state folder: there is none, for there is no home folder",
                "warning temporary folder: TMPDIR={}/none is no folder",
                "warning locale: LC_ALL=xx_YY.UTF-8 is not known here",
                "warning pager: PAGER has a quote that is not closed",
                "warning proxy: NO_PROXY names what is no network: 10.0.0.0/99",
                "ok      proxy: none, for 127.0.0.1",
                "ok      proxy: the proxy http://p:1 (ALL_PROXY), for api.",
                "warning environment: BILLQL_DIGITALOCEN_URL means nothing to billql\n"
                "        Did you mean BILLQL_DIGITALOCEAN_URL?",
            ],
        ),
        (
            {"HOME": "{}/fixed", "BILLQL_DATA": "{}/file", "PAGER": "no-such-pager -R"},
            [
                "warning data folder: {}/file cannot be made: {}/file is a file",
                "warning state folder: {}/fixed/.local/state/billql cannot be written: {}/fixed is",
                "warning pager: PAGER is no-such-pager",
                "ok      proxy: none\n",
            ],
        ),
        (
            {"HOME": None, "BILLQL_CONFIG": None, "XDG_CACHE_HOME": "{}/locked", "PAGER": ""},
            [
                "note    config: none, for there is no home folder",
                "warning data folder: there is none, for there is no home folder",
                "warning cache folder: {}/locked/billql cannot be read: Permission denied",
                "ok      pager: none\n",
            ],
        ),
        (
            {
                "SSL_CERT_FILE": "{}/none",
                "HTTPS_PROXY": "http://a b",
                "BILLQL_CONFIG": "{}/secret",
                "BILLQL_DATA": "{}/locked",
                "BILLQL_STRIPE_URL": "nonsense",
            },
            [
                "error   config: {}/secret cannot be read: Permission denied",
                "error   definitions: {}/locked/packages cannot be read: Permission denied",
                "error   data folder: {}/locked cannot be read: Permission denied",
                "error   certificates: The certificates of SSL_CERT_FILE={}/none cannot be read",
                "error   proxy: HTTPS_PROXY is not the URL of a proxy",
                "error   connection stripe: BILLQL_STRIPE_URL is not the address of a server",
            ],
        ),
        (
            {
                "REQUESTS_CA_BUNDLE": "{}/file",
                "ALL_PROXY": "socks://me:s3cret@a:1",
                "BILLQL_CONFIG": "~nobody-here/x",
                "BILLQL_DATA": "~nobody-here",
                "BILLQL_STRIPE_URL": "http://a.b",
            },
            [
                "error   config: ~nobody-here/x cannot be found",
                "error   data folder: ~nobody-here cannot be found",
                "error   certificates: The certificates of REQUESTS_CA_BUNDLE={}/file cannot be",
                "error   proxy: ALL_PROXY names a proxy of a kind that billql does not support",
                "error   connection stripe: BILLQL_STRIPE_URL must be an https:// address",
            ],
        ),
    ],
    ids=["warnings", "more warnings", "no home", "errors", "more errors"],
)
def test_the_doctor_finds_it(place: Place, change: Change, subjects: list[str]) -> None:
    outcome = run(["doctor"], changed(place, change), place.folder)
    sound(outcome)
    here = str(place.folder)
    missing = [one for one in subjects if one.replace("{}", here) not in outcome.out]
    assert missing == [], outcome.out
    fails = any(one.startswith("error") for one in subjects)
    assert (outcome.code, outcome.err) == (Exit.USAGE if fails else Exit.OK, "")
    assert ("error " in outcome.out) == fails


def test_the_doctor_finds_nothing_amiss(place: Place) -> None:
    environ = changed(place, {"LANG": "C.UTF-8", "PAGER": "cat"})
    outcome = run(["doctor"], environ, place.folder)
    assert (outcome.code, outcome.err) == (Exit.OK, "")
    assert "warning" not in outcome.out
    assert "error" not in outcome.out


# What a query needs, and cannot have.

NEEDED: dict[str, tuple[Change, str]] = {
    "a config file that is not there": (
        {"BILLQL_CONFIG": "{}/none"},
        "There is no config file {}/none\nhint: BILLQL_CONFIG names",
    ),
    "a config file that is a folder": (
        {"BILLQL_CONFIG": "{}"},
        "{} cannot be read: Is a directory",
    ),
    "a config file of others": (
        {"BILLQL_CONFIG": "{}/secret"},
        "secret cannot be read: Permission",
    ),
    "a config file that is no TOML": ({"BILLQL_CONFIG": "{}/file"}, "file is not TOML: "),
    "a config file in a home that is not there": (
        {"BILLQL_CONFIG": "~nobody-here/c.toml"},
        "~nobody-here/c.toml cannot be found: its ~ stands for a home folder",
    ),
    "a home of others": (
        {"HOME": "{}/locked", "BILLQL_CONFIG": None},
        "locked/.config/billql/config.toml cannot be read: Permission denied\nhint: --config",
    ),
    "a data folder of others": ({"BILLQL_DATA": "{}/locked"}, "{}/locked/packages cannot be read"),
    "a data folder in no home": ({"BILLQL_DATA": "~nobody-here"}, "~nobody-here cannot be found"),
    "an address that is none": (
        {"BILLQL_DIGITALOCEAN_URL": "nonsense"},
        "BILLQL_DIGITALOCEAN_URL is not the address of a server",
    ),
    "an address without TLS": (
        {"BILLQL_DIGITALOCEAN_URL": "http://api.example.com"},
        "BILLQL_DIGITALOCEAN_URL must be an https:// address",
    ),
}


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_needed_is_named(place: Place, name: str) -> None:
    change, words = NEEDED[name]
    outcome = run(QUERY, changed(place, change), place.folder)
    sound(outcome)
    assert (outcome.code, outcome.out) == (Exit.USAGE, "")
    assert words.replace("{}", str(place.folder)) in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["query", "--db", "{}/locked/my.db", "SELECT 1"], Exit.USAGE, "locked/my.db: unable to"),
        (["query", "--db", "{}/none/my.db", "SELECT 1"], Exit.USAGE, "{}/none/my.db: unable to"),
        (["query", "--db", "{}/\udcff.db", "SELECT 1"], Exit.USAGE, "its name is not UTF-8"),
        (["query", "-f", "{}/secret"], Exit.USAGE, "secret cannot be read: Permission denied"),
        (["query", "-f", "{}/\udcff"], Exit.USAGE, "\\udcff cannot be read: No such file"),
        (["query", "-f", "{}"], Exit.USAGE, "cannot be read: Is a directory"),
        (["query", "SELECT '\udcff'"], Exit.SQL, "A text is not Unicode"),
        ([*PLAIN, "--output", "{}/fixed/x.csv"], Exit.OUTPUT, "fixed/x.csv cannot be written"),
        ([*PLAIN, "--output", "{}/file/x.csv"], Exit.OUTPUT, "file/x.csv cannot be written"),
        ([*QUERY, "--cache", "{}/file"], Exit.USAGE, "The cache in {}/file cannot be used"),
        ([*QUERY, "--cache", "{}/fixed/c"], Exit.USAGE, "The cache in {}/fixed/c cannot be used"),
        ([*QUERY, "--cache", "~nobody-here/c"], Exit.USAGE, "~nobody-here/c cannot be found"),
        ([*QUERY, "--definitions", "~nobody-here"], Exit.USAGE, "~nobody-here cannot be found"),
        (["doctor", "--config", "{}/\udcff"], Exit.USAGE, "There is no config file {}/\\udcff"),
        (["doctor", "--definitions", "~nobody-here"], Exit.USAGE, "error   definitions: ~nobody"),
        (["doctor", "--definitions", "{}/none"], Exit.OK, "warning definitions: {}/none is no"),
        (["registry", "pull", "stripe", "--data", "{}/file"], Exit.USAGE, "cannot be installed in"),
        (["registry", "list", "--data", "{}/locked"], Exit.USAGE, "/packages cannot be read: "),
    ],
)
def test_a_path_that_is_no_good_is_named(
    place: Place, arguments: list[str], code: Exit, words: str
) -> None:
    here = str(place.folder)
    outcome = run([one.replace("{}", here) for one in arguments], place.environ, place.folder)
    sound(outcome)
    assert outcome.code == code
    assert words.replace("{}", here) in outcome.text


def test_no_home_and_no_data(place: Place) -> None:
    environ = changed(place, {"HOME": "x", "BILLQL_CONFIG": None})
    for arguments in (["registry", "pull", "stripe"], ["registry", "verify"]):
        outcome = run(arguments, environ, place.folder)
        sound(outcome)
        assert outcome.code == Exit.USAGE
        assert "There is no data folder" in outcome.err


@pytest.mark.parametrize("backend", ["x", "no.such.Backend", "keyring.nonsense"])
def test_a_keyring_that_is_none(place: Place, backend: str) -> None:
    (place.folder / "config.toml").write_text("[connections.acme]\nprovider = 'stripe'\n")
    environ = changed(place, {"PYTHON_KEYRING_BACKEND": backend})
    for arguments in (["query", "SELECT * FROM stripe.core.balance"], ["doctor"]):
        outcome = run(arguments, environ)
        sound(outcome)
        assert outcome.code == Exit.CREDENTIAL
        assert "The system's keyring cannot be read: " in outcome.text
        assert "Correct what chooses it: PYTHON_KEYRING_BACKEND" in outcome.text


# The shell's paths.

CSV = "a,b\n1,2\n"


@pytest.mark.parametrize(
    "name", ["C:\\new\\table.csv", "\\\\server\\x.csv", "a b\\ c.csv", "é'.csv"]
)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_backslash_in_a_path_is_a_letter(place: Place, name: str, quote: str) -> None:
    (place.folder / name).write_text(CSV)
    (place.folder / f"{name}.sql").write_text("SELECT sum(a + b) FROM t;")
    if quote in name or not (" " in name or "'" in name):
        quote = '"' if "'" in name else ""
    path, script, made = (f"{quote}{name}{end}{quote}" for end in ("", ".sql", ".out.csv"))
    typed = f".import {path} t\n.output {made}\n.read {script}\n.output\n.once {made}\nSELECT 5;\n"
    outcome = run(["shell"], place.environ, place.folder, typed.encode())
    assert outcome == (Exit.OK, "1 row\n", "")
    assert (place.folder / f"{name}.out.csv").read_text() == "5\n5\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (".import 'a b.csv t", "A quote is not closed"),
        (".import a b.csv t", ".import needs a file and a table"),
        (".read ~nobody-here/x", "~nobody-here/x cannot be found"),
        (".output ~nobody-here/x.csv\nSELECT 1;", "~nobody-here/x.csv cannot be found"),
        (".once ~nobody-here/x.csv\nSELECT 1;", "~nobody-here/x.csv cannot be found"),
        (".open ~nobody-here/x.db", "~nobody-here/x.db cannot be found"),
        (".open {}/locked/x.db", "locked/x.db: unable to open"),
        (".import {}/secret t", "secret cannot be read: Permission denied"),
        (".read {}", "cannot be read: Is a directory"),
    ],
)
def test_a_dot_command_names_what_it_cannot_have(place: Place, line: str, words: str) -> None:
    typed = f"{line}\n".replace("{}", str(place.folder)).encode()
    outcome = run(["shell"], place.environ, place.folder, typed)
    sound(outcome)
    assert outcome.code == Exit.USAGE
    assert words in outcome.err


# A working folder that has been deleted, a stream that is closed.


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (QUERY, Exit.OK, ANSWER),
        (["doctor"], Exit.OK, "warning working folder: cannot be found"),
        (["query", "--db", "x.db", "SELECT 1"], Exit.USAGE, "x.db: unable to open"),
        ([*PLAIN, "--output", "x.csv"], Exit.OUTPUT, "x.csv cannot be written"),
        (["query", "-f", "x.sql"], Exit.USAGE, "x.sql cannot be read"),
        (["shell"], Exit.OK, "n\n1\n"),
    ],
)
def test_a_working_folder_that_is_gone(
    place: Place, arguments: list[str], code: Exit, words: str
) -> None:
    gone = place.folder / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$1"; shift; exec "$@"', "sh", str(gone),
         *bound(), sys.executable, "-m", "billql", *arguments],
        cwd=gone,
        env=place.environ,
        input=b"SELECT 1 AS n;\n",
        capture_output=True,
        check=False,
    )  # fmt: skip
    outcome = Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
    sound(outcome)
    assert outcome.code == code
    assert words in outcome.text


@pytest.mark.parametrize(
    ("redirection", "command", "code"),
    [
        ("<&-", "query 'SELECT 1'", Exit.OK),
        ("<&-", "query -", Exit.USAGE),
        ("<&-", "shell", Exit.OK),
        ("<&-", "", Exit.USAGE),
        (">&-", "query 'SELECT 1'", Exit.OUTPUT),
        ("2>&-", "query 'SELECT 1'", Exit.OK),
        ("2>&-", "query 'SELECT'", Exit.SQL),
        ("<&- >&- 2>&-", "query 'SELECT 1'", Exit.OUTPUT),
        ("> /dev/full", "query 'SELECT 1'", Exit.OUTPUT),
        ("> /dev/full", "doctor", Exit.OUTPUT),
        (">&-", "doctor", Exit.OUTPUT),
        ("> /dev/full", "--help", Exit.OUTPUT),
        ("> /dev/full", "schema", Exit.OUTPUT),
        ("2> /dev/full", "query 'SELECT'", Exit.SQL),
        ("2> /dev/full", "query --stats 'SELECT 1'", Exit.OK),
        ("2> /dev/full", "query --format nonsense 'SELECT 1'", Exit.USAGE),
        ("2> /dev/full", "query -v 'SELECT * FROM digitalocean.billing.balances'", Exit.OK),
    ],
)
def test_a_stream_that_is_closed_or_full(
    place: Place, redirection: str, command: str, code: Exit
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m billql {command} {redirection}', sys.executable],
        env=place.environ,
        capture_output=True,
        check=False,
    )
    outcome = Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
    sound(outcome)
    assert outcome.code == code


# A server beyond this machine: what is wrong is named, whatever else there is.


class Api(NamedTuple):
    """An API at `https://api.example.com`, which only a proxy leads to."""

    server: Server
    environ: dict[str, str]


@pytest.fixture
def api(place: Place) -> Iterator[Api]:
    certificate = self_signed(place.folder / "api.pem", "api.example.com")
    with (
        Server(lambda asked: asked.answer(BALANCE), serving(certificate)) as server,
        connecting(server.url) as proxy,
    ):
        change: Change = {
            "SSL_CERT_FILE": str(certificate),
            "HTTPS_PROXY": proxy.url,
            "DIGITALOCEAN_TOKEN": TOKEN,
            "BILLQL_DIGITALOCEAN_URL": "https://api.example.com",
        }
        yield Api(server, changed(place, change))


def test_a_server_beyond_this_machine(api: Api) -> None:
    assert run(QUERY, api.environ) == (Exit.OK, ANSWER, "")
    environ = {**api.environ, "HTTPS_PROXY": "", "ALL_PROXY": api.environ["HTTPS_PROXY"]}
    assert run(QUERY, environ) == (Exit.OK, ANSWER, "")


BEYOND: dict[str, tuple[Change, Exit, str]] = {
    "certificates that are not there": (
        {"SSL_CERT_FILE": "{}/none"},
        Exit.USAGE,
        "SSL_CERT_FILE={}/none cannot be read: No such file or directory",
    ),
    "certificates in a folder": (
        {"SSL_CERT_FILE": "{}"}, Exit.USAGE, "SSL_CERT_FILE={} cannot be read: Is a directory",
    ),
    "certificates of others": (
        {"SSL_CERT_FILE": "{}/secret"}, Exit.USAGE, "secret cannot be read: Permission denied",
    ),
    "a folder of certificates that is empty": (
        {"SSL_CERT_DIR": "{}/home"}, Exit.USAGE, "SSL_CERT_DIR={}/home cannot be read: no cert",
    ),
    "a bundle that is not there": (
        {"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": "{}/none"},
        Exit.USAGE,
        "REQUESTS_CA_BUNDLE={}/none cannot be read",
    ),
    "certificates that say nothing of the server": (
        {"SSL_CERT_FILE": None}, Exit.NETWORK, "name the certificate of an authority of your own",
    ),
    "a dead proxy": (
        {"HTTPS_PROXY": "http://me:s3cret@127.0.0.1:1"},
        Exit.NETWORK,
        "the proxy http://127.0.0.1:1 (HTTPS_PROXY) cannot be reached: Connection refused\n"
        "hint: Check HTTPS_PROXY",
    ),
    "a proxy of no kind": (
        {"HTTPS_PROXY": "socks://me:s3cret@127.0.0.1:1"},
        Exit.USAGE,
        "HTTPS_PROXY names a proxy of a kind that billql does not support: socks://",
    ),
    "a proxy that is no address": (
        {"HTTPS_PROXY": "http://me:s3cret@:x"}, Exit.USAGE, "HTTPS_PROXY is not the URL of",
    ),
    "no proxy": (
        {"NO_PROXY": "example.com:443", "BILLQL_DIGITALOCEAN_URL": "https://no.example.com"},
        Exit.NETWORK,
        "hint: Check the network, and BILLQL_DIGITALOCEAN_URL.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_wrong_on_the_way_is_named(place: Place, api: Api, name: str) -> None:
    change, code, words = BEYOND[name]
    environ = changed(Place(place.folder, api.environ), change)
    outcome = run(QUERY, environ)
    sound(outcome)
    assert (outcome.code, outcome.out) == (code, "")
    assert words.replace("{}", str(place.folder)) in outcome.err
    assert api.server.asked == []


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        (lambda asked: asked.answer("Sign in"), Exit.API, "something that is not JSON"),
        (
            lambda asked: asked.answer("", 302, {"location": "https://sign.in"}),
            Exit.API,
            "a redirect, which is not followed",
        ),
    ],
)
def test_a_hint_names_what_may_be_answering(
    api: Api, script: Callable[[Asked], None], code: Exit, words: str
) -> None:
    api.server.script = script
    outcome = run(QUERY, api.environ)
    sound(outcome)
    assert outcome.code == code
    assert words in outcome.err
    assert f"the proxy {api.environ['HTTPS_PROXY']} (HTTPS_PROXY) or BILLQL_DIGITALOCEAN_URL" in (
        outcome.err
    )


def test_the_doctor_goes_the_same_way(api: Api) -> None:
    outcome = run(["doctor", "--online"], api.environ)
    sound(outcome)
    proxy = f"the proxy {api.environ['HTTPS_PROXY']} (HTTPS_PROXY)"
    certificates = f"the certificates of SSL_CERT_FILE={api.environ['SSL_CERT_FILE']}"
    assert f"ok      certificates: {certificates}\n" in outcome.out
    assert re.search(f"ok      proxy: {re.escape(proxy)}, for .*api.example.com, ", outcome.out)
    assert "it asks https://api.example.com, by BILLQL_DIGITALOCEAN_URL\n" in outcome.out
    assert "ok      connection digitalocean: its token is accepted\n" in outcome.out
    assert outcome.code == Exit.OK


def test_the_doctor_names_a_dead_proxy(api: Api) -> None:
    environ = {**api.environ, "HTTPS_PROXY": "http://me:s3cret@127.0.0.1:1"}
    outcome = run(["doctor", "--online"], environ)
    sound(outcome)
    assert (
        "error   connection digitalocean: https://api.example.com sent no response: the proxy "
        "http://127.0.0.1:1 (HTTPS_PROXY) cannot be reached: Connection refused\n"
        "        Check HTTPS_PROXY; "
    ) in outcome.out
    assert outcome.code == Exit.NETWORK
