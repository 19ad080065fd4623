"""A query, and the fewest requests that can answer it."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """A question, its query, and the fewest requests that can answer it."""

    question: str
    sql: str
    least: int
    because: str
    """Why fewer are impossible."""
