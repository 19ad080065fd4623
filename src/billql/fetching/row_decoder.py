"""Answers to rows: where an answer has rows, and which value goes into which column.

Rows are made column by column, for the columns that a statement reads: an answer of 200 rows is a
handful of list comprehensions, and a column of the usual shape is checked as a whole.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import repeat
from typing import Any, cast

from billql.definitions.decoding import ColumnDecoder, decoder_for, full_reader, spells
from billql.definitions.model import CONNECTION, Column, Method, Rows
from billql.definitions.types import SQLValue
from billql.errors import BadAnswer
from billql.fetching.disguised_errors import complaint
from billql.messages import Page, Response, Scalar, get_path
from billql.util import exact_json

Row = tuple[Any, ...]
"""The values of a row's columns in their order, and last its `Identity`."""

RowKey = tuple[Any, ...] | None
"""What a row is known by, whichever method reads it: the values of the columns that are unique, in
full, and what the statement alone knows, its connection above all. None if there are no such
columns, or a value is missing."""

_LIST = re.compile(r"\[\]|\{\}")
"""What follows the name of a list, or of a map, in a path to rows."""


@dataclass(frozen=True)
class RawRows:
    """The rows of one source of an answer, as the answer has them, and what lies around them."""

    source: Rows
    values: list[Any]
    parents: Sequence[tuple[Any, ...]]
    """What holds each row: the nearest object first."""
    keys: Sequence[str | None]
    number: int = 0
    """Which of the answer's sources it is."""

    @cached_property
    def are_objects(self) -> bool:
        """Whether every row is an object."""
        return set(map(type, self.values)) <= {dict}


@dataclass(frozen=True)
class ParsedPage:
    """A parsed answer: the data, its rows, and what a paginator needs to see."""

    data: Any
    groups: list[RawRows]
    page: Page
    again: Callable[[], ParsedPage] | None = None
    """Parses the answer anew, so that its numbers keep every digit; None where they do."""
    is_broken: bool = False
    """Whether it has half a character somewhere, which SQL cannot hold."""

    @cached_property
    def exact(self) -> ParsedPage:
        """Give the same with every digit of its numbers."""
        return self if self.again is None else self.again()


def parse(method: Method, answer: Response, where: str) -> ParsedPage:
    """Parse an answer into its rows; raises BadAnswer, naming `where` it came from."""
    if method.response == "bytes":
        return _single_group(method, answer, answer.body)
    if method.response == "csv":
        lines = list(_csv_lines(answer, where))
        return _single_group(method, answer, lines, is_broken=exact_json.is_broken(lines))
    try:
        data, is_exact = exact_json.parse(answer.body)
    except json.JSONDecodeError as error:
        kind = answer.media_type or "no stated type"
        raise BadAnswer(
            f"{where} answered with something that is not JSON ({kind}): {error.msg}",
            hint=answer.between and f"Instead of the API, this may be answering: {answer.between}.",
        ) from None
    if is_exact:
        return _content(method, data, answer, where, is_broken=exact_json.is_broken(data))

    @cache
    def again() -> ParsedPage:
        try:
            return _content(method, exact_json.exact(answer.body), answer, where)
        except ValueError as error:
            raise BadAnswer(f"{where} answered with JSON that cannot be read: {error}") from None

    return _content(method, data, answer, where, again)


def _content(
    method: Method,
    data: Any,
    answer: Response,
    where: str,
    again: Callable[[], ParsedPage] | None = None,
    is_broken: bool = False,
) -> ParsedPage:
    sources = method.sources()
    groups = [_walk(source, data, where, number) for number, source in enumerate(sources)]
    counted = _page_items(sources[0].at, data)
    page = Page(
        data,
        len(counted),
        counted[-1] if counted else None,
        answer.headers,
        sum(len(items.values) for items in groups),
        tuple(_LIST.split(source.at)[0] for source in sources if _LIST.search(source.at)),
        None if again is None else lambda: again().page,
    )
    return ParsedPage(data, groups, page, again, is_broken)


def _single_group(
    method: Method, answer: Response, data: Any, *, is_broken: bool = False
) -> ParsedPage:
    values = data if isinstance(data, list) else [data]
    count = len(values)
    group = RawRows(method.sources()[0], values, [()] * count, [None] * count)
    page = Page(data, count, None, answer.headers, count)
    return ParsedPage(data, [group], page, is_broken=is_broken)


def _csv_lines(answer: Response, where: str) -> Iterator[dict[str, str | None]]:
    if answer.media_type not in ("text/csv", "application/csv", "text/plain", ""):
        raise BadAnswer(f"{where} answered with {answer.media_type} where CSV was expected")
    try:
        text = exact_json.decoded(answer.body)
        lines = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="")
        for line in lines:
            if "" in line or None in line.values():
                raise BadAnswer(
                    f"{where}: line {lines.line_num} of the CSV does not have "
                    f"the {len(lines.fieldnames or ())} fields of its header"
                )
            yield line
    except csv.Error as error:
        raise BadAnswer(f"{where} answered with CSV that cannot be read: {error}") from error


def _page_items(path: str, data: Any) -> Sequence[Any]:
    """Give what a page counts: the elements of the first array, or map, on the path."""
    array, map_ = (path.find(sign) for sign in ("[]", "{}"))
    if array < 0 and map_ < 0:
        return [data]
    is_map = array < 0 or 0 <= map_ < array
    head = path[: map_ if is_map else array]
    found = get_path(data, head) if head else data
    if isinstance(found, dict) and is_map:
        return list(found.values())
    return found if isinstance(found, list) and not is_map else ()


def items_are_rows(method: Method) -> bool:
    """Tell whether each of the items that a page counts is one row, and the other way round."""
    if method.response == "csv":
        return True
    first, *others = method.sources()
    return method.response == "json" and not others and first.at.find("[]") == len(first.at) - 2


def _walk(source: Rows, data: Any, where: str, number: int) -> RawRows:
    """Walk a source's path; what is missing is an error unless the source is optional."""
    if not source.at and not isinstance(data, dict):
        raise BadAnswer(f"{where} answered with something other than an object")
    found = RawRows(source, [data], [()], [None], number)
    is_strict = not source.optional
    for segment in source.at.split(".") if source.at else ():
        found = _step(found, segment, data, where, is_strict=is_strict)
        # What lies in the rows of a list may be missing.
        is_strict = is_strict and not _LIST.search(segment)
    return found


def _step(items: RawRows, segment: str, data: Any, where: str, *, is_strict: bool) -> RawRows:
    """Walk one step of a path in a response's data; if `is_strict`, what is missing is an error."""
    name = segment.removesuffix("[]").removesuffix("{}")
    values: list[Any] = []
    parents: list[tuple[Any, ...]] = []
    keys: list[str | None] = []
    for item, around in zip(items.values, items.parents, strict=True):
        found = get_path(item, name) if name else item
        if segment.endswith("[]"):
            expected, fits = "a list", isinstance(found, list)
        elif segment.endswith("{}"):
            expected, fits = "a map", isinstance(found, dict)
        else:
            expected, fits = "an object", isinstance(found, dict)
        if not fits:
            place = f"at {name}" if name else "as a whole"
            is_empty = expected != "an object" and (not name or _has(item, name))
            if found is not None or (is_strict and not is_empty):
                raise BadAnswer(f"{where} answered without {expected} {place}")
            if is_strict and (wrong := complaint(data, item)) is not None:
                raise BadAnswer(f"{where} answered without {expected} {place}, but with {wrong}")
            continue
        if expected == "a list":
            values.extend(found)
        elif expected == "a map":
            keys.extend(found)
            values.extend(found.values())
        else:
            values.append(found)
        added = len(values) - len(parents)
        parents.extend([(item, *around)] * added)
    keys = keys or [None] * len(values)
    return RawRows(items.source, values, parents, keys, items.number)


def _has(item: Any, name: str) -> bool:
    """Tell whether an object has a member, be it null."""
    return isinstance(item, dict) and name in item


class RowDecoder:
    """Makes rows for the columns that a statement uses; the others are NULL.

    `beside` are columns that billql itself reads, `unique` those that tell rows apart.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        used: Iterable[str],
        table: str,
        unique: Iterable[str] = (),
        beside: Iterable[str] = (),
    ) -> None:
        self._columns = columns
        self._used = frozenset(used)
        self._table = table
        self._unique = tuple(unique)
        self._read = self._used.union(beside)
        self._readers = {name: _reader(columns[name]) for name in self._read.union(self._unique)}
        self._places = {name: place for place, name in enumerate(columns)}
        self._shown = tuple(place for name, place in self._places.items() if name in self._used)
        # What a statement asks of a column that only it knows is a part of the row.
        echoed = (name for name in self._used if columns[name].path == "$parameter")
        self._asked = tuple(sorted({CONNECTION, *echoed}.difference(self._unique)))

    def rows(
        self, content: ParsedPage, answer: Response, echoes: Mapping[str, SQLValue], where: str
    ) -> list[Row]:
        """Make the rows of an answer; raises BadAnswer for a value of the wrong type."""
        made: list[Row] = []
        asked = tuple(echoes.get(name) for name in self._asked)
        for items in content.groups:
            if not items.values:
                continue
            self._check_shape(items, where)
            cells = [
                self._column(name, column, items, content, answer, echoes, where)
                for name, column in self._columns.items()
            ]
            unique = [
                self._telling(
                    name, cells[self._places[name]], items, content, answer, echoes, where
                )
                for name in self._unique
            ]
            known = _identities(unique, asked) if unique else repeat(None)
            made.extend(zip(*cells, known, strict=False))
        return made

    def place(self, column: str) -> int:
        """Give the place of a column in a row."""
        return self._places[column]

    def shown(self, row: Row) -> Row:
        """Give what the statement sees of a row."""
        return tuple(row[place] for place in self._shown)

    @property
    def tells_apart(self) -> bool:
        """Whether unique columns tell the rows of one list apart, by what its items have."""
        own = ("$parent.", "$key", "$value")
        columns = ((name, self._columns[name]) for name in self._unique)
        paths = (column.path or name for name, column in columns if column.value is None)
        return any(not path.startswith("$") or path.startswith(own) for path in paths)

    def _check_shape(self, items: RawRows, where: str) -> None:
        """Refuse what is no row, and what has nothing of one: an error in an answer's clothes."""
        paths = (column.path or name for name, column in self._columns.items())
        names = {
            path.partition(".")[0].removesuffix("[]") for path in paths if not path.startswith("$")
        }
        if not names:
            return
        if not items.are_objects:
            raise BadAnswer(f"{where} answered with rows of {self._table} that are no objects")
        first = items.values[0]
        if first and names.isdisjoint(first):
            raise BadAnswer(f"{where} answered with nothing that {self._table} consists of")

    def _column(
        self,
        name: str,
        column: Column,
        items: RawRows,
        content: ParsedPage,
        answer: Response,
        echoes: Mapping[str, SQLValue],
        where: str,
    ) -> Iterable[SQLValue]:
        count = len(items.values)
        if name not in self._read:
            return repeat(None, count)
        if (same := self._same(name, items, echoes)) is not None:
            return [same[0]] * count
        path = column.path or name
        try:
            picked = _pick(path, items, content, answer, exactly=spells(column.type))
            values = self._readers[name](picked)
            return _derived(column, values, lambda at: _pick(at, items, content, answer))
        except ValueError as error:
            raise BadAnswer(
                f"{where} answered with a {name} of {self._table} that cannot be read: {error}"
            ) from None

    def _same(
        self, name: str, items: RawRows, echoes: Mapping[str, SQLValue]
    ) -> tuple[SQLValue] | None:
        """Give the value that all rows of a source have in a column, if they have the same one."""
        column = self._columns[name]
        constant = items.source.values.get(name, column.value)
        if constant is not None:
            return (_constant(column, constant),)
        return (echoes.get(name),) if column.path == "$parameter" else None

    def _telling(
        self,
        name: str,
        cells: Iterable[SQLValue],
        items: RawRows,
        content: ParsedPage,
        answer: Response,
        echoes: Mapping[str, SQLValue],
        where: str,
    ) -> Sequence[Any]:
        """Give a unique column in full, whether the statement reads it or not.

        What is not read need not be of the right type, as long as it can be compared.
        """
        if (same := self._same(name, items, echoes)) is not None:
            return same * len(items.values)
        column = self._columns[name]
        plain = column.aggregate is None and not column.null_unless
        if name in self._read and not (plain and column.type in ("date", "month", "timestamp")):
            return cast(list[SQLValue], cells)
        path, exactly = column.path or name, spells(column.type)
        found = _pick(path, items, content, answer, exactly=exactly, whole=False)
        try:
            if plain:
                return full_reader(column.type, column.format)(found)
            values = self._readers[name](found)
            return _derived(column, values, lambda at: _pick(at, items, content, answer))
        except ValueError:
            if not {list, dict}.isdisjoint(map(type, found)):
                raise BadAnswer(
                    f"{where} answered with a list or an object for {name}, which tells its rows "
                    "apart"
                ) from None
            return found


def _identities(unique: Sequence[Sequence[Any]], asked: tuple[SQLValue, ...]) -> Iterable[RowKey]:
    known = zip(*unique, repeat(asked, len(unique[0])), strict=True)
    if not any(None in values for values in unique):
        return known
    return [None if None in identity else identity for identity in known]


def _reader(column: Column) -> ColumnDecoder:
    """Give the reader of a column; where a row has several values, it takes one of them."""
    read = decoder_for(column.type, column.format)
    if column.aggregate is None:
        return read
    choose = min if column.aggregate == "min" else max

    def take(values: Iterable[Any]) -> SQLValue:
        present: list[Any] = [value for value in values if value is not None]
        return cast(SQLValue, choose(present, default=None))

    return lambda rows: [take(read(values)) for values in rows]


def _derived(
    column: Column, values: list[SQLValue], pick: Callable[[str], list[Any]]
) -> list[SQLValue]:
    """Give a column that is computed: divided, and NULL in rows that it does not hold for."""
    for path, expected in column.null_unless.items():
        pairs = zip(values, pick(path), strict=True)
        any_of = expected if isinstance(expected, tuple) else (expected,)
        values = [value if _plain(said) in any_of else None for value, said in pairs]
    if column.divide is None:
        return values
    return [v / column.divide if isinstance(v, int | float) else v for v in values]


def _constant(column: Column, value: Scalar) -> SQLValue:
    """Give what a definition says that rows have, in the one form of the column's type."""
    return decoder_for(column.type)([value])[0]


def _plain(value: Any) -> Any:
    return value.number if isinstance(value, exact_json.Digits) else value


def _pick(
    path: str,
    items: RawRows,
    content: ParsedPage,
    answer: Response,
    *,
    exactly: bool = True,
    whole: bool = True,
) -> list[Any]:
    """Find what a path leads to in every row of a source: `exactly` where every digit matters.

    Raises ValueError for half a character, unless it need not be `whole`.
    """
    values = _found(path, items, content, answer)
    if exactly and content.again is not None and exact_json.has_real(values):
        content = content.exact
        values = _found(path, content.groups[items.number], content, answer)
    if whole and content.is_broken and exact_json.is_broken(values):
        raise ValueError("it has half a character (a lone surrogate, or a byte that is no UTF-8)")
    return values


def _found(path: str, items: RawRows, content: ParsedPage, answer: Response) -> list[Any]:
    root, _, rest = path.partition(".")
    if not root.startswith("$"):
        return _members(items, path)
    if root == "$value":
        return items.values
    if root == "$key":
        return list(items.keys)
    if root == "$parent":
        depth = 0
        while rest.startswith("$parent."):
            rest = rest.removeprefix("$parent.")
            depth += 1
        holders = [around[depth : depth + 1] for around in items.parents]
        return [get_path(found[0], rest) if found else None for found in holders]
    if root == "$root":
        return [get_path(content.data, rest)] * len(items.values)
    if root == "$header":
        return [answer.headers.get(rest)] * len(items.values)
    assert root == "$body", path
    return [answer.body] * len(items.values)


def _members(items: RawRows, path: str) -> list[Any]:
    """Find `a.b.c` in every row, None where a part is missing; for `a[].b` a list in every row."""
    array, each, rest = path.partition("[]")
    if each:
        return [_elements(get_path(row, array), rest.removeprefix(".")) for row in items.values]
    if "." not in path and items.are_objects:
        return [row.get(path) for row in items.values]
    return [get_path(row, path) for row in items.values]


def _elements(array: Any, path: str) -> list[Any]:
    """Find `b.c` in every element of an array, which may be missing as a whole."""
    if not isinstance(array, list | None):
        raise ValueError("its path does not lead to a list")
    return [get_path(element, path) if path else element for element in array or ()]
