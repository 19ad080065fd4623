"""A request on the wire is what httpx makes of it, and so are the headers of a response."""

from __future__ import annotations

from collections.abc import Iterable

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billql.http._wire import encode_request, header_texts
from billql.messages import Request

PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
SEGMENTS = st.one_of(st.sampled_from([".", "..", "", "%C3%BC", "%", "a b", "{x}", "ü"]), PRINTABLE)
PATHS = st.lists(SEGMENTS.filter(lambda one: not set(one) & set("/?#")), max_size=5)
HOSTS = st.sampled_from(
    ["api.example.com", "API.Example.com", "127.0.0.1", "[::1]", "bücher.example"]
)
PORTS = st.sampled_from(["", ":443", ":80", ":8443"])


@st.composite
def urls(draw: st.DrawFn) -> str:
    path = "".join(f"/{one}" for one in draw(PATHS))
    query = draw(st.one_of(st.just(""), PRINTABLE.filter(lambda one: "#" not in one)))
    scheme = draw(st.sampled_from(["http", "https"]))
    return f"{scheme}://{draw(HOSTS)}{draw(PORTS)}{path}{'?' if query else ''}{query}"


def by_httpx(request: Request, headers: dict[str, str]) -> tuple[object, ...]:
    query = request.query or None
    made = httpx.Request(
        request.method, request.url, params=query, content=request.content, headers=headers
    )
    made.headers.setdefault("content-length", "") if made.method == "GET" else None
    return (
        (made.url.raw_scheme, made.url.raw_host, made.url.port, made.url.raw_path),
        made.headers["host"],
        made.headers["content-length"],
        made.read(),
    )


def by_billql(request: Request, headers: dict[str, str]) -> tuple[object, ...]:
    made = encode_request(request, headers, {})
    named = header_texts(made.headers)
    assert isinstance(made.stream, Iterable)
    url = made.url
    return (
        (url.scheme, url.host, url.port, url.target),
        named["host"],
        named.get("content-length", ""),
        b"".join(made.stream),
    )


@given(
    url=urls(),
    query=st.dictionaries(PRINTABLE, PRINTABLE, max_size=3),
    body=st.none() | st.dictionaries(PRINTABLE, PRINTABLE, max_size=2),
)
@example(url="https://api.example.com/a/../..", query={}, body=None)
@example(url="https://api.example.com/v1/./things?page=2#part", query={}, body=None)
@example(url="https://api.example.com?page=2", query={"page": "3"}, body=None)
def test_a_request_is_what_httpx_makes_of_it(
    url: str, query: dict[str, str], body: dict[str, str] | None
) -> None:
    request = Request("GET" if body is None else "POST", url, tuple(query.items()), body)
    assert by_billql(request, {}) == by_httpx(request, {})
    post = Request("POST", url)
    assert by_billql(post, {}) == by_httpx(post, {})


@pytest.mark.parametrize(
    "url", ["https://[::1/v1", "https://api.example.com:port/v1", "https://api.example.com:99999"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"IPv6|[Pp]ort"):
        encode_request(Request("GET", url), {}, {})


def test_a_header_has_precedence_however_it_is_written() -> None:
    request = Request("POST", "https://api.example.com/", (), {})
    headers = {"content-type": "application/x-amz-json-1.1", "ACCEPT": "text/csv", "host": "other"}
    made = header_texts(encode_request(request, headers, {}).headers)
    assert {**made, **headers} == {**made, "ACCEPT": "text/csv"}
    assert made["accept"] == "text/csv"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"Link", b"link", b"X-Name"]),
            st.binary(max_size=8).filter(lambda one: not set(one) & {10, 13}),
        )
    )
)
def test_headers_are_read_as_httpx_reads_them(headers: list[tuple[bytes, bytes]]) -> None:
    for name in {name.lower() for name, _ in headers}:
        own = [(one, value) for one, value in headers if one.lower() == name]
        one_by_one = [httpx.Headers([pair])[name.decode()] for pair in own]
        assert header_texts(own) == {name.decode(): ", ".join(one_by_one)}
