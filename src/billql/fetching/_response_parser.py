"""Parsing a response: where it has rows, and what its paginator sees of it.

A definition has the path to the rows, such as `data.items[]` for a list or `prices{}` for a map.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, cached_property
from operator import itemgetter
from typing import Any

import msgspec

from billql.definitions.methods import Method, Rows
from billql.errors import BadResponse
from billql.fetching._disguised_errors import error_member
from billql.messages import Page, Response, get_path
from billql.util import exact_json

_LIST = re.compile(r"\[\]|\{\}")
"""What follows the name of a list, or of a map, in a path to rows."""

_CSV_TYPES = ("text/csv", "application/csv", "text/plain", "")
_LINES_TYPES = (
    *("application/jsonl", "application/x-jsonlines", "application/jsonlines"),
    *("application/x-ndjson", "application/ndjson", "text/plain", ""),
)


class RawRows(msgspec.Struct, frozen=True, dict=True):
    """The rows of one source of a response, as the response has them, and what lies around them."""

    source: Rows
    values: list[Any]
    parents: Sequence[tuple[Any, ...]]
    """The objects that hold each row: the nearest first."""
    keys: Sequence[str | None]
    """The key of each row in the map that holds it, if it is one."""
    number: int = 0
    """Which of the response's sources it is, from 0."""

    @cached_property
    def are_objects(self) -> bool:
        """Whether every row is an object."""
        return set(map(type, self.values)) <= {dict}

    @cached_property
    def _members(self) -> dict[str, list[Any]]:
        return {}

    def look_up(self, names: Sequence[str]) -> None:
        """Look some members up in each row at once, which is faster than one after the other.

        It does nothing if a row lacks one of them.
        """
        if len(names) > 1 and self.are_objects:
            with suppress(KeyError):
                columns = list(zip(*map(itemgetter(*names), self.values), strict=True))
                self._members.update(zip(names, map(list, columns), strict=True))

    def members(self, name: str) -> list[Any]:
        """Return a member of each row, which is an object; None where it is missing."""
        found = self._members.get(name)
        return [row.get(name) for row in self.values] if found is None else found


class ParsedPage(msgspec.Struct, frozen=True, dict=True):
    """A parsed response: the data, its rows, and what a paginator needs to see.

    `where` names the request in errors.
    """

    response: Response
    where: str
    data: Any
    groups: list[RawRows]
    page: Page
    parse_exactly: Callable[[], ParsedPage] | None = None
    """Parses the response again, so that its numbers keep every digit; None where they do."""
    is_broken: bool = False
    """Whether it has half a character somewhere, which SQL cannot hold."""

    @cached_property
    def exact(self) -> ParsedPage:
        """The same page with every digit of its numbers."""
        return self if self.parse_exactly is None else self.parse_exactly()


def parse(method: Method, response: Response, where: str) -> ParsedPage:
    """Return the parsed response of a method; raises BadResponse, naming `where` it is from."""
    return _Parser(method, response, where).parse()


def items_are_rows(method: Method) -> bool:
    """Return whether each of the items that a page counts is one row, and the other way round."""
    if method.response == "csv":
        return True
    first, *others = method.sources()
    is_text = method.response in ("json", "jsonl")
    return is_text and not others and first.at.find("[]") == len(first.at) - 2


class _Parser:
    """Parses one response."""

    def __init__(self, method: Method, response: Response, where: str) -> None:
        self._method = method
        self._response = response
        self._where = where

    def parse(self) -> ParsedPage:
        if self._method.response == "bytes":
            return self._single_source([self._response.body])
        if self._method.response == "csv":
            lines = list(self._csv_lines())
            return self._single_source(lines, is_broken=exact_json.is_broken(lines))
        return self._json()

    def _json(self) -> ParsedPage:
        response = self._response
        body = response.body if self._method.response == "json" else self._lines()
        try:
            data, is_exact = exact_json.parse(body)
        except json.JSONDecodeError as error:
            kind = response.media_type or "no stated type"
            sender = response.between
            raise BadResponse(
                f"{self._where} answered with something that is not JSON ({kind}): {error.msg}",
                hint=sender and f"Instead of the API, this may be answering: {sender}.",
            ) from None
        if self._method.response == "jsonl":
            self._ensure_whole(data)
        if is_exact:
            return self._page(data, is_broken=exact_json.is_broken(data))

        @cache
        def parse_exactly() -> ParsedPage:
            try:
                return self._page(exact_json.exact(body))
            except ValueError as error:
                raise BadResponse(
                    f"{self._where} answered with JSON that cannot be read: {error}"
                ) from None

        return self._page(data, parse_exactly)

    def _lines(self) -> bytes:
        """Return the lines of a response, each of which is JSON, as one list."""
        if self._response.media_type not in _LINES_TYPES:
            raise BadResponse(
                f"{self._where} answered with {self._response.media_type} where lines of JSON "
                "were expected"
            )
        # JSON has no line breaks within its texts, and may have them anywhere else.
        lines = (line.strip() for line in self._response.body.splitlines())
        return b"[" + b",\n".join(line for line in lines if line) + b"]"

    def _ensure_whole(self, lines: list[Any]) -> None:
        """Raise BadResponse if a stream of rows ends with an error, which is unlike all of them."""
        first, last = (lines[0], lines[-1]) if lines else (None, None)
        if isinstance(first, dict) and isinstance(last, dict) and first.keys().isdisjoint(last):
            wrong = error_member(last)
            if wrong is not None:
                raise BadResponse(f"{self._where} answered with rows, and then with {wrong}")

    def _page(
        self,
        data: Any,
        parse_exactly: Callable[[], ParsedPage] | None = None,
        *,
        is_broken: bool = False,
    ) -> ParsedPage:
        sources = self._method.sources()
        walker = _Walker(data, self._where)
        groups = [walker.walk(source, number) for number, source in enumerate(sources)]
        counted = _page_items(sources[0].at, data)
        page = Page(
            data,
            len(counted),
            counted[-1] if counted else None,
            self._response.headers,
            sum(len(rows.values) for rows in groups),
            tuple(_LIST.split(source.at)[0] for source in sources if _LIST.search(source.at)),
            None if parse_exactly is None else lambda: parse_exactly().page,
        )
        return ParsedPage(self._response, self._where, data, groups, page, parse_exactly, is_broken)

    def _single_source(self, values: list[Any], *, is_broken: bool = False) -> ParsedPage:
        count = len(values)
        rows = RawRows(self._method.sources()[0], values, [()] * count, [None] * count)
        data = values if self._method.response == "csv" else self._response.body
        page = Page(data, count, None, self._response.headers, count)
        return ParsedPage(self._response, self._where, data, [rows], page, is_broken=is_broken)

    def _csv_lines(self) -> Iterator[dict[str, str | None]]:
        where, response = self._where, self._response
        if response.media_type not in _CSV_TYPES:
            raise BadResponse(f"{where} answered with {response.media_type} where CSV was expected")
        try:
            text = exact_json.decoded(response.body)
            lines = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="")
            for line in lines:
                if "" in line or None in line.values():
                    raise BadResponse(
                        f"{where}: line {lines.line_num} of the CSV does not have "
                        f"the {len(lines.fieldnames or ())} fields of its header"
                    )
                yield line
        except csv.Error as error:
            raise BadResponse(f"{where} answered with CSV that cannot be read: {error}") from error


class _Walker:
    """Follows paths to rows through the data of one response."""

    def __init__(self, data: Any, where: str) -> None:
        self._data = data
        self._where = where

    def walk(self, source: Rows, number: int) -> RawRows:
        """Return the rows of a source; what is missing is an error unless it is optional."""
        if not source.at and not isinstance(self._data, dict):
            raise BadResponse(f"{self._where} answered with something other than an object")
        found = RawRows(source, [self._data], [()], [None], number)
        is_strict = not source.optional
        for segment in source.at.split(".") if source.at else ():
            found = self._step(found, segment, is_strict=is_strict)
            # What lies in the rows of a list may be missing.
            is_strict = is_strict and not _LIST.search(segment)
        return found

    def _step(self, rows: RawRows, segment: str, *, is_strict: bool) -> RawRows:
        """Follow one segment of a path; if `is_strict`, what is missing is an error."""
        name = segment.removesuffix("[]").removesuffix("{}")
        is_list = segment.endswith("[]")
        values: list[Any] = []
        parents: list[tuple[Any, ...]] = []
        keys: list[str | None] = []
        for item, around in zip(rows.values, rows.parents, strict=True):
            found = get_path(item, name) if name else item
            fits = isinstance(found, list if is_list else dict)
            if not fits:
                self._check_missing(item, segment, found, is_strict=is_strict)
                continue
            if is_list:
                values.extend(found)
            elif segment.endswith("{}"):
                keys.extend(found)
                values.extend(found.values())
            else:
                values.append(found)
            added = len(values) - len(parents)
            parents.extend([(item, *around)] * added)
        return RawRows(rows.source, values, parents, keys or [None] * len(values), rows.number)

    def _check_missing(self, item: Any, segment: str, found: Any, *, is_strict: bool) -> None:
        """Raise BadResponse unless what is not where a segment leads may be missing.

        A list or a map that is null is an empty one, unless the response has an error instead.
        """
        name = segment.removesuffix("[]").removesuffix("{}")
        expected = {"[]": "a list", "{}": "a map"}.get(segment[len(name) :], "an object")
        place = f"at {name}" if name else "as a whole"
        is_empty = expected != "an object" and (not name or _has(item, name))
        if found is not None or (is_strict and not is_empty):
            raise BadResponse(f"{self._where} answered without {expected} {place}")
        if is_strict and (wrong := error_member(self._data, item)) is not None:
            raise BadResponse(
                f"{self._where} answered without {expected} {place}, but with {wrong}"
            )


def _has(item: Any, name: str) -> bool:
    """Return whether an object has a member, be it null."""
    return isinstance(item, dict) and name in item


def _page_items(path: str, data: Any) -> Sequence[Any]:
    """Return what a page counts: the elements of the first array, or map, on the path."""
    array, map_ = (path.find(sign) for sign in ("[]", "{}"))
    if array < 0 and map_ < 0:
        return [data]
    is_map = array < 0 or 0 <= map_ < array
    head = path[: map_ if is_map else array]
    found = get_path(data, head) if head else data
    if isinstance(found, dict) and is_map:
        return list(found.values())
    return found if isinstance(found, list) and not is_map else ()
