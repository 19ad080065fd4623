"""Values for single columns, from their types, names, units and closed lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import orjson

from billql.definitions.model import Column
from billql.definitions.story import ColumnStory
from billql.definitions.types import MOMENTS
from billql.sandbox.mock.forms import period_start
from billql.sandbox.mock.patterns import matching
from billql.sandbox.rng import Rng
from billql.sandbox.timestamps import DAY, month_at, month_start

NAMES: Final = (
    "Amber", "Basalt", "Cedar", "Delta", "Ember", "Fjord", "Garnet", "Harbor", "Indigo", "Juniper",
    "Kelp", "Lumen", "Maple", "Nimbus", "Onyx", "Prism", "Quartz", "Reef", "Saffron", "Tundra",
)  # fmt: skip

_LATER: Final = ("end", "expire", "before", "until", "due", "update", "paid", "final", "cancel")
"""Parts of the names of times that come after a row's own."""

SHARE_MISSING: Final = 8
"""One row of so many has no value where it may be missing."""


@dataclass(frozen=True)
class Cell:
    """What there is to know about a column before its values are made."""

    name: str
    column: Column
    story: ColumnStory
    is_id: bool = False
    """Whether it identifies a row."""
    known_ids: Sequence[Any] = ()
    """The ids of the first rows, where the definition names them."""
    is_uuid: bool = False
    """Whether the API accepts only UUIDs for it."""
    is_numeric: bool = False
    """Whether its ids are digits."""
    is_currency: bool = False
    """Whether it is the currency of an amount."""
    optional: bool = False
    """Whether a row may lack it."""
    values: Sequence[Any] = ()
    """The values that it can have, if they are known."""
    pattern: str | None = None
    """The regular expression that the API's filter by it requires."""


def draw(cell: Cell, rng: Rng, serial: int, moment: int, prefix: str) -> Any:
    """Return a value; `serial` is the row's number, `moment` the time that the row is about."""
    story, column = cell.story, cell.column
    if column.value is not None:
        return column.value
    if _is_missing(cell, rng):
        return None
    if story.values:
        return _of_story(story, column, rng, serial)
    if cell.values:
        return cell.values[serial % len(cell.values)]
    if cell.is_id and column.type in ("text", "integer"):
        return _identifier(cell, rng, serial, prefix)
    if column.type in MOMENTS:
        return _moment(cell, rng, moment)
    if column.type in ("integer", "real", "decimal"):
        return _number(cell, rng)
    if column.type == "boolean":
        return rng.below(2) == 0
    if column.type == "json":
        return [] if "array" in column.description else {"note": rng.pick(NAMES)}
    if column.type == "blob":
        return f"{prefix} {serial}".encode()
    return _text(cell, rng, serial, prefix)


def _is_missing(cell: Cell, rng: Rng) -> bool:
    if cell.story.missing is not None:
        return rng.below(1000) < cell.story.missing * 1000
    is_stated = cell.story != ColumnStory()
    return cell.optional and not is_stated and rng.below(SHARE_MISSING) == 0


def _of_story(story: ColumnStory, column: Column, rng: Rng, serial: int) -> Any:
    if isinstance(story.values, dict):
        roll = rng.below(sum(story.values.values()))
        for text, frequency in story.values.items():
            if roll < frequency:
                return text
            roll -= frequency
    values = tuple(story.values)
    value = values[serial % len(values)]
    if story.varies is not None:
        share = 1 + Decimal(str(story.varies)) * rng.between(-1000, 1000) / 1000
        number = (Decimal(str(value)) * share).quantize(Decimal("0.01"))
        return round(number) if column.type == "integer" else number
    if column.type in ("real", "decimal"):
        return Decimal(str(value))
    if column.type == "json":
        return orjson.loads(str(value))
    return period_start(str(value)) if column.type in MOMENTS else value


def _identifier(cell: Cell, rng: Rng, serial: int, prefix: str) -> Any:
    if serial < len(cell.known_ids):
        return cell.known_ids[serial]
    if cell.column.type == "integer":
        return 1000 + serial
    if cell.is_uuid:
        return rng.uuid()
    if cell.is_numeric:
        text = str(40_000_000 + serial * 37 + rng.below(37))
    else:
        text = f"{prefix}_{rng.alphanumeric(14)}"
    return _fitting(cell.pattern, text, rng, serial)


def _moment(cell: Cell, rng: Rng, moment: int) -> int:
    days = 0
    if cell.story.between is not None:
        low, high = cell.story.between
        days = rng.between(int(low), int(high))
    elif any(part in cell.name for part in _LATER):
        days = rng.between(1, 30)
    return beginning(cell.column.type, moment + days * DAY)


def beginning(kind: str, moment: int) -> int:
    """Return the second in which the day or month of a moment begins; the moment, if neither."""
    if kind == "timestamp":
        return moment
    return month_start(month_at(moment)) if kind == "month" else moment // DAY * DAY


def _number(cell: Cell, rng: Rng) -> Any:
    low, high = cell.story.between or (1, 500)
    if cell.column.type == "integer":
        if cell.story.between is None and cell.column.minor:
            high = 100_000
        return rng.between(int(low), int(high))
    cents = rng.between(round(low * 100), round(high * 100))
    return Decimal(cents).scaleb(-2)


def _text(cell: Cell, rng: Rng, serial: int, prefix: str) -> str:
    name = cell.name
    title = NAMES[(serial + rng.below(3)) % len(NAMES)]
    if cell.is_uuid or "uuid" in name:
        return rng.uuid()
    if cell.is_currency or name.endswith("currency"):
        return _fitting(cell.pattern, "USD", rng)
    if name == "id" or name.endswith(("_id", "_key", "token")):
        return _fitting(cell.pattern, f"{prefix}_{rng.alphanumeric(10)}", rng)
    forms = {
        "email": f"billing@{title.lower()}.example",
        "url": f"https://{title.lower()}.example/{serial}",
        "country": "US",
        "name": f"{title} {serial + 1}",
        "description": f"What {title} {serial + 1} is about",
    }
    form = next((forms[part] for part in forms if part in name), title.lower())
    return _fitting(cell.pattern, form, rng)


def _fitting(pattern: str | None, text: str, rng: Rng, serial: int = 0) -> str:
    """Return a text if a pattern matches it, or else one that it matches."""
    if pattern is None:
        return text
    uuid = f"00000000-0000-4000-8000-{serial:012d}"
    choices = (text, text.lower(), f"10.0.{serial // 250}.{serial % 250 + 1}", uuid, "usd")
    fitting = (one for one in choices if re.fullmatch(pattern, one, re.ASCII))
    return next(fitting, None) or matching(pattern, rng) or text
