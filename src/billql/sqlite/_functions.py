"""The SQL functions that billql adds to SQLite; what they need is loaded when they are used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import apsw

if TYPE_CHECKING:
    from billql.sqlite._statement_notes import StatementNotes
    from billql.sqlite.conversion import Conversion
    from billql.sqlite.money import MoneySum

NOTED_SUMS = frozenset(("SUM", "AVG", "TOTAL"))
"""SQLite's functions that add up, in capitals."""
SUMS = NOTED_SUMS | {"MONEY_SUM"}
"""All functions that add up."""
ONE_CURRENCY = "billql_one_currency"
"""The function that returns its first argument, and notes if the second has several currencies;
the third is the name of their column."""
WITHOUT_NOISE = "billql_without_noise"
"""The function that takes the noise of floating point out of a sum."""
CURRENCIES = "billql_currencies"
"""The aggregate that returns the different texts of a window, with commas between them."""


class _Currencies:
    """The aggregate CURRENCIES, which is group_concat(DISTINCT) for windows."""

    def __init__(self) -> None:
        self._counts: dict[Any, int] = {}

    def step(self, value: Any) -> None:
        """Add a text; NULL is none."""
        if value is not None:
            self._counts[value] = self._counts.get(value, 0) + 1

    def inverse(self, value: Any) -> None:
        """Remove a text that has left the window."""
        if value is not None:
            self._counts[value] -= 1
            if not self._counts[value]:
                del self._counts[value]

    def value(self) -> str:
        """Return the list."""
        return ",".join(map(str, self._counts))

    final = value


class Converter:
    """The function convert(): it leaves the work to the conversion of the statement under way."""

    def __init__(self, make: Callable[[], Conversion]) -> None:
        self._make = make
        self.current: StatementConversion | None = None

    def __call__(self, *arguments: Any) -> float | None:
        """Return an amount in another currency."""
        current = self.current
        assert current is not None, "a function runs in a statement"
        if current.conversion is None:
            current.conversion = self._make()
        return current.conversion.convert(*arguments)


class StatementConversion:
    """What one statement has converted, if anything."""

    conversion: Conversion | None = None


def register(database: apsw.Connection, notes: StatementNotes) -> None:
    """Add the functions to a connection, but for convert()."""
    database.create_scalar_function(ONE_CURRENCY, _one_currency(notes), 3)
    database.create_window_function(CURRENCIES, _Currencies, 1)
    database.create_scalar_function(WITHOUT_NOISE, _without_noise, 1, deterministic=True)
    database.create_window_function("money_sum", _money_sum, 1)
    database.create_window_function("money_sum", _money_sum, 2)
    for name, numbers in _OF_SERIES.items():
        for number in numbers:
            database.create_window_function(name, _of_series(name), number)
    database.create_aggregate_function("allocate", _allocate, 4)
    database.create_scalar_function("money", _money, 2, deterministic=True)
    database.create_scalar_function("money", _money, 3, deterministic=True)
    register_functions_of_time(database)


def register_functions_of_time(database: apsw.Connection) -> None:
    """Add the functions of time to a connection."""
    for name, counts in _OF_TIME.items():
        for count in counts:
            # What depends on today's date is not the same for the same arguments.
            deterministic = (name, count) != ("age_days", 1)
            database.create_scalar_function(
                name, _of_time(name), count, deterministic=deterministic
            )


def _one_currency(note: StatementNotes) -> Callable[..., Any]:
    def one_currency(value: Any, currencies: str | None, column: str) -> Any:
        """Return a sum, which is of amounts in the currencies that a list names."""
        written = (currencies or "").split(",")
        codes = {code.upper() for code in written}
        if len(codes) > 1:
            note.once(ONE_CURRENCY, lambda: _of_several(codes, written, column))
        return value

    return one_currency


def _of_several(codes: set[str], written: list[str], column: str) -> str:
    """Return the note on a sum of amounts in several currencies, as they are written."""
    from billql.sqlite.money import named, one_by_one

    return f"A sum or an average is of amounts in {named(codes)}. {one_by_one(written, column)}"


_OF_TIME = {
    "date_trunc": (2,),
    "year": (1,),
    "quarter": (1,),
    "month": (1,),
    "day": (1,),
    "last_day": (1,),
    "age_days": (1, 2),
}
"""The functions of `time_functions`, with the numbers of their arguments."""


_OF_SERIES = {"month_forecast": (4,), "daily_anomalies": (3, 4)}
"""The aggregates of `series_functions`, with the numbers of their arguments."""


def _of_series(name: str) -> Callable[[], Any]:
    def make() -> Any:
        from billql.sqlite import series_functions

        return getattr(series_functions, name)()

    return make


def _allocate() -> Any:
    from billql.sqlite.allocation import allocate

    return allocate()


def _of_time(name: str) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        from billql.sqlite import time_functions

        return getattr(time_functions, name)(*arguments)

    return call


def _without_noise(*values: Any) -> Any:
    from billql.sql.float_noise import without_noise

    return without_noise(*values)


def _money_sum() -> MoneySum:
    from billql.sqlite.money import MoneySum

    return MoneySum()


def _money(*arguments: Any) -> float | None:
    from billql.sqlite.money import major_units

    return major_units(*arguments)
