"""Which proxy a request goes through, as the environment says: HTTPS_PROXY, ALL_PROXY, NO_PROXY.

The names may be in lower case too, which goes first, as in curl. Plain http is for this machine
alone, and no proxy could reach what listens on loopback: neither ever needs one, so what the
variables say is not even looked at. Where they say nothing, the settings of macOS and of Windows
count. A password that stands in a variable is never shown.
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
"""The kinds of proxies that there are, and where one listens if nothing is said."""


class Proxy(NamedTuple):
    """A proxy; its user and password are no part of its name."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    variable: str
    """What names it."""

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, and not HTTP."""
        return self.scheme.startswith("socks")

    @property
    def name(self) -> str:
        """Name it for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"the proxy {self.scheme}://{host}:{self.port} ({self.variable})"

    def __repr__(self) -> str:
        """Say nothing of the password."""
        return f"Proxy({self.name!r})"


def chosen(environ: Mapping[str, str], url: str) -> Proxy | None:
    """Choose the proxy for an address, None where there is none.

    Raises InterfaceError, which names the variable, for one that cannot be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" or is_loopback(host):
        return None
    found = next(_set(environ), None)
    if found is None:
        return _of_the_system(environ, host)
    port = parts.port or _PORTS["https"]
    if is_exempt(_value(environ, _EXCEPT)[1], host, port):
        return None
    return read(*found)


def variables(environ: Mapping[str, str]) -> list[str]:
    """Name the variables that are set and say something of proxies."""
    exempt, value = _value(environ, _EXCEPT)
    return [name for name, _ in _set(environ)] + ([exempt] if value else [])


def exempting(environ: Mapping[str, str]) -> str:
    """Give what NO_PROXY says."""
    return _value(environ, _EXCEPT)[1]


def is_exempt(no_proxy: str, host: str, port: int) -> bool:
    """Tell whether NO_PROXY exempts a host: `*`, names, addresses and networks (CIDR), with ports.

    A name stands for its subdomains too, with a leading dot or without.
    """
    return any(_matches(entry, host.lower().rstrip("."), port) for entry in _entries(no_proxy))


def senseless(no_proxy: str) -> list[str]:
    """Give the entries of NO_PROXY that look like networks and are none."""
    return [entry for entry in _entries(no_proxy) if "/" in entry and _network(entry) is None]


def read(variable: str, value: str) -> Proxy:
    """Read a proxy's address, which may lack its scheme; raises InterfaceError."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname or "", parts.port
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        raise _unusable(variable) from None
    # A special character in a password makes other parts of an address of what follows it.
    torn = "@" in f"{parts.path}{parts.query}{parts.fragment}"
    if not host or torn or not (value.isascii() and value.isprintable()) or " " in value:
        raise _unusable(variable)
    if parts.scheme not in _PORTS:
        raise InterfaceError(
            f"{variable} names a proxy of a kind that billql does not speak: {parts.scheme}://",
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
        f"{variable} is not the address of a proxy",
        hint=f"Write http://host:port, with special characters of a password percent-encoded; "
        f"or unset {variable}.",
    )


def _set(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in _NAMED:
        variable, value = _value(environ, name)
        if value:
            yield variable, value


def _value(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Find a variable in lower or in upper case; an empty one in lower case switches it off."""
    variable = name if name in environ else name.upper()
    return variable, environ.get(variable, "").strip()


def _of_the_system(environ: Mapping[str, str], host: str) -> Proxy | None:
    """Ask the settings of macOS or Windows; an environment that was handed over has none."""
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
