"""Which columns a name can mean, at a place in a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError


@dataclass(frozen=True)
class Column:
    """A column of a relation in FROM."""

    name: str
    value: Value
    is_hidden: bool = False
    """Whether `*` leaves it out, as it does with PostgreSQL's system columns."""


@dataclass
class Relation:
    """A table, a subquery or a function in FROM, under the name that the statement has for it."""

    name: str
    columns: Sequence[Column]
    schema: str | None = None
    """The schema of a table without an alias, which may stand before its name."""
    merged: frozenset[str] = frozenset()
    """The columns that USING has merged with those of a relation before it."""

    def find(self, name: str) -> list[Column]:
        """Return the columns of a name."""
        return [column for column in self.columns if column.name == name]


@dataclass
class Scope:
    """The relations of one SELECT, and the scope around it."""

    parent: Scope | None = None
    relations: list[Relation] = field(default_factory=list)
    merged: dict[str, Value] = field(default_factory=dict)
    """The columns of USING that are more than the left one, as in a FULL JOIN."""
    ctes: dict[str, Sequence[Column]] = field(default_factory=dict)

    def cte(self, name: str) -> Sequence[Column] | None:
        """Return the columns of a query of WITH; None if there is none of that name."""
        if name in self.ctes:
            return self.ctes[name]
        return None if self.parent is None else self.parent.cte(name)

    def column(self, name: str, table: str | None, schema: str | None) -> Value | None:
        """Return what a name means here or around here; None if it means nothing.

        Raise PostgresError if it could mean several columns.
        """
        found = self._own(name, table, schema)
        if found is None and self.parent is not None:
            return self.parent.column(name, table, schema)
        return found

    def depth_of(self, name: str, table: str | None, schema: str | None) -> int:
        """Return how many scopes outwards a column is found; -1 if nowhere."""
        if self._own(name, table, schema) is not None:
            return 0
        outer = -1 if self.parent is None else self.parent.depth_of(name, table, schema)
        return outer + 1 if outer >= 0 else -1

    def _own(self, name: str, table: str | None, schema: str | None) -> Value | None:
        if table is None and name in self.merged:
            return self.merged[name]
        found = [
            column
            for relation in self._named(table, schema)
            if table is not None or name not in relation.merged
            for column in relation.find(name)
        ]
        visible = [column for column in found if not column.is_hidden] or found
        if len(visible) > 1:
            raise PostgresError(
                "42702",
                f'column reference "{name}" is ambiguous',
                hint="Write the name of the table before it.",
            )
        return visible[0].value if visible else None

    def _named(self, table: str | None, schema: str | None) -> Iterator[Relation]:
        for relation in self.relations:
            if table is None or (
                relation.name == table and (schema is None or relation.schema == schema)
            ):
                yield relation

    def relation(self, name: str, schema: str | None) -> Relation | None:
        """Return a relation by its name, here or around here."""
        found = next(self._named(name, schema), None)
        if found is None and self.parent is not None:
            return self.parent.relation(name, schema)
        return found

    def add(self, relation: Relation) -> None:
        """Add a relation; raise PostgresError if there is one of that name."""
        if relation.name and any(
            one.name == relation.name and one.schema == relation.schema for one in self.relations
        ):
            raise PostgresError(
                "42712",
                f'table name "{relation.name}" specified more than once',
                hint="Give one of them an alias.",
            )
        self.relations.append(relation)
