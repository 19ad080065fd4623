"""The names that an input can be completed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from billql.definitions.shared import SHARED


@dataclass(frozen=True)
class KnownColumn:
    """A column; `required` marks a key column, or one of several of which one is required."""

    name: str
    type: str = ""
    description: str = ""
    required: bool = False

    @property
    def meaning(self) -> str:
        """The text of the menu: required, type, description."""
        parts = ("required" if self.required else "", self.type, self.description)
        return " · ".join(part for part in parts if part)


def _nothing(prefix: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class KnownNames:
    """The names that can be completed.

    `providers`, `services` and `resources` map dotted names to descriptions, `tables` local names
    to their types; `columns` has the columns of resources and local tables by lower-case name,
    `methods` the methods of resources with their descriptions. `namespace` is the argument of the
    last USE.
    """

    providers: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Sequence[KnownColumn]] = field(default_factory=dict)
    methods: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    functions: Sequence[str] = ()
    keywords: Sequence[str] = ()
    formats: Sequence[str] = ()
    commands: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    """Dot commands: the summary of each, and the kinds of its arguments."""
    files: Callable[[str], Sequence[str]] = _nothing
    """Returns the files whose paths start with a prefix."""
    connections: Callable[[], Sequence[tuple[str, str]]] = tuple
    """Returns the name and the provider of each connection."""
    namespace: str = ""

    def table(self, name: str) -> str | None:
        """Return the full name of a table, resource or view, or None; `name` may be relative to
        USE, or without the first part of a view of several providers.
        """
        name = name.lower()
        names = (name, self._full(name), f"{SHARED}.{name}")
        return next((one for one in names if one in self.columns), None)

    def _full(self, name: str) -> str:
        return f"{self.namespace}.{name}" if self.namespace else name
