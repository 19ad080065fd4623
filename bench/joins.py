"""Queries that need many keys, over lists which have them all: what could cost a request for each.

Stripe's sandbox has 40 customers, 6 pages of invoices, 5 of them paid, and 7 pages of charges.
"""

from __future__ import annotations

from bench.query import Query

_INVOICES = "stripe.billing.invoices"
_CHARGES = "stripe.core.charges"
_CUSTOMERS = "stripe.core.customers"

JOINS = [
    Query(
        "Which charges have the same customer?",
        f"SELECT count(*) FROM {_CHARGES} a JOIN {_CHARGES} b ON b.customer = a.customer "
        "WHERE a.id < b.id",
        7,
        "both sides are the same seven pages",
    ),
    Query(
        "Which Droplets have the same name?",
        "WITH d AS (SELECT * FROM digitalocean.droplets.droplets) "
        "SELECT a.id FROM d a JOIN d b ON b.name = a.name AND b.id <> a.id",
        2,
        "both sides are the same lists, one of Droplets and one of GPU Droplets",
    ),
    Query(
        "Which invoices of the account have the same amount?",
        "SELECT a.invoice_uuid FROM digitalocean.billing.invoices a "
        "JOIN digitalocean.billing.invoices b ON b.amount = a.amount "
        "AND a.invoice_uuid < b.invoice_uuid",
        1,
        "both sides are the same page",
    ),
    Query(
        "What is open, for each customer?",
        f"SELECT c.id, i.id FROM {_CUSTOMERS} c "
        f"LEFT JOIN {_INVOICES} i ON i.customer = c.id AND i.status = 'open'",
        2,
        "one page has the customers, and one the open invoices",
    ),
    Query(
        "Which customers have no invoice?",
        f"SELECT c.id FROM {_CUSTOMERS} c "
        f"WHERE NOT EXISTS (SELECT 1 FROM {_INVOICES} i WHERE i.customer = c.id)",
        7,
        "one page has the customers, and all six pages of invoices must be seen",
    ),
    Query(
        "What was invoiced and charged, for each customer?",
        f"SELECT c.id, (SELECT count(*) FROM {_INVOICES} i WHERE i.customer = c.id), "
        f"(SELECT sum(amount) FROM {_CHARGES} h WHERE h.customer = c.id) FROM {_CUSTOMERS} c",
        14,
        "1 + 6 + 7 pages have the customers, the invoices and the charges",
    ),
    Query(
        "How many paid invoices are there, joined four times by their IDs?",
        f"SELECT count(*) FROM {_INVOICES} a JOIN {_INVOICES} b ON b.id = a.id "
        f"JOIN {_INVOICES} c ON c.id = b.id JOIN {_INVOICES} d ON d.id = c.id "
        "WHERE a.status = 'paid' AND b.status = 'paid' AND c.status = 'paid' AND d.status = 'paid'",
        5,
        "all four are the same five pages",
    ),
    Query(
        "Which open invoices have the same customer?",
        f"WITH x AS (SELECT * FROM {_INVOICES} WHERE status = 'open') "
        "SELECT a.id, b.id FROM x a JOIN x b ON b.customer = a.customer",
        1,
        "both sides are the same page",
    ),
    Query(
        "What did each customer pay, by name?",
        f"SELECT c.name, sum(h.amount) FROM {_CHARGES} h JOIN {_CUSTOMERS} c ON c.id = h.customer "
        "GROUP BY c.id",
        8,
        "7 + 1 pages have the charges and the customers, of whom none is deleted",
    ),
    Query(
        "Who paid the newest five charges?",
        f"SELECT h.id, c.name FROM {_CHARGES} h JOIN {_CUSTOMERS} c ON c.id = h.customer "
        "ORDER BY h.created DESC LIMIT 5",
        2,
        "the API lists the newest first, and one page has the customers",
    ),
    Query(
        "Who owes something?",
        f"SELECT name FROM {_CUSTOMERS} "
        f"WHERE id IN (SELECT customer FROM {_INVOICES} WHERE status = 'open')",
        2,
        "one page has the open invoices, and one the customers",
    ),
    Query(
        "Which Droplets and volumes are in the same region?",
        "SELECT count(*) FROM digitalocean.droplets.droplets d "
        "JOIN digitalocean.volumes.volumes v ON v.region_slug = d.region_slug",
        3,
        "two lists have the Droplets, and one page the volumes",
    ),
    Query(
        "Which volumes are in any of six regions?",
        "SELECT id FROM digitalocean.volumes.volumes "
        "WHERE region_slug IN ('nyc1', 'nyc3', 'ams3', 'fra1', 'lon1', 'sfo2')",
        1,
        "one page has all volumes",
    ),
    Query(
        "How many items have the invoices without tax, since the summer?",
        "SELECT i.invoice_period, count(*) FROM digitalocean.billing.invoices i "
        "JOIN digitalocean.billing.invoice_items t ON t.invoice_uuid = i.invoice_uuid "
        "WHERE i.invoice_period >= '2025-06' AND NOT EXISTS "
        "(SELECT 1 FROM digitalocean.billing.invoice_summary s "
        "WHERE s.invoice_uuid = i.invoice_uuid AND s.taxes_amount > 0) GROUP BY 1",
        12,
        "one page lists nine invoices, each summary is a response of its own, and two have no tax",
    ),
    Query(
        "How many charges were made in the period of each invoice?",
        "SELECT i.id, count(c.id) FROM stripe.billing.invoices i LEFT JOIN stripe.core.charges c "
        "ON c.created >= i.period_start AND c.created < i.period_end GROUP BY i.id",
        13,
        "six pages list the invoices, and seven the charges",
    ),
]
