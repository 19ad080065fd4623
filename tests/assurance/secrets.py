"""Secrets at the command line: they enter in every way there is, and must come out in none.

Each case is a home of its own in which a secret is planted, an API that repeats all that it is
told, and billql as people run it. What it says and what it writes is searched for every secret.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator

from support.server import Asked, Script, Server
from support.terminal import CTRL_D, Terminal

from . import planted
from .case import Broken, Case, Outcome
from .echoes import PROMISE, define
from .planting import WAYS, Plant, Planted, in_command, in_environment
from .process import SECONDS, Home, at_home

LIST = "SELECT * FROM acme.all.bills"
DEFINITIONS = ("--definitions", "definitions")
LOUD = (*DEFINITIONS, "-v", "--debug")

DEEDS: dict[str, tuple[str, ...]] = {
    "a query": ("query", LIST, *DEFINITIONS),
    "a loud query": ("query", LIST, *LOUD, "--stats", "--cache", "cache"),
    "JSON": ("query", LIST, *LOUD, "--format", "json", "--output", "out.json"),
    "EXPLAIN": ("query", f"EXPLAIN {LIST}", *LOUD),
    "EXPLAIN QUERY PLAN": ("query", f"EXPLAIN QUERY PLAN {LIST}", *LOUD),
    "SHOW CONNECTIONS": ("query", "SHOW CONNECTIONS", *LOUD),
    "billql.catalog": (
        "query",
        "SELECT * FROM billql.catalog.connections; SELECT * FROM billql.catalog.providers",
        *LOUD,
    ),
    "a table of one's own": ("query", f"CREATE TABLE t AS {LIST}", *LOUD, "--db", "mine.db"),
    "a chart": ("chart", "SELECT id, number FROM acme.all.bills", *LOUD),
    "the doctor": ("doctor", *DEFINITIONS, "--debug"),
    "the doctor, online": ("doctor", "--online", *DEFINITIONS, "--debug"),
    "a check": ("provider", "check", "definitions/acme", "--debug"),
    "a trial": ("provider", "try", "definitions/acme", "--debug", "--record", "recording"),
    "a site": ("docs", "build", "--output", "site", "--definitions", "definitions"),
    "completion": ("completion", "bash"),
    "keys": ("registry", "key", "new", "own.key"),
    "a registry": (
        "registry",
        "build",
        "--key",
        "own.key",
        "--provider",
        "definitions",
        "--output",
        "built",
    ),
    "registries": ("registry", "list", "--data", "data"),
}
"""What people do."""

FIRST = {"a registry": ("keys",)}
"""What has to be done before."""

SCRIPT = f"""\
.stats on
.timer on
.explain on
{LIST} LIMIT 1;
.connections
SHOW CONNECTIONS;
"""
"""What they type into a shell."""


def echo(asked: Asked) -> None:
    """Refuse, and repeat everything that was asked."""
    told = f"{asked.method} {asked.target} {asked.headers}"
    headers = {"x-request-id": asked.headers.get("authorization", "none"), "retry-after": "9999"}
    asked.answer({"message": told, "code": told, "request_id": told}, 401, headers)


def fine(asked: Asked) -> None:
    """Give the rows of two bills."""
    rows = [{"id": "a", "number": 1}, {"id": "b", "number": 2}]
    is_csv = asked.path == "/lines"
    asked.answer("id,number\na,1\n" if is_csv else {"items": rows, "total": 2, "has_more": False})


def cases() -> Iterator[Case]:
    """Give a case for each way in, and for each deed."""
    for name, plant in WAYS.items():
        quick = plant is in_command
        yield Case(PROMISE, f"by {name}", _way(plant), quick)
    for deed in DEEDS:
        yield Case(PROMISE, f"in {deed}", _deed(deed), deed == "a loud query")
    for name, run in OTHERS.items():
        yield Case(PROMISE, f"in {name}", run, quick=False)


def _run(home: Home, secrets: Iterable[str], *arguments: str, input: str = "") -> int:
    """Run billql, and search what it says; gives its exit code."""
    done = home.billql(*arguments, input=input, BILLQL_DEBUG="1")
    planted.search(" ".join(arguments[:2]), done.said, secrets)
    if done.code == 1 or done.code < 0 or "--help lists the options" in done.err:
        raise Broken(f"{' '.join(arguments[:2])} failed: {done.err[-300:]!r}")
    return done.code


def _search(home: Home, secrets: Iterable[str]) -> None:
    """Search what was written, other than what was planted."""
    known = [*(home.folder / "planted").rglob("*"), home.folder / ".netrc", home.folder / "_netrc"]
    planted.search_files(home.folder, secrets, known)


def _way(plant: Plant) -> Callable[[], Outcome]:
    """Plant a secret in one way, and ask in some."""

    def run() -> Outcome:
        with at_home() as home, Server(echo) as server:
            define(home.folder / "definitions")
            found = plant(home, server.url)
            for deed in ("a loud query", "the doctor, online", "SHOW CONNECTIONS"):
                command, *rest = DEEDS[deed]
                _run(home, found.secrets, command, *found.arguments, *rest)
            _search(home, found.secrets)
            _look(server, found)
        return "right" if found.token else "clear error"

    return run


def _look(server: Server, found: Planted) -> None:
    """See that the token came to the API, in its header alone."""
    if found.token is not None and not server.asked:
        raise Broken("nothing came to the API")
    for asked in server.asked:
        planted.search("a request", f"{asked.target} {asked.body!r}", found.secrets)
        if found.token is not None:
            if asked.headers.pop("authorization", None) != f"Bearer {found.token}":
                raise Broken("another token came to the API")
            planted.search("a header", repr(asked.headers), found.secrets)


def _deed(deed: str) -> Callable[[], Outcome]:
    """Do something with the token in the environment."""

    def run() -> Outcome:
        scripts: tuple[Script, ...] = (fine, echo)
        for script in scripts:
            with at_home() as home, Server(script) as server:
                define(home.folder / "definitions")
                secrets = in_environment(home, server.url).secrets
                first = FIRST.get(deed, ())
                codes = [_run(home, secrets, *DEEDS[one]) for one in (*first, deed)]
                if script is fine and any(codes):
                    raise Broken(f"its exit codes were {codes}")
                _search(home, secrets)
        return "right"

    return run


# Others ------------------------------------------------------------------------------------------


def shell() -> Outcome:
    """Type statements into a shell that is no terminal."""
    with at_home() as home, Server(fine) as server:
        define(home.folder / "definitions")
        secrets = in_environment(home, server.url).secrets
        if code := _run(home, secrets, "shell", *LOUD, input=SCRIPT):
            raise Broken(f"its exit code was {code}")
        _search(home, secrets)
    return "right"


def history() -> Outcome:
    """Type statements at a terminal, which has a history."""
    with at_home() as home, Server(echo) as server:
        define(home.folder / "definitions")
        secrets = in_environment(home, server.url).secrets
        with Terminal("shell", *LOUD, environ=home.environ, folder=home.folder) as terminal:
            terminal.prompts()
            terminal.enter(f"{LIST};")
            terminal.reads("answered 401")
            planted.search("the screen", terminal.text, secrets)
            terminal.prompts()
            terminal.press(CTRL_D)
            terminal.ends()
            planted.search("the screen", terminal.text, secrets)
        if not any(LIST in path.read_text() for path in home.folder.rglob("history")):
            raise Broken("there is no history")
        _search(home, secrets)
    return "right"


def providers() -> Outcome:
    """Ask the APIs of all three providers, which repeat what they are told."""
    with at_home() as home, Server(echo) as server:
        names = {"digitalocean": "DIGITALOCEAN_TOKEN", "stripe": "STRIPE_API_KEY"}
        names |= {"metronome": "METRONOME_BEARER_TOKEN"}
        for name, variable in names.items():
            home.environ[f"BILLQL_{name.upper()}_URL"] = server.url
            home.environ[variable] = planted.odd(name)
        secrets = [home.environ[variable] for variable in names.values()]
        _run(home, secrets, "doctor", "--online", "--debug")
        for table in ("digitalocean.billing.balances", "stripe.core.customers"):
            _run(home, secrets, "query", f"SELECT * FROM {table}", "-v", "--stats", "--debug")
        _search(home, secrets)
        if len({asked.headers.get("authorization") for asked in server.asked}) < len(names):
            raise Broken("not all of the APIs were asked")
    return "right"


def against() -> Outcome:
    """Try definitions against an address with a password."""
    with at_home() as home, Server(echo) as server:
        define(home.folder / "definitions")
        secrets = [*in_environment(home, server.url).secrets, planted.plain("against")]
        url = server.url.replace("//", f"//me:{secrets[-1]}@")
        _run(home, secrets, *DEEDS["a trial"], "--against", url)
        _search(home, secrets)
    return "clear error"


def registries() -> Outcome:
    """Name a registry by an address with a password, or a key in its query."""
    secret = planted.plain("registry")
    with at_home() as home, Server(echo) as server:
        for url in (
            server.url.replace("//", f"//me:{secret}@"),
            f"{server.url}/registry?key={secret}",
            f"https://me:{secret}@registry.example",
            f"https://registry.example#{secret}",
        ):
            for command in ("list", "pull"):
                which = ("acme",) if command == "pull" else ()
                _run(home, [secret], "registry", command, *which, "--from", url, "--data", "data")
        _search(home, [secret])
    return "clear error"


def crash() -> Outcome:
    """Kill billql while it waits for an API, so that Python tells where each thread was."""
    with at_home() as home, Server(Asked.hang) as server:
        define(home.folder / "definitions")
        secrets = in_environment(home, server.url).secrets
        command = [sys.executable, "-X", "dev", "-m", "billql", "query", LIST, *LOUD]
        process = subprocess.Popen(
            ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh", *command],
            env={**home.environ, "PYTHONFAULTHANDLER": "1"},
            cwd=home.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            server.until(lambda: bool(server.asked), SECONDS)
            os.kill(process.pid, signal.SIGABRT)
            said = b"".join(process.communicate(timeout=SECONDS)).decode()
        if "Fatal Python error" not in said:
            raise Broken(f"there is no traceback: {said[-300:]!r}")
        planted.search("a crash", said, secrets)
        _search(home, secrets)
    return "clear error"


def python() -> Outcome:
    """Use the Python API in Python's development mode, with all warnings and logs."""
    program = """\
import logging, sys, traceback
logging.basicConfig(level=logging.DEBUG)
logging.getLogger("httpcore").setLevel(logging.WARNING)
import billql
token = sys.stdin.read()
with billql.connect(definitions=["definitions"], tokens={"acme": token}) as connection:
    print(connection, connection.cursor(), vars(connection))
    try:
        connection.execute("SELECT * FROM acme.all.bills").fetchall()
    except billql.Error as error:
        # What the variables hold in every function but this one, which knows the token.
        frames = error.__traceback__.tb_next
        shown = traceback.TracebackException(type(error), error, frames, capture_locals=True)
        print("".join(shown.format()))
        raise
"""
    with at_home() as home, Server(echo) as server:
        define(home.folder / "definitions")
        home.environ |= {"BILLQL_ACME_URL": server.url, "PYTHONDEVMODE": "1"}
        token = planted.odd("python")
        done = home.python(program, input=token)
        if "answered 401" not in done.err:
            raise Broken(f"it did not ask: {done.err[-300:]!r}")
        planted.search("Python's traceback", done.said, [token])
        _search(home, [token])
    return "clear error"


OTHERS: dict[str, Callable[[], Outcome]] = {
    "a shell": shell,
    "a shell's history": history,
    "all three providers": providers,
    "a trial against an address": against,
    "the address of a registry": registries,
    "a crash": crash,
    "Python": python,
}
