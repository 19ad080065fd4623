"""An API to measure with: quick, strict, and in a process of its own.

It speaks HTTP/1.1 by hand on one asyncio thread, and its rows are rendered before anybody asks, so
that what is measured is the client. A latency can be set: every response is then held back for so
long, and others are served meanwhile. It counts what it is asked, and refuses what a real API
refuses: a page that is too large, a window that is too long, an unknown id, a missing token.

    GET /v1/records?page&per_page             pages by number, `meta.total`
    GET /v1/charges?limit&starting_after      pages by the last row, newest first, as Stripe has
        &created[gte|gt|lte|lt]               them, and split by time
    GET /v1/customers?page&per_page           a short list
    GET /v1/subscribers?cursor                ten customers a page, each page with the next's token
    GET /v1/customers/{id}/invoices           what belongs to one key
    GET /v1/customers/{id}/contact            one row of it
    GET /v1/usage/{start}/{end}               days, at most 31 at once
    GET /control?records&customers&latency    sets the API up, returns the count of requests

`Api` starts the process and sets it up.
"""

from __future__ import annotations

import asyncio
import bisect
import datetime
import random
import subprocess
import sys
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import httpx
import orjson

TOKEN = "bench-token"
CUSTOMERS = 60
CHARGES = 2_000
CHARGES_SINCE = "2025-01-01T00:00:00Z"
"""Before the first charge."""
USAGE_DAYS = 31
"""What a request for usage may cover."""
POINTS_A_DAY = 10
SUBSCRIBERS_A_PAGE = 10

_BLOCK = 100_000
"""So many records are rendered; further ones differ from these in their ids alone."""

_EPOCH_2025 = 1_735_689_600


class Refusal(Exception):  # noqa: N818 - it reads as what it is
    """A request that the API refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Query = dict[str, str]


class Data:
    """The API's rows, rendered as JSON."""

    def __init__(self) -> None:
        self.records = 0
        self.customers = CUSTOMERS
        self.latency = 0.0
        self.asked = 0
        self._chance = random.Random(1)
        self._rendered: list[bytes] = []
        """The records of the first block, each without the beginning of its id."""

    def control(self, query: Query) -> bytes:
        """Set the API up; return the number of requests since the last time."""
        asked, self.asked = self.asked, 0
        self.records = int(query.get("records", self.records))
        self.customers = int(query.get("customers", self.customers))
        self.latency = float(query.get("latency", self.latency))
        for number in range(len(self._rendered), min(self.records, _BLOCK)):
            self._rendered.append(_record(number, self._chance))
        return orjson.dumps({"asked": asked})

    def respond(self, path: str, query: Query) -> bytes:
        """Return the body of the response to a request; raise Refusal."""
        match path.split("/")[1:]:
            case ["v1", "records"]:
                start, end = _page(query, self.records)
                return _list(b"records", self._records(start, end), self.records)
            case ["v1", "charges"]:
                return self._charges_page(query)
            case ["v1", "customers"]:
                start, end = _page(query, self.customers)
                rows = b",".join(map(_customer, range(start, end)))
                return _list(b"customers", rows, self.customers)
            case ["v1", "subscribers"]:
                start = _number(query, "cursor", 0)
                end = min(self.customers, start + SUBSCRIBERS_A_PAGE)
                rows = b",".join(map(_subscriber, range(start, end)))
                following = b"" if end == self.customers else b',"next":"%d"' % end
                return b'{"subscribers":[%s]%s}' % (rows, following)
            case ["v1", "customers", customer, "contact"]:
                return b'{"email":"%d@example.com"}' % self._customer(customer)
            case ["v1", "customers", customer, "invoices"]:
                invoices = _invoices(self._customer(customer))
                start, end = _page(query, len(invoices))
                return _list(b"invoices", b",".join(invoices[start:end]), len(invoices))
            case ["v1", "usage", first, last]:
                return self._usage(first, last, query)
        raise Refusal(404, f"There is nothing at {path}")

    def _customer(self, customer: str) -> int:
        """Return the number of a customer; raise Refusal."""
        number = customer.removeprefix("cus_")
        if not number.isdecimal() or int(number) >= self.customers:
            raise Refusal(404, f"There is no customer {customer}")
        return int(number)

    # Records.

    def _records(self, start: int, end: int) -> bytes:
        parts = []
        for block in range(start // _BLOCK, -(-end // _BLOCK)):
            opening = b'{"id":"txn_%03d' % block
            low = max(0, start - block * _BLOCK)
            rows = self._rendered[low : min(_BLOCK, end - block * _BLOCK)]
            parts.append(opening + (b"," + opening).join(rows))
        return b",".join(parts)

    # Charges.

    @cached_property
    def _charges(self) -> tuple[list[int], list[bytes], dict[str, int]]:
        """Negated moments, rows and places: the newest first."""
        chance = random.Random(2)
        moment = _EPOCH_2025
        rows = []
        for number in range(CHARGES):
            # Some come in the same second, some hours apart, and nights are quiet.
            moment += chance.choice((0, 60, 3_000, 12_000, 36_000))
            row = {
                "id": f"ch_{number:06d}",
                "created": moment,
                "amount": chance.randrange(100, 100_000),
                "currency": "usd",
                "status": chance.choice(("succeeded", "succeeded", "failed")),
                "customer": f"cus_{chance.randrange(CUSTOMERS):06d}",
            }
            rows.append(row)
        rows.reverse()
        return (
            [-int(str(row["created"])) for row in rows],
            [orjson.dumps(row) for row in rows],
            {str(row["id"]): place for place, row in enumerate(rows)},
        )

    def _charges_page(self, query: Query) -> bytes:
        moments, rows, places = self._charges
        limit = _number(query, "limit", 10)
        if not 1 <= limit <= 100:
            raise Refusal(400, "limit must be between 1 and 100")
        start, end = 0, len(rows)
        for name, value in query.items():
            if name in ("created[gte]", "created[gt]"):
                bound = -int(value) + (name == "created[gte]")
                end = min(end, bisect.bisect_left(moments, bound))
            elif name in ("created[lte]", "created[lt]"):
                bound = -int(value) + (name == "created[lt]")
                start = max(start, bisect.bisect_left(moments, bound))
        after = query.get("starting_after")
        if after is not None:
            if after not in places:
                raise Refusal(400, f"No such charge: {after}")
            start = max(start, places[after] + 1)
        found = rows[start : min(end, start + limit)]
        more = b"true" if start + limit < end else b"false"
        return b'{"object":"list","has_more":%s,"data":[%s]}' % (more, b",".join(found))

    # Usage.

    def _usage(self, first: str, last: str, query: Query) -> bytes:
        try:
            start, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
        except ValueError:
            raise Refusal(400, "a day is YYYY-MM-DD") from None
        days = (end - start).days + 1
        if not 1 <= days <= USAGE_DAYS:
            raise Refusal(400, f"a window has 1 to {USAGE_DAYS} days")
        points = days * POINTS_A_DAY
        low, high = _page(query, points)
        rows = [
            b'{"day":"%s","sku":"1-DO-%04d","amount":"%d.%02d"}'
            % (
                (start + datetime.timedelta(point // POINTS_A_DAY)).isoformat().encode(),
                point % POINTS_A_DAY,
                point % 7,
                point % 100,
            )
            for point in range(low, high)
        ]
        return b'{"total_items":%d,"points":[%s]}' % (points, b",".join(rows))


def _record(number: int, chance: random.Random) -> bytes:
    created = _EPOCH_2025 + number * 300
    paid = chance.random() < 0.8
    rest = {
        "customer": f"cus_{chance.randrange(CUSTOMERS):06d}",
        "kind": chance.choice(("invoice", "payment", "credit", "refund")),
        "description": f"Droplet web-{chance.randrange(1000)} (s-2vcpu-4gb), hourly",
        "currency": "USD",
        "amount": _amount(chance),
        "tax": _amount(chance) if chance.random() < 0.5 else None,
        "quantity": chance.randrange(1, 745),
        "region": chance.choice(("fra1", "nyc3", "sgp1")),
        "created_at": _written(created),
        "paid_at": _written(created + chance.randrange(3_000_000)) if paid else None,
    }
    return b'%05d",' % number + orjson.dumps(rest)[1:]


@cache
def _customer(number: int) -> bytes:
    return orjson.dumps({"id": f"cus_{number:06d}", "name": f"Customer {number}"})


def _subscriber(number: int) -> bytes:
    return b'{"customer":"cus_%06d"}' % number


@cache
def _invoices(customer: int) -> list[bytes]:
    chance = random.Random(customer)
    return [
        orjson.dumps({"number": f"{customer:06d}-{place}", "amount": _amount(chance)})
        for place in range(3)
    ]


def _amount(chance: random.Random) -> str:
    return f"{chance.randrange(10_000)}.{chance.randrange(100):02d}"


def _written(moment: int) -> str:
    return f"{datetime.datetime.fromtimestamp(moment, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _number(query: Query, name: str, usual: int) -> int:
    value = query.get(name, str(usual))
    if not value.isdecimal():
        raise Refusal(400, f"{name} must be a number")
    return int(value)


def _page(query: Query, total: int) -> tuple[int, int]:
    """Return the places of a page's first row and of the row after its last."""
    page, size = _number(query, "page", 1), _number(query, "per_page", 20)
    if not 1 <= size <= 200:
        raise Refusal(400, "per_page must be between 1 and 200")
    if page < 1:
        raise Refusal(400, "pages are counted from 1")
    start = min(total, (page - 1) * size)
    return start, min(total, start + size)


def _list(name: bytes, rows: bytes, total: int) -> bytes:
    return b'{"%s":[%s],"meta":{"total":%d}}' % (name, rows, total)


class _Connection(asyncio.Protocol):
    """One connection: splits its bytes into requests, and responds to each after the latency."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._received = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            self._respond(head)

    def _respond(self, head: bytes) -> None:
        line, _, headers = head.partition(b"\r\n")
        method, target, _ = line.decode("latin-1").split(" ")
        path, _, text = target.partition("?")
        query = dict(parse_qsl(text, keep_blank_values=True))
        data = self._data
        if path == "/control":
            self._write(200, data.control(query))
            return
        data.asked += 1
        status = 200
        try:
            if b"bearer " + TOKEN.encode() not in headers.lower():
                raise Refusal(401, "Unable to authenticate you")
            if method != "GET":
                raise Refusal(405, "only GET is understood")
            body = data.respond(path, query)
        except Refusal as refusal:
            status, body = refusal.status, orjson.dumps({"message": str(refusal)})
        if data.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(data.latency, self._write, status, body)
        else:
            self._write(status, body)

    def _write(self, status: int, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (status, len(body), body)
        )


async def _serve() -> None:
    data = Data()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(data), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The process that started this one holds its standard input; its end is the end of both.
    await loop.run_in_executor(None, sys.stdin.read)


class Api:
    """The API's process, as those see it who measure with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.api"],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        self._client = httpx.Client(timeout=60)

    def set_up(self, **settings: float) -> None:
        """Set the number of `records` and the `latency`, and begin to count anew."""
        self._control(settings)

    def asked(self) -> int:
        """Return how many requests have come since this or `set_up` was called last."""
        return self._control({})

    def _control(self, settings: dict[str, float]) -> int:
        reply = self._client.get(f"{self.url}/control", params=settings).json()
        return int(reply["asked"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        self._process.communicate()


if __name__ == "__main__":
    asyncio.run(_serve())
