"""One count of the statements of all servers of a process."""

from __future__ import annotations

import psycopg
import pytest

from billql.serve.metrics import Metrics
from support.wire_server import dsn, served

_OF_DIGITALOCEAN = '{connection="digitalocean",provider="digitalocean"}'


def test_statements_of_postgresqls_clients_are_counted() -> None:
    metrics = Metrics()
    with served(observe=metrics) as server, psycopg.connect(dsn(server)) as connection:
        rows = connection.execute("SELECT * FROM digitalocean_billing.invoices").fetchall()
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT * FROM digitalocean_billing.invoice_items")
    lines = metrics.exposed().decode().splitlines()
    counted = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(counted['billql_rows_total{server="postgres"}']) >= len(rows) == 24
    assert float(counted[f"billql_requests_total{_OF_DIGITALOCEAN}"]) == 1.0
    assert float(counted[f"billql_pages_total{_OF_DIGITALOCEAN}"]) == 1.0
    kind = 'billql_statements_total{outcome="missing-parameter",server="postgres"}'
    assert float(counted[kind]) == 1.0
