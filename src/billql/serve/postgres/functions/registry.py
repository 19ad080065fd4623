"""Signatures of functions: which one a call means, and how SQLite is made to know it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import apsw

from billql.serve.postgres import types
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.settings import Settings

POLYMORPHIC = frozenset(("any", "anyelement", "anyarray"))
"""Types of arguments that stand for several."""
WRITTEN = frozenset(("anytext", "anyjson"))
"""Types of arguments of any type, which a function gets as their text or as JSON."""


class Context(Protocol):
    """What functions may know of the session that calls them."""

    settings: Settings

    @property
    def zone(self) -> datetime.tzinfo:
        """Return the time zone of the session."""

    @property
    def now(self) -> datetime.datetime:
        """Return when the transaction began, in the session's zone."""

    @property
    def process_id(self) -> int:
        """Return the number by which a client cancels the statements of the session."""

    def name_of(self, kind: str, oid: int) -> str:
        """Return how the object of a number is written."""

    def oid_of(self, kind: str, name: str) -> int:
        """Return the number of an object, by its type (`regclass`) and its name."""

    def terminate(self, process_id: int, *, ends: bool) -> bool:
        """Cancel another session's statement, or end the session; return whether there is one."""


@dataclass(frozen=True)
class Function:
    """One signature of a function.

    `call` is run by SQLite for each row; with `context`, its first argument is the session's. A
    strict function is not called with NULL: it returns NULL. `sql` replaces `call` by an expression
    of SQLite, with `{0}` for the first argument. A function that returns a set returns a JSON
    array, whose elements are the rows. `aggregate` makes an object with `step`, `final` and, for
    windows, `value` and `inverse`.
    """

    name: str
    arguments: tuple[str, ...]
    result: str
    call: Callable[..., Any] | None = None
    sql: str | None = None
    strict: bool = True
    context: bool = False
    variadic: bool = False
    optional: int = 0
    volatile: bool = False
    is_set: bool = False
    aggregate: Callable[[], Any] | None = None
    window: bool = False
    exact: bool = True
    columns: tuple[tuple[str, str], ...] = ()
    """The columns of a set whose rows have several."""

    @property
    def sql_name(self) -> str:
        """Return the name by which SQLite knows it."""
        kinds = "_".join(self.arguments)
        return f"pg_{self.name}_{kinds}{'_many' if self.variadic else ''}"


def function(
    name: str, arguments: str, result: str, call: Callable[..., Any] | None = None, **options: Any
) -> Function:
    """Return a function whose types of arguments are in one text, with spaces between them."""
    return Function(name, tuple(arguments.split()), result, call, **options)


@dataclass(frozen=True)
class Match:
    """A signature that fits a call, with the types that its arguments are to have."""

    function: Function
    arguments: tuple[str, ...]
    result: str
    conversions: int


class Registry:
    """All functions by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Function]] = {}

    def add(self, functions: Iterable[Function]) -> None:
        """Add functions."""
        for each in functions:
            self._by_name.setdefault(each.name, []).append(each)

    def named(self, name: str) -> Sequence[Function]:
        """Return the signatures of a name."""
        return self._by_name.get(name, ())

    def is_aggregate(self, name: str) -> bool:
        """Return whether a name is that of an aggregate."""
        return any(one.aggregate is not None for one in self.named(name))

    def find(self, name: str, kinds: Sequence[str]) -> Match:
        """Return the signature that fits the types of a call best; raise PostgresError if none."""
        candidates = self.named(name)
        if not candidates:
            raise unknown_function(name, kinds, "docs/postgres.md lists the functions.")
        fitting = [found for one in candidates if (found := match(one, kinds)) is not None]
        if not fitting:
            known = ", ".join(
                f"{name}({', '.join(map(types.display, one.arguments))})"
                if not POLYMORPHIC & set(one.arguments)
                else f"{name}({', '.join(one.arguments)})"
                for one in candidates
            )
            raise unknown_function(name, kinds, f"There is {known}. Cast the arguments.")
        return min(fitting, key=lambda found: found.conversions)

    def install(self, database: apsw.Connection, context: Context) -> None:
        """Make the functions known to a SQLite connection."""
        for functions in self._by_name.values():
            for each in functions:
                _install(database, each, context)


def unknown_function(name: str, kinds: Sequence[str], hint: str) -> PostgresError:
    """Return the error for a call that fits no function."""
    shown = ", ".join(map(types.display, kinds))
    return PostgresError("42883", f"function {name}({shown}) does not exist", hint=hint)


def _install(database: apsw.Connection, each: Function, context: Context) -> None:
    if each.aggregate is not None:
        if each.window:
            database.create_window_function(each.sql_name, each.aggregate)
        else:
            database.create_aggregate_function(each.sql_name, plain_aggregate(each.aggregate))
        return
    if each.call is None:
        return
    database.create_scalar_function(
        each.sql_name,
        _guarded(each, context),
        deterministic=not (each.volatile or each.context),
    )


def plain_aggregate(make: Callable[[], Any]) -> Callable[[], tuple[Any, Any, Any]]:
    """Return an aggregate in the form that APSW takes."""

    def begin() -> tuple[Any, Any, Any]:
        found = make()
        return found, lambda it, *values: it.step(*values), lambda it: it.final()

    return begin


def _guarded(each: Function, context: Context) -> Callable[..., Any]:
    call = each.call
    assert call is not None
    if not each.strict:
        return (lambda *values: call(context, *values)) if each.context else call

    def strict(*values: Any) -> Any:
        return None if None in values else call(*values)

    def with_context(*values: Any) -> Any:
        return None if None in values else call(context, *values)

    return with_context if each.context else strict


def match(candidate: Function, kinds: Sequence[str]) -> Match | None:
    """Return how a signature fits the types of a call; None if it does not."""
    least = len(candidate.arguments) - candidate.optional
    if candidate.variadic:
        extra = max(0, len(kinds) - len(candidate.arguments))
        wanted = candidate.arguments + candidate.arguments[-1:] * extra
    else:
        wanted = candidate.arguments
    if not least <= len(kinds) <= len(wanted):
        return None
    bound = _Bound()
    conversions = 0
    found: list[str] = []
    for want, kind in zip(wanted, kinds, strict=False):
        if want in WRITTEN:
            conversions += 20
            found.append(want)
            continue
        if want in POLYMORPHIC:
            if not bound.fits(want, kind):
                return None
            found.append(want)
            continue
        cost = conversion_cost(kind, want)
        if cost is None:
            return None
        conversions += cost
        found.append(want)
    resolved = tuple(bound.resolve(want) if want in POLYMORPHIC else want for want in found)
    result = (
        bound.resolve(candidate.result) if candidate.result in POLYMORPHIC else candidate.result
    )
    return Match(candidate, resolved, result, conversions)


@dataclass
class _Bound:
    """What the polymorphic types of one call stand for."""

    element: str | None = None
    loose: list[str] = field(default_factory=list)

    def fits(self, want: str, kind: str) -> bool:
        """Note an argument's type; return whether it can be that of one call."""
        if want == "any" or kind == "unknown":
            return True
        if want == "anyarray":
            element = types.TYPES[kind].element if kind in types.TYPES else None
            if element is None:
                return False
            kind = element
        if self.element is None or (
            self.element in types.NUMBERS
            and kind in types.NUMBERS
            and types.NUMBERS.index(kind) > types.NUMBERS.index(self.element)
        ):
            self.element = kind
            return True
        return self.element == kind or conversion_cost(kind, self.element) is not None

    def resolve(self, want: str) -> str:
        """Return the type that a polymorphic one stands for."""
        if want == "any":
            return "any"
        element = self.element or "text"
        return types.array_of(element) if want == "anyarray" else element


def conversion_cost(kind: str, want: str) -> int | None:
    """Return how far an implicit conversion goes, 0 for none at all; None if there is none."""
    if kind == want:
        return 0
    if kind == "unknown":
        return 0 if want in ("text", "unknown") else 1
    if kind in types.NUMBERS and want in types.NUMBERS:
        if types.NUMBERS.index(want) <= types.NUMBERS.index(kind):
            return None
        # float8 is the type that PostgreSQL prefers where several numbers would do.
        return {"float8": 2, "float4": 8, "numeric": 4}.get(want, 1)
    if want in types.OIDS and kind in types.OIDS | set(types.INTEGERS):
        return 2
    if kind in types.OIDS and want == "int8":
        return 4
    if want in ("text", "varchar", "bpchar") and kind in (
        "text",
        "varchar",
        "bpchar",
        "name",
        "char",
    ):
        return 1 if want == "text" else 3
    if want == "name" and kind in ("text", "varchar", "bpchar"):
        return 4
    if (kind, want) in (
        ("date", "timestamp"),
        ("date", "timestamptz"),
        ("timestamp", "timestamptz"),
    ):
        return 2 if want == "timestamptz" else 3
    if (kind, want) in (("time", "interval"),):
        return 3
    if want.startswith("_") and kind in ("int2vector", "oidvector"):
        return 2
    return None
