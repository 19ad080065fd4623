"""What the tests of FOCUS look at beside the lint: each fault is found in a row that has it."""

from __future__ import annotations

from typing import Any

import pytest

from support import focus

ROW: dict[str, Any] = {
    "BilledCost": 8.0,
    "BillingCurrency": "KWD",
    "BillingPeriodEnd": "2026-10-01T00:00:00Z",
    "BillingPeriodStart": "2026-09-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": None,
    "ChargePeriodEnd": "2026-09-02T00:00:00Z",
    "ChargePeriodStart": "2026-09-01T00:00:00Z",
    "ConsumedQuantity": 2.0,
    "ConsumedUnit": "Hours",
    "ContractedCost": 8.0,
    "InvoiceId": "1",
    "ListCost": 10.0,
    "PricingQuantity": 2.0,
    "PricingUnit": "Hours",
    "ServiceCategory": "Compute",
    "ServiceName": "Droplets",
    "ServiceSubcategory": "Virtual Machines",
    "SkuId": "s",
    "SkuPriceId": "p",
    "ListUnitPrice": 5.0,
    "Tags": '{"team": "a"}',
    "x_CostBasis": "invoiced",
}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"ChargePeriodEnd": "2026-08-31T00:00:00Z"}, "ChargePeriod is reversed or empty"),
        ({"ChargePeriodEnd": "2026-09-01T00:00:00Z"}, "ChargePeriod is reversed or empty"),
        ({"ChargePeriodEnd": "2026-09-01T23:59:59Z"}, "ChargePeriod includes its end"),
        ({"ChargePeriodStart": "2026-09-01 00:00:00"}, "ChargePeriod is no time"),
        ({"BillingPeriodEnd": None}, "BillingPeriod is no time"),
        ({"BillingPeriodStart": "2026-09-02T00:00:00Z"}, "BillingPeriodStart begins no month"),
        ({"ListCost": 7.998}, "ListCost below ContractedCost"),
        (
            {"BilledCost": -8.0, "ContractedCost": -8.0, "ListCost": -7.0},
            "ListCost below ContractedCost",
        ),
        ({"BillingCurrency": "kwd"}, "kwd is no currency"),
        ({"Tags": '{"team": ["a"]}'}, "Tags is no flat object"),
        ({"Tags": "[]"}, "Tags is no flat object"),
        ({"PricingUnit": None}, "PricingQuantity without PricingUnit"),
        ({"SkuId": None}, "SkuPriceId without SkuId"),
        ({"ListUnitPrice": None}, "SkuPriceId without ListUnitPrice"),
        ({"SkuPriceId": ""}, "an empty text"),
        ({"x_CostBasis": "guessed"}, "x_CostBasis is unknown"),
        ({"ListUnitPrice": 0.0000123456789012345}, "ListUnitPrice has more digits than a file"),
        ({"ChargeCategory": "Tax"}, "a tax with a quantity or an SKU"),
        ({"ChargeCategory": "Credit"}, "a credit that costs"),
        ({"ChargeClass": "Correction"}, "a correction of the open period"),
    ],
)
def test_a_fault_is_found(changes: dict[str, Any], fault: str) -> None:
    assert fault in focus.faults("cost_and_usage", [ROW | changes])


def test_a_row_without_a_fault_has_none() -> None:
    rounded = ROW | {"ListCost": 7.9991}
    assert focus.faults("cost_and_usage", [ROW, ROW, rounded]) == {}


def test_a_service_in_two_categories_is_found() -> None:
    other = ROW | {"ServiceSubcategory": "Containers"}
    assert focus.faults("revenue", [ROW, other]) == {"Droplets has several categories": 1}


def test_a_line_that_comes_twice_is_found() -> None:
    line = {"InvoiceId": "1", "InvoiceDetailId": "a"}
    rows = [line, line, line | {"InvoiceId": "2"}]
    assert focus.faults("invoice_details", rows) == {"not unique": 1}


def test_the_lint_finds_a_missing_column_and_a_wrong_price() -> None:
    row = focus.as_text([ROW | {"ListCost": 9.0}], list(ROW))
    found = focus.lint("cost_and_usage", row)
    assert found[("missing_mandatory_column", "EffectiveCost")] == 1
    assert found[("cost_not_unit_price_times_quantity", "ListCost")] == 1


def test_numbers_of_a_file_are_digits() -> None:
    rows = [{"a": 1e-07, "b": None, "c": 0.1 + 0.2, "d": 1}]
    assert focus.as_text(rows, ["a", "b", "c", "d"]) == [
        {"a": "0.0000001", "b": "", "c": "0.3", "d": "1"}
    ]
