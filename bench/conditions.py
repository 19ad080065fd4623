"""Queries with conditions that no API has as they are written, but which imply one that it has.

Stripe's sandbox has 6 pages of invoices, 7 of charges, and at most one page of each in a month.
"""

from __future__ import annotations

from bench.query import Query

_INVOICES = "stripe.billing.invoices"
_CHARGES = "stripe.core.charges"
_CUSTOMERS = "stripe.core.customers"
_VOLUMES = "digitalocean.volumes.volumes"
_HISTORY = "digitalocean.billing.billing_history"

CONDITIONS = [
    Query(
        "What was charged in February, by the text of the month?",
        f"SELECT id, amount FROM {_CHARGES} WHERE strftime('%Y-%m', created) = '2026-02'",
        1,
        "the API filters on the time, and the month's charges fit a page of 100",
    ),
    Query(
        "What was charged on one day?",
        f"SELECT id FROM {_CHARGES} WHERE date(created) = '2026-02-10'",
        1,
        "the same, for a day",
    ),
    Query(
        "Which invoices are of a month, by a pattern?",
        f"SELECT id FROM {_INVOICES} WHERE created LIKE '2026-02%'",
        1,
        "the month's invoices fit a page of 100",
    ),
    Query(
        "Which invoices are open, by IS?",
        f"SELECT id FROM {_INVOICES} WHERE status IS 'open'",
        1,
        "the API filters on the status, and the open ones fit a page",
    ),
    Query(
        "Which invoices are open or drafts?",
        f"SELECT id FROM {_INVOICES} WHERE status = 'open' OR status = 'draft'",
        2,
        "the API takes one status at a time, and each fits a page",
    ),
    Query(
        "Which invoices are open, drafts or void, by = and IN?",
        f"SELECT id FROM {_INVOICES} WHERE status = 'open' OR status IN ('draft', 'void')",
        3,
        "the API takes one status at a time, and each fits a page",
    ),
    Query(
        "Which invoices have a status of a list that a query makes?",
        f'SELECT id FROM {_INVOICES} WHERE status IN (SELECT value FROM json_each(\'["open", '
        '"draft"]\'))',
        2,
        "the API takes one status at a time, and each fits a page",
    ),
    Query(
        "Which invoices are open, paid or drafts, sent or charged?",
        f"SELECT id FROM {_INVOICES} WHERE status IN ('open', 'paid', 'draft') "
        "AND collection_method IN ('charge_automatically', 'send_invoice')",
        6,
        "all invoices are six pages, and the six combinations of both take as many at the least",
    ),
    Query(
        "What moved the balance this year?",
        f"SELECT type, money_sum(amount) FROM {_HISTORY} WHERE year(date) = 2026 GROUP BY type",
        1,
        "one page of 200 holds all 68 entries",
    ),
    Query(
        "Which prices are in use, by the column alone?",
        "SELECT id FROM stripe.catalog.prices WHERE active",
        1,
        "the API lists prices in use apart from the others, and these fit a page of 100",
    ),
    Query(
        "Which customers are not archived?",
        "SELECT id FROM metronome.customers.customers WHERE NOT only_archived",
        1,
        "the API lists them apart from the others, and they fit a page",
    ),
    Query(
        "How many items has the running month?",
        "SELECT count(*) FROM digitalocean.billing.invoice_items WHERE invoice_uuid = 'preview'",
        1,
        "the first of two pages states how many there are",
    ),
    Query(
        "Which are the newest five charges?",
        f"SELECT id, amount FROM {_CHARGES} ORDER BY created DESC LIMIT 5",
        1,
        "the API lists the newest first",
    ),
    Query(
        "Which are the newest five charges, by the amount within a second?",
        f"SELECT id, amount FROM {_CHARGES} ORDER BY created DESC, amount DESC, id LIMIT 5",
        1,
        "the API lists the newest first, and no second has as many charges as a page",
    ),
    Query(
        "Which customers have an open invoice?",
        f"SELECT c.id FROM {_CUSTOMERS} c WHERE EXISTS "
        f"(SELECT 1 FROM {_INVOICES} i WHERE i.customer = c.id AND i.status = 'open')",
        2,
        "one page has the customers, and one the open invoices",
    ),
    Query(
        "How many open invoices are there, and what is due?",
        f"SELECT 'count', count(id) FROM {_INVOICES} WHERE status = 'open' UNION ALL "
        f"SELECT 'due', sum(amount_due) FROM {_INVOICES} WHERE status = 'open'",
        1,
        "both sides are the same page",
    ),
    Query(
        "What was invoiced, and what of it is open or paid?",
        f"SELECT (SELECT sum(total) FROM {_INVOICES}), "
        f"(SELECT sum(total) FROM {_INVOICES} WHERE status = 'open'), "
        f"(SELECT sum(total) FROM {_INVOICES} WHERE status = 'paid' AND created >= '2026-01-01')",
        6,
        "the six pages of all invoices have the others",
    ),
    Query(
        "How many volumes does each of six regions have, none included?",
        "WITH wanted(slug) AS (VALUES ('nyc1'), ('nyc3'), ('ams3'), ('fra1'), ('lon1'), ('sfo2')) "
        f"SELECT w.slug, count(v.id) FROM wanted w LEFT JOIN {_VOLUMES} v "
        "ON v.region_slug = w.slug GROUP BY w.slug",
        1,
        "one page has all volumes",
    ),
]
