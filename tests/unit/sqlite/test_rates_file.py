"""Exchange rates are read from the two forms of CSV files, and from nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billql.errors import BadValue
from billql.sqlite.rates_file import Rate, read


def rates(text: str) -> list[Rate]:
    return read(iter(text.splitlines(keepends=True)), "own")


def test_the_banks_history_has_a_column_for_each_currency() -> None:
    found = rates("Date,USD,JPY,RUB,\n2026-10-30,1.1650,177.21,N/A,\n2026-10-29,1.16,,81,\n\n")
    assert found == [
        Rate("USD", "2026-10-30", Decimal("1.1650"), "ECB"),
        Rate("JPY", "2026-10-30", Decimal("177.21"), "ECB"),
        Rate("USD", "2026-10-29", Decimal("1.16"), "ECB"),
        Rate("RUB", "2026-10-29", Decimal("81"), "ECB"),
    ]


def test_the_banks_file_of_one_day_has_spaces_and_the_name_of_the_month() -> None:
    assert rates("Date, USD, JPY, \n30 October 2026, 1.165, 177.21, \n") == [
        Rate("USD", "2026-10-30", Decimal("1.165"), "ECB"),
        Rate("JPY", "2026-10-30", Decimal("177.21"), "ECB"),
    ]


def test_a_list_of_ones_own_has_a_rate_in_each_row_and_columns_in_any_order() -> None:
    text = "\ufeffper_eur,Currency,day,source\n0.36,kwd,2026-10-01,bank\n1,EUR,2026-10-01,\n"
    assert rates(text) == [
        Rate("KWD", "2026-10-01", Decimal("0.36"), "bank"),
        Rate("EUR", "2026-10-01", Decimal(1), "own"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no list of exchange rates"),
        ("a,b\n1,2\n", "no list of exchange rates"),
        ("Date,USD\n", "there is no rate"),
        ("Date,USD\n2026-10-30,N/A\n", "there is no rate"),
        ("Date,USD\n2026-02-30,1\n", "line 2: '2026-02-30' is no day"),
        ("Date,USD\n2026-10-30,1\n30 Octember,2\n", "line 3: '30 Octember' is no day"),
        ("Date,USD\n30 Xyz 2026,1\n", "line 2: '30 Xyz 2026' is no day"),
        ("Date,USD\n2026-10-30,abc\n", "line 2: 'abc' is no rate of USD"),
        ("Date,USD\n2026-10-30,0\n", "line 2: '0' is no rate of USD"),
        ("Date,USD\n2026-10-30,-1\n", "line 2: '-1' is no rate of USD"),
        ("Date,USD\n2026-10-30,NaN\n", "line 2: 'NaN' is no rate of USD"),
        ("Date,USD\n2026-10-30,1.1234567890123456\n", "more than 15 digits"),
        ("Date,U-S\n2026-10-30,1\n", "line 2: 'U-S' is no code"),
        ("currency,day,per_eur\nEUR,2026-10-30,2\n", "one EUR is 1 EUR"),
        ("currency,day,per_eur\nUSD,2026-10-30\n", "line 2: '' is no rate of USD"),
        ("currency,day,per_eur\n,2026-10-30,1\n", "line 2: '' is no code"),
        ("Date,USD\n2026-10-30,1\n2026-10-30,2\n", "line 3: USD has another rate on 2026-10-30"),
    ],
)
def test_what_is_no_rate_is_an_error_with_its_line(text: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        rates(text)
    assert message in caught.value.message


def test_the_same_rate_may_stand_twice() -> None:
    assert len(rates("Date,USD\n2026-10-30,1\n2026-10-30,1.0\n")) == 2
