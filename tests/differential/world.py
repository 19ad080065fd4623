"""One world: a session over a mock API, and plain tables that hold the same rows.

Whatever is asked, both must say the same.
"""

from __future__ import annotations

import datetime
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import httpx

from billql.catalogue import Catalogue
from billql.engine import Options
from billql.errors import BadValue, ParameterMissing
from billql.session import Session
from billql.settings import Settings
from billql.values import AFFINITY

from .api import TOKEN, URL, Api
from .drawing import LOCAL, TODAY
from .predicates import Bindings
from .queries import Query
from .shapes import Row, Shape, SQLValue, in_order, provider, service

Answer = list[tuple[Any, ...]]


class World:
    """Answers statements twice."""

    def __init__(
        self,
        tables: Sequence[tuple[Shape, Sequence[Row]]],
        local: Sequence[tuple[SQLValue, ...]] = (),
    ) -> None:
        self.api = Api(tables)
        self._names = [shape.name for shape, _ in tables]
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name) / "mock"
        folder.mkdir()
        # JSON is YAML.
        (folder / "provider.yaml").write_text(json.dumps(provider()))
        shapes = tuple(shape for shape, _ in tables)
        (folder / "shop.yaml").write_text(json.dumps(service(shapes)))
        self.session = Session(":memory:", self._options)
        self.oracle = apsw.Connection(":memory:")
        for shape, rows in tables:
            self._add_plain_table(shape, rows)
        declared = ", ".join(f"{name} {kind}" for name, kind, _ in LOCAL.declared)
        self.on_both(f"CREATE TABLE {LOCAL.name} ({declared})")
        marks = ", ".join("?" * len(LOCAL.declared))
        for row in local:
            self.on_both(f"INSERT INTO {LOCAL.name} VALUES ({marks})", row)

    def _options(self) -> Options:
        return Options(
            environ={},
            tokens={"mock": TOKEN},
            urls={"mock": URL},
            catalogue=Catalogue([Path(self._folder.name)]),
            settings=Settings(patience=0.1, attempts=1),
            http_transport=httpx.MockTransport(self.api),
            clock=lambda: datetime.datetime.fromisoformat(f"{TODAY}T12:00:00Z"),
        )

    def _add_plain_table(self, shape: Shape, rows: Sequence[Row]) -> None:
        declared = ", ".join(f"{one.name} {AFFINITY[one.type]}" for one in shape.columns)
        self.oracle.execute(f"CREATE TABLE {shape.name} ({declared})")
        marks = ", ".join("?" * len(shape.columns))
        self.oracle.executemany(
            f"INSERT INTO {shape.name} VALUES ({marks})",
            [tuple(row[one.name] for one in shape.columns) for row in in_order(shape, rows)],
        )

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.oracle.close()
        self._folder.cleanup()

    # Asking.

    def on_both(self, sql: str, bindings: Bindings = ()) -> None:
        self.ask(sql, bindings)
        self.expected(sql, bindings)

    def ask(self, sql: str, bindings: Bindings = ()) -> Answer:
        """Ask billql; the API must have understood everything, and no request came twice."""
        before = len(self.api.asked)
        try:
            answer = list(self.session.execute(sql.replace("@", "mock.shop."), bindings))
        finally:
            assert not self.api.complaints, (sql, bindings, self.api.complaints)
        twice = [line for line, times in Counter(self.api.asked[before:]).items() if times > 1]
        assert not twice, (sql, bindings, twice)
        return answer

    def expected(self, sql: str, bindings: Bindings = ()) -> Answer:
        """Ask the plain tables."""
        return list(self.oracle.execute(sql.replace("@", ""), bindings))

    def check(self, query: Query) -> None:
        """Ask both, and compare."""
        expected = self.expected(query.text, query.bindings)
        try:
            actual = self.ask(query.text, query.bindings)
        except (ParameterMissing, BadValue) as error:
            if not query.refusable:
                raise AssertionError(f"{query.text} {query.bindings}: {error}") from error
            return
        told = f"\n{query.text}\n{query.bindings}\n{self.api.asked}\n{actual}\n{expected}"
        if query.total:
            assert actual == expected, told
            return
        assert _sorted_by(query.keys, actual) == _sorted_by(query.keys, expected), told
        if query.unlimited:
            whole = Counter(self.expected(*query.unlimited))
            assert len(actual) == len(expected), told
            assert Counter(actual) <= whole, told
        else:
            assert Counter(actual) == Counter(expected), told

    def same(self, sql: str, bindings: Bindings = (), *, ordered: bool = False) -> Answer:
        """Ask both for a whole answer, and compare; gives it."""
        self.check(Query(sql, bindings, total=ordered))
        return self.expected(sql, bindings)


def _sorted_by(keys: Sequence[int], answer: Answer) -> Answer:
    return [tuple(row[place] for place in keys) for row in answer]
