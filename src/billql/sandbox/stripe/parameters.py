"""Parameters as Stripe encodes them, and the kinds of value that they have.

`created[gte]=1`, `expand[]=customer` and `filter[prices][0][id]=x` are read into dicts and lists
first; then each value is checked by the endpoint's type for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from billql.sandbox.stripe import errors

Raw = str | dict[str, Any] | list[Any]
"""A parameter as it was sent."""

Kind = Callable[[str, Raw], Any]
"""Takes a parameter's name and what was sent, and returns its value or refuses it."""

_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Raw]:
    """Read deep objects; of a name that is sent twice, the later value counts."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        if match is None:
            found[name] = value
            continue
        keys = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        _put(found, keys, value)
    return {name: _listed(value) for name, value in found.items()}


def _put(at: dict[str, Any], keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        inner = at.setdefault(key or str(len(at)), {})
        if not isinstance(inner, dict):
            inner = at[key] = {}
        at = inner
    at[keys[-1] or str(len(at))] = value


def _listed(value: Any) -> Raw:
    """Return a value with lists in place of the dicts whose keys are indices."""
    if not isinstance(value, dict):
        return str(value)
    inner = {key: _listed(part) for key, part in value.items()}
    if inner and all(key.isdecimal() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def check(params: Mapping[str, Raw], kinds: Mapping[str, Kind], within: str = "") -> dict[str, Any]:
    """Return the values of parameters; raise StripeError for the first that is wrong."""
    strange = [_named(name, within) for name in params if name not in kinds]
    if strange:
        raise errors.unknown(strange)
    return {name: kinds[name](_named(name, within), value) for name, value in params.items()}


def _named(name: str, within: str) -> str:
    return f"{within}[{name}]" if within else name


def text(name: str, raw: Raw) -> str:
    """Read a string that is not empty."""
    if not isinstance(raw, str):
        raise errors.StripeError("Invalid string: " + str(raw), param=name)
    if not raw:
        raise errors.empty(name)
    return raw


def whole(name: str, raw: Raw) -> int:
    """Read an integer."""
    value = text(name, raw)
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise errors.not_integer(name, value)
    return int(value)


def flag(name: str, raw: Raw) -> bool:
    """Read a boolean."""
    value = text(name, raw)
    if value not in ("true", "false"):
        raise errors.StripeError(f"Invalid boolean: {value}", param=name)
    return value == "true"


def between(low: int, high: int) -> Kind:
    """Return the reader of an integer within bounds, both included."""

    def kind(name: str, raw: Raw) -> int:
        value = whole(name, raw)
        if value > high:
            raise errors.out_of_range(name, high, above=True)
        if value < low:
            raise errors.out_of_range(name, low, above=False)
        return value

    return kind


def choice(*values: str) -> Kind:
    """Return the reader of an enum."""

    def kind(name: str, raw: Raw) -> str:
        value = text(name, raw)
        if value not in values:
            raise errors.not_one_of(name, values)
        return value

    return kind


def group(**kinds: Kind) -> Kind:
    """Return the reader of an object."""

    def kind(name: str, raw: Raw) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise errors.StripeError("Invalid object", param=name)
        return check(raw, kinds, name)

    return kind


def several(kind: Kind, most: int = 100) -> Kind:
    """Return the reader of an array."""

    def array(name: str, raw: Raw) -> list[Any]:
        if not isinstance(raw, list):
            raise errors.StripeError("Invalid array", param=name)
        if len(raw) > most:
            raise errors.StripeError(f"You may pass at most {most} values.", param=name)
        return [kind(f"{name}[{place}]", item) for place, item in enumerate(raw)]

    return array


def span(name: str, raw: Raw) -> Callable[[int | None], bool]:
    """Read a timestamp or bounds as a test of timestamps; None never matches."""
    if isinstance(raw, str):
        exact = whole(name, raw)
        return lambda timestamp: timestamp == exact
    bounds = group(gt=whole, gte=whole, lt=whole, lte=whole)(name, raw)
    gt, gte, lt, lte = (bounds.get(bound) for bound in ("gt", "gte", "lt", "lte"))

    def within(timestamp: int | None) -> bool:
        return timestamp is not None and (
            (gt is None or timestamp > gt)
            and (gte is None or timestamp >= gte)
            and (lt is None or timestamp < lt)
            and (lte is None or timestamp <= lte)
        )

    return within


PAGING: Final[Mapping[str, Kind]] = {
    "limit": between(1, 100),
    "starting_after": text,
    "ending_before": text,
}
"""The parameters of every list."""

EXPAND: Final[Mapping[str, Kind]] = {"expand": several(text)}
"""The parameters of every endpoint."""
