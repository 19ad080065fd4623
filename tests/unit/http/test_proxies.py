"""Which proxy a request goes through, and what is said of one that is none."""

from __future__ import annotations

import pytest

from billql.errors import InterfaceError
from billql.http import proxies

API = "https://api.example.com/v1"
PROXY = "http://proxy.example:3128"


def by(url: str = API, **environ: str) -> str | None:
    found = proxies.chosen(environ, url)
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": PROXY}, "the proxy http://proxy.example:3128 (HTTPS_PROXY)"),
        ({"https_proxy": PROXY}, "the proxy http://proxy.example:3128 (https_proxy)"),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": PROXY}, "the proxy http://a:1 (https_proxy)"),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, None),
        ({"HTTPS_PROXY": " "}, None),
        ({"ALL_PROXY": PROXY}, "the proxy http://proxy.example:3128 (ALL_PROXY)"),
        ({"all_proxy": PROXY}, "the proxy http://proxy.example:3128 (all_proxy)"),
        ({"ALL_PROXY": "socks://a:1", "HTTPS_PROXY": "b:2"}, "the proxy http://b:2 (HTTPS_PROXY)"),
        ({"HTTP_PROXY": PROXY, "http_proxy": PROXY}, None),
        ({"HTTPS_PROXY": "proxy.example"}, "the proxy http://proxy.example:80 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "https://p"}, "the proxy https://p:443 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://[::1]:8080/"}, "the proxy http://[::1]:8080 (HTTPS_PROXY)"),
        ({"ALL_PROXY": "socks5h://p"}, "the proxy socks5h://p:1080 (ALL_PROXY)"),
        ({"ALL_PROXY": "SOCKS5://p:9"}, "the proxy socks5://p:9 (ALL_PROXY)"),
    ],
)
def test_the_proxy_that_the_environment_names(
    environ: dict[str, str], expected: str | None
) -> None:
    assert by(**environ) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/x",
        "http://localhost",
        "https://localhost:8443",
        "https://127.0.0.2",
        "https://[::1]:4",
    ],
)
@pytest.mark.parametrize("value", [PROXY, "socks://x:1", "socks5h://x", ":// nonsense", "\xff"])
def test_what_is_on_this_machine_needs_none(url: str, value: str) -> None:
    assert by(url, ALL_PROXY=value, HTTPS_PROXY=value, HTTP_PROXY=value) is None


@pytest.mark.parametrize(
    "value",
    [
        "http://",
        "://proxy:80",
        "http://proxy:port",
        "http://proxy:99999",
        "http://[::1",
        "http://pro xy:80",
        "http://me:s3cret#1@proxy:80",
        "http://me:12/s3cret@proxy:80",
        "http://me:12?s3cret@proxy:80",
        "http://prôxy:80",
        "proxy:80\x07",
        "http:///path",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_what_is_no_address_is_named_by_its_variable(variable: str, value: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        by(**{variable: value})
    assert caught.value.message == f"{variable} is not the URL of a proxy"
    assert f"unset {variable}" in (caught.value.hint or "")
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("scheme", ["socks", "socks4", "socks4a", "ftp", "file"])
def test_a_kind_that_is_not_spoken(scheme: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        by(ALL_PROXY=f"{scheme}://me:s3cret@proxy:1")
    assert "ALL_PROXY names a proxy of a kind" in caught.value.message
    assert f"{scheme}://" in caught.value.message
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"


def test_a_password_is_read_and_not_shown() -> None:
    proxy = proxies.read("HTTPS_PROXY", "http://me:s3%2Fcret%C3%9F@proxy:1")
    assert (proxy.user, proxy.password) == ("me", "s3/cretß")
    assert "s3" not in f"{proxy!r}{proxy.name}"


@pytest.mark.parametrize(
    ("no_proxy", "url", "exempt"),
    [
        ("*", API, True),
        ("api.example.com", API, True),
        ("API.Example.COM", API, True),
        ("example.com", API, True),
        (".example.com", API, True),
        ("*.example.com", API, True),
        (".example.com", "https://example.com", True),
        ("ample.com", API, False),
        ("example.co", API, False),
        ("other.example, api.example.com", API, True),
        ("other.example api.example.com", API, True),
        (",, ,", API, False),
        ("api.example.com:443", API, True),
        ("api.example.com:8443", API, False),
        (".example.com:443", API, True),
        ("*.example.com:80", API, False),
        ("api.example.com:8443", "https://api.example.com:8443/x", True),
        ("api.example.com", "https://api.example.com.:443/x", True),
        ("10.1.2.3", "https://10.1.2.3", True),
        ("10.1.2.3", "https://10.1.2.30", False),
        ("0.1.2.3", "https://10.1.2.3", False),
        (".1.2.3", "https://10.1.2.3", False),
        ("10.1.2.3:8443", "https://10.1.2.3:8443", True),
        ("10.1.2.3:8443", "https://10.1.2.3", False),
        ("10.0.0.0/8", "https://10.200.3.4", True),
        ("10.0.0.1/8", "https://10.200.3.4", True),
        ("10.0.0.0/8", "https://11.0.0.1", False),
        ("10.0.0.0/8", API, False),
        ("10.0.0.0/99", "https://10.0.0.1", False),
        ("192.168.0.0/255.255.0.0", "https://192.168.7.7", True),
        ("fd00::/8", "https://[fd12::1]:8443", True),
        ("fd00::/8", "https://10.0.0.1", False),
        ("2001:db8::1", "https://[2001:db8::1]", True),
        ("[2001:db8::1]", "https://[2001:db8:0::1]", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]", False),
        ("2001:db8::2", "https://[2001:db8::1]", False),
    ],
)
def test_no_proxy(no_proxy: str, url: str, exempt: bool) -> None:
    expected = None if exempt else "the proxy http://proxy.example:3128 (HTTPS_PROXY)"
    for variable in ("NO_PROXY", "no_proxy"):
        assert by(url, **{"HTTPS_PROXY": PROXY, variable: no_proxy}) == expected


def test_what_needs_no_proxy_asks_nothing_of_one() -> None:
    assert by(HTTPS_PROXY="nonsense://", NO_PROXY="example.com") is None


def test_networks_that_are_none() -> None:
    assert proxies.senseless("10.0.0.0/99, a.b/c 10.0.0.0/8,example.com") == [
        "10.0.0.0/99",
        "a.b/c",
    ]
