"""The SQL function convert(), and what a statement could not convert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Context
from pathlib import Path

import apsw

from billql.definitions.types import SQLValue
from billql.errors import BadValue, OperationalError
from billql.sqlite import exchange_rates
from billql.sqlite.exchange_rates import Rates
from billql.sqlite.money import exact
from billql.util.instant import SPELLINGS, instant
from billql.util.text import counted

_CONTEXT = Context(prec=50)
"""Digits enough that the 15 which SQL shows are right."""


class Conversion:
    """`convert(amount, from, to, day)`: an amount in another currency, by the rate of a day.

    Rates come from the table `fx`, which `billql fx import` fills. Without a rate of that day the
    last one before it counts, if it is at most seven days old; otherwise the result is NULL, and a
    note states for how many amounts. Two currencies are converted through the euro, by rates of one
    day. The result is not rounded. Raises BadValue for what is no amount, no currency
    or no day.
    """

    # One of these is for one statement. `fallback` returns the user's file of rates, for a session
    # that has none of its own.

    def __init__(self, database: apsw.Connection, fallback: Callable[[], Path | None]) -> None:
        self._database = database
        self._fallback = fallback
        self._rates: Rates | None = None
        self._opened: apsw.Connection | None = None
        self._missing = Counter[str]()

    def convert(
        self, amount: SQLValue, source: SQLValue, target: SQLValue, day: SQLValue
    ) -> float | None:
        """Return an amount in another currency."""
        if amount is None or source is None or target is None or day is None:
            return None
        one, other, on = _currency(source), _currency(target), _day(day)
        value = exact(amount)
        if one == other:
            return float(value)
        if self._rates is None:
            self._rates = Rates(self._with_rates())
        found = self._rates.between(one, other).on(on)
        if found is None:
            self._missing[f"{one} to {other}"] += 1
            return None
        return float(_CONTEXT.divide(_CONTEXT.multiply(value, found[1]), found[0]))

    def end(self, note: Callable[[str], object]) -> None:
        """End the statement; note what had no rate."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        self._rates = None
        if self._missing:
            count = counted(self._missing.total(), "amount")
            pairs = ", ".join(sorted(self._missing))
            self._missing = Counter()
            note(
                f"convert() returned NULL for {count} ({pairs}): there is no rate of the day, or "
                "of the seven days before it."
            )

    def _with_rates(self) -> apsw.Connection:
        """Return the connection that has the table `fx`; raise OperationalError for none."""
        if exchange_rates.has_rates(self._database):
            return self._database
        path = self._fallback()
        if path is None or not path.is_file():
            raise OperationalError(
                "convert() needs exchange rates, and there is no table fx",
                hint="Import them: billql fx import eurofxref-hist.csv, or with --db FILE into a "
                f"database of yours. A table of your own: {exchange_rates.CREATE}",
            )
        self._opened = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        self._opened.set_busy_timeout(5000)
        return self._opened


def _currency(value: SQLValue) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip().upper()
    raise BadValue(
        f"convert() takes currencies such as 'USD', and {value!r:.40} is none",
        hint="Write convert(amount, 'USD', 'EUR', day).",
    )


def _day(value: SQLValue) -> str:
    """Return the day in which a time lies, in UTC."""
    found = instant(value) if isinstance(value, str) else None
    if found is None:
        raise BadValue(f"convert() takes a day, and {value!r:.40} is none", hint=SPELLINGS)
    if isinstance(value, str) and len(value.strip()) < len("2026-01-31"):
        raise BadValue(
            f"convert() takes a day, and {value!r:.40} has many",
            hint="Choose one of them: last_day(month), or month || '-01'.",
        )
    return found[:10]
