"""What `billql focus export` selects: the columns of one version, and some billing periods."""

from __future__ import annotations

import pytest

from billql.cli import focus
from billql.definitions import views
from billql.definitions.catalog import Catalog

VIEW = views.find(Catalog(), "billql.focus.cost_and_usage")
assert VIEW is not None
NAMES = list(VIEW.columns)


@pytest.mark.parametrize(("version", "count"), [("1.2", 57), ("1.3", 65), ("1.4", 65)])
def test_a_version_has_its_columns_in_order_and_then_those_of_billql(
    version: str, count: int
) -> None:
    columns = focus.columns_of(NAMES, version)
    official = [name for name in columns if not name.startswith("x_")]
    assert len(official) == count
    assert columns == [*official, *(name for name in NAMES if name.startswith("x_"))]
    assert official == sorted(official)


def test_versions_add_and_remove_columns() -> None:
    first, second, third = (set(focus.columns_of(NAMES, one)) for one in focus.VERSIONS)
    assert first < second
    assert third - second == {"CommitmentProgramEligibilityDetails", "InvoiceDetailId"}
    assert second - third == {"ProviderName", "PublisherName"}


def test_periods_are_conditions() -> None:
    assert focus.select("revenue", ["BilledCost"], "2026-01", "2026-03") == (
        'SELECT "BilledCost" FROM billql.focus.revenue '
        "WHERE TRUE AND BillingPeriodStart >= ? AND BillingPeriodStart < ?",
        ["2026-01", "2026-03"],
    )
    assert focus.select("revenue", ["BilledCost"], None, None) == (
        'SELECT "BilledCost" FROM billql.focus.revenue WHERE TRUE',
        [],
    )
