"""The format of definitions: Provider, Service, Resource, Column and View.

Definitions are data that people write in YAML; these structs are their whole grammar, and the
JSON Schema for editors is made from them. They are strict: an unknown key is an
error. What they cannot see by themselves is `rules`' business, and reading files
`yaml_document`'s.

A provider is a folder with `provider.yaml` (a `Provider`) and one file for each service (a
`Service`). `docs/definitions.md` shows how to write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from billql.definitions.auth import Auth
from billql.definitions.filter_header import FilterHeader
from billql.definitions.grammar import (
    ColumnName,
    ColumnPath,
    Name,
    Sentence,
    Strict,
    ViewColumnName,
)
from billql.definitions.methods import Method
from billql.definitions.pagination import Paging
from billql.definitions.types import ColumnType, Format
from billql.messages import Scalar

VERSION = 1
"""The version of the format: `billql: 1` opens every file."""

CONNECTION = "connection"
"""The hidden column that every resource has: the connection that a row was read with."""


class Limit(Strict, frozen=True, kw_only=True):
    """At most so many requests in so many seconds, for one credential."""

    requests: Annotated[int, Meta(gt=0)]
    seconds: Annotated[float, Meta(gt=0)]
    path_ends: str = ""
    """Of the requests whose path ends so, like `/search`; the other limits count them as well."""


class UnknownValue(Strict, frozen=True, kw_only=True):
    """An error for a filter's value that names nothing which exists: a list filtered by it has no
    rows.

    It counts only with the status 400, this very code, and the name of a parameter that a condition
    filled with one value; every other error stays one.
    """

    code: str
    """The error's code."""
    parameter: str
    """The path to the name of the parameter that had the value."""


class Later(Strict, frozen=True, kw_only=True):
    """How to recognize errors that allow a later retry, where their status does not show it.

    The request is retried as after a 429.
    """

    codes: tuple[str, ...] = ()
    """Codes of such errors, such as `ThrottlingException`."""
    messages: tuple[Annotated[str, Meta(min_length=4)], ...] = ()
    """Parts of such errors' messages, such as `secondary rate limit`; case is ignored."""


class ErrorBody(Strict, frozen=True, kw_only=True):
    """Where an error body has its message, code and request id.

    `errors[].reason` is the member of each element of an array; all messages are shown, and the
    first code.
    """

    message: str = "message"
    """The path to the message for people."""
    code: str | None = None
    """The path to the error's code."""
    request_id: str | None = None
    """The path to the request id, which the provider's support needs."""
    unknown_value: UnknownValue | None = None
    """The error for a filter's value that names nothing, where the API returns no empty list."""
    means: dict[str, Literal[401, 403]] = {}
    """The status that an error 400 should have, by its code, where the API has that one for all:
    401 if the credential is refused, 403 if it may not read what was requested."""
    later: Later = Later()
    """Errors to retry later, beside those with the status 429. A 400 or 403 is retried too if it
    has a `retry-after` header, or a rate limit's header with nothing remaining."""


class Column(Strict, frozen=True, kw_only=True):
    """One column of a resource."""

    type: ColumnType
    """The type of its values."""
    description: Sentence
    """The meaning of its values, with their unit."""
    path: ColumnPath | None = None
    """The path to the value in a row; by default the column's name.

    `a.b` walks into objects. `$parent.a` reads from the object that holds the row's array,
    `$root.a` from the response; `$key` is the row's key in a map, `$value` the row itself;
    `$parameter` the value that the statement compares this column with; `$header.name` a header of
    the response, `$body` its bytes. `a[0]` is the first item of the array a, by its position;
    `a[].b` is b of each element of the array a, for `aggregate`.
    """
    aggregate: Literal["min", "max"] | None = None
    """Which of the values at a path with `[]` a row has: the least or the greatest, as SQL's min()
    and max() compare them."""
    format: Format | None = None
    """How the API encodes the value, if not in the type's usual way."""
    value: Scalar | None = None
    """The value of every row, where the API does not send it."""
    values: tuple[Scalar, ...] = ()
    """The values that rows can have, where the API documents a closed list. SQLite filters by those
    that a filter of the API does not accept."""
    references: ColumnName | None = None
    """The column of a resource whose values these are, such as `acme.billing.customers.id`."""
    whole: bool = False
    """Whether every instant of the API is the very beginning of the second, day or month that a row
    shows, so that nothing is truncated."""
    nullable: bool = True
    """Whether a row may lack a value. Where the API orders rows by a column that is `false`, NULLS
    FIRST and NULLS LAST cost nothing."""
    divide: Annotated[int, Meta(gt=0)] | None = None
    """The divisor of a number, such as 100 to show an amount of cents in major units."""
    after: Annotated[str, Meta(min_length=1)] | None = None
    """Of a text, only what follows this separator counts, where the API writes a name before each
    value, like `team$search`; a text without it counts as a whole."""
    null_unless: dict[str, Scalar | tuple[Scalar, ...]] = {}
    """Paths and the value, or the values, that a row must have there; other rows have NULL in this
    column."""
    currency: Name | None = None
    """For an amount of money: the column of its currency."""
    minor: bool = False
    """Whether an amount counts minor units, such as cents."""
    hidden: bool = False
    """Whether `SELECT *` leaves it out, as a parameter that is not part of a row."""

    def conditions(self) -> Iterator[tuple[str, tuple[Scalar, ...]]]:
        """Yield the paths of `null_unless`, each with the values of which a row must have one."""
        for path, expected in self.null_unless.items():
            yield path, expected if isinstance(expected, tuple) else (expected,)


class Example(Strict, frozen=True, kw_only=True):
    """An example query."""

    question: Sentence
    """What it finds out, as a question."""
    sql: str
    """The query, which runs as it stands."""


class ScopeHeader(Strict, frozen=True, kw_only=True):
    """The resource with a row for each scope, such as the list of invoices.

    One list of it shows which scopes there are, and which of the settled ones have moved: a scope
    is read again when an amount of its row has changed, or a column that `when` names.
    """

    resource: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}$(?!\n)",
            description="A whole name, like acme.billing.invoices.",
        ),
    ]
    """The resource; the column of the scopes refers to one of its columns, or is its own."""
    when: dict[Name, Scalar | tuple[Scalar, ...]] = {}
    """Columns of the header, and the value, or the values, with which a scope is settled; without
    it, a scope is settled as soon as it is listed."""
    also: tuple[Scalar, ...] = ()
    """Scopes that it does not list, and that never settle, such as `preview`."""
    open: bool = False
    """Whether what it lists goes on changing, so that nothing is settled, as with customers."""


class Settles(Strict, frozen=True, kw_only=True):
    """When rows change no more, for the histories that CREATE MATERIALIZED VIEW makes.

    Rows settle together that have the same scope: a billing period, or a parent such as an invoice.
    A scope without a header is a month of a column of time.
    """

    scope: ViewColumnName
    """The column with the billing period, a time in it, or the parent's key."""
    header: ScopeHeader | None = None
    """The resource that lists the parents; without it, scopes are months."""
    days: Annotated[int, Meta(ge=0)] | None = None
    """How many days after the end of its month a scope is settled."""
    when: dict[ViewColumnName, Scalar | tuple[Scalar, ...]] = {}
    """Columns, and the value, or the values, that all rows of a settled scope have there."""
    retains: Annotated[int, Meta(gt=0)] | None = None
    """How many months the API retains, the running one included; the first refresh reads these, one
    by one. Without it, the first refresh reads all that there is at once."""


class Resource(Strict, frozen=True, kw_only=True):
    """A table."""

    description: Sentence
    """What one row is, and what applies to all of them."""
    columns: Annotated[dict[Name, Column], Meta(min_length=1)]
    """Its columns, in the order of `SELECT *`."""
    methods: Annotated[dict[Name, Method], Meta(min_length=1)]
    """The ways to read it; the planner chooses the cheapest for each scan."""
    unique: tuple[Name, ...] = ()
    """The columns that together identify a row, whichever method reads it."""
    settles: Settles | None = None
    """When its rows change no more; without it, they may change at any time."""
    examples: Annotated[tuple[Example, ...], Meta(min_length=1)]
    """Queries that run as they stand."""


class ViewColumn(Strict, frozen=True, kw_only=True):
    """One column of a view."""

    type: ColumnType
    """The type of its values."""
    description: Sentence
    """The meaning of its values, with their unit."""
    currency: ViewColumnName | None = None
    """For an amount of money: the column of its currency."""


class View(Strict, frozen=True, kw_only=True):
    """A table that a SELECT over resources makes.

    With `columns` and `select` it stands by itself. A part of a view of several providers has
    `select` alone: its columns are those of the view `billql.SERVICE.VIEW` of the same names, in
    whose definition `select` is missing.
    """

    description: Sentence
    """What one row is, and what applies to all of them."""
    columns: dict[ViewColumnName, ViewColumn] = {}
    """Its columns, in the order of `SELECT *`."""
    columns_of: ViewColumnName | None = None
    """In place of `columns`: the view of the same file that has the same ones."""
    select: str | None = None
    """The SELECT, which names resources by their whole names, and each of its columns with AS. Of
    a part, the columns that it leaves out are NULL. `'now'` is the time of the session's clock."""
    tables: dict[Name, str] = {}
    """Tables of the user's own that the SELECT reads, by their names, with the CREATE TABLE that
    makes each of them."""
    settles: Settles | None = None
    """When its rows change no more; without it, they may change at any time."""
    examples: tuple[Example, ...] = ()
    """Queries that run as they stand."""

    @property
    def is_part(self) -> bool:
        """Return whether its columns are those of a view of several providers."""
        return not self.columns and self.columns_of is None


class Service(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A group of resources and views: one file."""

    billql: Literal[1]
    """The version of the format."""
    description: Sentence
    """What its resources have in common."""
    resources: Annotated[dict[Name, Resource], Meta(min_length=1)] = {}
    """The tables that requests fill."""
    views: Annotated[dict[Name, View], Meta(min_length=1)] = {}
    """The tables that SELECTs over resources make."""


class Provider(Strict, frozen=True, kw_only=True):
    """An API and what all its resources share: the file `provider.yaml`."""

    billql: Literal[1]
    """The version of the format."""
    title: str
    """The name of the API for people."""
    description: Sentence
    """What it is."""
    version: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$(?!\n)",
            description="A version like 1.2.3.",
        ),
    ]
    """The version of this definition."""
    documentation: str
    """The address of the API's reference."""
    url: Annotated[
        str,
        Meta(
            pattern=r"^https://[^\s/?#@\\]+$(?!\n)",
            description="An origin like https://api.example.com.",
        ),
    ]
    """The origin that requests go to."""
    auth: Auth
    """How requests are authenticated."""
    headers: dict[str, str] = {}
    """Headers that every request carries."""
    filter: FilterHeader | None = None
    """The header that takes conditions as one JSON object, for parameters with `in: filter`."""
    limits: tuple[Limit, ...] = ()
    """The rate limits of the API."""
    concurrency: Annotated[int, Meta(gt=0)] = 16
    """The number of requests that may run in parallel."""
    retry: tuple[int, ...] = ()
    """Statuses to retry, beside 429 and 5xx."""
    errors: ErrorBody = ErrorBody()
    """Where an error body has its message, code and request id."""
    paging: dict[Name, Paging] = {}
    """Paging kinds that methods refer to by name."""
