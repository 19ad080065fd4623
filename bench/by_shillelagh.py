"""How Shillelagh asks: an adapter for the long list.

It takes the largest pages that the API has, keeps its connection and parses with orjson. Shillelagh
has several types for an instant, and what an adapter costs depends on the one that it takes; see
`INSTANTS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
from shillelagh.adapters.base import Adapter
from shillelagh.adapters.registry import registry
from shillelagh.backends.apsw.db import connect
from shillelagh.fields import Field, Float, Integer, ISODateTime, String, StringDateTime

from bench.api import TOKEN

INSTANTS: dict[str, type[Field[Any, Any]]] = {
    # As Shillelagh's own adapter for GitHub's API has it: understands dates of many forms.
    "StringDateTime": StringDateTime,
    # Understands ISO 8601 alone.
    "ISODateTime": ISODateTime,
    # Leaves the text as the API sent it.
    "String": String,
}

_COLUMNS: dict[str, Field[Any, Any]] = {
    "id": String(),
    "customer": String(),
    "kind": String(),
    "description": String(),
    "currency": String(),
    "amount": Float(),
    "tax": Float(),
    "quantity": Integer(),
    "region": String(),
}


class Records(Adapter):  # type: ignore[misc]  # whose type is never looked at
    """The long list."""

    safe = True
    supports_limit = True

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, _, name = url.partition("#")
        instant = INSTANTS[name]
        self._columns = {**_COLUMNS, "created_at": instant(), "paid_at": instant()}

    @staticmethod
    def supports(uri: str, fast: bool = True, **kwargs: Any) -> bool:
        """Return whether an address is this list's."""
        return "/v1/records#" in uri

    @staticmethod
    def parse_uri(uri: str) -> tuple[str]:
        """Return what the adapter is made with."""
        return (uri,)

    def get_columns(self) -> dict[str, Field[Any, Any]]:
        """Return the columns."""
        return self._columns

    def get_data(
        self, bounds: Any, order: Any, limit: int | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows, page after page."""
        size = 200 if limit is None else min(200, limit)
        count, total, page = 0, 1, 1
        with httpx.Client(headers={"authorization": f"Bearer {TOKEN}"}) as client:
            while count < total and (limit is None or count < limit):
                response = client.get(self._url, params={"per_page": size, "page": page})
                response.raise_for_status()
                data = orjson.loads(response.content)
                total = data["meta"]["total"]
                for row in data["records"]:
                    count += 1
                    row["rowid"] = count
                    row["amount"] = float(row["amount"])
                    if row["tax"] is not None:
                        row["tax"] = float(row["tax"])
                    yield row
                page += 1


registry.add("records", Records)


def records(url: str, instant: str) -> list[tuple[Any, ...]]:
    """Return all rows of the long list; `instant` names the type of its instants."""
    connection = connect(":memory:", adapters=["records"])
    try:
        cursor = connection.cursor()
        found = cursor.execute(f'SELECT * FROM "{url}/v1/records#{instant}"').fetchall()
    finally:
        connection.close()
    return list(found)
