"""The SQL aggregates over daily amounts; what they compute is in `daily_series`."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from decimal import Decimal

from billql.definitions.types import SQLValue
from billql.errors import BadValue
from billql.sqlite.daily_series import Daily, anomalies, forecast_month
from billql.sqlite.money import exact
from billql.util.instant import SPELLINGS, instant


class _Series:
    """Daily amounts that an aggregate collects; several of a day are added up."""

    name = ""

    def __init__(self) -> None:
        self._days = defaultdict[date, list[Decimal]](list)
        self._rest: tuple[SQLValue, ...] = ()

    def step(self, day: SQLValue, amount: SQLValue, *rest: SQLValue) -> None:
        """Add an amount; NULL is none."""
        self._rest = rest
        if day is not None and amount is not None:
            self._days[self._day(day)].append(exact(amount))

    def inverse(self, day: SQLValue, amount: SQLValue, *rest: SQLValue) -> None:
        """Remove an amount that has left the window."""
        if day is not None and amount is not None:
            amounts = self._days[self._day(day)]
            amounts.remove(exact(amount))
            if not amounts:
                del self._days[self._day(day)]

    def value(self) -> str | None:
        """Return the result for the rows in the window; NULL for none."""
        return self._result() if self._rest else None

    final = value

    def _result(self) -> str:
        raise NotImplementedError

    def _day(self, value: SQLValue) -> date:
        found = instant(value) if isinstance(value, str) else None
        if found is None:
            raise BadValue(f"{self.name}() takes a day, and {value!r:.40} is none", hint=SPELLINGS)
        return date.fromisoformat(found[:10])

    def _daily(self) -> Daily:
        amounts = {day: float(sum(found)) for day, found in self._days.items()}
        return Daily(amounts, self._day(self._rest[0]))


class month_forecast(_Series):  # noqa: N801 - it is named as in SQL
    """`month_forecast(day, amount, until, month)`: what a month will come to, as a JSON object.

    An aggregate of daily amounts, of which those of one day are added up. Days after `until` do not
    count: it is the last day whose amount is settled. `so_far` is the sum of the month's days up to
    it, `expected` what the month comes to. That is so_far and, for each day that is left, the
    usual share of its weekday in eight weeks times the level of the last seven days. Between `low`
    and `high` 80 of 100 months end, by the errors of such forecasts on the same day of the last 6
    to 12 months, of which there are `past_months`; with less than six both are NULL. Without two
    weeks of days `expected` is NULL.

    ```sql
    SELECT month_forecast(value, 10, '2026-03-10', '2026-03')
    FROM generate_series('2026-02-01', '2026-03-10')
    ```
    """

    name = "month_forecast"

    def _result(self) -> str:
        month = self._day(self._rest[1]).replace(day=1)
        daily = self._daily()
        if daily.until < month and (month - daily.until).days > 31:
            raise BadValue(
                f"month_forecast() cannot look from {daily.until} to {month:%Y-%m}",
                hint="until is the last day that is settled, in that month or the one before.",
            )
        found = forecast_month(daily, month)
        return json.dumps({name: _shown(value) for name, value in found._asdict().items()})


class daily_anomalies(_Series):  # noqa: N801
    """`daily_anomalies(day, amount, until, least)`: the days out of the ordinary, as a JSON array.

    An aggregate of daily amounts, of which those of one day are added up, and a day without one has
    0. An object of the array has the `day`, its `amount` and the `usual` one: the median of the
    same weekday in the eight weeks before. A day is out of the ordinary if it differs from that by
    at least 15 percent of it, four times the usual spread (the median absolute deviation, as for
    normal errors) and `least`, an amount that may be left out; but not if the same day of the month
    was so twice before, as that of a monthly charge is. Days after `until` do not count.

    ```sql
    SELECT daily_anomalies(value, iif(value = '2026-03-09', 30, 10), '2026-03-10', 5)
    FROM generate_series('2026-01-01', '2026-03-10')
    ```
    """

    name = "daily_anomalies"

    def _result(self) -> str:
        least = float(exact(self._rest[1])) if self._rest[1:] else 0.0
        return json.dumps(
            [
                {
                    "day": one.day.isoformat(),
                    "amount": _shown(one.amount),
                    "usual": _shown(one.usual),
                }
                for one in anomalies(self._daily(), least)
            ]
        )


def _shown(number: float | None) -> float | None:
    """Return a number with the 15 digits that SQL shows of it."""
    return None if number is None else float(f"{number:.15g}") if number % 1 else number
