"""The virtual table that stands for a view of a definition, of which SQLite asks the columns alone.

A statement that reads a view is run with its SELECT in its place (see `_views`). What its result's
columns are declared to be, SQLite finds by this table: of an expression in a SELECT it knows no
type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import apsw

from billql.definitions.types import MOMENTS
from billql.definitions.views import ViewTable
from billql.errors import NotSupportedError
from billql.sqlite._resource_table import ResourceModule, ResourceTable, declared_type


class ViewModule:
    """Makes the virtual table for a view when SQLite first meets its name.

    `view` returns the view of a name; for a name of which it returns None, `others` makes the
    table.
    """

    def __init__(self, view: Callable[[str], ViewTable | None], others: ResourceModule) -> None:
        self._view = view
        self._others = others

    def Create(  # noqa: N802
        self, database: apsw.Connection, module: str, schema: str, name: str, *arguments: str
    ) -> tuple[str, ViewShell | ResourceTable]:
        """Return a table's declaration, and the table."""
        view = self._view(module)
        if view is None:
            return self._others.Create(database, module, schema, name, *arguments)
        return declaration(view), ViewShell(view.name)

    Connect = Create


def declaration(view: ViewTable) -> str:
    """Return the CREATE TABLE of a view's columns."""
    columns = (
        f'"{name}" {declared_type(column.type)}{collation_clause(column.type)}'
        for name, column in view.columns.items()
    )
    return f"CREATE TABLE view ({', '.join(columns)})"


def collation_clause(kind: str) -> str:
    """Return the COLLATE of a type's columns, with a space before it; empty if there is none."""
    return " COLLATE time" if kind in MOMENTS else ""


class ViewShell:
    """One view as SQLite sees it where its columns are described."""

    def __init__(self, name: str) -> None:
        self._name = name

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802
        """Accept any plan, for none is run."""
        return True

    def Open(self) -> NoReturn:  # noqa: N802
        """Raise NotSupportedError: the view is read where its SELECT cannot stand in its place."""
        raise NotSupportedError(
            f"{self._name} is a view, which a trigger cannot read",
            hint="Keep what it returns in a table of your own: CREATE TABLE … AS SELECT …",
        )

    def Disconnect(self) -> None:  # noqa: N802
        """Do nothing, for nothing is held."""

    Destroy = Disconnect
