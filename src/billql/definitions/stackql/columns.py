"""What the methods of a resource have in common: its columns, which hold for all of them.

A parameter that no row repeats is a column which echoes the statement's value, and a method that
does not accept it is not used by a statement that has a constraint on it; so what is pushed down
never changes an answer. Where a parameter has the name of a member of the rows, it depends what
that name means:

- A key by which one row is read, while other methods list rows without it: the column is the
  row's own, and the parameter finds the row.
- Another parameter that some method needs, such as the id of what the rows belong to: the name is
  the parameter's, because nothing can be read without it, and the member is called `…_returned`.
- A filter that may be left out: the name is the member's, because the filter need not do what a
  comparison with the member does, and the parameter is called `…_parameter`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from billql.definitions.methods import Method, Parameter
from billql.definitions.model import CONNECTION, Column, Example, Resource
from billql.definitions.stackql.methods import Member, Reading
from billql.definitions.stackql.naming import Rename, free
from billql.definitions.stackql.requests import Argument
from billql.definitions.types import ColumnType

_MOST_COLUMNS = 1900
"""SQLite's own limit is 2000 (https://sqlite.org/limits.html)."""

_MOST_ECHOED = 62
"""How many columns may echo the statement's value: SQLite reports 63 as read, and one is
billql's."""


def convert(
    found: list[Reading], rename: Rename, name: str, about: str
) -> tuple[Resource, Mapping[str, str]]:
    """Return the resource that some methods read, and what the methods lack that cannot be
    called.
    """
    table = _Columns(found, rename)
    resource = Resource(
        description=about,
        columns=table.columns,
        methods={one.name: table.method(one) for one in found},
        examples=(_example(name, found[0], rename),),
    )
    return resource, {one.name: why for one in found if (why := table.needs(one)) is not None}


def _example(name: str, first: Reading, rename: Rename) -> Example:
    keys = dict.fromkeys(rename(one.column) for one in first.arguments if one.is_key)
    where = " AND ".join(f"\"{key}\" = '…'" for key in keys)
    sql = f"SELECT * FROM {name}{f' WHERE {where}' if where else ''} LIMIT 10"
    return Example(question="What are the first rows?", sql=sql)


class _Columns:
    """The columns of a resource, and what parameters and members are called in it.

    Names are compared without regard to case, as SQLite compares them.
    """

    def __init__(self, found: list[Reading], rename: Rename) -> None:
        self._found = found
        self._rename = rename
        self.columns: dict[str, Column] = {}
        self._taken: set[str] = {CONNECTION}
        self._keys = {
            one.name: {self._key(a.column) for a in one.arguments if a.is_key} for one in found
        }
        self._named = {one.name: self._names(one) for one in found}
        self._members = self._merged()
        self._parameters: dict[str, str] = {}
        """The columns of parameters, by their names."""
        self._own: dict[str, str] = {}
        """The columns of members, by their names."""
        self._add_parameters()
        self._add_members()

    def _key(self, name: str) -> str:
        return self._rename(name).lower()

    def _merged(self) -> dict[str, tuple[str, Member]]:
        """Return the members of all methods' rows."""
        merged: dict[str, tuple[str, Member]] = {}
        for one in self._found:
            for column, member in self._named[one.name].items():
                known = merged.setdefault(column.lower(), (column, member))[1]
                kind = _wider(known.kind, member.kind)
                if kind != known.kind:
                    known = known._replace(kind=kind)
                merged[column.lower()] = column, known
        return merged

    def _names(self, reading: Reading) -> dict[str, Member]:
        """Return the members of a method's rows by what they are called."""
        taken: set[str] = set()
        return {free(self._rename(name), taken): one for name, one in reading.members.items()}

    def needs(self, reading: Reading) -> str | None:
        """Return what a method needs that billql cannot do; None if it can be called."""
        named = self._named[reading.name].items()
        agree = all(self._members[name.lower()][1].path == one.path for name, one in named)
        return reading.needs if agree else "rows of another form than those of the other methods"

    def _add_parameters(self) -> None:
        all_of_them = [one for reading in self._found for one in reading.arguments]
        needed = set().union(*self._keys.values())
        for one in sorted(all_of_them, key=lambda argument: not argument.required):
            key = self._key(one.column)
            if one.value is not None or key in self._parameters or self._finds_a_row(key):
                continue
            if len(self._parameters) == _MOST_ECHOED:
                break
            called = self._rename(one.column)
            if key in self._members and key not in needed:
                called = f"{called}_parameter"
            self._parameters[key] = called = free(called, self._taken)
            self.columns[called] = Column(
                type=one.kind,
                description=one.about,
                path="$parameter",
                hidden=not all(key in keys for keys in self._keys.values()),
            )

    def _finds_a_row(self, key: str) -> bool:
        """Return whether a parameter is the key of the one row that is read with it."""
        needing = [one for one in self._found if key in self._keys[one.name]]
        if key not in self._members or not 0 < len(needing) < len(self._found):
            return False
        member = self._members[key][1]
        is_value = member.kind != "json" and not member.path.startswith("$")
        return is_value and not any(one.is_list for one in needing)

    def _add_members(self) -> None:
        for key, (column, member) in self._members.items():
            if len(self.columns) == _MOST_COLUMNS:
                break
            called = f"{column}_returned" if self._parameters.get(key) == column else column
            self._own[key] = called = free(called, self._taken)
            self.columns[called] = Column(
                type=member.kind, description=member.about, path=member.path
            )

    def method(self, reading: Reading) -> Method:
        """Make a method."""
        parameters: dict[str, Parameter] = {}
        taken: set[str] = set()
        for argument in reading.arguments:
            if (parameter := self._parameter(argument)) is not None:
                parameters[free(argument.name, taken)] = parameter
        return Method(
            request=reading.request,
            description=reading.about or f"The method {reading.name}.",
            parameters=parameters,
            rows=(reading.rows,),
            paging=reading.paging,
            single=not reading.is_list and reading.paging is None,
        )

    def _parameter(self, argument: Argument) -> Parameter | None:
        sent = Parameter(
            name=argument.name,
            location=argument.location,
            required=argument.required,
            format="json" if argument.is_json else None,
            value=argument.value,
        )
        if argument.value is not None:
            return sent
        key = self._key(argument.column)
        if key in self._parameters:
            return msgspec.structs.replace(sent, column=self._parameters[key])
        if argument.required and key in self._own:
            return msgspec.structs.replace(sent, column=self._own[key], match="superset")
        return None


def _wider(one: ColumnType, other: ColumnType) -> ColumnType:
    """Return the type that has the values of both."""
    if one == other:
        return one
    if "json" in (one, other):
        return "json"
    return "real" if {one, other} == {"integer", "real"} else "text"
