"""What connections and cursors give is of the classes that the package exports."""

from __future__ import annotations

import billql


def test_connections_and_cursors_give_them() -> None:
    with billql.connect(sandbox=True, settings=billql.Settings(max_rows=1000)) as connection:
        cursor = connection.execute("SELECT count(*) FROM digitalocean.billing.balances")
        assert cursor.fetchall() == [(1,)]
        assert [type(scan) for scan in cursor.scans] == [billql.ScanStats]
        assert isinstance(connection.cache_info(), billql.CacheStats)
