"""A history of ten years with 5,000 rows a month: how long it takes, and how large it is.

    python -m bench.history [MONTHS] [ROWS]

The API is a function of this process, so what is measured is billql and SQLite. Every month is
restated once: a tenth of its rows have another amount.
"""

from __future__ import annotations

import datetime
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

import billql
from billql.config.settings import Settings

NOON = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)


class Api:
    """DigitalOcean's list of invoices and their items, with any number of each."""

    def __init__(self, months: int, rows: int) -> None:
        self.months, self.rows = months, rows
        self.restated = False
        self.requests = 0
        self.bytes = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond to a request."""
        self.requests += 1
        path = request.url.path.rstrip("/").rpartition("/")[2]
        body = self._invoices() if path == "invoices" else self._items(path)
        content = json.dumps(body).encode()
        self.bytes += len(content)
        return httpx.Response(200, content=content)

    def _invoices(self) -> dict[str, object]:
        shown = []
        for number in range(self.months):
            year, month = divmod(2026 * 12 + 1 - number, 12)
            amount = f"{1000 + number + self.restated}.00"
            period = {"invoice_period": f"{year:04}-{month + 1:02}", "amount": amount}
            shown.append({"invoice_uuid": f"u{number}", "invoice_id": str(number), **period})
        return {"invoices": shown, "meta": {"total": self.months}}

    def _items(self, invoice: str) -> dict[str, object]:
        count = 0 if invoice == "preview" else self.rows
        items = [
            {
                "product": "Droplets",
                "resource_id": str(1_000_000 + row),
                "resource_uuid": f"{row:08x}-0000-4000-8000-{hash(invoice) & 0xFFFF:012x}",
                "description": f"web-{row} (s-2vcpu-4gb)",
                "amount": f"{row % 97}.{10 + (self.restated and row % 10 == 0)}",
                "duration": "672",
                "duration_unit": "Hours",
                "start_time": "2026-02-01T00:00:00Z",
                "end_time": "2026-03-01T00:00:00Z",
                "project_name": f"project {row % 7}",
            }
            for row in range(count)
        ]
        return {"invoice_items": items, "meta": {"total": len(items)}}


@contextmanager
def timed(what: str, api: Api) -> Iterator[None]:
    """Print how long a block takes, and what it requests."""
    start, requests, octets = time.perf_counter(), api.requests, api.bytes
    yield
    seconds = time.perf_counter() - start
    sent = f"{api.requests - requests} requests, {(api.bytes - octets) / 1e6:.1f} MB"
    print(f"{what:72} {seconds:8.3f} s  {sent}")


def main(months: int = 120, rows: int = 5000) -> None:
    """Measure."""
    api = Api(months, rows)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bills.db"
        with billql.connect(
            file,
            tokens={"digitalocean": "t"},
            environ={},
            http_transport=httpx.MockTransport(api),
            settings=Settings(max_rows=10**9),
            clock=lambda: NOON,
            autocommit=True,
        ) as db:
            with timed(f"first refresh of {months} months × {rows} rows", api):
                db.execute(
                    "CREATE MATERIALIZED VIEW items AS "
                    "SELECT * FROM digitalocean.billing.invoice_items"
                )
            print(f"{'file':72} {file.stat().st_size / 1e6:8.1f} MB")
            ((first,),) = db.execute("SELECT max(refresh) FROM billql.catalog.refreshes")
            with timed("second refresh, nothing has changed", api):
                db.execute("REFRESH MATERIALIZED VIEW items")
            api.restated = True
            with timed("third refresh, every month is restated", api):
                db.execute("REFRESH MATERIALIZED VIEW items")
            print(f"{'file':72} {file.stat().st_size / 1e6:8.1f} MB")
            for sql in (
                "SELECT count(*) FROM items",
                f"SELECT count(*) FROM items AS OF {first}",
                f"SELECT product, money_sum(amount) FROM items AS OF {first} GROUP BY 1",
                f"SELECT project_name, sum(amount) FROM items AS OF {first} GROUP BY 1",
                f"SELECT * FROM items AS OF {first} WHERE invoice_uuid = 'u7'",
                "SELECT count(*), sum(difference) FROM items__changes WHERE after_close",
                "SELECT * FROM items__changes WHERE refresh = 130",
            ):
                with timed(sql, api):
                    db.execute(sql).fetchall()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
