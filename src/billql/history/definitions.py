"""What the definitions of resources and views state about the columns of a history."""

from __future__ import annotations

from collections.abc import Sequence

from billql.definitions import views
from billql.definitions.catalog import Catalog
from billql.definitions.model import ScopeHeader
from billql.errors import DefinitionError, UnknownName
from billql.history.strategy import Origin


class Definitions:
    """The definitions of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def origin(self, resource: str, column: str) -> Origin | None:
        """Return what is stated of a column; None if there is no such resource or view.

        Raise DefinitionError.
        """
        if (view := views.find(self._catalog, resource)) is not None:
            found = view.columns.get(column)
            return None if found is None else Origin(found.type, view.view.settles)
        try:
            table = self._catalog.table(resource)
        except UnknownName:
            return None
        one = table.columns.get(column)
        if one is None:
            return None
        return Origin(one.type, table.resource.settles, one.references, table.provider.version)

    def unique(self, resource: str) -> Sequence[str]:
        """Return the columns that identify a row of a resource; none if there are none."""
        if views.find(self._catalog, resource) is not None:
            return ()
        try:
            return self._catalog.table(resource).resource.unique
        except UnknownName:
            return ()

    def watched(self, header: ScopeHeader) -> Sequence[str]:
        """Return the columns of a header that show that a scope has moved: its amounts, and what
        it is settled by. Raise DefinitionError.
        """
        try:
            columns = self._catalog.table(header.resource).columns
        except UnknownName as error:
            raise DefinitionError(f"The header {header.resource} is unknown: {error}") from None
        amounts = [name for name, column in columns.items() if column.currency is not None]
        return list(dict.fromkeys((*amounts, *header.when)))
