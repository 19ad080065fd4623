"""Lists that change while they are read: a row is added or taken away between two pages.

The rows of the list before the change, or of the list after it, are right; a mixture never is.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import billql
from support.server import Asked, Server

from .case import Broken, Case, Outcome
from .hostile import LIMITS, PAGING, PROVIDER, SIZE, TOKEN, Item, item, rows_of, service

PROMISE = "lists that move"
COUNT = 5 * SIZE

Change = Callable[[list[Item]], None]

CHANGES: dict[str, Change] = {
    "a row is added in front": lambda items: items.insert(0, item(900)),
    "a row is added at the end": lambda items: items.append(item(900)),
    "a row is added in the middle": lambda items: items.insert(len(items) // 2, item(900)),
    "the first row is taken away": lambda items: items.__delitem__(0),
    "the last row is taken away": lambda items: items.__delitem__(-1),
    "a page is added in front": lambda items: items.__setitem__(
        slice(0, 0), [item(n) for n in range(900, 900 + SIZE)]
    ),
}


class Moving:
    """An API whose lists change once, when so many requests have been answered."""

    def __init__(self, after: int, change: Change) -> None:
        self.url = ""
        self.items = [item(number) for number in range(COUNT)]
        self._left = after
        self._change = change

    def __call__(self, asked: Asked) -> None:
        name = asked.path.strip("/")
        query = {key: one[0] for key, one in parse_qs(urlsplit(asked.target).query).items()}
        asked.answer(self._body(name, query))
        self._left -= 1
        if self._left == 0:
            self._change(self.items)

    def _body(self, name: str, query: dict[str, str]) -> dict[str, Any]:
        if name == "rows":
            ids = [one["id"] for one in self.items]
            after = query.get("starting_after")
            start = ids.index(after) + 1 if after in ids else 0
        elif name == "pages":
            start = (int(query.get("page", "1")) - 1) * SIZE
        else:
            start = int(query.get("after", "0"))
        end = start + SIZE
        more = end < len(self.items)
        link = {"next": f"{self.url}/links?after={end}"} if more else {}
        return {
            "items": self.items[start:end],
            "total": len(self.items),
            "links": link,
            "next": str(end) if more else None,
            "has_more": more,
        }


def cases() -> Iterator[Case]:
    """Give a case for each change, list, and moment.

    A list that is numbered and tells its total, or whose next page follows a row, can be read
    without a mixture. One whose tokens count rows and that says no total hides a change of its
    front; so of those only the ends are moved.
    """
    place = 0
    for name in PAGING:
        for told, change in CHANGES.items():
            if name in ("links", "tokens") and "end" not in told and "last" not in told:
                continue
            for after in (1, 2, 3):
                place += 1
                said = f"{told} of {name} after {after} answers"
                yield Case(PROMISE, said, _runner(name, change, after), place % 8 == 0)


def _runner(name: str, change: Change, after: int) -> Callable[[], Outcome]:
    return lambda: _read(name, change, after)


def _read(name: str, change: Change, after: int) -> Outcome:
    api = Moving(after, change)
    before = rows_of(api.items)
    with tempfile.TemporaryDirectory() as folder, Server(api) as server:
        api.url = server.url
        own = Path(folder) / "hostile"
        own.mkdir()
        (own / "provider.yaml").write_text(json.dumps(PROVIDER))
        (own / "all.yaml").write_text(json.dumps(service()))
        with billql.connect(
            definitions=[folder],
            tokens={"hostile": TOKEN},
            urls={"hostile": server.url},
            environ={},
            settings=LIMITS,
        ) as connection:
            sql = f"SELECT id, amount, note, more FROM hostile.all.{name}"
            try:
                found = connection.execute(sql).fetchall()
            except billql.ListChanged:
                return "clear error"
    if sorted(found) not in (sorted(before), sorted(rows_of(api.items))):
        raise Broken(f"rows of neither list: {[row[0] for row in found]}")
    return "right"
