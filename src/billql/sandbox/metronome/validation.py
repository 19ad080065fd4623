"""What may be asked: the fields of a request's query and body, read and checked.

    form = Form(body={"customer_id": needed(uuid), "covering_date": maybe(moment)})
    asked = form.read(request)
    asked["customer_id"], asked.get("covering_date")

What is missing, mistyped or unknown is refused with status 400 and the field's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson

from billql.sandbox.api import Refusal, Request

Reader = Callable[[str, object], Any]
"""Takes where a value stands and the value; returns what it means, or refuses it."""

Asked = dict[str, Any]
"""The fields that were given, by name; a parameter of the path is one of them."""

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Field(NamedTuple):
    """How a field is read, and whether it must be there."""

    read: Reader
    required: bool = False


def needed(read: Reader) -> Field:
    """Return a field that must be given."""
    return Field(read, required=True)


def maybe(read: Reader) -> Field:
    """Return a field that may be given."""
    return Field(read)


def wrong(words: str) -> Refusal:
    """Return the refusal of what can not be understood."""
    return Refusal(HTTPStatus.BAD_REQUEST, words)


def text(where: str, value: object) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise wrong(f"{where} must be string")
    return value


def uuid(where: str, value: object) -> str:
    """Read a UUID; its letters may be large, as long as those of ids never are."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise wrong(f'{where} must match format "uuid"')
    return value.lower()


def moment(where: str, value: object) -> float:
    """Read an RFC 3339 timestamp as Unix time; one without a time or an offset is none."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            read = datetime.fromisoformat(value.upper())
        except ValueError:
            pass
        else:
            return (read - _EPOCH).total_seconds()
    raise wrong(f'{where} must match format "date-time"')


def flag(where: str, value: object) -> bool:
    """Read a boolean; in a query it is a word."""
    if value in ("true", "false") and where.startswith("query"):
        return value == "true"
    if not isinstance(value, bool):
        raise wrong(f"{where} must be boolean")
    return value


def count(most: int) -> Reader:
    """Return the reader of a whole number from 1 to `most`; in a query it is a word."""

    def read(where: str, value: object) -> int:
        if isinstance(value, str) and where.startswith("query"):
            value = int(value) if re.fullmatch(r"-?[0-9]{1,18}", value) else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong(f"{where} must be integer")
        if value < 1:
            raise wrong(f"{where} must be >= 1")
        if value > most:
            raise wrong(f"{where} must be <= {most}")
        return value

    return read


def one_of(*words: str, shouting: bool = False) -> Reader:
    """Return the reader of one of some words; shouting ones may be written `DAY`, `day`, `Day`."""

    def read(where: str, value: object) -> str:
        if isinstance(value, str):
            if value in words:
                return value
            if shouting and value.upper() in words and value in (value.lower(), value.title()):
                return value.upper()
        raise wrong(f"{where} must be equal to one of the allowed values: {', '.join(words)}")

    return read


def many(read: Reader, most: int | None = None) -> Reader:
    """Return the reader of a list; in a query it is one word with commas."""

    def read_all(where: str, value: object) -> list[Any]:
        if isinstance(value, str) and where.startswith("query"):
            value = value.split(",")
        if not isinstance(value, list):
            raise wrong(f"{where} must be array")
        if most is not None and len(value) > most:
            raise wrong(f"{where} must NOT have more than {most} items")
        return [read(f"{where}/{place}", item) for place, item in enumerate(value)]

    return read_all


def table(read: Reader) -> Reader:
    """Return the reader of an object with any keys."""

    def read_all(where: str, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(f"{where} must be object")
        return {key: read(f"{where}/{key}", item) for key, item in value.items()}

    return read_all


def record(fields: Mapping[str, Field]) -> Reader:
    """Return the reader of an object with certain keys."""

    def read(where: str, value: object) -> Asked:
        if not isinstance(value, dict):
            raise wrong(f"{where} must be object")
        for name, field in fields.items():
            if field.required and value.get(name) is None:
                raise wrong(f"{where} must have required property '{name}'")
        read = {}
        for name, item in value.items():
            if name not in fields:
                raise wrong(f"{where} must NOT have additional properties: '{name}'")
            if item is not None:
                read[name] = fields[name].read(f"{where}/{name}", item)
        return read

    return read


class Form:
    """The fields that an operation has; a GET has no body."""

    def __init__(
        self,
        query: Mapping[str, Field] | None = None,
        body: Mapping[str, Field] | None = None,
        apart: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._query = record(query or {})
        self._body = record(body) if body is not None else None
        self._apart = apart
        """Pairs of fields that can not be given together."""

    def read(self, request: Request) -> Asked:
        """Return what was asked, or refuse it."""
        asked: Asked = self._query("query", dict(request.query))
        if self._body is not None:
            asked |= self._body("body", _body_of(request))
        for one, other in self._apart:
            if one in asked and other in asked:
                raise wrong(f"{one} can not be used together with {other}")
        return asked


def _body_of(request: Request) -> object:
    if not request.body:
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise wrong("The body is not valid JSON") from None
