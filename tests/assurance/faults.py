"""What a hostile API does, and what may come of each."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import msgspec

from billql.errors import (
    ApiError,
    BadResponse,
    ConnectionFailed,
    CredentialRefused,
    ListChanged,
    RequestLimit,
    RowLimit,
    StatementTimeout,
)
from support.server import Asked, head

from .case import Case
from .hostile import ITEMS, LIMITS, SIZE, Allowed, Attack, Fault, Page, cases_of, item, packed

RIGHT = Allowed(right=True)
NO_ANSWER = Allowed(errors=(ConnectionFailed,), words=("got no answer",))
BAD = Allowed(errors=(BadResponse,))
BAD_OR_MOVED = Allowed(errors=(BadResponse, ListChanged))
JSON = {"content-type": "application/json"}


def raw(data: bytes, headers: dict[str, str] | None = None, status: int = 200) -> Fault:
    """Answer with these bytes."""
    shown = {**JSON, "content-length": str(len(data)), **(headers or {})}
    return lambda asked, page: asked.send(head(status, shown) + data)


def said(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Fault:
    """Answer with this as JSON."""
    return lambda asked, page: asked.answer(body, status, headers)


def changed(**members: Any) -> Fault:
    """Answer as one should, but for some members; a member of None is left out."""

    def fault(asked: Asked, page: Page) -> None:
        body = {**page.body, **members}
        asked.answer({name: value for name, value in body.items() if value is not None})

    return fault


def first_row(**members: Any) -> Fault:
    """Answer as one should, but for some members of the first row."""

    def fault(asked: Asked, page: Page) -> None:
        items = [{**page.body["items"][0], **members}, *page.body["items"][1:]]
        asked.answer({**page.body, "items": items})

    return fault


def text_of_row(old: str, new: str) -> Fault:
    """Answer as one should, with some bytes of the JSON replaced, as a library would not write."""

    def fault(asked: Asked, page: Page) -> None:
        data = json.dumps(page.body).replace(old, new, 1).encode("utf-8", "surrogatepass")
        asked.answer(data, headers=JSON)

    return fault


# Answers that break off ---------------------------------------------------------------------------


def cut_short(asked: Asked, page: Page) -> None:
    data = json.dumps(page.body).encode()
    asked.send(head(200, {**JSON, "content-length": str(len(data))}) + data[: len(data) // 2])
    asked.end()


def longer_than_stated(asked: Asked, page: Page) -> None:
    data = json.dumps(page.body).encode()
    asked.send(head(200, {**JSON, "content-length": str(len(data) - 5)}) + data)
    asked.end()


def chunk_missing(asked: Asked, page: Page) -> None:
    data = json.dumps(page.body).encode()
    size = f"{len(data):x}".encode()
    asked.send(head(200, {**JSON, "transfer-encoding": "chunked"}) + size + b"\r\n" + data[:20])
    asked.end()


def reset_in_headers(asked: Asked, page: Page) -> None:
    asked.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
    asked.reset()


def reset_in_body(asked: Asked, page: Page) -> None:
    asked.send(head(200, {**JSON, "content-length": "900"}) + b'{"items": [')
    asked.reset()


def reset_at_once(asked: Asked, page: Page) -> None:
    asked.reset()


def silent(asked: Asked, page: Page) -> None:
    asked.hang()


def trickling(asked: Asked, page: Page) -> None:
    asked.send(head(200, {**JSON, "content-length": "5000"}))
    asked.trickle(b" " * 5000, 0.05)


def trickling_headers(asked: Asked, page: Page) -> None:
    asked.trickle(b"HTTP/1.1 200 OK\r\n" + b"x-pad: 1\r\n" * 500, 0.05)


def not_http(asked: Asked, page: Page) -> None:
    asked.send(b"SSH-2.0\r\n\r\n")
    asked.end()


BREAKS: dict[str, Fault] = {
    "a body that is cut short": cut_short,
    "a chunk that is cut short": chunk_missing,
    "a reset at once": reset_at_once,
    "a reset in the headers": reset_in_headers,
    "a reset in the body": reset_in_body,
}
IMPATIENT = msgspec.structs.replace(LIMITS, read_timeout=0.3, response_timeout=0.6)
SLOW: dict[str, Fault] = {
    "silence": silent,
    "a body that trickles": trickling,
    "headers that trickle": trickling_headers,
}

broken = [
    *(Attack(name, fault, NO_ANSWER) for name, fault in BREAKS.items()),
    *(Attack(f"{name}, once", fault, RIGHT, times=1) for name, fault in BREAKS.items()),
    *(
        Attack(name, fault, NO_ANSWER, numbers=(0, 2), settings=IMPATIENT)
        for name, fault in SLOW.items()
    ),
    Attack(
        "silence, once",
        silent,
        RIGHT,
        times=1,
        numbers=(0, 4),
        settings=msgspec.structs.replace(LIMITS, read_timeout=1.0),
    ),
    Attack("a body that is longer than stated", longer_than_stated, BAD),
    Attack("something that is not HTTP", not_http, NO_ANSWER),
]

# Statuses -----------------------------------------------------------------------------------------

WORDS = {"message": "a reason of its own", "code": "c0de", "request_id": "req_9"}


def refused(status: int, *others: str) -> Allowed:
    told = f"answered {status}: a reason of its own (c0de) [request req_9]"
    return Allowed(
        errors=(CredentialRefused if status == 401 else ApiError,), words=(told, *others)
    )


LATER = (400, 403, 429)
"""The statuses that mean later with `retry-after`."""

PAST = "Sun, 06 Nov 1994 08:49:37 GMT"
FUTURE = formatdate(time.time() + 86400 * 365, usegmt=True)
AFTER = {
    "seconds": "1",
    "zero": "0",
    "fraction": "0.5",
    "past": PAST,
    "nonsense": "soon",
    "none": "",
}
ABSURD = {"a year": FUTURE, "seconds": "99999999", "beyond all numbers": "9" * 400}

statuses = [
    *(
        Attack(
            f"{status} for ever",
            said(WORDS, status, {"retry-after": "0"}),
            refused(status, *(("used up",) if status in LATER else ())),
            settings=msgspec.structs.replace(LIMITS, patience=1.0),
        )
        for status in (400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504)
    ),
    *(
        Attack(f"{status} once", said(WORDS, status, {"retry-after": "0"}), RIGHT, times=1)
        for status in (400, 403, 408, 429, 500, 502, 503, 504)
    ),
    *(
        Attack(
            f"{status} without a word of later",
            said(WORDS, status),
            Allowed(
                errors=(CredentialRefused if status in (401, 403) else ApiError,),
                words=(f"answered {status}: a reason of its own",),
            ),
        )
        for status in (400, 401, 403)
    ),
    *(
        Attack(
            f"429 with retry-after {name}, once", said(WORDS, 429, {"retry-after": text}), RIGHT, 1
        )
        for name, text in AFTER.items()
    ),
    *(
        Attack(
            f"429 with retry-after {name}",
            said(WORDS, 429, {"retry-after": text}),
            refused(429, "used up"),
        )
        for name, text in ABSURD.items()
    ),
    *(
        Attack(
            f"an empty {status}",
            raw(b"", status=status),
            Allowed(errors=(ApiError, BadResponse), words=(str(status),)),
        )
        for status in (201, 204, 206, 304)
    ),
    *(
        Attack(
            f"{status} with a page for people",
            raw(
                b"<html><h1>Bad gateway</h1>" + b"x" * 100_000,
                {"content-type": "text/html"},
                status,
            ),
            Allowed(errors=(ApiError,), words=(f"answered {status}",)),
        )
        for status in (404, 502, 503)
    ),
    *(
        Attack(f"a redirect {status} to {name}", said({}, status, {"location": to}), BAD)
        for status in (301, 302, 303, 307, 308)
        for name, to in {
            "another host": "https://other.example/x",
            "http": "http://127.0.0.1:9/x",
            "itself": "/pages",
            "nowhere": "//",
        }.items()
    ),
]

# Bodies that are not what they should be ---------------------------------------------------------

HTML = b"<!doctype html><html><body>We are down for maintenance.</body></html>"

shapes = [
    Attack("a page for people with 200", raw(HTML, {"content-type": "text/html"}), BAD),
    Attack("half a JSON", raw(b'{"items": [{"id": "i000"'), BAD),
    Attack("no body", raw(b""), BAD),
    Attack("two JSONs", raw(b'{"items": []}{"items": []}'), BAD),
    Attack("bytes that are no text", raw(b'{"items": ["\xff\xfe"]}'), BAD),
    Attack("UTF-16", raw('{"items": []}'.encode("utf-16")), BAD),
    Attack("NaN", raw(b'{"items": [NaN]}'), BAD),
    *(
        Attack(f"JSON that is {name}", said(body), BAD)
        for name, body in {
            "a list": [],
            "a number": 5,
            "a text": "items",
            "null": None,
            "empty": {},
            "an error's envelope": {"error": {"message": "not today"}},
            "of other rows": {"items": [{"error": "no"}], "total": len(ITEMS), "has_more": False},
        }.items()
    ),
    *(
        Attack(f"items that are {name}", changed(items=items), BAD)
        for name, items in {
            "an object": {},
            "a number": 7,
            "texts": ["a", "b", "c", "d"],
            "lists": [[1], [2]],
        }.items()
    ),
    *(
        Attack(f"an amount that is {name}", first_row(amount=amount), BAD)
        for name, amount in {
            "a word": "free",
            "a list": [1],
            "an object": {"value": 1},
            "true": True,
            "NaN": "NaN",
            "infinite": "Infinity",
            "of ten to the 400": "1" + "0" * 400,
        }.items()
    ),
    Attack("an amount of 1e400 as a number", text_of_row('.10"', '.10", "amount": 1e400'), BAD),
    Attack("an id that is an object", first_row(id={"a": 1}), BAD_OR_MOVED),
]

# Odd, but true -----------------------------------------------------------------------------------

odd = [
    Attack("an amount as a number of many digits", text_of_row('.10"', '.1000000000"'), RIGHT),
    Attack("a key in odd case beside the right one", first_row(ID="x", Amount="y"), RIGHT),
    Attack(
        "a body packed with gzip",
        lambda asked, page: asked.send(packed(json.dumps(page.body).encode())),
        RIGHT,
    ),
    Attack("chunks of one byte", lambda asked, page: _in_chunks(asked, page), RIGHT, numbers=(2,)),
    Attack(
        "10,000 columns that nobody knows", first_row(**{f"c{n}": n for n in range(10_000)}), RIGHT
    ),
    Attack(
        "a byte order mark",
        lambda asked, page: asked.answer(
            b"\xef\xbb\xbf" + json.dumps(page.body).encode(), headers=JSON
        ),
        RIGHT,
    ),
    Attack(
        "half a character that nobody reads", text_of_row('"id"', r'"x": "\ud800", "id"'), RIGHT
    ),
    Attack(
        "a number beyond floats that nobody reads", text_of_row('"id"', '"x": 1e400, "id"'), RIGHT
    ),
    Attack("half a character that is read", text_of_row('"id": "', r'"id": "\ud800'), BAD_OR_MOVED),
    Attack("a long number that nobody reads", text_of_row('"id"', f'"x": {2**70}, "id"'), RIGHT),
    Attack(
        "a key that stands twice, the right one last",
        text_of_row('"amount"', '"amount": "7.77", "amount"'),
        RIGHT,
    ),
]


def _in_chunks(asked: Asked, page: Page) -> None:
    asked.send(head(200, {**JSON, "transfer-encoding": "chunked"}))
    for byte in json.dumps(page.body).encode():
        asked.send(b"1\r\n" + bytes([byte]) + b"\r\n")
    asked.send(b"0\r\n\r\n")


# Too much ----------------------------------------------------------------------------------------

DEEP = b'{"items": [{"id": "x", "more": ' + b"[" * 2000 + b"]" * 2000 + b"}]}"

BOMB = packed(b'{"items": ["' + b" " * (64 * 1024 * 1024) + b'"]}')

too_much = [
    Attack("a gzip bomb", lambda asked, page: asked.send(BOMB), BAD, numbers=(0, 2)),
    Attack(
        "a cell of 100 MB", lambda asked, page: _much(asked, 100 * 1024 * 1024), BAD, numbers=(2,)
    ),
    Attack("a body without end", lambda asked, page: _much(asked, None), BAD, numbers=(0,)),
    Attack(
        "headers without end", lambda asked, page: _many_headers(asked), NO_ANSWER, numbers=(0,)
    ),
    Attack("nesting 2,000 deep", raw(DEEP), BAD_OR_MOVED),
    Attack("nesting 200,000 deep", raw(b'{"items": ' + b"[" * 200_000), BAD),
    Attack(
        "10,000 rows more",
        changed(items=[item(n) for n in range(100, 12_000)]),
        Allowed(errors=(RowLimit, BadResponse, ListChanged)),
        numbers=(0,),
    ),
]


def _much(asked: Asked, size: int | None) -> None:
    shown = (
        {**JSON, "transfer-encoding": "chunked"}
        if size is None
        else {**JSON, "content-length": str(size)}
    )
    asked.send(head(200, shown))
    block = b" " * 65536
    sent = 0
    while size is None or sent < size:
        asked.send(block if size is not None else b"10000\r\n" + block + b"\r\n")
        sent += len(block)


def _many_headers(asked: Asked) -> None:
    asked.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000_000):
        asked.send(f"x-{number}: {'y' * 1000}\r\n".encode())


# Lists that lie ----------------------------------------------------------------------------------

OTHER = "https://other.example/links?after=1"
lying = [
    *(
        Attack(f"a total of {name}", changed(total=total), BAD_OR_MOVED, lists=("pages",))
        for name, total in {
            "less": len(ITEMS) - SIZE,
            "more": len(ITEMS) + SIZE,
            "nothing": 0,
            "minus one": -1,
            "a text": "many",
            "a fraction": 19.5,
        }.items()
    ),
    Attack("no total", changed(total=None), BAD_OR_MOVED, lists=("pages",)),
    Attack(
        "a total beyond all pages",
        changed(total=10**18),
        Allowed(errors=(BadResponse, ListChanged, RequestLimit)),
        lists=("pages",),
    ),
    *(
        Attack(
            f"a next link {name}",
            changed(links={"next": link}),
            BAD,
            lists=("links",),
            numbers=(0, 2),
        )
        for name, link in {
            "to another origin": OTHER,
            "to another scheme": "file:///etc/passwd",
            "to http of another port": "http://127.0.0.1:9/links",
            "with a name and a password": "http://a:b@127.0.0.1/links",
            "that is a number": 5,
            "that is an object": {"href": "x"},
        }.items()
    ),
    Attack(
        "a next link to itself",
        lambda asked, page: asked.answer(
            {**page.body, "links": {"next": f"{page.url}{asked.target}"}}
        ),
        BAD_OR_MOVED,
        lists=("links",),
        numbers=(0, 2),
    ),
    Attack(
        "a next link in a circle",
        changed(links={"next": "/links?after=1"}),
        BAD_OR_MOVED,
        lists=("links",),
        numbers=(2, 4),
    ),
    *(
        Attack(
            f"a token that {name}",
            changed(next=token),
            BAD_OR_MOVED,
            lists=("tokens",),
            numbers=(2, 4),
        )
        for name, token in {
            "comes again": "1",
            "asks for itself": "2",
            "is a list": ["3"],
            "is true": True,
        }.items()
    ),
    *(
        Attack(
            f"has_more that is {name}",
            changed(has_more=more),
            BAD_OR_MOVED,
            lists=("rows",),
            numbers=(0, 2),
        )
        for name, more in {"a text": "yes", "a number": 1, "missing": None}.items()
    ),
    Attack(
        "a last row without an id",
        lambda asked, page: asked.answer({**page.body, "items": [{"amount": "1", "note": "x"}]}),
        BAD_OR_MOVED,
        lists=("rows",),
        numbers=(0, 2),
    ),
    Attack(
        "an empty page that promises more",
        changed(items=[], has_more=True),
        BAD_OR_MOVED,
        lists=("rows",),
        numbers=(0, 2),
    ),
    Attack(
        "the page before, again",
        lambda asked, page: asked.answer(
            {**page.body, "items": ITEMS[(page.number - 1) * SIZE :][:SIZE]}
        ),
        BAD_OR_MOVED,
        numbers=(2, 4),
    ),
]


class Endless:
    """A list that never ends: each answer promises another, with rows that nobody has seen."""

    def __init__(self) -> None:
        self._number = 1000

    def __call__(self, asked: Asked, page: Page) -> None:
        rows = [item(self._number + n) for n in range(SIZE)]
        self._number += SIZE
        body = {**page.body, "items": rows, "next": f"t{self._number}", "has_more": True}
        link = f"{page.url}/links?after={self._number}"
        asked.answer({**body, "links": {"next": link}, "total": self._number})


endless = [
    Attack(
        f"a list without an end, bounded by {name}",
        Endless(),
        Allowed(errors=(kind,)),
        lists=lists,
        numbers=(None,),
        settings=msgspec.structs.replace(LIMITS, **{"max_requests": 10**6, name: limit}),
    )
    for name, limit, kind, lists in (
        ("max_requests", 20, RequestLimit, ("links", "tokens", "rows")),
        ("max_rows", 50, RowLimit, ("links", "tokens", "rows")),
        ("statement_timeout", 0.5, StatementTimeout, ("links", "tokens", "rows")),
    )
]


def cases() -> Iterator[Case]:
    """Give a case for each of them."""
    return cases_of([*broken, *statuses, *shapes, *odd, *too_much, *lying, *endless])
