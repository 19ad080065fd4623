"""Checks an object against what the official client says of its fields and their types."""

from __future__ import annotations

import decimal
import re
import typing
from collections.abc import Iterator
from typing import Any, ForwardRef, Literal, get_args, get_origin

import stripe
from stripe import ListObject, StripeObject
from stripe._object_classes import get_object_class

_ANOTHER_NAME = {"RefundResource": "Refund", "DisputeResource": "Dispute"}


def complaints(cls: type[StripeObject], value: Any, path: str = "") -> Iterator[str]:
    """Yield what is wrong: a field that is missing, unknown, or of another type."""
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {cls.__name__}"
        return
    fields = {name: hint for name, hint in _fields(cls).items() if name != "OBJECT_NAME"}
    for name in value.keys() - fields.keys():
        yield f"{path}.{name}: unknown"
    for name, hint in fields.items():
        if name in value:
            yield from _wrong(hint, value[name], f"{path}.{name}")
        elif not _optional(hint):
            yield f"{path}.{name}: missing"


def class_of(value: dict[str, Any]) -> type[StripeObject]:
    """Return the class of an object by its type."""
    word = value["object"]
    if word == "list":
        return ListObject
    return get_object_class("V1", word)


def _fields(cls: type) -> dict[str, Any]:
    return getattr(cls, "__annotations__", {})


def _optional(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _wrong(hint: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(hint, str | ForwardRef):
        if isinstance(value, dict):
            yield from complaints(_named(hint), value, path)
        else:
            yield f"{path}: {value!r} is no {hint}"
        return
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is typing.Union:
        yield from _none_of(arguments, value, path)
    elif origin is Literal:
        if value not in arguments:
            yield f"{path}: {value!r} is none of {arguments}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for place, each in enumerate(value):
            yield from _wrong(arguments[0], each, f"{path}[{place}]")
    elif origin is ListObject:
        for place, each in enumerate(value["data"]):
            yield from complaints(class_of(each), each, f"{path}[{place}]")
    elif origin is not None or hint is Any:
        if hint is not Any and not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from complaints(hint, value, path)
    elif not _plain(hint, value):
        yield f"{path}: {value!r} is no {hint}"


def _none_of(options: tuple[Any, ...], value: Any, path: str) -> Iterator[str]:
    # Words that are known are meant: `str` beside them stands for those of the future.
    words = [option for option in options if get_origin(option) is Literal]
    options = tuple(option for option in options if not (words and option is str))
    found = [list(_wrong(option, value, path)) for option in options]
    if all(found):
        yield min(found, key=len)[0]


def _plain(hint: Any, value: Any) -> bool:
    match hint:
        case _ if hint is type(None):
            return value is None
        case _ if hint is bool:
            return isinstance(value, bool)
        case _ if hint is int:
            return isinstance(value, int) and not isinstance(value, bool)
        case _ if hint is float:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _ if hint is decimal.Decimal:
            return isinstance(value, str) and bool(re.fullmatch(r"-?\d+(\.\d{1,12})?", value))
        case _:
            return hint is str and isinstance(value, str)


def _named(hint: str | ForwardRef) -> type[StripeObject]:
    name = hint if isinstance(hint, str) else hint.__forward_arg__
    for home in (stripe, stripe.billing):
        found = getattr(home, _ANOTHER_NAME.get(name, name.removesuffix("Resource")), None)
        if found is not None:
            return typing.cast("type[StripeObject]", found)
    return StripeObject
