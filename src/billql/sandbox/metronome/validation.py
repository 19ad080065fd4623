"""Schemas of requests: the fields of a query and a body, their types and checks.

    schema = RequestSchema(
        body={"customer_id": required(uuid), "covering_date": optional(date_time)}
    )
    params = schema.read(request)
    params["customer_id"], params.get("covering_date")

Fields that are missing, of the wrong type or unknown are refused with status 400 and their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson

from billql.sandbox.api import ApiError, Request

Reader = Callable[[str, object], Any]
"""Takes the path of a value and the value; returns it converted, or raises a Refusal."""

Params = dict[str, Any]
"""The values of a request by name: of the path, the query and the body."""

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Field(NamedTuple):
    """The type of a field, and whether it is required."""

    read: Reader
    required: bool = False


def required(read: Reader) -> Field:
    """Return a field that is required."""
    return Field(read, required=True)


def optional(read: Reader) -> Field:
    """Return a field that may be left out."""
    return Field(read)


def bad_request(message: str) -> ApiError:
    """Return an error with status 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, message)


def text(where: str, value: object) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise bad_request(f"{where} must be string")
    return value


def uuid(where: str, value: object) -> str:
    """Read a UUID in lower or upper case; return it in lower case, as ids are written."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise bad_request(f'{where} must match format "uuid"')
    return value.lower()


def date_time(where: str, value: object) -> float:
    """Read an RFC 3339 timestamp, with time and offset; return Unix seconds."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            read = datetime.fromisoformat(value.upper())
        except ValueError:
            pass
        else:
            return (read - _EPOCH).total_seconds()
    raise bad_request(f'{where} must match format "date-time"')


def boolean(where: str, value: object) -> bool:
    """Read a boolean; in a query it is `true` or `false`."""
    if value in ("true", "false") and where.startswith("query"):
        return value == "true"
    if not isinstance(value, bool):
        raise bad_request(f"{where} must be boolean")
    return value


def integer(most: int) -> Reader:
    """Return the reader of an integer from 1 to `most`; in a query it is digits."""

    def read(where: str, value: object) -> int:
        if isinstance(value, str) and where.startswith("query"):
            value = int(value) if re.fullmatch(r"-?[0-9]{1,18}", value) else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad_request(f"{where} must be integer")
        if value < 1:
            raise bad_request(f"{where} must be >= 1")
        if value > most:
            raise bad_request(f"{where} must be <= {most}")
        return value

    return read


def one_of(*values: str, any_case: bool = False) -> Reader:
    """Return the reader of an enum; with `any_case`, `DAY` may be written `day` or `Day` too."""

    def read(where: str, value: object) -> str:
        if isinstance(value, str):
            if value in values:
                return value
            if any_case and value.upper() in values and value in (value.lower(), value.title()):
                return value.upper()
        raise bad_request(
            f"{where} must be equal to one of the allowed values: {', '.join(values)}"
        )

    return read


def array_of(read: Reader, most: int | None = None) -> Reader:
    """Return the reader of an array; in a query its items are separated by commas."""

    def read_all(where: str, value: object) -> list[Any]:
        if isinstance(value, str) and where.startswith("query"):
            value = value.split(",")
        if not isinstance(value, list):
            raise bad_request(f"{where} must be array")
        if most is not None and len(value) > most:
            raise bad_request(f"{where} must NOT have more than {most} items")
        return [read(f"{where}/{place}", item) for place, item in enumerate(value)]

    return read_all


def object_of(fields: Mapping[str, Field]) -> Reader:
    """Return the reader of an object with certain keys."""

    def read(where: str, value: object) -> Params:
        if not isinstance(value, dict):
            raise bad_request(f"{where} must be object")
        for name, field in fields.items():
            if field.required and value.get(name) is None:
                raise bad_request(f"{where} must have required property '{name}'")
        read = {}
        for name, item in value.items():
            if name not in fields:
                raise bad_request(f"{where} must NOT have additional properties: '{name}'")
            if item is not None:
                read[name] = fields[name].read(f"{where}/{name}", item)
        return read

    return read


class RequestSchema:
    """The fields that an operation takes; a GET has no body."""

    def __init__(
        self,
        query: Mapping[str, Field] | None = None,
        body: Mapping[str, Field] | None = None,
        apart: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._query = object_of(query or {})
        self._body = object_of(body) if body is not None else None
        self._apart = apart
        """Pairs of fields that exclude each other."""

    def read(self, request: Request) -> Params:
        """Return the values of a request; raise a Refusal if it does not fit the schema."""
        params: Params = self._query("query", dict(request.query))
        if self._body is not None:
            params |= self._body("body", _body_of(request))
        for one, other in self._apart:
            if one in params and other in params:
                raise bad_request(f"{one} can not be used together with {other}")
        return params


def _body_of(request: Request) -> object:
    if not request.body:
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise bad_request("The body is not valid JSON") from None
