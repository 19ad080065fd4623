"""How Shillelagh asks: an adapter for the long list.

It takes the largest pages that the API has, keeps its connection and parses with orjson. Its
columns are typed in one of two ways: as Shillelagh's own adapter for GitHub's API types them, where
an instant is a `StringDateTime`; or as plainly as can be, where an instant stays the text that the
API sent, so that Shillelagh has nothing to convert.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
from shillelagh.adapters.base import Adapter
from shillelagh.adapters.registry import registry
from shillelagh.backends.apsw.db import connect
from shillelagh.fields import Field, Float, Integer, String, StringDateTime

from bench.api import TOKEN

_PLAIN: dict[str, Field[Any, Any]] = {
    "id": String(),
    "customer": String(),
    "kind": String(),
    "description": String(),
    "currency": String(),
    "amount": Float(),
    "tax": Float(),
    "quantity": Integer(),
    "region": String(),
    "created_at": String(),
    "paid_at": String(),
}
_TYPED = {**_PLAIN, "created_at": StringDateTime(), "paid_at": StringDateTime()}


class Records(Adapter):  # type: ignore[misc]  # whose type is never looked at
    """The long list."""

    safe = True
    supports_limit = True

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, _, typing = url.partition("#")
        self._columns = _TYPED if typing == "typed" else _PLAIN

    @staticmethod
    def supports(uri: str, fast: bool = True, **kwargs: Any) -> bool:
        """Tell whether an address is this list's."""
        return "/v1/records#" in uri

    @staticmethod
    def parse_uri(uri: str) -> tuple[str]:
        """Give what the adapter is made with."""
        return (uri,)

    def get_columns(self) -> dict[str, Field[Any, Any]]:
        """Give the columns."""
        return self._columns

    def get_data(
        self, bounds: Any, order: Any, limit: int | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows, page after page."""
        size = 200 if limit is None else min(200, limit)
        given, total, page = 0, 1, 1
        with httpx.Client(headers={"authorization": f"Bearer {TOKEN}"}) as client:
            while given < total and (limit is None or given < limit):
                response = client.get(self._url, params={"per_page": size, "page": page})
                response.raise_for_status()
                data = orjson.loads(response.content)
                total = data["meta"]["total"]
                for row in data["records"]:
                    given += 1
                    row["rowid"] = given
                    row["amount"] = float(row["amount"])
                    if row["tax"] is not None:
                        row["tax"] = float(row["tax"])
                    yield row
                page += 1


registry.add("records", Records)


def records(url: str, typing: str) -> list[tuple[Any, ...]]:
    """Give all rows of the long list, with its columns `typed` or `plain`."""
    connection = connect(":memory:", adapters=["records"])
    try:
        cursor = connection.cursor()
        found = cursor.execute(f'SELECT * FROM "{url}/v1/records#{typing}"').fetchall()
    finally:
        connection.close()
    return list(found)
