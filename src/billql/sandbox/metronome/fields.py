"""Fields that several operations accept: whose rows, of which time, archived ones or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from billql.sandbox.metronome.validation import (
    Field,
    boolean,
    date_time,
    optional,
    required,
    uuid,
)

CUSTOMER: Final[Mapping[str, Field]] = {"customer_id": required(uuid)}

CONTRACT: Final[Mapping[str, Field]] = {**CUSTOMER, "contract_id": required(uuid)}

PERIOD: Final[Mapping[str, Field]] = {
    "starting_on": required(date_time),
    "ending_before": required(date_time),
}

ANY_PERIOD: Final[Mapping[str, Field]] = {
    "starting_on": optional(date_time),
    "ending_before": optional(date_time),
}

COVERING: Final[Mapping[str, Field]] = {"covering_date": optional(date_time)}
"""Rows that hold on a day."""

TIMES: Final[Mapping[str, Field]] = {**COVERING, "starting_at": optional(date_time)}
"""Rows that hold on a day, or from a day on."""


ARCHIVED: Final[Mapping[str, Field]] = {"include_archived": optional(boolean)}
