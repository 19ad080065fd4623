"""A session that may only read keeps no history, and shows what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql import errors
from support.bills import Bills, connect


def test_a_read_only_session_reads_what_was_and_refreshes_nothing(tmp_path: Path) -> None:
    api, path = Bills(), tmp_path / "bills.db"
    api.add("i1", "2026-03", ("cpu", "1"), state="draft")
    with connect(api, tmp_path, path) as db:
        db.execute("CREATE MATERIALIZED VIEW lines AS SELECT * FROM bills.all.lines")
    api.requests.clear()
    with connect(api, tmp_path, path, read_only=True) as db:
        assert db.execute("SELECT amount FROM lines AS OF '2026-03-15'").fetchall() == [(1.0,)]
        assert db.execute("SELECT count(*) FROM billql.catalog.refreshes").fetchall() == [(2,)]
        for sql in ("REFRESH MATERIALIZED VIEW lines", "DROP MATERIALIZED VIEW lines"):
            with pytest.raises(errors.ReadOnly):
                db.execute(sql)
    assert api.requests == []
