"""What somebody writes who needs the rows once: a loop with httpx and orjson.

It makes tuples of the responses and checks nothing: amounts stay text, a page that fails or a
list that moves goes unnoticed beyond its status. With a concurrency it uses a pool of threads.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from bench.api import CHARGES_SINCE, TOKEN, USAGE_DAYS

CONCURRENCY = 16
"""The same as billql's for one provider."""

Row = tuple[Any, ...]
Get = Callable[..., Any]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@contextmanager
def _asking(url: str, concurrency: int) -> Iterator[tuple[Get, Map]]:
    """Return what asks for one page, and what asks for many."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    with (
        httpx.Client(base_url=url, headers=headers) as client,
        ThreadPoolExecutor(concurrency) as pool,
    ):

        def get(path: str, **parameters: object) -> Any:
            response = client.get(path, params={k: str(v) for k, v in parameters.items()})
            response.raise_for_status()
            return orjson.loads(response.content)

        yield get, pool.map if concurrency > 1 else map


def records(url: str, concurrency: int = CONCURRENCY) -> list[Row]:
    """Read the long list: its first page has the number of pages."""
    rows: list[Row] = []
    with _asking(url, concurrency) as (get, each):
        first = get("/v1/records", per_page=200)
        pages = range(2, -(-first["meta"]["total"] // 200) + 1)

        def page(number: int) -> Any:
            return get("/v1/records", per_page=200, page=number)

        for data in (first, *([] if not pages else each(page, pages))):
            rows += [
                (
                    row["id"],
                    row["customer"],
                    row["kind"],
                    row["description"],
                    row["currency"],
                    row["amount"],
                    row["tax"],
                    row["quantity"],
                    row["region"],
                    row["created_at"],
                    row["paid_at"],
                )
                for row in data["records"]
            ]
    return rows


def charges(url: str) -> list[Row]:
    """Read the cursor list: each page leads to the next."""
    rows: list[Row] = []
    since = int(datetime.datetime.fromisoformat(CHARGES_SINCE).timestamp())
    with _asking(url, 1) as (get, _):
        more: dict[str, object] = {"limit": 100, "created[gte]": since}
        while True:
            data = get("/v1/charges", **more)
            rows += [tuple(row.values()) for row in data["data"]]
            if not data["has_more"]:
                return rows
            more["starting_after"] = data["data"][-1]["id"]


def customers(url: str) -> list[str]:
    """Read the short list."""
    with _asking(url, 1) as (get, _):
        return [row["id"] for row in get("/v1/customers", per_page=200)["customers"]]


def invoices(url: str, keys: Iterable[str], concurrency: int = 1) -> list[Row]:
    """Read what belongs to each key."""
    with _asking(url, concurrency) as (get, each):

        def one(customer: str) -> Any:
            return customer, get(f"/v1/customers/{customer}/invoices", per_page=200)

        return [
            (customer, row["number"], row["amount"])
            for customer, data in each(one, keys)
            for row in data["invoices"]
        ]


def usage(url: str, first: datetime.date, last: datetime.date) -> list[Row]:
    """Read a window by hand: 31 days after 31 days, page after page."""
    rows: list[Row] = []
    with _asking(url, 1) as (get, _):
        while first <= last:
            end = min(last, first + datetime.timedelta(USAGE_DAYS - 1))
            page, total = 1, 1
            while (page - 1) * 200 < total:
                data = get(f"/v1/usage/{first}/{end}", per_page=200, page=page)
                total = data["total_items"]
                rows += [(row["day"], row["sku"], row["amount"]) for row in data["points"]]
                page += 1
            first = end + datetime.timedelta(1)
    return rows
