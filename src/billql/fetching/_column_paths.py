"""Following the path of a column from each row of a response to its value.

A path such as `a.b` leads into the row, `a[0]` to the first item of a list. `a[].b` has a list for
each row; `$parent` leads to what holds the row, `$root` to the whole response, `$header` to one of
its headers; `$key`, `$value` and `$body` are the row's key in a map, the row itself and the
response's bytes.
"""

from __future__ import annotations

from typing import Any

from billql.fetching._response_parser import ParsedPage, RawRows
from billql.messages import get_path
from billql.util import exact_json


def values_at(
    path: str, rows: RawRows, page: ParsedPage, *, exactly: bool = True, whole: bool = True
) -> list[Any]:
    """Return the value at a path for every row of a source; None where a part is missing.

    `exactly` means that every digit of a number matters. Raises ValueError for a path that does not
    lead to a list where it should, and for half a character, unless it need not be `whole`.
    """
    values = _follow(path, rows, page)
    if exactly and page.parse_exactly is not None and exact_json.has_real(values):
        page = page.exact
        values = _follow(path, page.groups[rows.number], page)
    if whole and page.is_broken and exact_json.is_broken(values):
        raise ValueError("it has half a character (a lone surrogate, or a byte that is no UTF-8)")
    return values


def _follow(path: str, rows: RawRows, page: ParsedPage) -> list[Any]:
    root, _, rest = path.partition(".")
    if not root.startswith("$"):
        return _members(rows, path)
    if root == "$value":
        return rows.values
    if root == "$key":
        return list(rows.keys)
    if root == "$parent":
        depth = 0
        while rest.startswith("$parent."):
            rest = rest.removeprefix("$parent.")
            depth += 1
        holders = [around[depth : depth + 1] for around in rows.parents]
        return [get_path(found[0], rest) if found else None for found in holders]
    if root == "$root":
        return [get_path(page.data, rest)] * len(rows.values)
    if root == "$header":
        return [page.response.headers.get(rest)] * len(rows.values)
    assert root == "$body", path
    return [page.response.body] * len(rows.values)


def _members(rows: RawRows, path: str) -> list[Any]:
    """Follow `a.b.c` in every row, None where a part is missing; `a[].b` to a list in every row."""
    array, each, rest = path.partition("[]")
    if each:
        return [_elements(get_path(row, array), rest.removeprefix(".")) for row in rows.values]
    if is_member(path) and rows.are_objects:
        return rows.members(path)
    return [get_path(row, path) for row in rows.values]


def is_member(path: str) -> bool:
    """Return whether a path is the name of a row's own member."""
    return not path.startswith("$") and "." not in path and "[" not in path


def _elements(array: Any, path: str) -> list[Any]:
    """Follow `b.c` in every element of an array, which may be missing as a whole."""
    if not isinstance(array, list | None):
        raise ValueError("its path does not lead to a list")
    return [get_path(element, path) if path else element for element in array or ()]
