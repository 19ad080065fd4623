"""The table `fx` of exchange rates: written by `billql fx import`, read by `convert()`.

It is a table of the user's own, in the database that a session has opened, or in the user's file of
rates. What one euro was in a currency on a day is one row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import apsw

from billql.errors import BadValue, Error, Inaccessible
from billql.sqlite._sqlite_errors import translating
from billql.sqlite.money import exact
from billql.sqlite.rates_file import Rate
from billql.util.instant import instant

NAME = "fx"
CREATE = (
    "CREATE TABLE fx (currency TEXT NOT NULL, day TEXT NOT NULL, per_eur REAL NOT NULL, "
    "source TEXT NOT NULL, PRIMARY KEY (currency, day)) WITHOUT ROWID"
)
BASE = "EUR"
LONGEST = timedelta(days=7)
"""How old a rate may be."""

_STORE = """
    INSERT INTO fx (currency, day, per_eur, source) VALUES (?, ?, ?, ?)
    ON CONFLICT (currency, day) DO UPDATE SET per_eur = excluded.per_eur, source = excluded.source
    WHERE per_eur <> excluded.per_eur OR source <> excluded.source
"""


class Stored(NamedTuple):
    """What was written."""

    added: int
    changed: int


def store_file(path: Path, rates: Iterable[Rate]) -> Stored:
    """Write rates into the table `fx` of a file, in one transaction; make it if there is none.

    A rate of the same currency and day is replaced. Raise Inaccessible, or another of billql's
    errors, for a file that cannot be written or has another table of that name.
    """
    stored = Stored(0, 0)
    try:
        with translating():
            stored = _store(path, rates)
    except Error as error:
        raise Inaccessible(
            f"{path}: {error.message}", hint=f"The table of rates is made by: {CREATE}"
        ) from error
    return stored


def _store(path: Path, rates: Iterable[Rate]) -> Stored:
    database = apsw.Connection(str(path))
    try:
        database.set_busy_timeout(5000)
        with database:
            if not has_rates(database):
                database.execute(CREATE)
            before = _count(database)
            total = database.total_changes()
            database.executemany(
                _STORE, ((one.currency, one.day, float(one.per_eur), one.source) for one in rates)
            )
            added = _count(database) - before
            changed = database.total_changes() - total - added
    finally:
        database.close()
    return Stored(added, changed)


def _count(database: apsw.Connection) -> int:
    return int(next(database.execute("SELECT count(*) FROM fx"))[0])


def has_rates(database: apsw.Connection) -> bool:
    """Return whether there is a table or a view `fx` in any of a connection's databases."""
    found = database.execute("SELECT EXISTS (SELECT 1 FROM pragma_table_info(?))", (NAME,))
    return bool(next(found)[0])


class Series(NamedTuple):
    """The rates of one currency, or of two on their common days, in the order of days."""

    days: Sequence[str]
    rates: Sequence[tuple[Decimal, Decimal]]
    """What one euro was in the first currency and in the second."""

    def on(self, day: str) -> tuple[Decimal, Decimal] | None:
        """Return the last rates up to a day, unless they are older than `LONGEST`."""
        place = bisect_right(self.days, day) - 1
        if place < 0 or date.fromisoformat(day) - date.fromisoformat(self.days[place]) > LONGEST:
            return None
        return self.rates[place]


class Rates:
    """The rates of a database; each currency is read once."""

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database
        self._currencies: dict[str, dict[str, Decimal]] = {}
        self._pairs: dict[tuple[str, str], Series] = {}

    def between(self, source: str, target: str) -> Series:
        """Return the rates of two different currencies, of which one may be the euro."""
        pair = source, target
        if pair not in self._pairs:
            one, other = self._of(source), self._of(target)
            if source == BASE or target == BASE:
                days = sorted(other if source == BASE else one)
            else:
                days = sorted(one.keys() & other.keys())
            unit = Decimal(1)
            rates = [(one.get(day, unit), other.get(day, unit)) for day in days]
            self._pairs[pair] = Series(days, rates)
        return self._pairs[pair]

    def _of(self, currency: str) -> dict[str, Decimal]:
        if currency == BASE:
            return {}
        if currency not in self._currencies:
            found: dict[str, Decimal] = {}
            rows = self._database.execute(
                "SELECT day, per_eur FROM fx WHERE upper(currency) = ?", (currency,)
            )
            for day, per_eur in rows:
                begins = instant(day) if isinstance(day, str) else None
                rate = exact(per_eur)
                if begins is None or rate <= 0:
                    raise BadValue(
                        f"The table fx has no day or no rate in ({currency}, {day!r}, {per_eur!r})"
                    )
                if found.setdefault(begins[:10], rate) != rate:
                    raise BadValue(f"The table fx has two rates of {currency} on {begins[:10]}")
            self._currencies[currency] = found
        return self._currencies[currency]
