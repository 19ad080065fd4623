"""What somebody writes who needs a file once: a script with httpx, orjson, and csv or pyarrow.

`python bench/script.py FORMAT URL TOKEN` writes the long list to stdout, and the format `short` the
short list, of one request. It imports what it needs and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson

CONCURRENCY = 16
COLUMNS = (
    "id",
    "customer",
    "kind",
    "description",
    "currency",
    "amount",
    "tax",
    "quantity",
    "region",
    "created_at",
    "paid_at",
)


def pages(client: httpx.Client) -> Iterator[list[dict[str, Any]]]:
    """Read the long list: its first page has the number of pages."""

    def page(number: int) -> Any:
        response = client.get("/v1/records", params={"per_page": "200", "page": str(number)})
        response.raise_for_status()
        return orjson.loads(response.content)

    first = page(1)
    yield first["records"]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        for data in pool.map(page, range(2, -(-first["meta"]["total"] // 200) + 1)):
            yield data["records"]


def write_csv(client: httpx.Client) -> None:
    """Write the rows as CSV."""
    import csv

    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for page in pages(client):
        writer.writerows([row[name] for name in COLUMNS] for row in page)


def write_jsonl(client: httpx.Client) -> None:
    """Write the rows as JSON Lines."""
    for page in pages(client):
        for row in page:
            line = orjson.dumps({name: row[name] for name in COLUMNS})
            sys.stdout.buffer.write(line + b"\n")


def write_arrow(client: httpx.Client) -> None:
    """Write the rows as an Arrow file, with amounts as decimals and instants as such."""
    import pyarrow as pa

    types: dict[str, Any] = dict.fromkeys(COLUMNS, pa.string())
    types |= dict.fromkeys(("amount", "tax"), pa.decimal128(38, 18)) | {"quantity": pa.int64()}
    types |= dict.fromkeys(("created_at", "paid_at"), pa.timestamp("s", tz="UTC"))
    schema = pa.schema(list(types.items()))
    stdout: Any = sys.stdout.buffer
    with pa.ipc.new_file(stdout, schema) as writer:
        for page in pages(client):
            arrays = []
            for name, wanted in types.items():
                found = pa.array([row[name] for row in page])
                arrays.append(found if found.type == wanted else found.cast(wanted))
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def write_short(client: httpx.Client) -> None:
    """Write the rows of the short list as CSV."""
    import csv

    response = client.get("/v1/customers", params={"per_page": "200"})
    response.raise_for_status()
    rows = orjson.loads(response.content)["customers"]
    writer = csv.writer(sys.stdout)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)


WRITERS = {"csv": write_csv, "jsonl": write_jsonl, "arrow": write_arrow, "short": write_short}


def main(kind: str, url: str, token: str) -> None:
    """Write one of the outputs to stdout."""
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}) as client:
        WRITERS[kind](client)


if __name__ == "__main__":
    main(*sys.argv[1:])
