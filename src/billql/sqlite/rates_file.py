"""Exchange rates in a CSV file: the European Central Bank's, or a list of one's own."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from billql.errors import BadValue

ECB = "ECB"
"""The source of the rates in a file of the European Central Bank's."""

_HINT = (
    "Use the bank's eurofxref-hist.csv, whose first column is Date, or a file with the columns "
    "currency, day, per_eur and, if you like, source."
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""The first three letters of each month."""
_HOLES = ("", "N/A")
"""What the bank writes where there was no rate."""


class Rate(NamedTuple):
    """How much of a currency one euro was on a day."""

    currency: str
    day: str
    per_eur: Decimal
    source: str


def read(lines: Iterator[str], source: str) -> list[Rate]:
    """Return the rates of a file's lines; `source` is for those that name none.

    Raise BadValue, with the number of the line, for a file of another form, for a value that is
    none, and for two rates of one currency and day.
    """
    rows = csv.reader(lines, skipinitialspace=True)
    try:
        header = [name.strip().lower().removeprefix("\ufeff") for name in next(rows, [])]
        if {"currency", "day", "per_eur"} <= set(header):
            found = list(_long(rows, header, source))
        elif header[:1] == ["date"]:
            found = list(_wide(rows, header))
        else:
            raise BadValue("this is no list of exchange rates", hint=_HINT)
    except csv.Error as error:
        raise BadValue(f"line {rows.line_num}: {error}", hint=_HINT) from None
    if not found:
        raise BadValue("there is no rate in it", hint=_HINT)
    return found


def _wide(rows: Iterator[list[str]], header: Sequence[str]) -> Iterator[Rate]:
    """Yield the rates of rows with a day and a column for each currency."""
    known = dict[tuple[str, str], Decimal]()
    for number, row in enumerate(rows, 2):
        if not any(map(str.strip, row)):
            continue
        day = _day(row[0], number)
        for currency, text in zip(header[1:], row[1:], strict=False):
            if currency and text.strip() not in _HOLES:
                yield _rate(known, currency, day, text, ECB, number)


def _long(rows: Iterator[list[str]], header: Sequence[str], source: str) -> Iterator[Rate]:
    """Yield the rates of rows with one rate each."""
    known = dict[tuple[str, str], Decimal]()
    for number, row in enumerate(rows, 2):
        if not any(map(str.strip, row)):
            continue
        cells: Mapping[str, str] = dict(zip(header, map(str.strip, row), strict=False))
        day = _day(cells.get("day", ""), number)
        stated = cells.get("source") or source
        currency = cells.get("currency", "")
        yield _rate(known, currency, day, cells.get("per_eur", ""), stated, number)


def _rate(
    known: dict[tuple[str, str], Decimal],
    currency: str,
    day: str,
    text: str,
    source: str,
    line: int,
) -> Rate:
    code = currency.strip().upper()
    if not (code.isascii() and code.isalnum()):
        raise BadValue(f"line {line}: {code!r:.40} is no code of a currency", hint=_HINT)
    try:
        per_eur = Decimal(text.strip())
    except InvalidOperation:
        per_eur = Decimal(0)
    if not (per_eur.is_finite() and per_eur > 0):
        raise BadValue(f"line {line}: {text!r:.40} is no rate of {code}", hint=_HINT)
    if len(per_eur.normalize().as_tuple().digits) > 15:
        raise BadValue(
            f"line {line}: the rate {text.strip():.40} of {code} has more than 15 digits"
        )
    if code == "EUR" and per_eur != 1:
        raise BadValue(f"line {line}: one EUR is 1 EUR, and not {text.strip():.40}")
    if known.setdefault((code, day), per_eur) != per_eur:
        raise BadValue(f"line {line}: {code} has another rate on {day} in an earlier line")
    return Rate(code, day, per_eur, source)


def _day(text: str, line: int) -> str:
    """Return a day as 2026-10-30; the bank's file of one day writes 30 October 2026."""
    parts = text.split()
    try:
        if len(parts) == 3:
            number, month, year = parts
            day = datetime.date(int(year), _MONTHS.index(month[:3]) + 1, int(number))
        else:
            day = datetime.datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        raise BadValue(f"line {line}: {text!r:.40} is no day like 2026-10-30", hint=_HINT) from None
    return day.isoformat()
