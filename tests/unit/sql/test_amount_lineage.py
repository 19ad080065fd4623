"""Which columns of a query are amounts, and which column beside them has their currency."""

from __future__ import annotations

import pytest

from billql.sql.amount_lineage import amounts_of
from billql.sql.amounts import Amount, Relation, RelationColumn

TABLES: dict[str, Relation | str | None] = {
    "bills": [
        RelationColumn("id"),
        RelationColumn("amount", Amount(place=3)),
        RelationColumn("tax", Amount(place=3)),
        RelationColumn("currency"),
        RelationColumn("n"),
        RelationColumn("connection", None, True),
    ],
    "payments": [
        RelationColumn("id"),
        RelationColumn("paid", Amount(place=2, is_minor=True)),
        RelationColumn("currency"),
    ],
    "dollars": [RelationColumn("amount", Amount("USD", 1)), RelationColumn("currency")],
    "doubled": "CREATE VIEW doubled(twice, currency) AS SELECT amount * 2, currency FROM bills",
}

NO = None
UNKNOWN = Amount()
ROUNDED = Amount(is_rounded=True)


def find(name: str, database: str) -> Relation | str | None:
    return TABLES.get(name)


def at(place: int, *, minor: bool = False, rounded: bool = False) -> Amount:
    return Amount(None, place, minor, rounded)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM bills", [NO, at(3), at(3), NO, NO]),
        ("SELECT connection, amount FROM bills", [NO, UNKNOWN]),
        ("SELECT currency AS c, sum(amount) FROM bills GROUP BY 1", [NO, at(0)]),
        ("SELECT upper(currency), max(amount) FROM bills", [NO, at(0)]),
        ("SELECT avg(amount), currency FROM bills", [at(1, rounded=True), NO]),
        ("SELECT amount - tax, -amount, abs(tax), currency FROM bills", [at(3)] * 3 + [NO]),
        ("SELECT amount * 1.19, amount / n, currency FROM bills", [at(2, rounded=True)] * 2 + [NO]),
        ("SELECT amount / tax, amount * tax, n / amount FROM bills", [NO, NO, NO]),
        ("SELECT coalesce(amount, 0), ifnull(tax, 0), currency FROM bills", [at(2), at(2), NO]),
        ("SELECT CASE WHEN n THEN amount ELSE 0 END, currency FROM bills", [at(1), NO]),
        ("SELECT iif(n, amount, tax), nullif(tax, 0), currency FROM bills", [at(2), at(2), NO]),
        ("SELECT sum(DISTINCT amount) FILTER (WHERE n), currency FROM bills", [at(1), NO]),
        ("SELECT sum(amount) OVER (ORDER BY id), currency FROM bills", [at(1), NO]),
        ("SELECT lag(amount) OVER (), total(tax), currency FROM bills", [at(2), at(2), NO]),
        ("SELECT round(CAST(amount AS REAL), 1), currency FROM bills", [at(1), NO]),
        ("SELECT CAST(amount AS TEXT), count(amount), amount > 5 FROM bills", [NO, NO, NO]),
        ("SELECT amount || currency, typeof(amount), id FROM bills", [NO, NO, NO]),
        ("SELECT amount FROM bills WHERE currency = 'jpy' AND n", [Amount("jpy")]),
        ("SELECT amount FROM dollars", [Amount("USD")]),
        ("SELECT b.amount, p.paid, b.currency FROM bills b JOIN payments p USING (currency)",
         [at(2), at(2, minor=True), NO]),
        ("SELECT p.paid, b.currency FROM bills b JOIN payments p ON b.currency = p.currency",
         [at(1, minor=True), NO]),
        ("SELECT b.amount, p.currency FROM bills b JOIN payments p ON b.id = p.id", [UNKNOWN, NO]),
        ("SELECT amount, currency FROM bills WHERE currency = currency", [at(1), NO]),
        ("SELECT p.paid, b.currency FROM bills b JOIN payments p ON b.currency = p.currency "
         "AND p.currency = b.currency", [at(1, minor=True), NO]),
        ("SELECT amount FROM bills WHERE currency = 'usd' AND currency = 'usd'", [Amount("usd")]),
        ("SELECT a.amount, b.amount, b.currency, a.currency FROM bills a, bills b",
         [at(3), at(2), NO, NO]),
        ("SELECT a.amount - b.amount, a.currency FROM bills a JOIN bills b USING (currency)",
         [at(1), NO]),
        ("SELECT a.amount - b.amount, a.currency FROM bills a, bills b", [UNKNOWN, NO]),
        ("SELECT * FROM bills JOIN payments USING (currency)",
         [NO, at(3), at(3), NO, NO, NO, at(3, minor=True)]),
        ("WITH t AS (SELECT currency, money_sum(amount) AS s FROM bills GROUP BY 1) "
         "SELECT s - 5, currency FROM t", [at(1), NO]),
        ("WITH t(a, b) AS (SELECT amount, currency FROM bills) SELECT b, a FROM t", [NO, at(0)]),
        ("WITH RECURSIVE r(k, a) AS (SELECT 1, amount FROM bills UNION ALL SELECT k + 1, a FROM r)"
         " SELECT a FROM r", [UNKNOWN]),
        ("SELECT twice, currency FROM doubled", [at(1), NO]),
        ("SELECT amount, currency FROM bills UNION ALL SELECT amount, currency FROM dollars",
         [at(1), NO]),
        ("SELECT amount, currency FROM bills UNION ALL SELECT paid, currency FROM payments",
         [NO, NO]),
        ("SELECT (SELECT sum(amount) FROM dollars), (SELECT count(*) FROM bills)",
         [Amount("USD"), NO]),
        ("SELECT money(paid, currency), currency FROM payments", [at(1), NO]),
        ("SELECT paid / 100.0, paid, paid / 12, currency FROM payments",
         [at(3), at(3, minor=True), at(3, minor=True, rounded=True), NO]),
        ("SELECT money(1050, 'kwd')", [Amount("kwd")]),
        (
            "SELECT convert(amount, currency, 'EUR', '2026-10-30'), money_sum(tax, currency), "
            "currency FROM bills GROUP BY 3",
            [Amount("EUR", is_rounded=True), at(2), NO],
        ),
        (
            "SELECT money_sum(convert(paid, 'USD', currency, '2026-10-30')), currency "
            "FROM payments",
            [at(1, rounded=True), NO],
        ),
        ("SELECT convert(amount, 'USD') FROM bills", [NO]),
        ("SELECT money_sum(amount * n, currency), currency FROM bills", [at(1, rounded=True), NO]),
        ("SELECT s.amount FROM (SELECT * FROM bills LIMIT 1) AS s, payments", [UNKNOWN]),
        ("VALUES (1, 2)", [NO, NO]),
        ("SELECT x.y FROM nowhere AS x", [NO]),
    ],
)  # fmt: skip
def test_lineage(sql: str, expected: list[Amount | None]) -> None:
    assert amounts_of(sql, find) == expected


def test_what_cannot_be_followed() -> None:
    assert amounts_of("SELECT FROM WHERE", find) is None
