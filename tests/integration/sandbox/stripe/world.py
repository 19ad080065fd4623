"""All that one sandbox tells, read once, and how to add it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from billql.sandbox.story import Story

from .client import LISTS, Client, Row, everything


class World:
    """All lists of one sandbox, and the story that they tell."""

    def __init__(self, api: Client, story: Story) -> None:
        self.api = api
        self.story = story
        self.now = story.now
        self.lists = {path: everything(api, path) for path in LISTS}
        self.by_id = {
            row["id"]: row for path, rows in self.lists.items() if path != "plans" for row in rows
        }
        self.lines = {
            row["id"]: (
                api.rows(f"invoices/{row['id']}/lines")
                if row["lines"]["has_more"]
                else row["lines"]["data"]
            )
            for row in self.lists["invoices"]
        }

    def __getitem__(self, path: str) -> list[Row]:
        return self.lists[path]


def total(rows: Iterable[Row], name: str = "amount") -> int:
    return sum(row[name] for row in rows)


def by(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return groups
