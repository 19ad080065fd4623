"""What a definition says: Provider, Service, Resource, Method, Parameter and Column.

Definitions are data that people write in YAML; these structs are their whole grammar, and the
JSON Schema for editors is made from them. They are strict: a word that they do not know is an
error. What they cannot see by themselves is `definition_rules`' business, and reading files
`definition_file`'s.

A provider is a folder with `provider.yaml` (a `Provider`) and one file for each service (a
`Service`). `docs/definitions.md` shows how to write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from billql.definitions.auth import Auth
from billql.definitions.pagination import Paging
from billql.definitions.types import ColumnType, Format, Operator
from billql.messages import Scalar

VERSION = 1
"""The version of the format: `billql: 1` opens every file."""

CONNECTION = "connection"
"""The hidden column that every resource has: the connection that a row came from."""

# These patterns mean the same in Python and in the JSON Schema's ECMAScript, where \A and \Z are
# letters; `$(?!\n)` is Python's way to say that nothing follows, not even a line break.

Sentence = Annotated[
    str,
    Meta(
        pattern=r"^\S[\s\S]*[.?!]\s*$",
        description="A full sentence that says what the thing means.",
    ),
]

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*$(?!\n)",
        description="A name of lower-case letters, digits and underscores.",
    ),
]

ColumnPath = Annotated[
    str,
    Meta(
        pattern=r"^(?!\$)|^\$(parent|root|header)\.|^\$(key|value|parameter|body)$",
        description="A path like a.b, or $parent.a, $root.a, $header.name, $key, $value, "
        "$parameter or $body.",
    ),
]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Limit(_Strict, frozen=True, kw_only=True):
    """At most so many requests in so many seconds, for one credential."""

    requests: Annotated[int, Meta(gt=0)]
    seconds: Annotated[float, Meta(gt=0)]
    path_ends: str = ""
    """Of the requests whose path ends so, like `/search`; the other limits count them as well."""


class UnknownValue(_Strict, frozen=True, kw_only=True):
    """An error which says that the value of a filter names nothing that exists, so that a list
    filtered by it has no rows.

    It counts only with the status 400, this very code, and the name of a parameter that a condition
    filled with one value; every other error stays one.
    """

    code: str
    """The error's code."""
    parameter: str
    """The path to the name of the parameter that had the value."""


class Later(_Strict, frozen=True, kw_only=True):
    """How an API's errors say that a request may come later, where their status does not say it.

    They are waited for as 429 is.
    """

    codes: tuple[str, ...] = ()
    """Codes that say it, such as `ThrottlingException`."""
    messages: tuple[Annotated[str, Meta(min_length=4)], ...] = ()
    """What the sentence has in it if it says so, such as `secondary rate limit`, in any case."""


class ErrorBody(_Strict, frozen=True, kw_only=True):
    """Where the API's error bodies have what people need to know."""

    message: str = "message"
    """The path to the sentence that says what is wrong."""
    code: str | None = None
    """The path to the error's code."""
    request_id: str | None = None
    """The path to the id that the provider's support asks for."""
    unknown_value: UnknownValue | None = None
    """The error for a filter's value that names nothing, where the API has no empty list for it."""
    later: Later = Later()
    """Errors that say that it is too early, beside those with the status 429. With 400 and 403 a
    `retry-after` header says it too, and a limit's header of which nothing remains."""


class Column(_Strict, frozen=True, kw_only=True):
    """One column of a resource."""

    type: ColumnType
    """What its values are."""
    description: Sentence
    """What they mean."""
    path: ColumnPath | None = None
    """Where a row has it; its own name, if nothing is said.

    `a.b` walks into objects. `$parent.a` reads from the object that holds the row's array,
    `$root.a` from the answer; `$key` is the row's key in a map, `$value` the row itself;
    `$parameter` the value that the statement gave to this column; `$header.name` a header of the
    answer, `$body` its bytes. `a[].b` is what each element of an array has, for `aggregate`.
    """
    aggregate: Literal["min", "max"] | None = None
    """Which value a row has, of those that a path with `[]` leads to: the least or the greatest, by
    SQL's own min() and max()."""
    format: Format | None = None
    """How the API writes it, if not in the usual way."""
    value: Scalar | None = None
    """The value that every row has, where the API does not say it."""
    values: tuple[Scalar, ...] = ()
    """The values that rows can have, where the API documents a closed list. What a filter of the
    column does not take, but rows can have, is left to SQLite."""
    whole: bool = False
    """Whether every moment that the API has is the very beginning of the second, day or month that
    a row shows, so that nothing of it is cut off."""
    divide: Annotated[int, Meta(gt=0)] | None = None
    """What a number is divided by, such as 100 to give the major units of an amount in cents."""
    null_unless: dict[str, Scalar | tuple[Scalar, ...]] = {}
    """Paths and what they must have, one value or any of several; other rows have NULL in this
    column."""
    currency: Name | None = None
    """For an amount of money: the column that holds its currency."""
    minor: bool = False
    """Whether an amount counts minor units, such as cents."""
    hidden: bool = False
    """Whether `SELECT *` leaves it out: a parameter that is not part of a row."""


class Parameter(_Strict, frozen=True, kw_only=True):
    """Something that a request carries; it goes by the API's own name.

    A parameter without `value` and without `default` is filled by constraints on its column.
    """

    name: str | None = None
    """The API's name, where it is not the one that it has here: two parameters may share one.
    In a body, `a.b` is the member b of the object a."""
    location: Literal["path", "query", "body", "header", "host"] = msgspec.field(
        default="query", name="in"
    )
    """Where it goes."""
    column: Name | None = None
    """The column that it filters; the one of its own name, if nothing is said."""
    operator: Operator = "="
    """What it does: the API gives the rows whose column is =, <, <=, >, >= its value."""
    match: Literal["exact", "superset"] = "exact"
    """Whether the API gives just those rows, or possibly more, so that SQLite must check again."""
    required: bool = False
    """Whether the API refuses a request without it."""
    lists: Literal["comma", "repeat", "brackets"] | None = None
    """How it takes several values, if it can: `a,b`, `x=a&x=b` or `x[]=a&x[]=b`."""
    format: Format | None = None
    """How the API writes its values, if not as the column's type does."""
    values: tuple[Scalar, ...] = ()
    """The values that the API's filter takes. Any other value is not sent, and has no rows, unless
    it is one of the column's `values`: then it is not sent, and SQLite filters."""
    pattern: str | None = None
    """What a text must match as a whole, in what Python's regular expressions and ECMAScript's have
    in common. Any other text is not sent, and has no rows."""
    ignores_case: bool = False
    """Whether the API compares texts without regard to the case of ASCII letters, as SQL's
    COLLATE NOCASE does."""
    null: Scalar | None = None
    """What it takes for rows that have no value in the column, if it can say that."""
    value: Scalar | None = None
    """What is always sent."""
    default: Scalar | tuple[Scalar, ...] | None = None
    """What is sent when no constraint says otherwise: a value, `today` for the current day, or
    several values that take a request each, where the API would leave rows out by itself. One value
    for an `=` on a column that rows show must be none that a row can have, such as `all`: the
    column's own `values` say which those are."""
    when_read: tuple[Name, ...] = ()
    """Send it only if the statement reads one of these columns."""

    def filters(self, name: str) -> str | None:
        """Give the column that it filters, if any; `name` is the parameter's own."""
        return None if self.value is not None else self.column or name


class WindowLimit(_Strict, frozen=True, kw_only=True):
    """The longest window that one request may cover; longer ones are cut into several."""

    column: Name
    """The column on which the window lies."""
    days: Annotated[int, Meta(gt=0)]
    """The days that one request covers, both ends included."""
    most: Annotated[int, Meta(gt=0)] = 120
    """The number of requests above which a window is an error."""


class Freshness(_Strict, frozen=True, kw_only=True):
    """How long an answer stays true."""

    seconds: Annotated[float, Meta(ge=0)]
    """For how long."""
    unless: dict[Name, Scalar] = {}
    """Values of columns for which it does not hold, like `invoice_uuid: preview`."""


class Rows(_Strict, frozen=True, kw_only=True):
    """Where an answer has rows."""

    at: str
    """The path: `a.b` walks into objects, `a[]` takes each element of an array, `a{}` each member
    of a map, and nothing at all is the answer itself."""
    values: dict[Name, Scalar] = {}
    """What columns of these rows always have."""
    optional: bool = False
    """Whether the path may be missing, which then means no rows."""


class Method(_Strict, frozen=True, kw_only=True):
    """One way to read a resource."""

    request: Annotated[
        str,
        Meta(
            pattern=r"^(GET|POST) /\S*$(?!\n)",
            description="A verb and a path, like `GET /v2/invoices`.",
        ),
    ]
    """The verb and the path, like `GET /v2/invoices/{invoice_uuid}`."""
    description: Sentence
    """What it gives."""
    documentation: Annotated[str, Meta(pattern=r"^https://\S+$(?!\n)")] | None = None
    """The address of the method's page in the API's reference."""
    parameters: dict[str, Parameter] = {}
    """What the request carries, by the API's names."""
    response: Literal["json", "csv", "bytes"] = "json"
    """What comes back."""
    rows: str | tuple[Rows, ...] = ""
    """Where the answer has its rows; see `Rows`."""
    paging: str | Paging | None = None
    """How the list is cut into pages: a name that the provider defines, or a kind of its own."""
    window_limit: WindowLimit | None = None
    """The longest window that one request may cover."""
    split_by: Name | None = None
    """The column by whose time a long list may be cut, so that its parts are fetched at once; the
    list must come newest first and take a range on it."""
    missing: Literal["error", "empty"] = "error"
    """Whether a 404 for a key means that there is no such row."""
    no_content: Literal["error", "empty"] = "error"
    """Whether a 204, an answer without a body, means that there are no rows."""
    single: bool = False
    """Whether the answer has one row at most."""
    order: tuple[str, ...] = ()
    """The order in which the API gives rows, by column; `-column` is descending."""
    freshness: Freshness | None = None
    """How long an answer stays true, if longer or shorter than the session's time."""
    expected_rows: Annotated[int, Meta(gt=0)] | None = None
    """How many rows to expect, for the planner's estimates."""

    @property
    def verb(self) -> Literal["GET", "POST"]:
        """Give GET or POST."""
        return "GET" if self.request.startswith("GET ") else "POST"

    @property
    def path(self) -> str:
        """Give the path with its placeholders."""
        return self.request.partition(" ")[2]

    def sources(self) -> tuple[Rows, ...]:
        """Give the places where an answer has rows."""
        return (Rows(at=self.rows),) if isinstance(self.rows, str) else self.rows


class Example(_Strict, frozen=True, kw_only=True):
    """A query that people can run as it stands."""

    question: Sentence
    """What it answers."""
    sql: str
    """The query."""


class Resource(_Strict, frozen=True, kw_only=True):
    """A table."""

    description: Sentence
    """What one row is, and what to know of the whole."""
    columns: Annotated[dict[Name, Column], Meta(min_length=1)]
    """Its columns, in the order in which people see them."""
    methods: Annotated[dict[Name, Method], Meta(min_length=1)]
    """The ways to read it; the best one for a query is chosen."""
    unique: tuple[Name, ...] = ()
    """The columns that together tell its rows apart, whichever method reads them."""
    examples: Annotated[tuple[Example, ...], Meta(min_length=1)]
    """Queries that run as they stand."""


class Service(_Strict, frozen=True, kw_only=True):
    """A group of resources: one file."""

    billql: Literal[1]
    """The version of the format."""
    description: Sentence
    """What its resources are about."""
    resources: Annotated[dict[Name, Resource], Meta(min_length=1)]
    """The tables."""


class Provider(_Strict, frozen=True, kw_only=True):
    """An API and what all its resources share: the file `provider.yaml`."""

    billql: Literal[1]
    """The version of the format."""
    title: str
    """The name that people know it by."""
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
    limits: tuple[Limit, ...] = ()
    """How often the API may be asked."""
    concurrency: Annotated[int, Meta(gt=0)] = 16
    """How many requests may be under way at once."""
    retry: tuple[int, ...] = ()
    """Statuses worth another try, beside 429 and 5xx."""
    errors: ErrorBody = ErrorBody()
    """Where error bodies have what people need to know."""
    paging: dict[Name, Paging] = {}
    """Ways to page that methods refer to by name."""


def placeholders(path: str) -> list[str]:
    """Give the names in the braces of a path."""
    return re.findall(r"\{(\w+)\}", path)


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of a definition file, for editors: a provider's or a service's."""
    (provider, service), components = msgspec.json.schema_components(
        (Provider, Service), ref_template="#/$defs/{name}"
    )
    for kind in _structs_below(msgspec.Struct):
        if kind.__module__.startswith("billql.") and kind.__name__ in components:
            _describe(components[kind.__name__], kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "billql definition",
        "description": "A provider.yaml, or the file of one service beside it.",
        "anyOf": [provider, service],
        "$defs": components,
    }


def _structs_below(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _structs_below(kind)


def _describe(schema: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Put a struct's docstring into its schema, and those that stand under its attributes."""
    import ast
    import inspect

    schema["description"] = inspect.getdoc(kind)
    names = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    for base in reversed(kind.__mro__[: kind.__mro__.index(msgspec.Struct)]):
        attribute = ""
        for node in ast.parse(inspect.getsource(base)).body[0].body:  # type: ignore[attr-defined]
            match node:
                case ast.AnnAssign(target=ast.Name(id=attribute)):
                    pass
                case ast.Expr(value=ast.Constant(value=str(text))) if attribute in names:
                    place = schema["properties"][names[attribute]]
                    place["description"] = inspect.cleandoc(text)
