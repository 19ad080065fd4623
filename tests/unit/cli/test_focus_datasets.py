"""What `billql focus export` selects: the columns of one version, and some billing periods."""

from __future__ import annotations

import pytest
from focus_data_toolkit.model.validator import load_model

from billql.cli.focus_datasets import DATASETS, OWN, VERSIONS, Dataset, check, select
from billql.definitions import views
from billql.definitions.catalog import Catalog
from billql.errors import InterfaceError
from support import focus

CATALOG = Catalog()


def names(view: str) -> list[str]:
    found = views.find(CATALOG, f"billql.focus.{view}")
    assert found is not None
    return list(found.columns)


@pytest.mark.parametrize(
    ("view", "version", "count"),
    [
        ("cost_and_usage", "1.2", 57),
        ("cost_and_usage", "1.3", 65),
        ("revenue", "1.4", 65),
        ("daily_estimates", "1.4", 65),
        ("contract_commitments", "1.3", 13),
        ("contract_commitments", "1.4", 30),
        ("invoice_details", "1.4", 22),
        ("billing_periods", "1.4", 6),
    ],
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


@pytest.mark.parametrize("view", DATASETS)
def test_the_newest_version_has_the_columns_of_the_specification(view: str) -> None:
    specified = load_model()["datasets"][focus.TITLES[view]]["columns"]
    columns = DATASETS[view].columns(names(view), VERSIONS[-1])
    assert {name for name in columns if not name.startswith(OWN)} == set(specified)
    conditional = {
        name
        for name, rule in specified.items()
        if rule["feature_level"] == "Conditional" and not rule["allows_nulls"]
    }
    assert set(DATASETS[view].conditional) == conditional
    required = {
        name
        for name, rule in specified.items()
        if rule["feature_level"] == "Mandatory" and not rule["allows_nulls"]
    }
    newer = DATASETS[view].required.get(VERSIONS[-1], frozenset())
    assert newer <= required
    if view == "contract_commitments":
        assert newer == required - set(DATASETS[view].columns(names(view), "1.3"))


def test_a_part_without_what_a_version_requires_is_known() -> None:
    dataset = Dataset("1.3", required={"1.4": frozenset(("Model", "Status"))})
    assert dataset.unstated("1.3", []) == []
    assert dataset.unstated("1.4", ["Status", "Cost"]) == ["Model"]


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
    assert select("revenue", {"a": "boolean"}, {}, {"<": None}, ["b"], in_order=False) == (
        'SELECT "a" FROM billql.focus.revenue WHERE TRUE AND "b" IS NOT NULL',
        [],
    )


def test_a_version_without_the_dataset_is_refused() -> None:
    assert check("contract_commitments", "1.3", by_period=False).since == "1.3"
    with pytest.raises(InterfaceError, match=r"FOCUS 1\.3 has no dataset for invoice_details"):
        check("invoice_details", "1.3", by_period=False)
    with pytest.raises(InterfaceError, match="contract_commitments have no billing period"):
        check("contract_commitments", "1.4", by_period=True)
