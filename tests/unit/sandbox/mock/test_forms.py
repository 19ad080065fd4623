"""What a mock sends is what billql decodes, and what billql encodes is what a mock understands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billql.definitions.decoding import decoder_for
from billql.definitions.methods import Parameter
from billql.definitions.model import Column
from billql.sandbox.mock.forms import decode, encode, read

SECOND = 1_772_366_400  # 2026-03-01T12:00:00Z
DAY = 1_772_323_200  # 2026-03-01T00:00:00Z

SENT: list[tuple[dict[str, Any], Any, Any, Any]] = [
    ({"type": "timestamp"}, SECOND, "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
    ({"type": "timestamp", "format": "epoch"}, SECOND, SECOND, "2026-03-01T12:00:00Z"),
    ({"type": "timestamp", "format": "epoch_ms"}, SECOND, SECOND * 1000, "2026-03-01T12:00:00Z"),
    (
        {"type": "timestamp", "format": "no_zone"},
        SECOND,
        "2026-03-01T12:00:00",
        "2026-03-01T12:00:00Z",
    ),
    ({"type": "date"}, DAY, "2026-03-01", "2026-03-01"),
    ({"type": "date", "format": "instant"}, DAY, "2026-03-01T00:00:00Z", "2026-03-01"),
    ({"type": "month"}, DAY, "2026-03", "2026-03"),
    ({"type": "month", "format": "epoch"}, DAY, DAY, "2026-03"),
    ({"type": "month", "format": "day"}, DAY, "2026-03-01", "2026-03"),
    (
        {"type": "timestamp", "format": "rfc2822"},
        SECOND,
        "Sun, 01 Mar 2026 12:00:00 +0000",
        "2026-03-01T12:00:00Z",
    ),
    ({"type": "decimal"}, Decimal("12.50"), "12.50", 12.5),
    ({"type": "decimal", "format": "dollars"}, Decimal("-1024.5"), "-$1,024.50", -1024.5),
    (
        {"type": "decimal", "format": "money"},
        Decimal("-1.75"),
        {"units": "-1", "nanos": -750_000_000},
        -1.75,
    ),
    ({"type": "real"}, Decimal("12.50"), 12.5, 12.5),
    ({"type": "boolean"}, True, True, 1),
    ({"type": "text", "format": "filename"}, "a.pdf", 'attachment; filename="a.pdf"', "a.pdf"),
    ({"type": "integer"}, None, None, None),
]


@pytest.mark.parametrize(("column", "value", "sent", "shown"), SENT)
def test_what_is_sent_is_decoded(column: dict[str, Any], value: Any, sent: Any, shown: Any) -> None:
    spec = Column(description="A column.", **column)
    assert encode(spec, value) == sent
    assert decoder_for(spec.type, spec.format)([sent]) == [shown]


def test_amounts_are_sent_as_a_story_says() -> None:
    column = Column(description="An amount.", type="decimal")
    assert encode(column, Decimal("12.50"), "number") == 12.5
    assert encode(column, Decimal("12.00"), "number") == 12
    count = Column(description="A number.", type="integer")
    assert encode(count, 12, "text") == "12"
    assert encode(count, 12) == 12
    cents = Column(description="An amount.", type="decimal", divide=100)
    assert encode(cents, Decimal("12.50")) == 1250


ASKED: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("timestamp", {}, "2026-03-01T13:00:00+01:00", SECOND),
    ("timestamp", {"format": "epoch"}, str(SECOND), SECOND),
    ("timestamp", {"format": "epoch_ms"}, SECOND * 1000, SECOND),
    ("timestamp", {"format": "no_zone"}, "2026-03-01T12:00:00", SECOND),
    ("date", {}, "2026-03-01", DAY),
    ("date", {"format": "instant"}, "2026-03-01T00:00:00Z", DAY),
    ("month", {}, "2026-03", DAY),
    ("month", {"format": "day"}, "2026-03-01", DAY),
    ("month", {"format": "year"}, "2026", 2026),
    ("date", {"format": "day_of_month"}, "31", 31),
    ("integer", {}, "7", 7),
    ("boolean", {}, "true", True),
    ("boolean", {}, False, False),
    ("decimal", {}, "1.5", Decimal("1.5")),
    ("text", {}, "a", "a"),
    ("text", {"null": "none"}, "none", None),
]


@pytest.mark.parametrize(("kind", "parameter", "sent", "value"), ASKED)
def test_what_is_asked_is_understood(
    kind: Any, parameter: dict[str, Any], sent: Any, value: Any
) -> None:
    column = Column(description="A column.", type=kind)
    assert decode(column, Parameter(**parameter), sent) == value


@pytest.mark.parametrize(
    ("kind", "parameter", "sent"),
    [
        ("timestamp", {}, "soon"),
        ("timestamp", {}, "2026-03-01T12:00:00"),
        ("timestamp", {"format": "epoch"}, "2026-03-01"),
        ("date", {}, "2026-02-30"),
        ("integer", {}, "1_0"),
        ("integer", {}, True),
        ("boolean", {}, "yes"),
        ("decimal", {}, "much"),
        ("decimal", {}, "NaN"),
        ("text", {}, {"a": 1}),
    ],
)
def test_what_no_api_takes(kind: Any, parameter: dict[str, Any], sent: Any) -> None:
    column = Column(description="A column.", type=kind)
    with pytest.raises(ValueError, match="must be"):
        decode(column, Parameter(**parameter), sent)


READ = [
    ({"type": "timestamp"}, "2026-01-02T03:04:05.500Z", 1767323045.5),
    ({"type": "timestamp", "format": "epoch"}, 1767323045, 1767323045),
    ({"type": "date"}, "2026-01-02", 1767312000),
    ({"type": "decimal"}, "1.50", Decimal("1.50")),
    ({"type": "integer"}, "7", 7),
    ({"type": "text", "format": "reference"}, {"id": "cus_1", "name": "A"}, "cus_1"),
    ({"type": "text", "format": "reference"}, "cus_1", "cus_1"),
    ({"type": "boolean"}, False, False),
    ({"type": "text"}, None, None),
]


@pytest.mark.parametrize(("spec", "raw", "meaning"), READ)
def test_what_a_document_has_is_read(spec: dict[str, Any], raw: object, meaning: object) -> None:
    assert read(Column(description="It is.", **spec), raw) == meaning
