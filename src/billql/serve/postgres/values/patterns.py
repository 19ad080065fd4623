"""The patterns of `to_char()`, `to_date()` and `to_timestamp()`.

https://www.postgresql.org/docs/15/functions-formatting.html
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable
from decimal import Decimal

from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.values.numerics import rounded

_HINT = "Use YYYY, MM, DD, HH24, MI, SS, Mon, Month, Day, Dy, Q, IYYY and IW."
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|(?P<fill>FM)?(?P<name>HH24|HH12|IYYY|YYYY|Y,YYY|YYY|IDDD|MONTH|Month|month|MON|Mon|mon'
    r"|DAY|Day|day|DDD|SSSSS?|SSSS|HH|MI|SS|MS|US|YY|MM|DD|DY|Dy|dy|IW|WW|ID|CC|TZH|TZM|TZ|OF"
    r"|FF[1-6]|A\.M\.|P\.M\.|a\.m\.|p\.m\.|AM|PM|am|pm|BC|AD|J|Y|D|Q|W|RM|rm)(?P<suffix>TH|th)?|(?P<other>.)",
    re.DOTALL,
)
_Part = Callable[[datetime.datetime], tuple[str, int]]


def _ordinal_week(moment: datetime.datetime) -> int:
    return (moment.timetuple().tm_yday - 1) // 7 + 1


_NUMBERS: dict[str, tuple[Callable[[datetime.datetime], int], int]] = {
    "YYYY": (lambda moment: moment.year, 4),
    "YYY": (lambda moment: moment.year % 1000, 3),
    "YY": (lambda moment: moment.year % 100, 2),
    "Y": (lambda moment: moment.year % 10, 1),
    "IYYY": (lambda moment: moment.isocalendar().year, 4),
    "MM": (lambda moment: moment.month, 2),
    "DD": (lambda moment: moment.day, 2),
    "DDD": (lambda moment: moment.timetuple().tm_yday, 3),
    "D": (lambda moment: moment.isoweekday() % 7 + 1, 1),
    "ID": (lambda moment: moment.isoweekday(), 1),
    "HH24": (lambda moment: moment.hour, 2),
    "HH12": (lambda moment: (moment.hour + 11) % 12 + 1, 2),
    "HH": (lambda moment: (moment.hour + 11) % 12 + 1, 2),
    "MI": (lambda moment: moment.minute, 2),
    "SS": (lambda moment: moment.second, 2),
    "MS": (lambda moment: moment.microsecond // 1000, 3),
    "US": (lambda moment: moment.microsecond, 6),
    "Q": (lambda moment: (moment.month + 2) // 3, 1),
    "WW": (_ordinal_week, 2),
    "W": (lambda moment: (moment.day - 1) // 7 + 1, 1),
    "IW": (lambda moment: moment.isocalendar().week, 2),
    "CC": (lambda moment: (moment.year + 99) // 100, 2),
    "J": (lambda moment: moment.toordinal() + 1_721_425, 1),
    "SSSS": (lambda moment: moment.hour * 3600 + moment.minute * 60 + moment.second, 1),
    "SSSSS": (lambda moment: moment.hour * 3600 + moment.minute * 60 + moment.second, 1),
}


def write_moment(moment: datetime.datetime, pattern: str, zone: str, offset: str) -> str:
    """Return a clock time in a pattern; `zone` and `offset` are for TZ and OF."""
    return "".join(_written(token, moment, zone, offset) for token in _TOKEN.finditer(pattern))


def _written(token: re.Match[str], moment: datetime.datetime, zone: str, offset: str) -> str:
    if (quoted := token["quoted"]) is not None:
        return quoted
    if (other := token["other"]) is not None:
        return other
    name, fill = token["name"], token["fill"]
    if token["suffix"]:
        raise unsupported(f"the suffix {token['suffix']} of a pattern", _HINT)
    if name in _NUMBERS:
        number, width = _NUMBERS[name]
        return str(number(moment)) if fill else f"{number(moment):0{width}}"
    lowered = name.lower()
    if lowered in ("month", "day"):
        text = calendar.month_name[moment.month] if lowered == "month" else _weekday(moment)
        return _cased(text, name) if fill else _cased(text, name).ljust(9)
    if lowered in ("mon", "dy"):
        text = calendar.month_abbr[moment.month] if lowered == "mon" else _weekday(moment)[:3]
        return _cased(text, name)
    if lowered.replace(".", "") in ("am", "pm"):
        text = "pm" if moment.hour >= 12 else "am"
        text = ".".join([*text, ""]) if "." in name else text
        return text.upper() if name.isupper() else text
    if name in ("TZ", "OF"):
        return zone if name == "TZ" else offset
    raise unsupported(f"the pattern {name}", _HINT)


def _weekday(moment: datetime.datetime) -> str:
    return calendar.day_name[moment.weekday()]


def _cased(text: str, like: str) -> str:
    return text.upper() if like.isupper() else text.lower() if like.islower() else text


_WIDTHS = {"YYYY": 4, "MM": 2, "DD": 2, "HH24": 2, "HH12": 2, "HH": 2, "MI": 2, "SS": 2, "MS": 3,
           "US": 6, "DDD": 3, "YY": 2}  # fmt: skip
_FIELDS = {"YYYY": "year", "MM": "month", "DD": "day", "HH24": "hour", "HH12": "half", "HH": "half",
           "MI": "minute", "SS": "second"}  # fmt: skip


def read_moment(text: str, pattern: str) -> datetime.datetime:
    """Return the clock time that a text writes in a pattern; raise PostgresError if it does not."""
    values = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
    micros, afternoon, at = 0, None, 0
    for token in _TOKEN.finditer(pattern):
        if token["name"] is None:
            at += len(token["quoted"] if token["quoted"] is not None else token["other"])
            continue
        name = token["name"]
        while text[at : at + 1].isspace():
            at += 1
        if name.lower() in ("mon", "month"):
            values["month"], at = _read_month(text, at, name, pattern)
            continue
        if name.upper() in ("AM", "PM"):
            afternoon = text[at : at + 2].upper() == "PM"
            at += 2
            continue
        number, at = _read_number(text, at, name, pattern)
        if name in ("MS", "US"):
            micros += int(number.ljust(_WIDTHS[name], "0")) * (1000 if name == "MS" else 1)
        elif name == "YY":
            values["year"] = int(number) + (2000 if int(number) < 70 else 1900)
        else:
            values[_FIELDS[name]] = int(number)
    if "half" in values:
        values["hour"] = values.pop("half") % 12 + (12 if afternoon else 0)
    elif afternoon is not None:
        raise PostgresError(
            "22007", "AM and PM belong to a clock of 12 hours", hint="Use HH12 with AM."
        )
    try:
        return datetime.datetime(**values, microsecond=micros)  # type: ignore[arg-type]
    except ValueError:
        raise PostgresError(
            "22008", f'date/time field value out of range: "{text}"', hint="Use a real day."
        ) from None


def _read_number(text: str, at: int, name: str, pattern: str) -> tuple[str, int]:
    if name not in _FIELDS and name not in ("MS", "US", "YY"):
        raise unsupported(f"the pattern {name} for reading", _HINT)
    found = re.compile(rf"\d{{1,{_WIDTHS[name]}}}", re.ASCII).match(text, at)
    if found is None:
        raise PostgresError(
            "22007",
            f'invalid value "{text[at : at + 4]}" for "{name}"',
            hint=f"The text must fit the pattern {pattern}.",
        )
    return found[0], found.end()


def _read_month(text: str, at: int, name: str, pattern: str) -> tuple[int, int]:
    names = calendar.month_name if name.lower() == "month" else calendar.month_abbr
    for number in range(1, 13):
        if text[at:].lower().startswith(names[number].lower()):
            return number, at + len(names[number])
    raise PostgresError(
        "22007",
        f'invalid value "{text[at : at + 3]}" for "{name}"',
        hint=f"The text must fit the pattern {pattern}.",
    )


def write_number(value: Decimal, pattern: str) -> str:
    """Return a number in a pattern of 9, 0, points, commas, FM and S; `#` if it is too long."""
    if not re.fullmatch(r"(FM)?[SL]?[90,G]*([.D][90]*)?(MI|S)?", pattern):
        raise unsupported(f"the pattern {pattern}", "Use 9, 0, a point, commas and FM.")
    fill = pattern.startswith("FM")
    body = pattern.removeprefix("FM").replace("D", ".").replace("G", ",")
    sign_first, sign_last = body.startswith("S"), body.endswith("S") and len(body) > 1
    minus_last = body.endswith("MI")
    if "L" in body:
        raise unsupported("L in a pattern", "Write the currency beside the number.")
    body = body.removeprefix("S").removesuffix("MI").removesuffix("S")
    whole, point, fraction = body.partition(".")
    number = rounded(value.copy_abs(), len(fraction))
    digits, _, decimals = f"{number:f}".partition(".")
    text = _whole(digits, whole, is_zero=not number and not fraction)
    if text is None:
        text, decimals = re.sub("[90]", "#", whole), "#" * len(fraction)
    point = point if fraction else ""
    if fill and point:
        decimals = decimals[: max(len(decimals.rstrip("0")), fraction.rfind("0") + 1)]
        text = text if text.strip() or decimals else "0"
    return _signed(
        text + point + decimals,
        value < 0 and bool(number),
        fill,
        (sign_first, sign_last, minus_last),
    )


def _whole(digits: str, whole: str, *, is_zero: bool) -> str | None:
    """Return the digits before the point in their pattern; None if there are too many."""
    places = whole.replace(",", "")
    digits = digits.lstrip("0") or ("0" if is_zero else "")
    if len(digits) > len(places):
        return None
    first_zero = places.find("0")
    at_least = len(places) - first_zero if first_zero >= 0 else 0
    digits = digits.rjust(at_least, "0") if at_least else digits
    padded = digits.rjust(len(places))
    out, place = [], 0
    for character in whole:
        if character == ",":
            out.append("," if place and padded[place - 1] != " " else " ")
        else:
            out.append(padded[place])
            place += 1
    return "".join(out)


def _signed(text: str, negative: bool, fill: bool, signs: tuple[bool, bool, bool]) -> str:
    sign_first, sign_last, minus_last = signs
    if sign_last:
        text += "-" if negative else "+"
    elif minus_last:
        text += "-" if negative else ("" if fill else " ")
    else:
        sign = "-" if negative else "+" if sign_first else "" if fill else " "
        stripped = text.lstrip(" ")
        text = " " * (len(text) - len(stripped)) + sign + stripped
    return text.replace(" ", "") if fill else text
