"""How a definition describes a method of an API: its request, its parameters, its response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from billql.definitions.grammar import Name, Sentence, Strict
from billql.definitions.pagination import Paging
from billql.definitions.types import Format, Operator
from billql.messages import Charge, Scalar


class Parameter(Strict, frozen=True, kw_only=True):
    """A part of a request: of its path, query, body, headers, host or filter. Its key is the API's
    name.

    A parameter without `value` and `default` gets its value from constraints on its column.
    """

    name: str | None = None
    """The API's name, where the key is another: two parameters may share one. In a body,
    `a.b` is the member b of the object a, and `a[0].b` that of the first item of the list a."""
    location: Literal["path", "query", "body", "header", "host", "filter"] = msgspec.field(
        default="query", name="in"
    )
    """The part of the request that carries it; `filter` is the provider's filter header."""
    column: Name | None = None
    """The column that it filters; by default the one of its own name."""
    operator: Operator = "="
    """The comparison: the API returns rows whose column is =, <, <=, > or >= its value."""
    match: Literal["exact", "superset"] = "exact"
    """Whether the API returns just those rows (exact), or possibly more, which SQLite filters."""
    required: bool = False
    """Whether the API refuses a request without it."""
    by: Literal["day", "month"] | None = None
    """Whether a range is requested day by day, or month by month, up to now, where the API takes
    one day or one month; the method's `window_limit` of one states how many at most."""
    lists: Literal["comma", "repeat", "brackets"] | None = None
    """How it accepts several values, if it does: `a,b`, `x=a&x=b` or `x[]=a&x[]=b`; `repeat` in a
    filter is one condition for each."""
    format: Format | None = None
    """How the API encodes its values, if not as the column's type does."""
    values: tuple[Scalar, ...] = ()
    """The values that the API's filter accepts. Any other value is not sent and has no rows, unless
    it is one of the column's `values`: then it is not sent, and SQLite filters."""
    pattern: str | None = None
    """A regular expression, common to Python and ECMAScript, that a text, or the digits of an
    integer, must match as a whole. Any other value is not sent and has no rows."""
    ignores_case: bool = False
    """Whether the API compares texts without regard to the case of ASCII letters, as SQL's
    COLLATE NOCASE does."""
    null: Scalar | None = None
    """The value that selects rows without a value in the column, if the API has one."""
    value: Scalar | tuple[Scalar, ...] | None = None
    """The constant that is always sent; in a body, it may be a list."""
    default: Scalar | tuple[Scalar, ...] | None = None
    """The value that is sent if no constraint has one: a value, `today` for the current day, or
    several values, each with a request of its own, where the API's own default leaves rows out. For
    an `=` on a column that rows show, one value must be none that a row can have (see the column's
    `values`), such as `all`."""
    when_read: tuple[Name, ...] = ()
    """The columns for which it is sent: only if the statement reads one of them."""

    def filters(self, name: str) -> str | None:
        """Return the column that it filters, if any; `name` is the parameter's own."""
        return None if self.value is not None else self.column or name


class WindowLimit(Strict, frozen=True, kw_only=True):
    """The longest time window that one request may cover; a longer one is split."""

    column: Name
    """The column of time that the window bounds."""
    days: Annotated[int, Meta(gt=0)] | None = None
    """The days that one request covers, both ends included."""
    months: Annotated[int, Meta(gt=0)] | None = None
    """The months of the calendar that one request covers, instead of `days`."""
    most: Annotated[int, Meta(gt=0)] = 120
    """The number of requests above which a window is an error."""

    def length(self) -> str:
        """Return how long it is, such as `31 days` or `month`."""
        count, unit = (self.months, "month") if self.days is None else (self.days, "day")
        return unit if count == 1 else f"{count:,} {unit}s"


class Freshness(Strict, frozen=True, kw_only=True):
    """How long a response may be cached."""

    seconds: Annotated[float, Meta(ge=0)]
    """The time to live, in seconds."""
    unless: dict[Name, Scalar] = {}
    """Values of columns to which it does not apply, like `invoice_uuid: preview`."""


class Price(Strict, frozen=True, kw_only=True):
    """What the API charges for each request, be it a page or a retry."""

    amount: Annotated[float, Meta(gt=0)]
    """The amount, in the major units of the currency, such as dollars."""
    currency: Annotated[
        str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="A code of ISO 4217, like USD.")
    ]
    """The currency."""

    def charge(self, requests: int = 1) -> Charge:
        """Return what so many requests cost, exactly."""
        one = Charge.of(self.amount, self.currency)
        return one._replace(amount=one.amount * requests)

    @property
    def sentence(self) -> str:
        """Return in a sentence what a request costs."""
        return f"Each request costs {self.charge()}."


class Rows(Strict, frozen=True, kw_only=True):
    """A path to rows in a response."""

    at: str
    """The path: `a.b` walks into objects, `a[]` selects each element of an array, `a{}` each member
    of a map; an empty path is the whole response."""
    values: dict[Name, Scalar] = {}
    """Constant values of columns, for these rows."""
    optional: bool = False
    """Whether the path may be missing, which means no rows."""


class Method(Strict, frozen=True, kw_only=True):
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
    """The rows that it returns."""
    documentation: Annotated[str, Meta(pattern=r"^https://\S+$(?!\n)")] | None = None
    """The address of the method's page in the API's reference."""
    parameters: dict[str, Parameter] = {}
    """The parts of the request that vary, by the API's names."""
    response: Literal["json", "jsonl", "csv", "bytes"] = "json"
    """The format of the response; jsonl has one row of JSON on each line, which `rows: '[]'`
    selects."""
    rows: str | tuple[Rows, ...] = ""
    """Where the response has its rows; see `Rows`."""
    paging: str | Paging | None = None
    """How the list is paged: a name from the provider's `paging`, a paging kind, or `unknown` if
    nobody has found out; `provider check` refuses that, and the list is not read."""
    window_limit: WindowLimit | None = None
    """The longest window that one request may cover."""
    split_by: Name | None = None
    """The column of time by which a long list is split into windows that are fetched in parallel.
    The list must be ordered newest first, and accept a range on the column."""
    missing: Literal["error", "empty"] = "error"
    """What a 404 for a key means: an error, or no such row."""
    no_content: Literal["error", "empty"] = "error"
    """What a 204, a response without a body, means: an error, or no rows."""
    single: bool = False
    """Whether the response has one row at most."""
    shows_more: bool = False
    """Whether a key finds rows that no list of the resource has, such as those of what was deleted:
    where a statement reads a list in place of many keys, it then requests those that it lacks."""
    order: tuple[str, ...] = ()
    """The order in which the API returns rows, by column; `-column` is descending."""
    freshness: Freshness | None = None
    """How long a response may be cached, if not for the session's time."""
    expected_rows: Annotated[int, Meta(gt=0)] | None = None
    """The number of rows that the planner expects."""
    price: Price | None = None
    """What the API charges for each request, if it does."""

    @property
    def verb(self) -> Literal["GET", "POST"]:
        """Return GET or POST."""
        return "GET" if self.request.startswith("GET ") else "POST"

    @property
    def path(self) -> str:
        """Return the path with its placeholders."""
        return self.request.partition(" ")[2]

    def filters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield each parameter that a constraint can fill, after the column that it filters."""
        for name, parameter in self.parameters.items():
            column = parameter.filters(name)
            if column is not None:
                yield column, parameter

    def sources(self) -> tuple[Rows, ...]:
        """Return the paths to the rows of a response."""
        return (Rows(at=self.rows),) if isinstance(self.rows, str) else self.rows


def placeholders(path: str) -> list[str]:
    """Return the names in the braces of a path."""
    return re.findall(r"\{(\w+)\}", path)
