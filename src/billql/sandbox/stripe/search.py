"""The query language of searches: `status:'active' AND metadata['plan']:'team' AND total>1000`.

Of the language there is all but `OR` within `AND`, which the API does not have either. Texts are
compared whole with `:` and in part with `~`, both whatever the case; numbers with `:`, `>`, `<`,
`>=` and `<=`; `-` negates, and `null` finds what has no value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.stripe import errors
from billql.sandbox.stripe.filters import at

Test = Callable[[Json], bool]


class Field(NamedTuple):
    """A field that can be searched, and where a row has it."""

    kind: Literal["string", "token", "number"]
    path: str


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


def read(query: str, resource: str, fields: Mapping[str, Field]) -> Test:
    """Return a query as a test of rows; raise StripeError if it cannot be parsed."""
    tests: list[Test] = []
    connectives: set[str] = set()
    place = 0
    while query[place:].strip():
        match = _CLAUSE.match(query, place)
        if match is None:
            raise _unreadable()
        tests.append(_test(match, resource, fields))
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


def _test(match: re.Match[str], resource: str, fields: Mapping[str, Field]) -> Test:
    name, key, operator = match["field"], match["key"], match["operator"]
    quoted = match["value"][0] in "\"'"
    value = re.sub(r"\\(.)", r"\1", match["value"][1:-1]) if quoted else match["value"]
    field: Field | None
    if key is not None:
        field = Field("string", "") if name == "metadata" else None
    else:
        field = fields.get(name)
    if field is None:
        shown = name if key is None else f"{name}[{key}]"
        message = (
            f"Field `{shown}` is an unsupported search field for resource `{resource}`. See "
            f"https://stripe.com/docs/search#query-fields-for-{resource.replace('_', '-')} for a "
            "list of supported fields."
        )
        raise errors.StripeError(message, param="query")
    inside = key[1:-1] if key is not None else None

    def of(row: Json) -> Any:
        return at(row, field.path) if inside is None else row["metadata"].get(inside)

    if not quoted and value.lower() == "null":
        test: Test = lambda row: of(row) is None  # noqa: E731 - as the others below
    elif field.kind == "number":
        test = _compare(of, operator, value)
    elif operator not in (":", "~") or (operator == "~" and field.kind == "token"):
        message = f"Operator `{operator}` cannot be used with field `{name}`."
        raise errors.StripeError(message, param="query")
    else:
        test = _find(of, value.lower(), part=operator == "~")
    return (lambda row: not test(row)) if match["minus"] else test


def _compare(of: Callable[[Json], Any], operator: str, value: str) -> Test:
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise errors.StripeError(f"Invalid integer: {value}", param="query")
    wanted = int(value)
    compare: dict[str, Callable[[int], bool]] = {
        ":": lambda number: number == wanted,
        ">": lambda number: number > wanted,
        "<": lambda number: number < wanted,
        ">=": lambda number: number >= wanted,
        "<=": lambda number: number <= wanted,
    }
    if operator not in compare:
        raise _unreadable()
    passes = compare[operator]
    return lambda row: of(row) is not None and passes(of(row))


def _find(of: Callable[[Json], Any], wanted: str, *, part: bool) -> Test:
    def test(row: Json) -> bool:
        value = of(row)
        if value is None:
            return False
        text = str(value).lower()
        return wanted in text if part else wanted == text

    return test


def page_of(token: str | None) -> int:
    """Return where a page begins."""
    if token is None:
        return 0
    try:
        place = base64.urlsafe_b64decode(token.encode()).decode()
        if re.fullmatch(r"at:[0-9]{1,9}", place):
            return int(place[3:])
    except (binascii.Error, UnicodeDecodeError):
        pass
    raise errors.StripeError(f"Invalid page token: {token}", param="page")


def page_token(place: int) -> str:
    """Return the token of the page that begins at a place."""
    return base64.urlsafe_b64encode(f"at:{place}".encode()).decode()


def _unreadable() -> errors.StripeError:
    message = (
        "We were unable to parse your search query. Try using the format "
        '["metadata[\\"key\\"]:\\"value\\""] to query for metadata or ["field:\\"value\\""] to '
        "query for other fields."
    )
    return errors.StripeError(message, param="query")
