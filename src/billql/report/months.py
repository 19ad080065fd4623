"""The month of a report: the last closed one by default, and what templates know of it."""

from __future__ import annotations

import calendar
import datetime

from billql.errors import InterfaceError


def parameters_of(month: str, today: datetime.date) -> dict[str, str]:
    """Return the parameters of a month like 2026-08: itself, its first and last day, and today."""
    days = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return {
        "month": month,
        "month_start": f"{month}-01",
        "month_end": f"{month}-{days}",
        "today": today.isoformat(),
    }


def check_reach(month: str, today: datetime.date, reach: tuple[int, int]) -> None:
    """Raise InterfaceError if a month is not so many months ago, at least and at most."""
    ago = 12 * (today.year - int(month[:4])) + today.month - int(month[5:])
    if not reach[0] <= ago <= reach[1]:
        first, last = (
            f"{divmod(12 * today.year + today.month - 1 - months, 12)[0]}-"
            f"{divmod(12 * today.year + today.month - 1 - months, 12)[1] + 1:02}"
            for months in (reach[1], reach[0])
        )
        raise InterfaceError(
            f"The tables of the report do not have {month}",
            hint=f"They have {first} to {last}: choose one of these with --month.",
        )


def chosen(month: str | None, today: datetime.date) -> str:
    """Return the month of a report, by default the one before today's.

    Raise InterfaceError for one that has not begun.
    """
    running = today.replace(day=1)
    if month is None:
        return f"{running - datetime.timedelta(days=1):%Y-%m}"
    if month > f"{running:%Y-%m}":
        raise InterfaceError(
            f"The month {month} has not begun", hint=f"The running month is {running:%Y-%m}."
        )
    return month
