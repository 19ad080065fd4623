"""One session of billql's that runs compiled statements over the tables and the catalog."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from billql import errors
from billql.serve.context import Ended, Observer
from billql.serve.postgres.catalog import image
from billql.serve.postgres.catalog.names import Catalog
from billql.serve.postgres.compiler.compile import Compiled, compile_query
from billql.serve.postgres.compiler.parsing import Statement
from billql.serve.postgres.context import SessionContext
from billql.serve.postgres.errors import PostgresError, of_billql
from billql.serve.postgres.functions.install import install
from billql.serve.postgres.functions.registry import Registry
from billql.sql.statements import Row, parse
from billql.sqlite.estimate import Estimate, estimate
from billql.sqlite.session import Session


@contextmanager
def translating() -> Iterator[None]:
    """Raise PostgresError for every error that is the statement's fault, or the API's."""
    try:
        yield
    except errors.Error as error:
        raise of_billql(error) from error
    except (struct.error, OverflowError) as error:
        raise PostgresError("22003", "value out of range", hint="Cast it to text.") from error
    except (ArithmeticError, ValueError, TypeError) as error:
        raise PostgresError(
            "22000", f"a value is not as expected: {error}", hint="Cast the value to its type."
        ) from error


class Engine:
    """Compiles and runs statements in one session."""

    def __init__(
        self,
        session: Session,
        catalog: Catalog,
        registry: Registry,
        context: SessionContext,
        observe: Observer,
    ) -> None:
        self.session = session
        self._observe = observe
        self.context = context
        self._catalog = catalog
        self._registry = registry
        with session.trusted():
            database = session.database
            install(database, registry, context)
            database.execute(f"ATTACH ':memory:' AS {image.SCHEMA}")
            database.deserialize(image.SCHEMA, catalog.image)

    def compile(self, statement: Statement, declared: Sequence[str] = ()) -> Compiled:
        """Compile a query; raise PostgresError."""
        with translating():
            return compile_query(statement, self._catalog, self._registry, self.context, declared)

    def run(self, compiled: Compiled, values: Sequence[Any]) -> Iterator[Row]:
        """Yield the rows of a query; raise PostgresError."""
        start, rows, outcome = time.monotonic(), 0, "ok"
        try:
            with translating():
                execution = self.session.execute(compiled.sql, tuple(values))
                try:
                    for rows, row in enumerate(execution, start=1):  # noqa: B007
                        yield row
                finally:
                    execution.close()
        except PostgresError as error:
            cause = error.__cause__
            outcome = cause.code if isinstance(cause, errors.Error) else "internal"
            raise
        finally:
            seconds = time.monotonic() - start
            self._observe(Ended("postgres", outcome, rows, seconds, self.session.scans))

    def estimate(self, compiled: Compiled, values: Sequence[Any]) -> Estimate:
        """Return what a query would cost; raise PostgresError."""
        with translating():
            return estimate(self.session, parse(compiled.sql), tuple(values))

    def close(self) -> None:
        """Close the session."""
        self.session.close()
