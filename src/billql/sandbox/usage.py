"""The usage of customers in any window of time, and its cost.

Units of usage are counted in lots: one lot of any metric costs the same few minor units of the
customer's currency, 1 cent for dollars. So every amount is exact, whatever window it is for.
"""

from __future__ import annotations

from typing import Final

from billql.sandbox.model import RATES, Customer, Metric, Plan
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import HOUR, month_at, month_start

_MONTHLY_LOTS: Final[dict[Plan, tuple[int, int]]] = {
    "lead": (0, 0),
    "starter": (200, 3000),
    "team": (2000, 20000),
    "scale": (10000, 80000),
    "enterprise": (40000, 300000),
}
_HOURS: Final = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 10, 11, 11, 10, 8, 6, 5, 4, 3, 2, 1)
_HOURS_SO_FAR: Final = tuple(sum(_HOURS[:hour]) for hour in range(25))
_WEEKDAYS: Final = (5, 5, 5, 5, 5, 2, 2)
_WEEK_SO_FAR: Final = tuple(sum(_WEEKDAYS[:day]) for day in range(8))


class Usage:
    """The usage of all customers, from the Unix time `opened` to `now`."""

    def __init__(self, seed: int, opened: int, now: int) -> None:
        self.seed = seed
        self.opened = opened
        self.now = now

    def units(self, customer: Customer, metric: Metric, start: int, end: int) -> int:
        """Return the units used from one timestamp to another, none of them after `now`.

        Usage of an hour counts at its end: adjacent windows add up, whatever their bounds.
        """
        start, end = max(start, customer.created), min(end, self.now)
        lots = 0
        for month in range(month_at(start), month_at(end) + 1) if start < end else ():
            opens, closes = max(month_start(month), customer.created), month_start(month + 1)
            whole = _weight(closes) - _weight(opens)
            planned = self._month_lots(customer, metric, month)
            until, since = (
                planned * (_weight(min(max(timestamp, opens), closes)) - _weight(opens)) // whole
                for timestamp in (end, start)
            )
            lots += until - since
        return lots * metric.lot

    def monthly_lots(self, customer: Customer, metric: Metric) -> int:
        """Return the lots of a usual month, which commits are sized by."""
        if metric not in customer.metrics:
            return 0
        low, high = _MONTHLY_LOTS[customer.plan]
        return Rng(self.seed, "usual", customer.place, metric.key).between(low, high)

    def cost(self, customer: Customer, metric: Metric, units: int) -> int:
        """Return the exact cost of units, in minor units of the customer's currency."""
        return units // metric.lot * RATES[customer.currency]

    def months(self, customer: Customer) -> range:
        """Return the months of a customer, up to the current one."""
        last = self.now if customer.ended is None else min(self.now, customer.ended - 1)
        return range(month_at(customer.created), month_at(last) + 1)

    def _month_lots(self, customer: Customer, metric: Metric, month: int) -> int:
        """Return the lots of a whole month; some months have none."""
        gone = customer.ended is not None and month_start(month) >= customer.ended
        rng = Rng(self.seed, "usage", customer.place, metric.key, month)
        grown = 100 + 3 * (month - month_at(self.opened))
        if gone or rng.below(16) == 0:
            return 0
        return self.monthly_lots(customer, metric) * grown * rng.between(80, 125) // 10_000


def _weight(timestamp: int) -> int:
    """Return the usage up to a timestamp, in relative units, if all weeks are alike."""
    hours = timestamp // HOUR
    days, hour = divmod(hours, 24)
    weeks, weekday = divmod(days + 3, 7)
    before = weeks * _WEEK_SO_FAR[7] + _WEEK_SO_FAR[weekday]
    return before * _HOURS_SO_FAR[24] + _WEEKDAYS[weekday] * _HOURS_SO_FAR[hour]
