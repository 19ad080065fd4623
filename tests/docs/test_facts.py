"""What the page of a resource says, from its definition alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.docs.facts import Field, Filter, Page, ProviderPages
from docs import made


@pytest.fixture
def provider(tmp_path: Path) -> ProviderPages:
    (provider,) = made.providers(tmp_path)
    return provider


@pytest.fixture
def invoices(provider: ProviderPages) -> Page:
    return provider.services[0].pages[0]


@pytest.fixture
def items(provider: ProviderPages) -> Page:
    return provider.services[0].pages[1]


def test_fields_are_told_apart_from_hidden_ones(invoices: Page) -> None:
    assert [field.name for field in invoices.fields][:3] == ["id", "customer", "amount"]
    assert [field.name for field in invoices.hidden] == ["query", "connection"]


def test_amounts_tell_what_they_are_counted_in(invoices: Page) -> None:
    fields = {field.name: field for field in invoices.fields}
    assert fields["amount"] == Field("amount", "decimal", "What is owed.", "In `currency`.", False)
    assert fields["cents"].currency == "In minor units of `currency`, such as cents."
    assert fields["status"].currency == ""


def test_keys_are_what_no_method_does_without(invoices: Page, items: Page) -> None:
    assert invoices.keys == ["id", "customer"]
    assert items.keys == []


def test_methods_tell_what_they_need_and_what_they_can_use(invoices: Page) -> None:
    by_list, by_get = invoices.ways
    assert (by_list.required, by_list.optional) == (("customer",), ("created", "due", "status"))
    assert (by_get.required, by_get.optional) == (("id",), ())


def test_filters_tell_operators_and_exactness(invoices: Page) -> None:
    customer, since, until, due, status = invoices.ways[0].filters
    assert customer == Filter("customer", ("=", "IN"), "customer", "query", True, True, ())
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
        "Without a condition, `open`, `paid` are asked for, each in a request of its own.",
    )


def test_costs_are_told(invoices: Page, items: Page) -> None:
    assert invoices.ways[0].costs == (
        "A page has 50 items, so it takes about 3 requests for 120 rows; the pages after the first "
        "are fetched at once.",
        "A request covers 31 days of `created`; a longer range takes several, 120 at most.",
        "A long list is cut by `created`, and its parts are fetched at once.",
        "Rows come in the order of `created`, descending and `id`.",
        "A statement that reads `customer_name` sends `expand=customer` too.",
        "An answer is kept for 2 hours, except for `id = 'preview'`.",
    )
    assert invoices.ways[1].costs == (
        "One request gives the row.",
        "A key that the API does not know gives no row.",
    )
    assert [way.costs for way in items.ways] == [
        (
            "A page has 100 items, so it takes about 10 requests for 1,000 rows; each tells how to "
            "get the next.",
        ),
        ("The API decides how large a page is; each page is a request.",),
        ("One request gives all rows.",),
    ]


def test_limits_are_told(provider: ProviderPages) -> None:
    assert provider.limits == (
        "A token may ask 1,200 times in a minute, 10 times in a second and 5 times in 90 seconds; "
        "billql waits when it must.",
        "At most 3 requests are under way at once.",
    )


def test_methods_of_the_same_costs_are_told_together(invoices: Page) -> None:
    assert [names for names, _ in invoices.costs] == [["list"], ["get"]]
