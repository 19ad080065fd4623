"""What `billql focus export` selects: the columns of one version, and some billing periods."""

from __future__ import annotations

import pytest

from billql.cli.focus_datasets import DATASETS, OWN, VERSIONS, Dataset, check, select
from billql.definitions import views
from billql.definitions.catalog import Catalog
from billql.errors import InterfaceError

CATALOG = Catalog()


def names(view: str) -> list[str]:
    found = views.find(CATALOG, f"billql.focus.{view}")
    assert found is not None
    return list(found.columns)


@pytest.mark.parametrize(
    ("view", "version", "count"),
    [("cost_and_usage", "1.2", 57), ("cost_and_usage", "1.3", 65), ("revenue", "1.4", 65)],
)
def test_a_version_has_its_columns_in_order_and_then_those_of_billql(
    view: str, version: str, count: int
) -> None:
    columns = DATASETS[view].columns(names(view), version)
    official = [name for name in columns if not name.startswith(OWN)]
    assert len(official) == count
    assert columns == [*official, *(name for name in names(view) if name.startswith(OWN))]
    assert official == sorted(official)


def test_versions_add_and_remove_columns() -> None:
    dataset, all_names = DATASETS["cost_and_usage"], names("cost_and_usage")
    first, second, third = (set(dataset.columns(all_names, one)) for one in VERSIONS)
    assert first < second
    assert third - second == {"CommitmentProgramEligibilityDetails", "InvoiceDetailId"}
    assert second - third == {"ProviderName", "PublisherName"}


@pytest.mark.parametrize(
    ("parts", "columns"),
    [
        ([], ["Cost"]),
        ([{"Cost"}, {"Cost"}], ["Cost"]),
        ([{"Cost", "Kind", "Currency"}, {"Cost"}], ["Cost", "Currency"]),
        ([{"Cost", "Kind"}, {"Cost", "Kind"}], ["Cost", "Kind"]),
    ],
)
def test_a_column_that_is_never_null_is_in_a_file_if_it_is_stated(
    parts: list[set[str]], columns: list[str]
) -> None:
    dataset = Dataset("1.2", conditional={"Kind": None, "Currency": "BillingCurrency"})
    assert dataset.stated(["Cost", "Kind", "Currency"], parts) == columns


def test_a_select_casts_texts_and_compares_periods() -> None:
    columns = {"BilledCost": "decimal", "Tags": "json", "PricingCurrency": "text"}
    bounds = {">=": "2026-01", "<": "2026-03"}
    conditional = {"PricingCurrency": "BillingCurrency"}
    assert select("revenue", columns, conditional, bounds, in_order=True) == (
        'SELECT "BilledCost", CAST("Tags" AS TEXT) AS "Tags", '
        'coalesce("PricingCurrency", "BillingCurrency") AS "PricingCurrency" '
        "FROM billql.focus.revenue WHERE TRUE AND BillingPeriodStart >= ? "
        "AND BillingPeriodStart < ? ORDER BY BillingPeriodStart",
        ["2026-01", "2026-03"],
    )
    assert select("revenue", {"x_Residual": "boolean"}, {}, {"<": None}, in_order=False) == (
        'SELECT "x_Residual" FROM billql.focus.revenue WHERE TRUE',
        [],
    )


def test_a_version_without_the_dataset_is_refused() -> None:
    assert check("contract_commitments", "1.3", by_period=False).since == "1.3"
    with pytest.raises(InterfaceError, match=r"FOCUS 1\.3 has no dataset for invoice_details"):
        check("invoice_details", "1.3", by_period=False)
    with pytest.raises(InterfaceError, match="contract_commitments have no billing period"):
        check("contract_commitments", "1.4", by_period=True)
