"""Which proxy a request goes through: HTTPS_PROXY, ALL_PROXY and NO_PROXY of the environment.

A name in lower case has precedence, as in curl. Plain http is for this machine alone, and no proxy
reaches what listens on loopback: for both, the variables are not read. Where none is set, the
settings of macOS and of Windows count. A password in a variable is never shown.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from billql.errors import InterfaceError
from billql.util.origin import is_loopback

_NAMED = ("https_proxy", "all_proxy")
_EXCEPT = "no_proxy"

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""The schemes of proxies, and the default port of each."""


class Proxy(NamedTuple):
    """A proxy of the environment's; its name shows neither user nor password."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    variable: str
    """The variable, or the settings, that name it."""

    @property
    def is_socks(self) -> bool:
        """Return whether its protocol is SOCKS, and not HTTP."""
        return self.scheme.startswith("socks")

    @property
    def name(self) -> str:
        """Return its URL without the password, and the variable that names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"the proxy {self.scheme}://{host}:{self.port} ({self.variable})"

    def __repr__(self) -> str:
        """Return a form without the password."""
        return f"Proxy({self.name!r})"


def chosen(environ: Mapping[str, str], url: str) -> Proxy | None:
    """Return the proxy for a URL, or None where there is none.

    Raise InterfaceError, which names the variable, for one that cannot be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" or is_loopback(host):
        return None
    found = next(_set(environ), None)
    if found is None:
        return _of_the_system(environ, host)
    port = parts.port or _PORTS["https"]
    if is_exempt(exempting(environ), host, port):
        return None
    return read(*found)


def exempting(environ: Mapping[str, str]) -> str:
    """Return the value of NO_PROXY."""
    return _value(environ, _EXCEPT)[1]


def is_exempt(no_proxy: str, host: str, port: int) -> bool:
    """Return whether NO_PROXY exempts a host: `*`, names, IP addresses, CIDR networks; with ports.

    A name stands for its subdomains too, with a leading dot or without.
    """
    return any(_matches(entry, host.lower().rstrip("."), port) for entry in _entries(no_proxy))


def senseless(no_proxy: str) -> list[str]:
    """Return the entries of NO_PROXY that look like CIDR networks and are not."""
    return [entry for entry in _entries(no_proxy) if "/" in entry and _network(entry) is None]


def read(variable: str, value: str) -> Proxy:
    """Parse the URL of a proxy, whose scheme may be missing; raise InterfaceError."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname or "", parts.port
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        raise _unusable(variable) from None
    # After an unescaped special character in a password, the host is parsed as part of the path.
    torn = "@" in f"{parts.path}{parts.query}{parts.fragment}"
    if not host or torn or not (value.isascii() and value.isprintable()) or " " in value:
        raise _unusable(variable)
    if parts.scheme not in _PORTS:
        raise InterfaceError(
            f"{variable} names a proxy of a kind that billql does not support: {parts.scheme}://",
            hint="Write http://host:port, https://host:port, or socks5h://host:port.",
        )
    proxy = Proxy(parts.scheme, host, port or _PORTS[parts.scheme], user, password, variable)
    if proxy.is_socks and find_spec("socksio") is None:
        raise InterfaceError(
            f"{variable} names a SOCKS proxy, for which billql needs socksio: it is not installed",
            hint="Install it with: pip install 'billql[socks]'; or name an HTTP proxy in "
            "HTTPS_PROXY, or in NO_PROXY what needs none.",
        )
    return proxy


def _unusable(variable: str) -> InterfaceError:
    return InterfaceError(
        f"{variable} is not the URL of a proxy",
        hint=f"Write http://host:port, with special characters of a password percent-encoded; "
        f"or unset {variable}.",
    )


def _set(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in _NAMED:
        variable, value = _value(environ, name)
        if value:
            yield variable, value


def _value(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return a variable's name, in lower case if that is set, even to nothing, and its value."""
    variable = name if name in environ else name.upper()
    return variable, environ.get(variable, "").strip()


def _of_the_system(environ: Mapping[str, str], host: str) -> Proxy | None:
    """Return the proxy of the system's settings; an environment that was passed has none."""
    if sys.platform in ("darwin", "win32") and environ is os.environ:
        from urllib.request import getproxies, proxy_bypass

        found = getproxies().get("https")
        return None if not found or proxy_bypass(host) else read("the system's settings", found)
    return None


def _entries(no_proxy: str) -> list[str]:
    return no_proxy.lower().replace(",", " ").split()


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        network = _network(entry)
        return network is not None and address is not None and address in network
    name, its_port = _split(entry)
    if its_port not in ("", str(port)):
        return False
    if address is not None:
        return _address(name) == address
    name = name.removeprefix("*").strip(".")
    return name != "" and (host == name or host.endswith(f".{name}"))


def _split(entry: str) -> tuple[str, str]:
    """Split an entry into its host and its port; an IPv6 address has colons of its own."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
