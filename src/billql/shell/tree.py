"""The query plan of a statement as a tree, from the rows of EXPLAIN QUERY PLAN."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from billql.output.text_cells import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Step = tuple[int, str]


def render(rows: Iterable[Sequence[Any]]) -> str:
    """Return the tree of rows (https://sqlite.org/eqp.html) of number, parent, unused and text."""
    children = defaultdict[int, list[Step]](list)
    for number, parent, _, detail in rows:
        children[parent].append((number, detail))
    return "".join(f"{line}\n" for line in ("QUERY PLAN", *_lines(children, 0, "")))


def _lines(children: Mapping[int, Sequence[Step]], parent: int, before: str) -> Iterator[str]:
    steps = children.get(parent, ())
    for place, (number, detail) in enumerate(steps, start=1):
        last = place == len(steps)
        yield f"{before}{'└── ' if last else '├── '}{visible(detail)}"
        yield from _lines(children, number, before + ("    " if last else "│   "))
