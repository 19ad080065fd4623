"""Print the tables of a backtest; end with 1 if a figure is out of its bounds."""

from __future__ import annotations

import sys
from statistics import fmean

from backtest.measures import Forecasts, Found, detection, forecasts
from backtest.series import ANOMALIES, FORECAST

SEEDS = 15
MOST_ERROR = 3.1
"""The mean error in percent of the month."""
COVERAGE = (78, 90)
"""How many of 100 totals lie within their intervals, which are meant for 80."""
LEAST_RECALL = 0.9
MOST_FALSE_DAYS = {"flat": 0.5, "weekly": 0.5, "trend": 0.5, "noisy": 11.0, "first": 0.5}
"""By kind of series, in a year."""


def mean_error(found: dict[str, Forecasts]) -> float:
    return fmean(error for one in found.values() for error in one.errors)


def mean_coverage(found: dict[str, Forecasts]) -> float:
    return 100 * fmean(inside for one in found.values() for inside in one.covered)


def faults(found: dict[str, Forecasts], days: dict[str, Found]) -> list[str]:
    """Return what is out of its bounds."""
    error, coverage = mean_error(found), mean_coverage(found)
    wrong = [] if error <= MOST_ERROR else [f"the mean error is {error:.2f} %"]
    if not COVERAGE[0] <= coverage <= COVERAGE[1]:
        wrong.append(f"the intervals cover {coverage:.1f} %")
    for kind, one in days.items():
        if one.recall < LEAST_RECALL or one.false_days > MOST_FALSE_DAYS[kind]:
            wrong.append(f"{kind}: recall {one.recall:.2f}, {one.false_days:.1f} false days")
    return wrong


def main() -> int:
    found = {kind: forecasts(kind, SEEDS) for kind in FORECAST}
    print(f"Forecasts for the end of the month, {SEEDS} series of each kind\n")
    print("| series | mean error | covered by the interval |\n|---|---:|---:|")
    for kind, one in found.items():
        print(f"| {kind} | {one.error:.2f} % | {one.coverage:.0f} % |")
    print(f"| all | {mean_error(found):.2f} % | {mean_coverage(found):.1f} % |")
    days = {kind: detection(kind, SEEDS) for kind in ANOMALIES}
    print("\nDays out of the ordinary, six jumps a year\n")
    print("| series | recall | false days a year |\n|---|---:|---:|")
    for kind, each in days.items():
        print(f"| {kind} | {each.recall:.2f} | {each.false_days:.1f} |")
    wrong = faults(found, days)
    print("\n" + ("\n".join(wrong) or "All within their bounds."))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
