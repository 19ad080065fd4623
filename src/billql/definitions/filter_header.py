"""The filter header: a header in which some APIs take conditions on rows, as one JSON object.

X-Filter: {"+and": [{"date": {"+gte": "2026-01-01T00:00:00"}}, {"label": "Invoice #1"}]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from billql.definitions.types import Operator
from billql.messages import Scalar


class Condition(NamedTuple):
    """What the rows have in one of their members: a value, or one of several."""

    name: str
    operator: Operator
    value: Scalar | Sequence[Scalar]


class FilterHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The header that carries the parameters with `in: filter` as one JSON object."""

    header: str
    """The header's name, like `X-Filter`."""
    all: str
    """The member that has an array of conditions which all hold, like `+and`."""
    any: str
    """The member that has an array of conditions of which one holds, like `+or`."""
    operators: dict[Operator, str] = {}
    """The API's names of the comparisons beside `=`, like `+gte` for `>=`."""

    def encoded(self, conditions: Sequence[Condition], constants: Mapping[str, Scalar]) -> str:
        """Return the header's text, in ASCII; `constants` are members beside the conditions."""
        parts = [self._part(one) for one in conditions]
        whole = parts[0] if len(parts) == 1 else {self.all: parts} if parts else {}
        return json.dumps({**whole, **constants}, separators=(",", ":"))

    def _part(self, condition: Condition) -> dict[str, Any]:
        name, operator, value = condition
        if operator != "=":
            return {name: {self.operators[operator]: value}}
        if isinstance(value, str | int | float):
            return {name: value}
        several = [{name: one} for one in value]
        return several[0] if len(several) == 1 else {self.any: several}
