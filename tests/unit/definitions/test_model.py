"""The grammar of definitions, and its JSON Schema for editors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from billql.definitions.auth import Bearer
from billql.definitions.filter_header import FilterHeader
from billql.definitions.json_schema import json_schema
from billql.definitions.methods import Method, Parameter, Price, Rows, WindowLimit, placeholders
from billql.definitions.model import Column, Example, Provider, Resource
from billql.definitions.pagination import CursorToken, NextUrl, PageNumber
from billql.definitions.pagination.base import Paginator, SizeBy
from billql.definitions.rules import problems
from billql.definitions.shared import built_in_root
from billql.definitions.types import Operator
from billql.definitions.yaml_document import YamlDocument
from billql.definitions.yaml_file import MAX_BYTES
from support.paths import ROOT

PUBLISHED = ROOT / "docs" / "definition.schema.json"
FILES = sorted(built_in_root().glob("*/*.yaml"))
SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def load(path: Path) -> Any:
    """Read a definition's plain data, as strict structs would be made of it."""
    return YamlDocument(path, path.read_bytes(), MAX_BYTES)._value


@pytest.fixture
def billing() -> Any:
    return load(built_in_root() / "digitalocean" / "billing.yaml")


@pytest.fixture
def provider() -> Any:
    return load(built_in_root() / "digitalocean" / "provider.yaml")


# The JSON Schema -------------------------------------------------------------------------------


def test_the_published_schema_is_the_one_that_the_structs_make() -> None:
    made = json.dumps(SCHEMA, indent=2) + "\n"
    assert PUBLISHED.read_text() == made, "run `make schema` and commit its result"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    names = {one["$ref"].rpartition("/")[2] for one in SCHEMA["anyOf"]}
    assert names == {"Provider", "Service", "Story"}


def test_the_schema_accepts_every_definition() -> None:
    assert len(FILES) > 1
    for path in FILES:
        assert [error.message for error in VALIDATOR.iter_errors(load(path))] == [], path


def bills(data: Any) -> Any:
    return data["resources"]["invoices"]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data.update(billql=2), id="version"),
        pytest.param(lambda data: data.pop("description"), id="missing"),
        pytest.param(lambda data: data.update(extra=1), id="unknown"),
        pytest.param(lambda data: data.update(resources={}), id="no resources"),
        pytest.param(lambda data: data.update(description="no sentence"), id="sentence"),
        pytest.param(lambda data: data["resources"].update({"Bad Name": bills(data)}), id="name"),
        pytest.param(lambda data: bills(data).update(columns={}), id="no columns"),
        pytest.param(lambda data: bills(data).update(examples=[]), id="no examples"),
        pytest.param(
            lambda data: bills(data)["columns"]["invoice_uuid"].update(type="uuid"), id="type"
        ),
        pytest.param(
            lambda data: bills(data)["columns"]["invoice_uuid"].update(path="$perent.a"), id="path"
        ),
        pytest.param(
            lambda data: bills(data)["methods"]["list"].update(request="PUT /v2"), id="verb"
        ),
        pytest.param(
            lambda data: bills(data)["methods"]["list"].update(paging={"kind": "pgae"}), id="kind"
        ),
        pytest.param(
            lambda data: bills(data)["methods"]["list"].update(parameters={"a": {"location": "b"}}),
            id="in",
        ),
        pytest.param(
            lambda data: bills(data)["methods"]["list"].update(documentation="javascript:x()"),
            id="documentation",
        ),
    ],
)
def test_the_schema_refuses_a_mistake_in_a_service(billing: Any, spoil: Any) -> None:
    assert VALIDATOR.is_valid(billing)
    spoil(billing)
    assert not VALIDATOR.is_valid(billing)


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://api.example.com"},
        {"url": "https://api.example.com/v2"},
        {"version": "1"},
        {"auth": {"secret": "A", "help": "B."}},
        {"auth": {"kind": "basic", "secret": "A", "help": "B."}},
        {"limits": [{"requests": 0, "seconds": 1}]},
        {"paging": {"pages": {"kind": "page_number"}}},
        {"concurrency": 0},
        {"resources": {}},
    ],
)
def test_the_schema_refuses_a_mistake_in_a_provider(provider: Any, change: Any) -> None:
    assert VALIDATOR.is_valid(provider)
    assert not VALIDATOR.is_valid({**provider, **change})


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for part in schema.values():
            yield from _patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _patterns(part)


def test_patterns_mean_the_same_to_an_editor() -> None:
    patterns = set(_patterns(SCHEMA))
    assert len(patterns) >= 5
    for pattern in patterns:
        # ECMAScript takes \A and \Z for letters, and knows no (?P<…>), (?i) or (?#…).
        assert re.search(r"\\[AZzab]|\(\?(?![:=!]|<[=!])", pattern) is None, pattern


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("Sentence", ["A.", "Really?", "Two\nlines!\n", "A b. "], ["", "A", " A.", ".", "A.b"]),
        ("Name", ["a", "a_1", "abc"], ["", "A", "1a", "_a", "a-b", "a b", "a\n", "é"]),
        ("url", ["https://a.b", "https://a:1"], ["https://a/", "https://a\n", "https://a b", "a"]),
    ],
)
def test_patterns_hold_whole_values(kind: str, good: list[str], bad: list[str]) -> None:
    definitions = SCHEMA["$defs"]
    pattern = {
        "Sentence": definitions["Service"]["properties"]["description"]["pattern"],
        "Name": definitions["Service"]["properties"]["resources"]["propertyNames"]["pattern"],
        "url": definitions["Provider"]["properties"]["url"]["pattern"],
    }[kind]
    assert [text for text in good if not re.search(pattern, text)] == []
    assert [text for text in bad if re.search(pattern, text)] == []


def test_an_editor_can_show_what_every_word_means() -> None:
    silent = [
        f"{name}.{word}"
        for name, schema in SCHEMA["$defs"].items()
        for word, about in schema["properties"].items()
        if not about.get("description") and word != "kind"
    ]
    # What a limit consists of says its own name.
    assert silent == ["Limit.requests", "Limit.seconds"]
    assert all(schema["description"] for schema in SCHEMA["$defs"].values())
    where = SCHEMA["$defs"]["Parameter"]["properties"]["in"]
    assert where["description"].startswith("The part of the request that carries it;")
    size = SCHEMA["$defs"]["PageNumber"]["properties"]["size"]
    assert size["description"] == "The largest number of items that a page can have."
    assert "\n    " not in SCHEMA["$defs"]["PageNumber"]["description"]


# The structs -----------------------------------------------------------------------------------

EXAMPLE = Provider(
    billql=1,
    title="Example",
    description="An API that bills.",
    version="0.1.0",
    documentation="https://example.com/docs",
    url="https://api.example.com",
    auth=Bearer(secret="TOKEN", help="Ask for one."),
    paging={"pages": PageNumber(total="total")},
)
BILLS = Resource(
    description="One row for each bill.",
    columns={
        "bill_id": Column(type="text", description="Its name."),
        "day": Column(type="date", description="Its day.", format="epoch"),
    },
    methods={
        "get": Method(
            request="GET /v2/bills/{bill_id}",
            description="Gives a bill.",
            parameters={
                "bill_id": Parameter(location="path", required=True),
                "until": Parameter(column="day", operator="<=", format="epoch_ms"),
                "all": Parameter(value=True, when_read=("day",)),
            },
            rows=(Rows(at="bills[]", values={"bill_id": "x"}),),
            paging="pages",
            order=("-day", "bill_id"),
        )
    },
    unique=("bill_id",),
    examples=(Example(question="What do I owe?", sql="SELECT 1"),),
)


def test_what_fits_together_has_no_problems() -> None:
    assert list(problems(BILLS, EXAMPLE)) == []


def test_every_problem_is_told() -> None:
    resource = Resource(
        description="One row for each bill.",
        columns={"a": Column(type="text", description="A.", currency="b", format="epoch")},
        methods={
            "get": Method(
                request="GET /{c}",
                description="Gives a bill.",
                parameters={
                    "d": Parameter(location="path"),
                    "a": Parameter(operator=">", format="dollars", when_read=("e",)),
                },
                rows=(Rows(at="", values={"f": 1}), Rows(at="x", values={"g": 1})),
                paging="h",
                order=("-i", "j"),
            )
        },
        unique=("k",),
        examples=BILLS.examples,
    )
    told = {(".".join(map(str, place)), message) for place, message in problems(resource, EXAMPLE)}
    method = "methods.get"
    assert told == {
        ("unique", "there is no column k"),
        ("columns.a.currency", "there is no column b"),
        ("columns.a.format", "epoch needs a column of type date or month or timestamp"),
        (f"{method}.request", "{c} has no parameter with `in: path`"),
        (f"{method}.parameters.d", "the request has no {d}"),
        (f"{method}.parameters.d", "there is no column d"),
        (
            f"{method}.parameters.d",
            "must be `required`, because nothing else fills {d}",
        ),
        (f"{method}.parameters.a.format", "dollars is for columns"),
        (
            f"{method}.parameters.a.operator",
            "ranges need a column of type date, integer, month, timestamp",
        ),
        (f"{method}.parameters.a.format", "dollars needs a column of type decimal or real"),
        (f"{method}.parameters.a.when_read", "there is no column e"),
        (f"{method}.rows", "there is no column f"),
        (f"{method}.rows", "there is no column g"),
        (f"{method}.paging", "the provider defines no paging called h"),
        (f"{method}.order", "there is no column i"),
        (f"{method}.order", "there is no column j"),
    }


@pytest.mark.parametrize(
    ("parameter", "place", "message"),
    [
        ({"value": ("a", "b"), "location": "body"}, None, ""),
        ({"value": ("a", "b")}, "value", "only a body takes a list as a constant"),
        ({"value": "x", "location": "body", "name": "a[0].b[12]"}, None, ""),
        ({"value": "x", "location": "body", "name": "a[].b"}, "name", "are named like items[0]"),
        ({"value": "x", "location": "body", "name": "a[0]b"}, "name", "are named like items[0]"),
        ({"value": "ce.us-east-1", "location": "host"}, None, ""),
        ({"value": "evil.example/", "location": "host"}, "value", "is no part of a server's name"),
        ({"value": "x..y", "location": "host"}, "value", "is no part of a server's name"),
    ],
)
def test_constants_go_where_they_can(
    parameter: dict[str, Any], place: str | None, message: str
) -> None:
    method = Method(
        request="POST /",
        description="Gives bills.",
        parameters={"one": Parameter(**parameter)},
        rows="data[]",
    )
    resource = msgspec.structs.replace(BILLS, methods={"list": method})
    provider = msgspec.structs.replace(EXAMPLE, url="https://{one}.example.com")
    if parameter.get("location") != "host":
        provider = EXAMPLE
    found = list(problems(resource, provider))
    if place is None:
        assert found == []
    else:
        ((path, text),) = found
        assert path == ("methods", "list", "parameters", "one", place)
        assert message in text


def test_a_member_of_a_body_is_no_list_beside_what_is_in_it() -> None:
    parameters = {
        "a": Parameter(location="body", value=("x",)),
        "b": Parameter(location="body", value="y", name="a[0].b"),
    }
    method = Method(request="POST /", description="Gives.", parameters=parameters, rows="data[]")
    resource = msgspec.structs.replace(BILLS, methods={"list": method})
    ((path, text),) = problems(resource, EXAMPLE)
    assert path == ("methods", "list", "parameters")
    assert text == "a in the body is a value and an object at once"


def test_only_a_text_has_something_after_a_separator() -> None:
    columns = {"bill_id": Column(type="integer", description="A.", after="$")}
    resource = msgspec.structs.replace(BILLS, columns={**BILLS.columns, **columns})
    assert (("columns", "bill_id", "after"), "needs a column of type text") in [
        *problems(resource, EXAMPLE)
    ]


def test_a_resource_is_charged_for_in_one_currency() -> None:
    priced = {
        name: msgspec.structs.replace(
            next(iter(BILLS.methods.values())), price=Price(amount=0.01, currency=currency)
        )
        for name, currency in {"a": "USD", "b": "EUR", "c": "USD"}.items()
    }
    resource = msgspec.structs.replace(BILLS, methods=priced)
    assert list(problems(resource, EXAMPLE)) == [
        (("methods", "b", "price"), "another method is charged for in USD")
    ]


@pytest.mark.parametrize(
    ("paging", "parameter", "message"),
    [
        ({"size": 31}, {"value": "1d"}, None),
        ({"size": 31}, {"location": "header", "value": "1d"}, "needs the parameter width"),
        ({"size": 31}, None, "needs the parameter width"),
        ({"size": None}, {"value": "1d"}, "needs a `size` and a `size_parameter`"),
        ({"size": 31, "size_parameter": None}, {"value": "1d"}, "needs a `size` and a"),
    ],
)
def test_a_size_by_a_parameter_needs_that_parameter(
    paging: dict[str, Any], parameter: dict[str, Any] | None, message: str | None
) -> None:
    method = Method(
        request="GET /bills",
        description="Gives bills.",
        parameters={} if parameter is None else {"width": Parameter(**parameter)},
        rows="data[]",
        paging=CursorToken(size_by=SizeBy(parameter="width", sizes={"1h": 168}), **paging),
    )
    bills = msgspec.structs.replace(BILLS, methods={"list": method})
    found = [problem for place, problem in problems(bills, EXAMPLE) if place[-1] == "paging"]
    assert [message in problem for problem in found if message] == [True] * (message is not None)
    assert bool(found) is (message is not None)


@pytest.mark.parametrize(
    ("paging", "message"),
    [
        ({"least": 25}, None),
        ({"least": 201}, "its `least` page is larger than its largest"),
        ({"least": 25, "size": None}, "its `least` needs a `size` and a `size_parameter`"),
        ({"least": 25, "size_parameter": None}, "its `least` needs a `size` and a"),
    ],
)
def test_a_least_page_needs_a_largest(paging: dict[str, Any], message: str | None) -> None:
    found = [problem for _, problem in problems(BILLS, _paged(PageNumber(total="total", **paging)))]
    assert [message in problem for problem in found if message] == [True] * (message is not None)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [("page", None), (None, "its `last` needs the `parameter` that has a page's number")],
)
def test_the_last_address_needs_the_number_of_a_page(
    parameter: str | None, message: str | None
) -> None:
    paginator = NextUrl(path="links.next", last="links.last", parameter=parameter)
    found = [problem for _, problem in problems(BILLS, _paged(paginator)) if "last" in problem]
    assert found == ([] if message is None else [message])


def _paged(paginator: Paginator) -> Provider:
    return msgspec.structs.replace(EXAMPLE, paging={"pages": paginator})


@pytest.mark.parametrize(
    ("parameter", "operators", "message"),
    [
        ({}, {}, None),
        ({"lists": "repeat"}, {}, None),
        ({}, None, "the provider has no `filter`"),
        ({"lists": "comma"}, {}, "a filter takes several values as `repeat` alone"),
        ({"column": "day", "operator": ">="}, {">=": "+gte"}, None),
        ({"column": "day", "operator": ">="}, {"<": "+lt"}, "has no name for >="),
    ],
)
def test_a_parameter_in_a_filter_needs_one_that_carries_it(
    parameter: dict[str, Any], operators: dict[Operator, str] | None, message: str | None
) -> None:
    header = None
    if operators is not None:
        header = FilterHeader(header="X-Filter", all="+and", any="+or", operators=operators)
    method = msgspec.structs.replace(
        BILLS.methods["get"],
        parameters={
            **BILLS.methods["get"].parameters,
            "conditional": Parameter(location="filter", **{"column": "bill_id", **parameter}),
        },
    )
    bills = msgspec.structs.replace(BILLS, methods={"get": method})
    provider = msgspec.structs.replace(EXAMPLE, filter=header)
    found = [problem for place, problem in problems(bills, provider) if "conditional" in place]
    assert [message in problem for problem in found if message] == [True] * (message is not None)
    assert bool(found) is (message is not None)


@pytest.mark.parametrize(
    ("parameter", "limit", "message"),
    [
        ({"required": True}, WindowLimit(column="day", days=1), None),
        (
            {"required": True},
            WindowLimit(column="day", days=2),
            "needs `window_limit: {column: day",
        ),
        ({"required": True}, None, "needs `window_limit: {column: day, days: 1}`"),
        ({}, WindowLimit(column="day", days=1), "needs `required: true` and the operator `=`"),
        (
            {"required": True, "operator": ">="},
            WindowLimit(column="day", days=1),
            "needs `required: true` and the operator `=`",
        ),
    ],
)
def test_what_takes_one_day_needs_it_and_a_window_of_one(
    parameter: dict[str, Any], limit: WindowLimit | None, message: str | None
) -> None:
    method = Method(
        request="GET /bills",
        description="Gives bills.",
        parameters={"at": Parameter(column="day", by="day", **parameter)},
        window_limit=limit,
    )
    columns = {"day": Column(type="date", description="The day.")}
    bills = msgspec.structs.replace(BILLS, columns=columns, methods={"list": method}, unique=())
    found = [problem for place, problem in problems(bills, EXAMPLE) if place[-1] == "by"]
    assert [problem.startswith(message or "") for problem in found] == [True] * (
        message is not None
    )


@pytest.mark.parametrize(
    ("kind", "parameter", "limit", "message"),
    [
        ("month", {"by": "month", "format": "year"}, {"months": 1}, None),
        ("date", {"by": "month", "format": "year", "match": "superset"}, {"months": 1}, None),
        ("date", {"by": "month", "format": "year"}, {"months": 1}, "must be `superset`"),
        ("date", {"by": "month", "match": "superset"}, {"months": 1}, "of a day, a month is sent"),
        ("date", {"by": "day", "format": "day_of_month"}, {"days": 1}, None),
        ("month", {"by": "month", "format": "year"}, {"months": 2}, "needs `window_limit: {col"),
        ("month", {"by": "day"}, {"months": 1}, "days need a column of type date"),
        ("date", {"format": "month_of_year"}, {"days": 1}, "month_of_year needs `by: month`"),
        ("month", {"by": "month"}, {"days": 1}, "days need a column of type date or timestamp"),
        ("month", {"by": "month"}, {"days": 1, "months": 1}, "needs either `days` or `months`"),
    ],
)
def test_months_are_taken_one_by_one_where_their_numbers_are(
    kind: Any, parameter: dict[str, Any], limit: dict[str, Any], message: str | None
) -> None:
    method = Method(
        request="GET /bills",
        description="Gives bills.",
        parameters={"at": Parameter(column="day", required=True, **parameter)},
        window_limit=WindowLimit(column="day", **limit),
    )
    columns = {"day": Column(type=kind, description="The day.")}
    bills = msgspec.structs.replace(BILLS, columns=columns, methods={"list": method}, unique=())
    found = [problem for place, problem in problems(bills, EXAMPLE) if place[0] == "methods"]
    assert any(problem.startswith(message) for problem in found) if message else found == []


def test_an_instant_that_is_shown_cannot_be_asked_for_with_equal() -> None:
    method = Method(
        request="GET /bills",
        description="Gives bills.",
        parameters={
            "at": Parameter(),
            "since": Parameter(column="at", operator=">="),
            "stamp": Parameter(column="at", format="epoch"),
        },
    )
    columns = {"at": Column(type="timestamp", description="When.")}
    bills = msgspec.structs.replace(BILLS, columns=columns, methods={"list": method}, unique=())
    found = dict(problems(bills, EXAMPLE))
    place = ("methods", "list", "parameters")
    assert set(found) == {(*place, "at", "operator"), (*place, "stamp", "operator")}
    assert all("whole seconds" in message for message in found.values())


def test_what_depends_on_being_read_stands_where_sqlite_tells_it() -> None:
    columns = {f"c{n}": Column(type="text", description="A column.") for n in range(63)}
    columns["key"] = Column(type="text", description="A key.", path="$parameter")
    columns["wide"] = Column(type="text", description="A column that costs.")
    parameters = {
        "key": Parameter(),
        "expand": Parameter(value="wide", when_read=("wide",)),
    }
    method = Method(request="GET /bills", description="Gives bills.", parameters=parameters)
    bills = msgspec.structs.replace(BILLS, columns=columns, methods={"list": method}, unique=())
    found = list(problems(bills, EXAMPLE))
    assert [place for place, _ in found] == [("columns", "key"), ("columns", "wide")]
    assert "first 63 columns" in found[0][1]


def test_a_list_is_cut_only_where_its_order_and_its_bounds_are_known() -> None:
    method = Method(
        request="GET /bills",
        description="Gives bills.",
        parameters={"since": Parameter(column="day", operator=">=")},
        order=("-day",),
        split_by="day",
    )
    bills = msgspec.structs.replace(BILLS, methods={"list": method})
    ((place, message),) = problems(bills, EXAMPLE)
    assert place == ("methods", "list", "split_by")
    assert "both bounds" in message


def test_a_request_has_a_verb_and_a_path() -> None:
    get = BILLS.methods["get"]
    assert (get.verb, get.path) == ("GET", "/v2/bills/{bill_id}")
    post = Method(request="POST /v1/list", description="Gives a list.")
    assert (post.verb, post.path) == ("POST", "/v1/list")


@pytest.mark.parametrize(
    ("path", "names"),
    [("/a", []), ("/a/{b}", ["b"]), ("/{a}/x/{b_1}", ["a", "b_1"]), ("/{}/{a b}", [])],
)
def test_placeholders(path: str, names: list[str]) -> None:
    assert placeholders(path) == names


def test_rows_stand_in_one_place_or_several() -> None:
    one = Method(request="GET /", description="Gives.", rows="a[]")
    assert one.sources() == (Rows(at="a[]"),)
    assert Method(request="GET /", description="Gives.").sources() == (Rows(at=""),)
    several = (Rows(at="a"), Rows(at="b", optional=True))
    assert Method(request="GET /", description="Gives.", rows=several).sources() == several


def test_a_parameter_filters_a_column_unless_it_is_always_sent() -> None:
    assert Parameter().filters("a") == "a"
    assert Parameter(column="b").filters("a") == "b"
    assert Parameter(value="x").filters("a") is None
    assert Parameter(value=False).filters("a") is None
