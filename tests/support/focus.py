"""What must hold of datasets of FOCUS: a lint by others, and what no validator looks at.

`lint` asks focus-data-toolkit, which knows the columns of 1.4, their formats and the rules within a
row. `faults` has what no rule of theirs looks at: periods that run backwards or include their end,
list prices below negotiated ones, JSON that is not flat, a service in two categories.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from focus_data_toolkit.model.validator import lint_focus_1_4_structure

from billql.cli.focus_datasets import DATASETS, VERSIONS
from billql.definitions.views import ViewTable
from billql.util.iso_4217 import BY_DIGITS

DIGITS = {code: digits or 0 for digits, codes in BY_DIGITS.items() for code in codes.split()}
"""By currency, how many digits its amounts have."""

TITLES = {
    "cost_and_usage": "Cost and Usage",
    "revenue": "Cost and Usage",
    "daily_estimates": "Cost and Usage",
    "contract_commitments": "Contract Commitment",
    "invoice_details": "Invoice Detail",
    "billing_periods": "Billing Period",
}
"""By the name of its view, what FOCUS calls each dataset."""

Row = Mapping[str, Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_PERIODS = ("BillingPeriod", "ChargePeriod", "ContractPeriod", "ContractCommitmentPeriod")
_FLAT = ("Tags", "SkuPriceDetails", "AllocatedTags", "InvoiceDetailGrain")
_PAIRS = (
    ("ConsumedQuantity", "ConsumedUnit"),
    ("PricingQuantity", "PricingUnit"),
    ("CommitmentDiscountQuantity", "CommitmentDiscountUnit"),
    ("RegionId", "RegionName"),
    ("ContractCommitmentQuantity", "ContractCommitmentUnit"),
)
"""Columns of which both are NULL or neither."""
_IMPLIED = (
    ("SkuPriceId", "SkuId"),
    ("SkuPriceId", "ListUnitPrice"),
    ("SubAccountId", "SubAccountName"),
    ("ResourceName", "ResourceId"),
    ("ChargeClass", "InvoiceId"),
)
"""Columns of which the first one is NULL where the second one is."""
_IDENTIFIERS = {
    "contract_commitments": ("ContractCommitmentId",),
    "invoice_details": ("InvoiceId", "InvoiceDetailId"),
    "billing_periods": ("BillingPeriodStart", "InvoiceIssuerName", "x_Connection"),
}
"""By view, the columns that no two rows have in common."""


def as_text(rows: Iterable[Row], columns: Sequence[str]) -> list[dict[str, str]]:
    """Return some columns of rows of SQL values as a file of CSV has them."""

    def text(value: object) -> str:
        if isinstance(value, float):
            return f"{Decimal(f'{value:.15g}'):f}"
        return "" if value is None else str(value)

    return [{name: text(row[name]) for name in columns} for row in rows]


def in_file(part: ViewTable) -> list[str]:
    """Return the columns that a file of the newest version has, if it has one part alone."""
    dataset = DATASETS[part.view_name]
    return dataset.stated(dataset.columns(list(part.columns), VERSIONS[-1]), [part.stated])


def lint(view: str, rows: list[dict[str, str]]) -> dict[tuple[str, str | None], int]:
    """Return what focus-data-toolkit finds in the rows of a file: by rule and column how often."""
    report = lint_focus_1_4_structure(TITLES[view], rows)
    return dict(Counter((found.rule, found.column) for found in report.violations))


def faults(view: str, rows: Iterable[Row]) -> dict[str, int]:
    """Return what is wrong with rows of SQL values, or of texts: how often."""
    found = Counter[str]()
    services = defaultdict[str, set[tuple[str, str]]](set)
    seen = set[tuple[Any, ...]]()
    for row in rows:
        found.update(_faults(row))
        if "ServiceName" in row:
            services[row["ServiceName"]].add((row["ServiceCategory"], row["ServiceSubcategory"]))
        if view in _IDENTIFIERS:
            key = tuple(row[name] for name in _IDENTIFIERS[view])
            if key in seen:
                found["not unique"] += 1
            seen.add(key)
    for name, categories in services.items():
        if len(categories) > 1:
            found[f"{name} has several categories"] += 1
    return dict(found)


def _faults(row: Row) -> Iterator[str]:
    if any(value == "" for value in row.values()):
        yield "an empty text"
    for name, value in row.items():
        if isinstance(value, float) and _places(value) > 18:
            yield f"{name} has more digits than a file"
    yield from _of_periods(row)
    yield from _of_columns(row)
    if "ListCost" in row:
        yield from _of_costs(row)
    for name in _FLAT:
        if row.get(name) is not None and not _is_flat(row[name]):
            yield f"{name} is no flat object"


def _of_periods(row: Row) -> Iterator[str]:
    for kind in _PERIODS:
        if f"{kind}Start" not in row:
            continue
        start, end = str(row[f"{kind}Start"]), str(row[f"{kind}End"])
        if not (_TIME.fullmatch(start) and _TIME.fullmatch(end)):
            yield f"{kind} is no time"
        elif start >= end:
            yield f"{kind} is reversed or empty"
        elif end.endswith(":59:59Z"):
            yield f"{kind} includes its end"
    if row.get("ProviderName", "") is None or row.get("PublisherName", "") is None:
        yield "no provider, which 1.2 requires"
    if "BillingPeriodStart" in row and not str(row["BillingPeriodStart"]).endswith("-01T00:00:00Z"):
        yield "BillingPeriodStart begins no month"
    if row.get("ChargeClass") and row["ChargePeriodStart"] >= row["BillingPeriodStart"]:
        yield "a correction of the open period"


def _of_columns(row: Row) -> Iterator[str]:
    for one, other in _PAIRS:
        if one in row and (row[one] is None) != (row[other] is None):
            yield f"{one} without {other}"
    for one, other in _IMPLIED:
        if row.get(one) is not None and row[other] is None:
            yield f"{one} without {other}"
    currency = row.get("BillingCurrency")
    if currency is not None and currency not in DIGITS:
        yield f"{currency} is no currency"
    if row.get("x_CostBasis", "invoiced") not in ("invoiced", "estimated", "derived"):
        yield "x_CostBasis is unknown"


def _of_costs(row: Row) -> Iterator[str]:
    listed, contracted, billed = (
        Decimal(str(row[name])) for name in ("ListCost", "ContractedCost", "BilledCost")
    )
    unit = Decimal(10) ** -DIGITS.get(row["BillingCurrency"], 0)  # a bill is rounded
    if (listed + unit < contracted) if billed > 0 else (listed - unit > contracted):
        yield "ListCost below ContractedCost"
    category = row["ChargeCategory"]
    if category == "Tax" and any(
        row[name] is not None for name in ("SkuId", "PricingQuantity", "ConsumedQuantity")
    ):
        yield "a tax with a quantity or an SKU"
    if category == "Credit" and billed > 0:
        yield "a credit that costs"


def _places(value: float) -> int:
    """Return how many digits a real of 15 digits has after the point."""
    exponent = Decimal(f"{value:.15g}").normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _is_flat(value: str) -> bool:
    found = json.loads(value)
    return (
        isinstance(found, dict)
        and bool(found)
        and not any(isinstance(one, list | dict) for one in found.values())
    )
