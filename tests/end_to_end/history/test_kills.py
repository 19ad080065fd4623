"""A refresh that is killed, as by `kill -9`, at any write, sync or request: nothing is half there.

`BILLQL_KILLS` is how many are killed.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import apsw

from assurance.dying import Fate, die
from support.bills import Bills, connect

KILLS = int(os.environ.get("BILLQL_KILLS", "10"))
REFRESH = "REFRESH MATERIALIZED VIEW lines"
STEPS = 400
"""More steps than a refresh takes."""


class Mortal(Bills):
    """An API whose client dies at a request."""

    dies_at: int | None = None

    def __call__(self, request: Any) -> Any:
        if self.dies_at == len(self.requests):
            die()
        return super().__call__(request)


def refresh(api: Mortal, folder: Path, path: Path, steps: int) -> int:
    """Refresh in a process that dies after some steps; return how it ended."""
    child = os.fork()
    if child == 0:
        fate = Fate(str(folder), steps)
        fate.begin()
        with connect(api, folder, path) as db:
            db.execute(REFRESH)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def stored(path: Path) -> dict[str, Counter[tuple[str, float]]]:
    """Return what a file has of each invoice, after checks that nothing in it dangles."""
    database = apsw.Connection(str(path))
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    for column in ("_since", "_until"):
        dangling = f"SELECT {column} FROM lines__history WHERE {column} IS NOT NULL EXCEPT"
        assert database.execute(f"{dangling} SELECT id FROM billql_refreshes").fetchall() == []
    twice = "SELECT 1 FROM lines__history WHERE _until IS NULL GROUP BY"
    twice += " _scope, product, amount, _text_amount, _nth HAVING count(*) > 1"
    assert database.execute(twice).fetchall() == []
    found: dict[str, Counter[tuple[str, float]]] = {}
    for scope, product, amount in database.execute(
        "SELECT _scope, product, amount FROM lines__history WHERE _until IS NULL"
    ):
        found.setdefault(scope, Counter())[product, amount] += 1
    scopes = database.execute(
        "SELECT count(*), count(DISTINCT scope) FROM billql_scopes"
    ).fetchall()
    assert scopes == [(6, 6)]
    return found


def bag(lines: list[tuple[str, str]]) -> Counter[tuple[str, float]]:
    return Counter((product, float(amount)) for product, amount in lines)


def test_a_kill_loses_at_most_the_running_scope(tmp_path: Path) -> None:
    dice = random.Random("kills")
    api, path = Mortal(), tmp_path / "bills.db"
    for number in range(5):
        api.add(f"i{number}", f"2026-0{number + 1}", ("cpu", "1"), ("cpu", "1"), state="draft")
    api.lines["preview"] = [("disk", "3")]
    with connect(api, tmp_path, path) as db:
        db.execute("CREATE MATERIALIZED VIEW lines AS SELECT * FROM bills.all.lines")
    died = 0
    for _ in range(KILLS):
        before = stored(path)
        for invoice in api.lines:
            count = dice.randint(1, 40)
            amounts = [str(dice.randint(1, 3)) for _ in range(count)]
            api.lines[invoice] = [(dice.choice(("cpu", "disk")), amount) for amount in amounts]
        api.requests.clear()
        by_request = dice.random() < 0.3
        api.dies_at = dice.randint(0, 6) if by_request else None
        ended = refresh(api, tmp_path, path, STEPS if by_request else dice.randint(0, 90))
        died += ended != 0
        assert ended in (0, 9)
        now = stored(path)
        for invoice, lines in api.lines.items():
            assert now[invoice] in (before[invoice], bag(lines)), invoice
        api.dies_at = None
        if dice.random() < 0.5:
            assert refresh(api, tmp_path, path, 10**9) == 0
            assert stored(path) == {invoice: bag(lines) for invoice, lines in api.lines.items()}
    print(f"{died} of {KILLS} refreshes were killed")
    assert died > KILLS // 2
