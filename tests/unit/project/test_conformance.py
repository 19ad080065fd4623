"""`make focus`: what the validator prints is read whole, and sums that differ are named."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from billql.cli.focus_datasets import DATASETS
from conformance import sums, validator
from conformance.__main__ import FILES, FLOORS, SOLD_BY

PRINTED = """
=== Validation Results ===
Total: 5 | Pass: 2 | Fail: 2 | Skipped: 1
✅ BilledCost-C-001-M: PASS  (violations=0, 0.8ms)
❌ InvoiceId-C-004-C: FAIL  (violations=3, msg=InvoiceId MUST be NULL., 1.5ms)
❌ Cost-D-051-C: FAIL  (violations=1, msg=X MUST be there. [Upstream dependency failed: Y])

--- Failures ---
- InvoiceId-C-004-C: violations=3; InvoiceId MUST be NULL.
"""


def test_all_failed_rules_count_those_that_blame_another_too() -> None:
    verdict = validator.read(PRINTED)
    assert verdict == validator.Verdict(2, 1, frozenset({"InvoiceId-C-004-C", "Cost-D-051-C"}))


def test_a_rule_that_is_counted_and_not_named_is_an_error() -> None:
    with pytest.raises(SystemExit, match="counts 3 failed rules"):
        validator.read(PRINTED.replace("Fail: 2", "Fail: 3"))


def test_an_output_without_a_result_is_none() -> None:
    assert validator.read("ConnectionError") is None


def test_every_floor_has_a_reason() -> None:
    floors = yaml.safe_load(FLOORS.read_text())
    assert [floor["provider"] for floor in floors] == ["digitalocean", "stripe", "metronome"]
    for floor in floors:
        assert floor["view"] in DATASETS
        assert floor["fails"]
        assert all(len(reason) > 40 for reason in floor["fails"].values())


def test_the_files_of_the_newest_version_have_all_datasets() -> None:
    assert {view for view, _ in FILES} == set(DATASETS)
    assert {provider for _, provider in FILES} <= {None, *SOLD_BY}


def test_an_invoice_differs_by_the_smallest_unit_or_if_one_side_lacks_it() -> None:
    rows = [
        {"InvoiceId": "a", "BilledCost": Decimal("1.001")},
        {"InvoiceId": "a", "BilledCost": Decimal("-0.001")},
        {"InvoiceId": "b", "BilledCost": Decimal("0.1")},
        {"InvoiceId": "c", "BilledCost": Decimal(0)},
    ]
    invoiced = {"a": Decimal(1), "b": Decimal("0.101"), "d": Decimal(5), "e": Decimal(0)}
    assert sums.differing(sums.of_rows(rows), invoiced) == ["b", "c", "d"]
