"""A row's schema as columns.

A column's type is the one that the document states. Where it states less, the name and the example
decide together: a text called `…_at` whose example is a timestamp is one. Small objects become
columns of their own, what is larger or repeats stays JSON.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

from billql.authoring.lint import AMOUNTS, MINOR
from billql.authoring.openapi import naming
from billql.authoring.openapi.document import Document, Schema, Shape, column_type
from billql.authoring.openapi.prose import sentence
from billql.definitions.types import ColumnType, Format

_FLAT = 8
"""The most members of an object that is split into columns."""

_CURRENCIES = ("currency", "currency_code", "amount_currency", "iso_currency_code")
_MINOR_UNITS = re.compile(
    r"\b(cents?|minor units?|smallest currency units?|lowest denomination)\b", re.IGNORECASE
)
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]+")
_MONEY = re.compile(r"\b(amount|price|cost|charge[ds]?|USD|EUR|dollars?)\b", re.IGNORECASE)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_WHEN = re.compile(r"(_at|_time|_date|_on|^date|^time|^created|^updated|_timestamp|^timestamp)$")


@dataclass
class Column:
    """A column: its definition, and the schema that it is from."""

    type: ColumnType
    description: str
    path: str | None = None
    format: Format | None = None
    currency: str | None = None
    minor: bool = False
    hidden: bool = False
    shape: Shape = field(default_factory=Shape)

    @property
    def is_echo(self) -> bool:
        """Whether it echoes the statement's value."""
        return self.path == "$parameter"

    def definition(self) -> dict[str, Any]:
        """Return its definition."""
        members = {
            "type": self.type,
            "description": self.description,
            "path": self.path,
            "format": self.format,
            "currency": self.currency,
            "minor": self.minor,
            "hidden": self.hidden,
        }
        return {key: value for key, value in members.items() if value not in (None, False)}


class Row:
    """The columns of a row, and the paths of members that cannot be columns."""

    def __init__(self, document: Document, item: Schema | None, rows: str) -> None:
        self._document = document
        self.columns: dict[str, Column] = {}
        self.left_out: list[str] = []
        shape = document.shape(item)
        if rows.endswith("{}"):
            description = "The name under which the API has it."
            self.columns["key"] = Column("text", description, path="$key")
        if shape.properties:
            self._add(shape)
            _add_currency(self.columns, "")  # of amounts in inner objects that name none
        else:
            self.columns["value"] = _column("value", shape, path="$value")

    def _add(self, shape: Shape, prefix: str = "", above: str = "") -> None:
        """Add the columns of an object: the row itself, or one that stands at a path in it."""
        here: dict[str, Column] = {}
        for name, schema in shape.properties.items():
            path = f"{above}{name}"
            if not name or "." in name or "[]" in name or name.startswith("$"):
                self.left_out.append(path)  # a path could not name it
                continue
            part = self._document.shape(schema)
            column = naming.column(f"{prefix}{naming.identifier(name)}")
            if {"units", "nanos"} <= part.properties.keys():
                self._add_money(column, part, path)
                continue
            if not above and _is_small(self._document, part):
                self._add(part, f"{column}_", f"{path}.")
                continue
            while column in self.columns:
                column += "_value"
            here[column] = _column(column, part, path=None if path == column else path)
            self.columns[column] = here[column]
        _add_currency(here, prefix)

    def _add_money(self, name: str, part: Shape, path: str) -> None:
        """Add the column of an amount of units and nanos, and that of its currency."""
        column = Column("decimal", described(name, part), path, format="money", shape=part)
        self.columns[name] = column
        if "currencyCode" in part.properties:
            column.currency = f"{name}_currency"
            inner = self._document.shape(part.properties["currencyCode"])
            self.columns[column.currency] = _column(
                column.currency, inner, path=f"{path}.currencyCode"
            )


def _is_small(document: Document, shape: Shape) -> bool:
    """Return whether an object has few members, all of them plain values."""
    if shape.kind != "object" or not 1 <= len(shape.properties) <= _FLAT:
        return False
    return all(column_type(document.shape(part))[0] != "json" for part in shape.properties.values())


def _column(name: str, shape: Shape, path: str | None) -> Column:
    kind, format = type_of(name, shape)
    if _is_money(name, kind, shape):
        kind = "decimal"
    return Column(kind, described(name, shape), path=path, format=format, shape=shape)


def _is_money(name: str, kind: ColumnType, shape: Shape) -> bool:
    """Return whether a number, or a text whose example is one, is an amount of money."""
    last = naming.singular(name.rpartition("_")[2])
    named = last in AMOUNTS
    if kind == "text":
        example = shape.example if isinstance(shape.example, str) else ""
        named = named or bool(_MONEY.search(shape.description or ""))
        return named and bool(_AMOUNT.fullmatch(example))
    return named and kind == "real"


def type_of(name: str, shape: Shape) -> tuple[ColumnType, Format | None]:
    """Return the type of a column of some name, and how the API writes it."""
    kind, format = column_type(shape)
    example = shape.example
    if kind == "text" and isinstance(example, str):
        if _MONTH.fullmatch(example) and not shape.choices:
            return "month", None
        if _WHEN.search(name) and (found := _moment(example)) is not None:
            return found, None
    return kind, format


def _moment(text: str) -> ColumnType | None:
    try:
        timestamp = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == 10:
        return "date"
    return "timestamp" if timestamp.tzinfo is not None else None


def described(name: str, shape: Shape, description: str | None = None) -> str:
    """Return a sentence about a column: the document's, if it has one."""
    text = sentence(description or shape.description) or sentence(shape.title)
    text = text or f"The {naming.spoken(name)}."
    choices = [str(one) for one in shape.choices if one is not None and str(one)]
    if 1 < len(choices) <= 12 and not all(one in text for one in choices):
        text = f"{text[:-1]}, one of {', '.join(choices[:-1])} and {choices[-1]}."
    return text


def _add_currency(columns: dict[str, Column], prefix: str) -> None:
    """Set the currency of amounts, where one column beside them has it."""
    currency = next((f"{prefix}{one}" for one in _CURRENCIES if f"{prefix}{one}" in columns), None)
    if currency is None or columns[currency].type != "text":
        return
    for name, column in columns.items():
        if column.currency is not None:
            continue  # there is a nearer one
        last = name.rpartition("_")[2]
        is_amount = last == MINOR or naming.singular(last) in AMOUNTS
        if column.type == "decimal" or (is_amount and column.type == "integer"):
            column.currency = currency
            column.minor = column.type == "integer" and (
                last == MINOR or bool(_MINOR_UNITS.search(column.shape.description or ""))
            )
