#!/bin/sh
# Answers a few questions over real HTTP, from a private sandbox that behaves as the API does.
# Usage: docs/demo.sh BILLQL
set -eu
billql=$1

ask() {
    printf '\n-- %s\n' "$1"
    printf '%s\n\n' "$2"
    "$billql" query --sandbox --format table "$2"
}

ask "What do I owe right now?" \
"SELECT month_to_date_balance, account_balance, month_to_date_usage, currency
FROM digitalocean.billing.balances;"

ask "Do the items of the last six invoices add up to the cent?" \
"SELECT i.invoice_period, i.amount AS invoice, money_sum(it.amount) AS items,
       count(*) AS lines, iif(i.amount = money_sum(it.amount), 'yes', 'NO') AS agree
FROM digitalocean.billing.invoices i
JOIN digitalocean.billing.invoice_items it USING (invoice_uuid)
GROUP BY i.invoice_uuid ORDER BY i.invoice_period DESC LIMIT 6;"

ask "What did each product cost this year?" \
"SELECT it.product, money_sum(it.amount) AS usd
FROM digitalocean.billing.invoices i
JOIN digitalocean.billing.invoice_items it USING (invoice_uuid)
WHERE i.invoice_period >= strftime('%Y', 'now') || '-01'
GROUP BY it.product ORDER BY usd DESC LIMIT 8;"

ask "Which days of the last month were the most expensive?" \
"SELECT start_date, money_sum(total_amount) AS usd
FROM digitalocean.billing.insights
WHERE account_urn = 'do:team:12345678-1234-1234-1234-123456789012'
  AND start_date >= date('now', '-1 month')
GROUP BY start_date ORDER BY usd DESC LIMIT 5;"

ask "How will a query be answered?" \
"EXPLAIN QUERY PLAN
SELECT * FROM digitalocean.billing.invoice_items
WHERE invoice_uuid = 'preview' AND amount > 100;"
