"""The query language of searches: `status:'active' AND metadata['plan']:'team' AND total>1000`.

Of the language there is all but `OR` within `AND`, which the API does not have either. Texts are
compared whole with `:` and in part with `~`, both whatever the case; numbers with `:`, `>`, `<`,
`>=` and `<=`; `-` negates, and `null` finds what has no value.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from billql.sandbox.api import ApiError, Json

Test = Callable[[Json], bool]

_NUMBERS: Final = frozenset({"amount", "canceled_at", "created", "total"})
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "charges": (
        "amount billing_details.address.postal_code created currency customer disputed "
        "payment_method_details.card.brand payment_method_details.card.last4 refunded",
        "status",
    ),
    "customers": ("created", "email name phone"),
    "invoices": (
        "created currency customer total",
        "number receipt_number status subscription",
    ),
    "payment_intents": ("amount created currency customer status", ""),
    "prices": ("active currency type", "lookup_key product"),
    "products": ("active shippable", "description name url"),
    "subscriptions": ("canceled_at created", "status"),
}
"""By list, the fields that are compared whole, and those that may be compared in part."""

_CLAUSE: Final = re.compile(
    r"""\s*(?P<minus>-)?
    (?P<field>[a-z_][a-z0-9_.]*)
    (?:\[(?P<key>"[^"]*"|'[^']*')\])?
    (?P<operator>:|~|>=|<=|>|<)
    (?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"']+)
    (?:\s+(?P<connective>AND|OR)(?=\s))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    ":": operator.eq, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


def read(query: str, path: str) -> Test:
    """Return a query as a test of the rows of a list; raise ApiError if it cannot be parsed."""
    tests: list[Test] = []
    connectives: set[str] = set()
    place = 0
    while query[place:].strip():
        match = _CLAUSE.match(query, place)
        if match is None:
            raise _unreadable()
        tests.append(_test(match, path))
        place = match.end()
        last = match["connective"]
        if query[place:].strip():
            connectives.add((last or "AND").upper())
        elif last:
            raise _unreadable()
    if not tests or len(connectives) > 1:
        raise _unreadable()
    decide = any if connectives == {"OR"} else all
    return lambda row: decide(test(row) for test in tests)


def _test(match: re.Match[str], path: str) -> Test:
    name, key, sign = match["field"], match["key"], match["operator"]
    quoted = match["value"][0] in "\"'"
    value = re.sub(r"\\(.)", r"\1", match["value"][1:-1]) if quoted else match["value"]
    whole, part = (fields.split() for fields in _FIELDS[path])
    if (key is None and name not in (*whole, *part)) or (key is not None and name != "metadata"):
        shown = name if key is None else f"{name}[{key}]"
        raise _refused(
            f"Field `{shown}` is an unsupported search field for resource `{path}`. See "
            f"https://stripe.com/docs/search#query-fields-for-{path.replace('_', '-')} for a "
            "list of supported fields."
        )
    of = _reader(name, None if key is None else key[1:-1])
    if not quoted and value.lower() == "null":
        test: Test = lambda row: of(row) is None  # noqa: E731 - as the others below
    elif key is None and name in _NUMBERS:
        test = _compare(of, sign, value)
    elif sign not in (":", "~") or (sign == "~" and key is None and name not in part):
        raise _refused(f"Operator `{sign}` cannot be used with field `{name}`.")
    else:
        test = _find(of, value.lower(), part=sign == "~")
    return (lambda row: not test(row)) if match["minus"] else test


def _reader(name: str, key: str | None) -> Callable[[Json], Any]:
    """Return the function that reads a field of a row, or what its metadata have under a key."""
    steps = ["metadata", key] if key is not None else name.split(".")
    if name == "subscription":
        steps = ["parent", "subscription_details", name]

    def read(row: Json) -> Any:
        value: Any = row
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    return read


def _compare(of: Callable[[Json], Any], sign: str, value: str) -> Test:
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise _refused(f"Invalid integer: {value}")
    if sign not in _COMPARE:
        raise _unreadable()
    passes, wanted = _COMPARE[sign], int(value)
    return lambda row: of(row) is not None and passes(of(row), wanted)


def _find(of: Callable[[Json], Any], wanted: str, *, part: bool) -> Test:
    def test(row: Json) -> bool:
        text = str(of(row)).lower()
        return of(row) is not None and (wanted in text if part else wanted == text)

    return test


def _refused(message: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, message, parameter="query")


def _unreadable() -> ApiError:
    return _refused(
        "We were unable to parse your search query. Try using the format "
        '["metadata[\\"key\\"]:\\"value\\""] to query for metadata or ["field:\\"value\\""] to '
        "query for other fields."
    )
