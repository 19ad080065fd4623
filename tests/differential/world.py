"""One world: a session over a mock API, and plain tables that hold the same rows.

Whatever is asked, both must say the same, or the API must have failed.
"""

from __future__ import annotations

import datetime
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import httpx

from billql.config.file import ConnectionConfig
from billql.config.settings import Settings
from billql.definitions.catalog import Catalog
from billql.errors import Error
from billql.sqlite.execution import Execution
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from support.clock import FakeClock

from .api import URL, Api, token
from .definitions import provider, service
from .drawing import TODAY
from .local import FILLED, LOCAL
from .oracle import REFUSALS, Answer, Plain, allows
from .shapes import Row, Shape, SQLValue
from .statements import Bindings, Query, Write
from .tally import Tally
from .troubles import NO_TROUBLES, Troubles

ONE_ACCOUNT = ("mock",)
_NEVER = re.compile(
    r"mock\.shop\.(\w+): (\w+) is never ('.*?')(?:\..*| .* have ('.*')\.)", re.DOTALL
)


class World:
    """Answers statements twice."""

    def __init__(
        self,
        tables: Sequence[tuple[Shape, Sequence[Row]]],
        local: Sequence[tuple[SQLValue, ...]] = (),
        troubles: Troubles = NO_TROUBLES,
        accounts: Sequence[str] = ONE_ACCOUNT,
        cache_ttl: float = 300.0,
    ) -> None:
        self.api = Api(tables, troubles)
        self.tally = Tally(worlds=1)
        self._accounts = accounts
        self._cache_ttl = cache_ttl
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name) / "mock"
        folder.mkdir()
        # JSON is YAML.
        (folder / "provider.yaml").write_text(json.dumps(provider()))
        (folder / "shop.yaml").write_text(json.dumps(service([shape for shape, _ in tables])))
        self.notes: list[str] = []
        self.session = Session(":memory:", self._options, self.notes.append)
        self.plain = Plain(tables)
        for table in (LOCAL, FILLED):
            self.on_both(table.sql)
        marks = ", ".join("?" * len(LOCAL.declared))
        for row in local:
            self.on_both(f"INSERT INTO {LOCAL.name} VALUES ({marks})", row)

    def _options(self) -> Options:
        several = self._accounts != ONE_ACCOUNT
        connections = {
            name: ConnectionConfig(provider="mock", token=token(name), url=URL)
            for name in self._accounts
        }
        return Options(
            environ={},
            tokens=None if several else {"mock": token("mock")},
            urls={"mock": URL},
            connections=connections if several else {},
            catalog=Catalog([Path(self._folder.name)]),
            settings=Settings(patience=1000.0, attempts=2),
            http_transport=httpx.MockTransport(self.api),
            clock=lambda: datetime.datetime.fromisoformat(f"{TODAY}T12:00:00Z"),
            request_clock=FakeClock(),
            cache_ttl=self._cache_ttl,
        )

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.plain.close()
        self._folder.cleanup()

    # Asking.

    def on_both(self, sql: str, bindings: Bindings = ()) -> None:
        self.ask(sql, bindings)
        self.expected(sql, bindings)

    def ask(self, sql: str, bindings: Bindings = ()) -> Answer:
        """Ask billql; the API must have understood everything, and no request came twice."""
        self._wait_for_requests()
        before = len(self.api.asked)
        try:
            answer = _rows(self.session.execute(sql.replace("@", "mock.shop."), bindings))
        finally:
            assert not self.api.complaints, (sql, bindings, self.api.complaints)
        twice = [line for line, times in Counter(self.api.asked[before:]).items() if times > 1]
        assert not twice, (sql, bindings, twice)
        self._check_notes()
        return answer

    def _check_notes(self) -> None:
        """Check that rows have what a note states that they have, and not what it states is
        never there.
        """
        for note in self.notes:
            if found := _NEVER.fullmatch(note):
                table, column, never, seen = found.groups()
                sql = f"SELECT * FROM @{table} WHERE {column} = "
                assert seen is None or self.expected(f"{sql}{seen}"), note
                assert seen is not None or not self.expected(f"{sql}{never}"), note
        self.notes.clear()

    def _wait_for_requests(self) -> None:
        """Wait for what the statement before has sent ahead, whose requests are its own."""
        running = self.session.engine.shared.services.client._dispatcher._running
        end = time.monotonic() + 10
        while running and time.monotonic() < end:
            time.sleep(0.0005)

    def expected(self, sql: str, bindings: Bindings = ()) -> Answer:
        """Ask the plain tables."""
        return self.plain.answer(sql, bindings)

    def check(self, query: Query) -> None:
        """Ask both, and compare."""
        failures = len(self.api.failures)
        self.tally.statements += 1
        told = f"\n{query.text}\n{query.bindings}\n"
        try:
            actual = self.ask(query.text, query.bindings)
        except Error as error:
            if not allows(query, error, self.api.failures[failures:]):
                raise AssertionError(f"{told}{error!r}\n{self.api.asked}") from error
            self._count_error(error)
            return
        told += f"{self.api.asked}\n{self.api.failures}\n{actual}\n"
        wrong = self.plain.compare(query, actual)
        assert wrong is None, told + str(wrong)
        missed = query.thorough and len(self.api.failures) > failures
        assert not missed, f"{told}though a page of it failed"
        if self.plain.is_trivial(query):
            self.tally.trivial += 1
        else:
            self.tally.telling += 1

    def check_view(self, query: Query) -> None:
        """Ask both for the rows of a view that has a statement, if one can; and compare."""
        if query.bindings:
            self.check(query)
            return
        self.on_both(f"CREATE VIEW seen AS {query.text}")
        try:
            # What is stored as it is written needs a key beside an outer join.
            self.check(replace(query, text="SELECT * FROM seen WHERE 1", refusable=True))
        finally:
            self.on_both("DROP VIEW seen")

    def _count_error(self, error: Error) -> None:
        if isinstance(error, REFUSALS):
            self.tally.refused += 1
        else:
            self.tally.failed += 1

    def same(self, sql: str, bindings: Bindings = (), *, ordered: bool = False) -> Answer:
        """Ask both for a whole answer, and compare; gives it."""
        self.check(Query(sql, bindings, total=ordered))
        return self.expected(sql, bindings)

    # Writing.

    def write(self, write: Write) -> None:
        """Let both write, and compare what their tables hold then: if billql fails, what they held
        before."""
        for statement in write.before:
            self.on_both(statement)
        if write.in_transaction:
            self.on_both("BEGIN")
        before = self._held()
        self._write(write)
        held = self._held()
        told = f"{write.text} {write.bindings}\nleft {held}\nof {before}"
        assert held == self._held(plain=True), told
        if write.in_transaction:
            self.on_both("COMMIT" if write.commits else "ROLLBACK")
            assert self._held() == self._held(plain=True), told
        self.on_both("DROP TABLE IF EXISTS made")
        for name in ("drawn", "calls"):
            self.on_both(f"DROP TRIGGER IF EXISTS {name}")
        self.tally.telling += held != before

    def _write(self, write: Write) -> None:
        failures = len(self.api.failures)
        self.tally.statements += 1
        try:
            returned = self.ask(write.text, write.bindings)
        except Error as error:
            allowed = Query(write.text, refusable=write.refusable)
            if not allows(allowed, error, self.api.failures[failures:]):
                raise AssertionError(f"{write.text} {write.bindings}\n{error!r}") from error
            self._count_error(error)
        else:
            expected = self.expected(write.text, write.bindings)
            assert Counter(returned) == Counter(expected), (write, returned, expected)

    def _held(self, *, plain: bool = False) -> dict[str, Counter[tuple[object, ...]]]:
        """Give what the tables of a database hold, by their names."""
        answer = self.expected if plain else self.ask
        names = [name for (name,) in answer("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            str(name): Counter(answer(f"SELECT * FROM {name}"))
            for name in names
            if not plain or name in (LOCAL.name, FILLED.name, "made")
        }


def _rows(execution: Execution) -> Answer:
    """Read the rows of a statement: some at a time, one, and then some more."""
    rows = execution.fetch(3)
    if rows:
        rows += [*islice(execution, 1), *chain.from_iterable(iter(lambda: execution.fetch(7), []))]
    return rows
