"""What the page of a resource says, from its definition alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.docs.facts import FieldFacts, FilterFacts, ProviderFacts, ResourceFacts
from support import whole_definition


@pytest.fixture
def provider(tmp_path: Path) -> ProviderFacts:
    (provider,) = whole_definition.providers(tmp_path)
    return provider


@pytest.fixture
def invoices(provider: ProviderFacts) -> ResourceFacts:
    return provider.services[0].resources[0]


@pytest.fixture
def items(provider: ProviderFacts) -> ResourceFacts:
    return provider.services[0].resources[1]


def test_fields_are_separate_from_hidden_ones(invoices: ResourceFacts) -> None:
    assert [field.name for field in invoices.fields][:3] == ["id", "customer", "amount"]
    assert [field.name for field in invoices.hidden] == ["query", "connection"]


def test_amounts_have_a_unit(invoices: ResourceFacts) -> None:
    fields = {field.name: field for field in invoices.fields}
    assert fields["amount"] == FieldFacts(
        "amount", "decimal", "What is owed.", "In `currency`.", False
    )
    assert fields["cents"].currency == "In minor units of `currency`, such as cents."
    assert fields["status"].currency == ""


def test_keys_are_what_no_method_does_without(
    invoices: ResourceFacts, items: ResourceFacts
) -> None:
    assert invoices.keys == ["id", "customer"]
    assert items.keys == []


def test_methods_have_required_and_optional_columns(invoices: ResourceFacts) -> None:
    by_list, by_get = invoices.methods
    assert (by_list.required, by_list.optional) == (("customer",), ("created", "due", "status"))
    assert (by_get.required, by_get.optional) == (("id",), ())


def test_filters_have_operators_and_exactness(invoices: ResourceFacts) -> None:
    customer, since, until, due, status = invoices.methods[0].filters
    assert customer == FilterFacts("customer", ("=", "IN"), "customer", "query", True, True, ())
    assert since.operators == (">", ">=")
    assert since.exact
    # An instant has fractions that SQL does not show, so its last second is asked for whole.
    assert until.operators == ("<", "<=")
    assert not until.exact
    assert not due.exact
    assert due.remarks == ("Without a condition it is the current day.",)
    assert status.operators == ("=", "IN", "IS NULL")
    assert status.remarks == (
        "Several values go into one request.",
        "Without a condition, `open`, `paid` are requested, each by itself.",
    )


def test_costs_are_sentences(invoices: ResourceFacts, items: ResourceFacts) -> None:
    assert invoices.methods[0].costs == (
        "A page has 50 items, so it takes about 3 requests for 120 rows; the pages after the first "
        "are fetched in parallel.",
        "Each request costs EUR 0.02.",
        "A request covers 31 days of `created`; a longer range needs several, 120 at most.",
        "A long list is split by `created`, and its parts are fetched in parallel.",
        "Rows are ordered by `created`, descending and `id`.",
        "A statement that reads `customer_name` sends `expand=customer` too.",
        "A response is cached for 2 hours, except for `id = 'preview'`.",
    )
    assert invoices.methods[1].costs == (
        "One request returns the row.",
        "A key that the API does not know has no row.",
    )
    assert [method.costs for method in items.methods] == [
        (
            "A page has 100 items, so it takes about 10 requests for 1,000 rows; each page leads "
            "to the next.",
        ),
        ("The API decides how large a page is; each page is a request.",),
        ("One request returns all rows.",),
    ]


def test_limits_are_sentences(provider: ProviderFacts) -> None:
    assert provider.limits == (
        "A token allows 1,200 requests in a minute, 10 requests in a second and 5 requests in 90 "
        "seconds; billql waits when it must.",
        "At most 3 requests run at the same time.",
    )


def test_methods_of_the_same_costs_are_grouped(invoices: ResourceFacts) -> None:
    assert [names for names, _ in invoices.costs] == [["list"], ["get"]]
