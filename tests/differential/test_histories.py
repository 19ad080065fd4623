"""Random restatements over random refreshes, errors and broken transactions: a history has what the
API responded at each refresh, and its changes explain every difference.

Rows come, go, return, double and change; invoices settle, are restated and forgotten. The number
of worlds is a tenth of `BILLQL_EXAMPLES`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql import errors
from billql.dbapi.connection import Connection
from support.bills import Bills, connect

from .dice import Dice
from .test_random import EXAMPLES, FIRST

STEPS = 12
"""How many refreshes a world has."""

AMOUNTS = (
    "1",
    "1.0",
    '"1.00"',
    '"1.10"',
    "1.1",
    "0.1000000000000000055",
    "0.1",
    "-2.50",
    "1e2",
    "7",
)
PRODUCTS = ("cpu", "disk", "a|bc", "ab|c", "")

Line = tuple[str, str]
"""A product, and the text of an amount."""


class World:
    """An API that changes, its history, and what each refresh should have stored."""

    def __init__(self, number: int, db: Connection, api: Bills) -> None:
        self.dice = Dice(f"histories {number}")
        self.db, self.api = db, api
        self.name = f"lines_{number}"
        self.bags: dict[int, tuple[Any, Counter[Line]]] = {}
        """For each refresh its scope, and the rows that the API had."""
        self.closed: dict[str, tuple[bool, str]] = {}
        """For each scope that was read: whether it was settled, and the text of its header."""
        self.cases = 0
        self._count = 0
        for _ in range(self.dice.number(1, 4)):
            self._new_invoice()

    def _line(self) -> tuple[str, str]:
        return self.dice.one(*PRODUCTS), self.dice.one(*AMOUNTS)

    def _new_invoice(self) -> None:
        self._count += 1
        lines = [self._line() for _ in range(self.dice.number(0, 4))]
        state = self.dice.one("draft", "paid", "void")
        self.api.add(f"i{self._count}", f"2026-{self._count % 12 + 1:02}", *lines, state=state)

    def restate(self) -> None:
        """Let the API change."""
        dice, api = self.dice, self.api
        for _ in range(dice.number(0, 4)):
            if not api.months or dice.chance(15):
                self._new_invoice()
                continue
            invoice = dice.one(*api.lines)
            lines = api.lines[invoice]
            match dice.number(0, 6):
                case 0:
                    lines.append(self._line())
                case 1 if lines:
                    lines.pop(dice.number(0, len(lines) - 1))
                case 2 if lines:
                    lines.append(dice.one(*lines))
                case 3 if lines:
                    at = dice.number(0, len(lines) - 1)
                    lines[at] = (lines[at][0], dice.one(*AMOUNTS))
                case 4:
                    lines.reverse()
                case 5 if invoice in api.states:
                    api.states[invoice] = dice.one("draft", "paid", "void")
                case 6 if invoice in api.states and dice.chance(30):
                    for one in (api.lines, api.months, api.states):
                        one.pop(invoice)

    def make(self) -> None:
        """Make the history."""
        self.db.execute(f"CREATE MATERIALIZED VIEW {self.name} AS SELECT * FROM bills.all.lines")
        self._record()

    def refresh(self) -> None:
        """Refresh, which may fail at any place."""
        dice, api = self.dice, self.api
        trouble = dice.number(0, 9)
        expected = set(self._to_read())
        if trouble == 0 and api.lines:
            api.failing[f"/invoices/{dice.one(*api.lines)}"] = httpx.Response(500, json={})
        elif trouble == 1:
            self._break_commit(dice.number(1, 4))
        last = self._last()
        where = ""
        if trouble == 2 and self.closed:
            scope = dice.one(*self.closed)
            where, expected = f" WHERE invoice = '{scope}'", {scope}
        try:
            self.db.execute(f"REFRESH MATERIALIZED VIEW {self.name}{where}")
            complete = True
        except (errors.ApiError, errors.IntegrityError):
            complete = False
        api.failing.clear()
        self.db._session.database.set_commit_hook(None)
        read = {scope for scope in self._record(last) if scope is not None}
        assert read == expected if complete else read <= expected, (read, expected)

    def _to_read(self) -> Iterator[str]:
        """Yield the scopes that a refresh should read: new, open, or with another header."""
        for scope in {*self.api.months, "preview", *self.closed}:
            settled, header = self.closed.get(scope, (False, ""))
            if not settled or (scope in self.api.months and header != self._header(scope)):
                yield scope

    def _header(self, scope: str) -> str:
        return self.api._amount(scope).strip('"') + self.api.states[scope]

    def _break_commit(self, number: int) -> None:
        """Let a commit fail, as if the process had died before it."""
        count = iter(range(number))
        self.db._session.database.set_commit_hook(lambda: next(count, None) is None)

    def _last(self) -> int:
        (found,) = self.db.execute("SELECT max(id) FROM billql_refreshes").fetchone() or (0,)
        return int(found or 0)

    def _record(self, last: int = 0) -> list[Any]:
        """Note what the refreshes after another one should have stored; return their scopes."""
        scopes = []
        for number, scope in self.db.execute(
            "SELECT id, scope FROM billql_refreshes WHERE history = ? AND id > ? ORDER BY id",
            (self.name, last),
        ).fetchall():
            scopes.append(scope)
            lines = self.api.lines.get(scope, ())
            self.bags[number] = scope, Counter((one, text.strip('"')) for one, text in lines)
            if scope is not None:
                is_listed = scope in self.api.months
                settled = is_listed and self.api.states[scope] != "draft"
                self.closed[scope] = settled, self._header(scope) if is_listed else ""
        return scopes

    def check(self) -> None:
        """Compare each refresh with what it should have stored, and with its changes."""
        state: dict[Any, Counter[Line]] = {}
        for number, (scope, bag) in self.bags.items():
            before = state.get(scope, Counter())
            state[scope] = bag
            whole = sum(state.values(), Counter[Line]())
            assert self._stored(number) == whole, number
            shown = Counter(
                self.db.execute(
                    f"SELECT product, amount FROM {self.name} AS OF {number}"
                ).fetchall()
            )
            assert shown == Counter((one, float(text)) for one, text in whole.elements())
            removed, added = self._changes(number)
            assert before - removed + added == bag, number
            assert removed & added == Counter(), "what is the same is no change"
            self.cases += 1
        now = Counter(self.db.execute(f"SELECT product, amount FROM {self.name}").fetchall())
        whole = sum(state.values(), Counter[Line]())
        assert now == Counter((one, float(text)) for one, text in whole.elements())

    def _stored(self, number: int) -> Counter[Line]:
        rows = self.db._session.database.execute(
            f"SELECT product, coalesce(_text_amount, printf('%.15g', amount)) "
            f"FROM {self.name}__history "
            "WHERE _since <= ?1 AND (_until IS NULL OR _until > ?1)",
            (number,),
        )
        return Counter((product, text) for product, text in rows)

    def _changes(self, number: int) -> tuple[Counter[Line], Counter[Line]]:
        """Return the rows that a refresh has removed and those that it has added."""
        removed, added = Counter[Line](), Counter[Line]()
        # Any program can read the view, and SQLite alone is quick.
        for product, old, new, difference in self.db._session.database.execute(
            "SELECT product, iif(old IS NULL, NULL, coalesce(old_text, printf('%.15g', old))), "
            "iif(new IS NULL, NULL, coalesce(new_text, printf('%.15g', new))), difference "
            f"FROM {self.name}__changes WHERE refresh = ?",
            (number,),
        ):
            removed[product, old] += old is not None
            added[product, new] += new is not None
            assert difference == pytest.approx(float(new or 0) - float(old or 0), abs=1e-12)
        return +removed, +added


def test_a_history_has_what_the_api_responded(tmp_path: Path) -> None:
    cases = 0
    for number in range(FIRST, FIRST + max(1, EXAMPLES // 10)):
        api = Bills()
        with connect(api, tmp_path) as db:
            world = World(number, db, api)
            try:
                world.make()
                for _ in range(STEPS):
                    world.restate()
                    api.pass_days(1)
                    world.refresh()
                world.check()
            except AssertionError as error:
                raise AssertionError(f"in the world {number}: {error}") from error
            cases += world.cases
    print(f"histories: {cases} refreshes, all as the API responded")
    assert cases > 20 * max(1, EXAMPLES // 10)
