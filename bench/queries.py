"""Queries over the sandbox, and the least number of requests that could answer each.

The least number is argued from the API and not from billql: which endpoints hold what is asked, how
much a page of theirs holds, and what nobody can know before asking. The sandbox always sends the
same story, so the numbers are fixed; `counts` sends each query in a session of its own and lets the
sandbox count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bench.by_billql import opened
from bench.conditions import CONDITIONS
from bench.joins import JOINS
from bench.query import Query
from billql.sandbox import Sandbox

UNTIL = date(2026, 3, 15)
TEAM = "do:team:12345678-1234-1234-1234-123456789012"


QUERIES = [
    Query(
        "What do I owe?",
        "SELECT month_to_date_balance FROM digitalocean.billing.balances",
        1,
        "the balance is one response",
    ),
    Query(
        "How did the bill change from month to month?",
        "SELECT invoice_period, amount - lag(amount) OVER (ORDER BY invoice_period) "
        "FROM digitalocean.billing.invoices",
        1,
        "24 invoices fit a page of 200",
    ),
    Query(
        "Which invoices are larger than the one of the month before?",
        "SELECT a.invoice_period FROM digitalocean.billing.invoices a "
        "JOIN digitalocean.billing.invoices b "
        "ON b.invoice_period = strftime('%Y-%m', a.invoice_period || '-01', '-1 month') "
        "WHERE a.amount > b.amount",
        1,
        "both sides are the same page",
    ),
    Query(
        "What did January cost, by product?",
        "SELECT product, money_sum(amount) FROM digitalocean.billing.invoice_items "
        "WHERE invoice_uuid = '5106d23b-e264-4e8b-b99e-7d55555dbdea' GROUP BY product",
        1,
        "its 150 items fit a page",
    ),
    Query(
        "What does the largest item of the running month cost?",
        "SELECT description, amount FROM digitalocean.billing.invoice_items "
        "WHERE invoice_uuid = 'preview' ORDER BY amount DESC LIMIT 1",
        2,
        "its 291 items take two pages, and the largest may be on either",
    ),
    Query(
        "What are any five items of an invoice?",
        "SELECT description, amount FROM digitalocean.billing.invoice_items "
        "WHERE invoice_uuid = '32c5f267-899e-45bb-8463-0c4ef2cb06b8' LIMIT 5",
        1,
        "the first page of three has five",
    ),
    Query(
        "What is the 411th item of an invoice, and what are the four after it?",
        "SELECT description, amount FROM digitalocean.billing.invoice_items "
        "WHERE invoice_uuid = '32c5f267-899e-45bb-8463-0c4ef2cb06b8' LIMIT 5 OFFSET 410",
        2,
        "the third page has them; as it is not full, the one before shows how large pages are",
    ),
    Query(
        "What did three invoices bill for volumes?",
        "SELECT invoice_uuid, money_sum(amount) FROM digitalocean.billing.invoice_items "
        "WHERE invoice_uuid IN ('1ae63d55-d1cb-4b09-9c24-6ad6f7db9ab2', "
        "'5106d23b-e264-4e8b-b99e-7d55555dbdea', '32c5f267-899e-45bb-8463-0c4ef2cb06b8') "
        "AND product = 'Volumes' GROUP BY invoice_uuid",
        5,
        "they have 150, 150 and 499 items: 1 + 1 + 3 pages",
    ),
    Query(
        "What did each product cost in the last three months?",
        "SELECT i.invoice_period, t.product, money_sum(t.amount) "
        "FROM digitalocean.billing.invoices i "
        "JOIN digitalocean.billing.invoice_items t USING (invoice_uuid) "
        "WHERE i.invoice_period >= '2025-12' GROUP BY 1, 2",
        6,
        "one page lists the invoices, and their items are five",
    ),
    Query(
        "Which of the latest four invoices have tax?",
        "SELECT s.billing_period, s.taxes_amount FROM "
        "(SELECT invoice_uuid FROM digitalocean.billing.invoices "
        "ORDER BY invoice_period DESC LIMIT 4) i "
        "LEFT JOIN digitalocean.billing.invoice_summary s ON s.invoice_uuid = i.invoice_uuid",
        5,
        "one page lists the invoices, and each summary is a response of its own",
    ),
    Query(
        "What does each category cost in the latest invoice's CSV?",
        "SELECT category, money_sum(amount) FROM digitalocean.billing.invoice_csv "
        "WHERE invoice_uuid = (SELECT invoice_uuid FROM digitalocean.billing.invoices "
        "ORDER BY invoice_period DESC LIMIT 1) GROUP BY category",
        2,
        "the list shows which is the latest, and its CSV is one response",
    ),
    Query(
        "How much was invoiced, paid and credited?",
        "SELECT type, count(*), money_sum(amount) FROM digitalocean.billing.billing_history "
        "GROUP BY type",
        1,
        "one page of 200 holds all 68 entries",
    ),
    Query(
        "What did each day of the winter cost?",
        "SELECT start_date, money_sum(total_amount) FROM digitalocean.billing.insights "
        f"WHERE account_urn = '{TEAM}' AND start_date BETWEEN '2025-12-01' AND '2026-02-28' "
        "GROUP BY start_date",
        44,
        "90 days of 93 points take three windows, and these 15 + 15 + 14 pages",
    ),
    Query(
        "Which Droplet has this ID?",
        "SELECT name, size_slug FROM digitalocean.droplets.droplets WHERE id = 662075000",
        1,
        "it has an address of its own",
    ),
    Query(
        "Which Droplets carry a tag?",
        "SELECT id, name FROM digitalocean.droplets.droplets WHERE tag_name = 'web'",
        1,
        "the API filters on the tag",
    ),
    Query(
        "How many Droplets does the account have, and how many may it have?",
        "SELECT droplet_limit, (SELECT count(*) FROM digitalocean.droplets.droplets) "
        "FROM digitalocean.account.account",
        3,
        "the account is one response, and the API lists GPU Droplets apart from the others",
    ),
    Query(
        "Which volumes have no snapshot?",
        "SELECT v.name FROM digitalocean.volumes.volumes v WHERE NOT EXISTS "
        "(SELECT 1 FROM digitalocean.snapshots.snapshots s WHERE s.resource_id = v.id)",
        2,
        "both lists must be seen, and each fits a page",
    ),
    Query(
        "How many resources does each project have?",
        "SELECT p.name, count(r.urn) FROM digitalocean.projects.projects p "
        "LEFT JOIN digitalocean.projects.project_resources r ON r.project_id = p.id "
        "GROUP BY p.id",
        8,
        "one page lists the seven projects, and each has a list of its own",
    ),
    Query(
        "Keep a table of what is kept where.",
        "CREATE TEMP TABLE kept AS SELECT region_slug AS region, size_gigabytes AS gigabytes "
        "FROM digitalocean.volumes.volumes UNION ALL SELECT NULL, size_gigabytes "
        "FROM digitalocean.snapshots.snapshots",
        2,
        "both lists must be seen, and each fits a page",
    ),
    Query(
        "What can nothing satisfy?",
        "SELECT * FROM digitalocean.billing.invoice_items "
        "WHERE invoice_uuid = 'preview' AND invoice_uuid = 'another'",
        0,
        "no item has two invoices",
    ),
    *JOINS,
    *CONDITIONS,
]


def counts() -> Iterator[tuple[Query, int]]:
    """Ask each query in a session of its own, and give the requests that the sandbox was sent."""
    with Sandbox(seed=1, until=UNTIL) as sandbox:
        for query in QUERIES:
            sandbox.requests.clear()
            with opened(sandbox.urls, sandbox.tokens) as session:
                for _ in session.execute(query.sql):
                    pass
            yield query, len(sandbox.requests)
