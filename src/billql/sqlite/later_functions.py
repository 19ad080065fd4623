"""Functions that people know from other databases, added to a connection when one is named.

What SQLite ships is not made again: `median()`, `percentile_cont()`, `string_agg()` are its own,
and REGEXP is an extension that comes with APSW.
"""

from __future__ import annotations

import datetime
import itertools
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import apsw

from billql.definitions.types import SQLValue
from billql.errors import BadValue

NAMES = (
    "regexp",
    "regexpi",
    "generate_series",
    "split_part",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_samp",
    "var_pop",
)


class LaterFunctions:
    """Adds to a connection the functions that statements name."""

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database
        self._added = set[Callable[[apsw.Connection], None]]()

    def add_named(self, texts: Iterable[str]) -> bool:
        """Add the functions that texts of SQL may use; return whether there was one to add."""
        named = {name.lower() for text in texts for name in re.findall(r"\w+", text)}
        missing = {_ADDED_BY[name] for name in NAMES if name in named} - self._added
        for add in missing:
            add(self._database)
        self._added |= missing
        return bool(missing)


def _add_regexp(database: apsw.Connection) -> None:
    import apsw.sqlite_extra

    apsw.sqlite_extra.load(database, "regexp")


def _add_series(database: apsw.Connection) -> None:
    import apsw.ext

    apsw.ext.make_virtual_module(
        database,
        "generate_series",
        _Series(),
        eponymous_only=True,
    )


def _add_functions(database: apsw.Connection) -> None:
    database.create_scalar_function(
        "split_part", lambda *arguments: split_part(*arguments), 3, deterministic=True
    )
    for kind in (stddev, stddev_pop, variance, var_pop):
        database.create_window_function(kind.__name__, kind, 1)
    database.create_window_function("stddev_samp", stddev, 1)
    database.create_window_function("var_samp", variance, 1)


_ADDED_BY = {
    **dict.fromkeys(NAMES, _add_functions),
    "regexp": _add_regexp,
    "regexpi": _add_regexp,
    "generate_series": _add_series,
}


def split_part(text: SQLValue, separator: SQLValue, number: SQLValue) -> str | None:
    """`split_part(text, separator, number)`: one of the parts between separators, from 1 on.

    A negative number counts from the end; a part that is not there is an empty text.

    ```sql
    SELECT split_part('prod/eu/web-01', '/', 2), split_part('prod/eu/web-01', '/', -1)
    ```
    """
    if text is None or separator is None or number is None:
        return None
    if not isinstance(number, int) or number == 0:
        raise BadValue(
            f"split_part() takes the number of a part, and {number!r:.80} is none",
            hint="Parts are counted from 1, or from -1 at the end.",
        )
    parts = str(text).split(str(separator)) if separator != "" else [str(text)]
    place = number - 1 if number > 0 else len(parts) + number
    return parts[place] if 0 <= place < len(parts) else ""


class variance:  # noqa: N801 - it is named as in SQL
    """`variance(x)`: the variance of numbers, as a sample: the sum is divided by one less.

    `var_samp(x)` is another name; `var_pop(x)` divides by their number. NULLs do not count; of
    less than two numbers it is NULL. Works as a window function too.

    ```sql
    SELECT variance(column1), var_pop(column1) FROM (VALUES (2), (4), (4), (6))
    ```
    """

    _fewest = 2

    def __init__(self) -> None:
        self._numbers = deque[int | float]()

    def step(self, number: SQLValue) -> None:
        """Add a number; raise BadValue for what is none."""
        if number is None:
            return
        if not isinstance(number, int | float):
            raise BadValue(
                f"{type(self).__name__}() takes numbers, and {number!r:.80} is none",
                hint="CAST(x AS REAL) makes a number of a text.",
            )
        self._numbers.append(number)

    def inverse(self, number: SQLValue) -> None:
        """Remove the number that has been in the window for the longest time."""
        if number is not None:
            self._numbers.popleft()

    def value(self) -> float | None:
        """Return the result for the numbers in the window."""
        count = len(self._numbers)
        if count < self._fewest:
            return None
        mean = math.fsum(self._numbers) / count
        squares = math.fsum((number - mean) ** 2 for number in self._numbers)
        return self._of(squares / (count - self._fewest + 1))

    final = value

    def _of(self, variance: float) -> float:
        return variance


class var_pop(variance):  # noqa: N801
    """`var_pop(x)`: the variance of numbers that are all there are; see `variance(x)`."""

    _fewest = 1


class stddev(variance):  # noqa: N801
    """`stddev(x)`: the standard deviation of numbers, as a sample.

    It is the square root of `variance(x)`. `stddev_samp(x)` is another name; `stddev_pop(x)` is
    for numbers that are all there are. Works as a window function too.

    ```sql
    SELECT round(stddev(column1), 3), stddev_pop(column1) FROM (VALUES (2), (4), (4), (6), (9))
    ```
    """

    def _of(self, variance: float) -> float:
        return math.sqrt(variance)


class stddev_pop(stddev):  # noqa: N801
    """`stddev_pop(x)`: the standard deviation of numbers that are all there are."""

    _fewest = 1


class _Series:
    """The table-valued function generate_series, for `apsw.ext.make_virtual_module`."""

    columns = ("value",)
    primary_key: int | None = None

    def __init__(self) -> None:
        from apsw.ext import VTColumnAccess

        self.column_access = VTColumnAccess.By_Index

    def __call__(
        self, start: SQLValue = "", stop: SQLValue = "", step: SQLValue = None
    ) -> Iterator[tuple[SQLValue]]:
        """Return the rows."""
        return ((value,) for value in generate_series(start, stop, step))


def generate_series(start: SQLValue, stop: SQLValue, step: SQLValue = None) -> Iterator[SQLValue]:
    """`generate_series(start, stop, step)`: a table of the values from one to another.

    Both are included. Its column is `value`. Numbers are counted by 1, days by a day and months by
    a month, or by a step: a number, also of days or months, negative to go down.

    ```sql
    SELECT value FROM generate_series('2026-01', '2026-03')
    ```

    A join with it shows months without a bill:

    ```sql
    SELECT m.value AS month, count(i.invoice_uuid) AS invoices
    FROM generate_series('2026-01', '2026-04') m
    LEFT JOIN digitalocean.billing.invoices i ON i.invoice_period = m.value
    GROUP BY m.value
    ```
    """
    if start is None or stop is None:
        return iter(())
    step = 1 if step is None else step
    if not isinstance(step, int | float) or step == 0:
        raise BadValue(
            f"generate_series() takes a step that is a number but 0, and {step!r:.80} is none"
        )
    if isinstance(start, int | float) and isinstance(stop, int | float):
        return _counted(start, stop, step, lambda number: number)
    for read, write in _CALENDARS:
        first, last = read(start), read(stop)
        if first is not None and last is not None and isinstance(step, int):
            return _counted(first, last, step, write)
    raise BadValue(
        f"generate_series() takes two numbers, two days or two months, and a whole step of days; "
        f"not {start!r:.40} and {stop!r:.40}",
        hint="Write a day as 2026-01-31, a month as 2026-01.",
    )


def _counted(
    start: float, stop: float, step: float, write: Callable[[float], SQLValue]
) -> Iterator[SQLValue]:
    """Yield start, start + step, … up to stop, as `write` writes them."""
    for number in itertools.count():
        value = start + number * step
        if value > stop if step > 0 else value < stop:
            return
        yield write(value)


def _day(text: SQLValue) -> int | None:
    """Return the number of a day; None for what is no day."""
    if not (isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text)):
        return None
    try:
        return datetime.date.fromisoformat(text).toordinal()
    except ValueError:
        return None


def _month(text: SQLValue) -> int | None:
    """Return the number of a month; None for what is no month."""
    if not (isinstance(text, str) and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text)):
        return None
    return int(text[:4]) * 12 + int(text[5:]) - 1


_CALENDARS: tuple[tuple[Callable[[SQLValue], int | None], Callable[[float], SQLValue]], ...] = (
    (_day, lambda number: datetime.date.fromordinal(int(number)).isoformat()),
    (_month, lambda number: f"{int(number) // 12:04}-{int(number) % 12 + 1:02}"),
)
"""How days and months are read as numbers and written again."""
