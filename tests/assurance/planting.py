"""The ways in which a secret can enter: each plants one in a home."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import planted
from .echoes import define
from .process import Home

TESTS = Path(__file__).parent.parent


class Planted(NamedTuple):
    """What was planted in a home."""

    token: str | None
    """What a request has to carry; None if nothing may be sent, or if that is not looked at."""
    secrets: tuple[str, ...]
    """What must come out nowhere."""
    arguments: tuple[str, ...] = ()
    """What the command line has to say of it."""


Plant = Callable[[Home, str], Planted]
"""Plants a secret in a home, for an API at an address."""


def home_of(home: Home, address: str, **words: str) -> None:
    """Set Acme up, with a connection whose config file says some words."""
    if words:
        lines = [f"{name} = {json.dumps(value)}" for name, value in words.items()]
        text = "\n".join(["[connections.work]", 'provider = "acme"', *lines])
        home.environ["BILLQL_CONFIG"] = str(home.write("planted/config.toml", text))
    if "url" not in words:
        home.environ["BILLQL_ACME_URL"] = address


def in_environment(home: Home, url: str) -> Planted:
    home_of(home, url)
    home.environ["ACME_TOKEN"] = token = planted.odd("environment")
    return Planted(token, (token,))


def in_named_variable(home: Home, url: str) -> Planted:
    home_of(home, url, url=url)
    home.environ["BILLQL_WORK_TOKEN"] = token = planted.odd("a variable of a connection")
    return Planted(token, (token,))


def in_chosen_variable(home: Home, url: str) -> Planted:
    home_of(home, url, token_env="MINE")
    home.environ["MINE"] = token = planted.odd("a variable that the config file names")
    return Planted(token, (token,))


def in_config(home: Home, url: str) -> Planted:
    token = planted.odd("config")
    home_of(home, url, token=token)
    return Planted(token, (token,))


def in_keyring(home: Home, url: str) -> Planted:
    home_of(home, url, token_keyring="me")
    token = planted.odd("keyring")
    home.environ |= {
        "PYTHON_KEYRING_BACKEND": "support.planted_keyring.Planted",
        "PYTHONPATH": str(TESTS),
        "PLANTED_USER": "me",
        "PLANTED_PASSWORD": token,
    }
    return Planted(token, (token,))


def in_command(home: Home, url: str) -> Planted:
    token, argument = planted.odd("command"), planted.plain("an argument")
    script = home.write("planted/give", 'cat planted/token; test "$2"', 0o700)
    home.write("planted/token", f"{token}\n")
    home_of(home, url, token_command=f"sh {script} --key {argument}")
    return Planted(token, (token, argument))


def in_failing_command(home: Home, url: str) -> Planted:
    token, argument = planted.odd("command"), planted.plain("an argument")
    home.write("planted/token", f"{token}\n")
    home_of(home, url, token_command=f"sh -c 'cat planted/token; exit 3' --key={argument}")
    return Planted(None, (token, argument))


def in_missing_command(home: Home, url: str) -> Planted:
    argument = planted.plain("an argument")
    home_of(home, url, token_command=f"no-such-program --key={argument}")
    return Planted(None, (argument,))


def in_broken_command(home: Home, url: str) -> Planted:
    argument = planted.plain("an argument")
    home_of(home, url, token_command=f"sh -c 'echo {argument}")
    return Planted(None, (argument,))


def in_broken_keyring(home: Home, url: str) -> Planted:
    secret = planted.plain("what a keyring says as it fails")
    home.write(
        "planted/broken.py",
        "import os\nfrom keyring.backend import KeyringBackend\n"
        "class Broken(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, user): raise RuntimeError(os.environ['PLANTED'])\n"
        "    def set_password(self, service, user, password): pass\n",
    )
    home_of(home, url, token_keyring="me")
    home.environ |= {
        "PLANTED": secret,
        "PYTHON_KEYRING_BACKEND": "broken.Broken",
        "PYTHONPATH": str(home.folder / "planted"),
    }
    return Planted(None, (secret,))


def in_broken_config(home: Home, url: str) -> Planted:
    token = planted.plain("config")
    home_of(home, url)
    text = f'[connections.work]\nprovider = "acme"\ntoken = "{token}\nurl = 1\n'
    home.environ["BILLQL_CONFIG"] = str(home.write("planted/config.toml", text))
    return Planted(None, (token,))


def in_config_of_bytes(home: Home, url: str) -> Planted:
    token = planted.plain("config")
    home_of(home, url)
    text = f'[connections.work]\ntoken = "{token}"\nurl = "'.encode() + b"\xff"
    home.environ["BILLQL_CONFIG"] = str(home.write("planted/config.toml", text))
    return Planted(None, (token,))


def in_misplaced_word(home: Home, url: str) -> Planted:
    token = planted.plain("config")
    home_of(home, url, tokn=token, token=token)
    return Planted(None, (token,))


def in_cut_token(home: Home, url: str) -> Planted:
    token = f"{planted.plain('cut')} {planted.plain('decorated')}"
    home_of(home, url, token=token)
    return Planted(None, (token, *token.split()))


def in_netrc(home: Home, url: str) -> Planted:
    secret = planted.plain("netrc")
    text = f"machine 127.0.0.1 login me password {secret}\ndefault login me password {secret}\n"
    for name in (".netrc", "_netrc"):
        home.write(name, text)
    home.environ["NETRC"] = str(home.write("planted/netrc", text))
    home_of(home, url)
    home.environ["ACME_TOKEN"] = token = planted.odd("beside netrc")
    return Planted(token, (token, secret))


def in_netrc_alone(home: Home, url: str) -> Planted:
    found = in_netrc(home, url)
    del home.environ["ACME_TOKEN"]
    return Planted(None, found.secrets)


def in_url(home: Home, url: str) -> Planted:
    home_of(home, url)
    secret = planted.plain("userinfo")
    home.environ["BILLQL_ACME_URL"] = url.replace("//", f"//me:{secret}@")
    home.environ["ACME_TOKEN"] = token = planted.odd("beside userinfo")
    return Planted(None, (token, secret))


def in_url_of_config(home: Home, url: str) -> Planted:
    secret, token = planted.plain("userinfo"), planted.odd("beside userinfo")
    home_of(home, url, token=token, url=url.replace("//", f"//{secret}@"))
    return Planted(None, (token, secret))


def in_query_of_url(home: Home, url: str) -> Planted:
    home_of(home, url)
    secret = planted.plain("a query")
    home.environ["BILLQL_ACME_URL"] = f"{url}?api_key={secret}"
    home.environ["ACME_TOKEN"] = token = planted.odd("beside a query")
    return Planted(None, (token, secret))


def in_proxy(scheme: str, rest: str) -> Plant:
    """Plant a password in the address of a proxy, which stands before every real address."""

    def plant(home: Home, url: str) -> Planted:
        secret = planted.plain("proxy")
        proxy = f"{scheme}me:{secret}@{rest.replace('HERE', url.partition('//')[2])}"
        home.environ |= {"HTTPS_PROXY": proxy, "https_proxy": proxy, "NO_PROXY": ""}
        config = home.write(
            "planted/config.toml",
            "[settings]\nattempts = 1\nread_timeout = 1\nconnect_timeout = 1\n",
        )
        home.environ["BILLQL_CONFIG"] = str(config)
        home.environ["ACME_TOKEN"] = token = planted.odd("behind a proxy")
        return Planted(None, (token, secret))

    return plant


def in_basic(home: Home, url: str) -> Planted:
    home_of(home, url)
    define(home.folder / "basic", {"kind": "basic", "user": "ME", "secret": "IT", "help": "Ask."})
    home.environ |= {"ME": "somebody", "IT": planted.odd("a password").replace(":", ".")}
    arguments = ("--definitions", str(home.folder / "basic"))
    return Planted(None, (home.environ["IT"],), arguments=arguments)


def in_headers(home: Home, url: str) -> Planted:
    home_of(home, url)
    auth = {"kind": "header", "secret": "IT", "header": "X-A", "also": {"X-B": "ALSO"}}
    define(home.folder / "headers", {**auth, "help": "Ask."})
    home.environ |= {"IT": planted.odd("a key"), "ALSO": planted.odd("another key")}
    arguments = ("--definitions", str(home.folder / "headers"))
    return Planted(None, (home.environ["IT"], home.environ["ALSO"]), arguments=arguments)


WAYS: dict[str, Plant] = {
    "the environment": in_environment,
    "a connection's own variable": in_named_variable,
    "a variable that the config file names": in_chosen_variable,
    "the config file": in_config,
    "the keyring": in_keyring,
    "a command and its arguments": in_command,
    "a command that fails": in_failing_command,
    "a command that is not there": in_missing_command,
    "a command with an open quote": in_broken_command,
    "a keyring that fails": in_broken_keyring,
    "a config file that is no TOML": in_broken_config,
    "a config file that is no text": in_config_of_bytes,
    "a word of the config file that is misspelt": in_misplaced_word,
    "a token with a blank": in_cut_token,
    "netrc, beside a token": in_netrc,
    "netrc alone": in_netrc_alone,
    "an address": in_url,
    "an address of the config file": in_url_of_config,
    "a query of an address": in_query_of_url,
    "a proxy that refuses": in_proxy("http://", "HERE"),
    "a proxy that is not there": in_proxy("http://", "127.0.0.1:9"),
    "a proxy that speaks no TLS": in_proxy("https://", "HERE"),
    "a proxy without a scheme": in_proxy("", "HERE"),
    "a proxy of another kind": in_proxy("socks5://", "HERE"),
    "a proxy of no kind": in_proxy("ftp://", "HERE"),
    "a proxy of half an address": in_proxy("http://", "[::1"),
    "a proxy of a port beyond all": in_proxy("http://", "127.0.0.1:99999"),
    "a proxy of nothing": in_proxy("http://", ""),
    "a name and a password": in_basic,
    "two headers": in_headers,
}
