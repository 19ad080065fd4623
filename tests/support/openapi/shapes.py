"""The shapes in which vendors page their lists: an OpenAPI document of each, and a server for it.

Each has the members and parameters of a vendor's public document, in words of our own, and serves
the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from support.server import Asked

ROWS = 250
IDS = [f"r{number:03}" for number in range(ROWS)]

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
BOOLEAN = {"type": "boolean"}
ADDRESS = {"type": "string", "format": "uri"}
ROW = {"type": "object", "properties": {"id": STRING, "note": STRING}}


def a_list(of: Any = ROW) -> dict[str, Any]:
    return {"type": "array", "items": of}


def an_object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


def query(name: str, **schema: Any) -> dict[str, Any]:
    description = schema.pop("description", None)
    found = {"name": name, "in": "query", "schema": schema or STRING}
    return found | ({"description": description} if description else {})


def number(name: str, **schema: Any) -> dict[str, Any]:
    return query(name, type="integer", **schema)


class Call(NamedTuple):
    """A request as an API sees it."""

    query: Mapping[str, str]
    body: Mapping[str, Any]
    path: str
    url: str

    def integer(self, name: str, default: int) -> int:
        return int(self.query.get(name, default))


Reply = tuple[Any, Mapping[str, str]]
Respond = Callable[[Call], Any]
"""Returns the JSON of a response, and maybe its headers beside it."""


@dataclass(frozen=True)
class Shape:
    """A vendor's way to page."""

    vendor: str
    paging: dict[str, Any]
    """What the import makes of it."""
    parameters: Sequence[dict[str, Any]]
    response: dict[str, Any]
    respond: Respond
    rows: str = "data[]"
    path: str = "/v1/things"
    body: dict[str, Any] | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def selector(self) -> str:
        return self.path if self.body is None else f"POST {self.path}"

    def document(self) -> dict[str, Any]:
        operation: dict[str, Any] = {
            "tags": ["Things"],
            "parameters": list(self.parameters),
            "responses": {
                "200": {
                    "description": "Things.",
                    "headers": self.headers,
                    "content": {"application/json": {"schema": self.response}},
                }
            },
        }
        if self.body is not None:
            operation["requestBody"] = {"content": {"application/json": {"schema": self.body}}}
        return {
            "openapi": "3.0.3",
            "info": {"title": "Acme", "version": "1"},
            "servers": [{"url": "https://api.acme.example"}],
            "paths": {self.path: {"get" if self.body is None else "post": operation}},
        }

    def serve(self, asked: Asked) -> None:
        """Answer a request as the vendor does."""
        target = urlsplit(asked.target)
        given = dict(parse_qsl(target.query, keep_blank_values=True))
        body = json.loads(asked.body) if asked.body else {}
        host = asked.headers["host"]
        found = self.respond(Call(given, body, target.path, f"http://{host}{target.path}"))
        data, headers = found if isinstance(found, tuple) else (found, {})
        asked.answer(json.dumps(data), 200, {"content-type": "application/json", **headers})


def rows(start: int, size: int) -> list[dict[str, str]]:
    return [{"id": one, "note": f"of {one}"} for one in IDS[start : start + size]]


# What each vendor answers ------------------------------------------------------------------------


def openai_costs(call: Call) -> Any:
    size, start = call.integer("limit", 7), call.integer("page", 0)
    more = start + size < ROWS
    buckets = [{"object": "bucket", "results": [], **one} for one in rows(start, size)]
    next_page = str(start + size) if more else None
    return {"object": "page", "data": buckets, "has_more": more, "next_page": next_page}


def after_id(parameter: str) -> Respond:
    def respond(call: Call) -> Any:
        size = call.integer("limit", 20)
        last = call.query.get(parameter)
        found = rows(0 if last is None else IDS.index(last) + 1, size)
        return {
            "data": found,
            "first_id": found[0]["id"],
            "last_id": found[-1]["id"],
            "has_more": found[-1]["id"] != IDS[-1],
        }

    return respond


def linode(call: Call) -> Any:
    size, page = call.integer("page_size", 100), call.integer("page", 1)
    assert 25 <= size <= 500
    size = min(size, 100)  # so that there are several pages
    return {
        "data": rows((page - 1) * size, size),
        "page": page,
        "pages": -(-ROWS // size),
        "results": ROWS,
    }


def by_cursor(parameter: str, size_parameter: str, envelope: Callable[..., Any]) -> Respond:
    def respond(call: Call) -> Any:
        size = min(call.integer(size_parameter, 20), 100)
        start = int(call.query.get(parameter, "t0").removeprefix("t"))
        more = start + size < ROWS
        return envelope(rows(start, size), f"t{start + size}" if more else None)

    return respond


def confluent(call: Call) -> Any:
    size = min(call.integer("page_size", 10), 100)
    start = int(call.query.get("page_token", "t0").removeprefix("t"))
    metadata = {"first": call.url, "total_size": ROWS}
    if start + size < ROWS:
        metadata["next"] = f"{call.url}?page_size={size}&page_token=t{start + size}"
    return {"api_version": "v1", "kind": "List", "metadata": metadata, "data": rows(start, size)}


def cloudflare(call: Call) -> Any:
    size, page = call.integer("per_page", 20), call.integer("page", 1)
    found = rows((page - 1) * size, size)
    info = {"page": page, "per_page": size, "count": len(found), "total_count": ROWS}
    info["total_pages"] = -(-ROWS // size)
    return {"success": True, "errors": [], "messages": [], "result": found, "result_info": info}


def cloudflare_cursor(call: Call) -> Any:
    size = min(call.integer("per_page", 20), 100)
    start = int(call.query.get("cursor", "t0").removeprefix("t"))
    following = f"t{start + size}" if start + size < ROWS else ""
    info = {"count": len(rows(start, size)), "cursors": {"after": following}}
    return {"success": True, "errors": [], "messages": [], "result": rows(start, size)} | {
        "result_info": info
    }


def twilio(call: Call) -> Any:
    size, page = call.integer("PageSize", 50), call.integer("Page", 0)
    size = min(size, 100)
    following = None
    if (page + 1) * size < ROWS:
        following = f"{call.path}?PageSize={size}&Page={page + 1}&PageToken=PA{page + 1}"
    return {
        "first_page_uri": f"{call.path}?PageSize={size}&Page=0",
        "next_page_uri": following,
        "previous_page_uri": None,
        "uri": f"{call.path}?PageSize={size}&Page={page}",
        **{"page": page, "page_size": size, "start": page * size, "end": page * size + size - 1},
        "usage_records": rows(page * size, size),
    }


def atlas(call: Call) -> Any:
    size, page = call.integer("itemsPerPage", 100), call.integer("pageNum", 1)
    size = min(size, 100)
    links = [{"href": f"{call.url}?pageNum={page}&itemsPerPage={size}", "rel": "self"}]
    if page * size < ROWS:
        link = f"{call.url}?pageNum={page + 1}&itemsPerPage={size}"
        links.append({"href": link, "rel": "next"})
    return {"links": links, "results": rows((page - 1) * size, size), "totalCount": ROWS}


def atlas_estimating(call: Call) -> Any:
    return {**atlas(call), "totalCount": ROWS + 3}


def azure(call: Call) -> Any:
    start = int(call.query.get("$skiptoken", "0"))
    following = f"{call.url}?api-version=2025-03-01&$skiptoken={start + 100}"
    return {"value": rows(start, 100), "nextLink": following if start + 100 < ROWS else None}


def gcp(call: Call) -> Any:
    size = min(call.integer("pageSize", 100), 100)
    start = int(call.query.get("pageToken", "t0").removeprefix("t"))
    following = f"t{start + size}" if start + size < ROWS else ""
    return {"skus": rows(start, size), "nextPageToken": following}


def aws(call: Call) -> Any:
    size = min(call.body.get("MaxResults", 20), 20)
    start = int(call.body.get("NextToken", "t0").removeprefix("t"))
    more = {"NextToken": f"t{start + size}"} if start + size < ROWS else {}
    return {"Accounts": rows(start, size), **more}


def cost_explorer(call: Call) -> Any:
    start = int(call.body.get("NextPageToken", "t0").removeprefix("t"))
    found = rows(start, 100)
    more = {"NextPageToken": f"t{start + 100}"} if start + 100 < ROWS else {}
    return {"DimensionValues": found, "ReturnSize": len(found), "TotalSize": ROWS, **more}


def github(call: Call) -> Reply:
    size, page = call.integer("per_page", 30), call.integer("page", 1)
    links = [f'<{call.url}?per_page={size}&page=1>; rel="first"']
    if page * size < ROWS:
        links.append(f'<{call.url}?per_page={size}&page={page + 1}>; rel="next"')
    return rows((page - 1) * size, size), {"link": ", ".join(links)}


def github_budgets(call: Call) -> Any:
    size, page = call.integer("per_page", 10), call.integer("page", 1)
    assert size <= 10
    found = rows((page - 1) * size, size)
    return {"budgets": found, "has_next_page": page * size < ROWS, "total_count": ROWS}


def lago(call: Call) -> Any:
    size, page = call.integer("per_page", 100), call.integer("page", 1)
    pages = -(-ROWS // size)
    meta = {
        "current_page": page,
        "next_page": page + 1 if page < pages else None,
        "prev_page": page - 1 or None,
        "total_pages": pages,
        "total_count": ROWS,
    }
    return {"invoices": rows((page - 1) * size, size), "meta": meta}


def chargebee(call: Call) -> Any:
    size = min(call.integer("limit", 10), 100)
    start = int(call.query.get("offset", "t0").removeprefix("t"))
    more = {"next_offset": f"t{start + size}"} if start + size < ROWS else {}
    return {"list": [{"invoice": one} for one in rows(start, size)], **more}


def recurly(call: Call) -> Any:
    size = min(call.integer("limit", 20), 100)
    start = int(call.query.get("cursor", "0"))
    more = start + size < ROWS
    following = f"{call.path}?cursor={start + size}&limit={size}" if more else None
    return {"object": "list", "has_more": more, "next": following, "data": rows(start, size)}


def datadog_numbers(call: Call) -> Any:
    size, page = call.integer("page[size]", 10), call.integer("page[number]", 0)
    return {"data": rows(page * size, size), "meta": {"page": {"total_count": ROWS}}}


def datadog_offsets(call: Call) -> Any:
    size, start = call.integer("page[size]", 10), call.integer("page[offset]", 0)
    pagination = {"offset": start, "next_offset": start + size, "size": size}
    return {"data": rows(start, size), "meta": {"pagination": pagination}}


def laravel(call: Call) -> Any:
    page = call.integer("page", 1)
    return {"current_page": page, "last_page": 13, "data": rows((page - 1) * 20, 20)}


def spring(call: Call) -> Any:
    size, page = call.integer("size", 20), call.integer("page", 0)
    return {"content": rows(page * size, size), "totalPages": -(-ROWS // size), "number": page}


# The shapes ---------------------------------------------------------------------------------------

_LIMIT = number("limit", maximum=100, default=20)
_INFO = an_object(
    page=INTEGER, per_page=INTEGER, count=INTEGER, total_count=INTEGER, total_pages=INTEGER
)
_ENVELOPE = {"success": BOOLEAN, "errors": a_list(an_object()), "messages": a_list(an_object())}
_LINKS = a_list(an_object(href=STRING, rel=STRING))

SHAPES = [
    Shape(
        "openai",
        {"kind": "cursor_token", "parameter": "page", "more": "has_more", "size": 7},
        [number("limit", default=7), query("page")],
        an_object(
            object=STRING,
            data=a_list(an_object(object=STRING, id=STRING, results=a_list())),
            has_more=BOOLEAN,
            next_page=STRING,
        ),
        openai_costs,
    ),
    Shape(
        "openai lists",
        {"kind": "after_id", "parameter": "after"},
        [_LIMIT, query("after", description="An object's id after which the page begins.")],
        an_object(
            object=STRING, data=a_list(), first_id=STRING, last_id=STRING, has_more=BOOLEAN
        ),
        after_id("after"),
    ),
    Shape(
        "anthropic",
        {"kind": "cursor_token", "parameter": "page", "more": "has_more", "size": 31},
        [number("limit", maximum=31), query("page")],
        an_object(data=a_list(), has_more=BOOLEAN, next_page={"type": ["string", "null"]}),
        openai_costs,
    ),
    Shape(
        "anthropic lists",
        {"kind": "after_id", "parameter": "after_id"},
        [_LIMIT, query("before_id"), query("after_id")],
        an_object(data=a_list(), has_more=BOOLEAN, first_id=STRING, last_id=STRING),
        after_id("after_id"),
    ),
    Shape(
        "linode",
        {
            "kind": "page_number",
            "total": "results",
            "size": 500,
            "size_parameter": "page_size",
            "least": 25,
        },
        [number("page", minimum=1, default=1), number("page_size", minimum=25, maximum=500)],
        an_object(data=a_list(), page=INTEGER, pages=INTEGER, results=INTEGER),
        linode,
    ),
    Shape(
        "vultr",
        {
            "kind": "cursor_token",
            "path": "meta.links.next",
            "parameter": "cursor",
            "size": 500,
            "size_parameter": "per_page",
        },
        [number("per_page", maximum=500), query("cursor")],
        an_object(
            billing_history=a_list(),
            meta=an_object(total=INTEGER, links=an_object(next=STRING, prev=STRING)),
        ),
        by_cursor(
            "cursor",
            "per_page",
            lambda found, following: {
                "billing_history": found,
                "meta": {"total": ROWS, "links": {"next": following or "", "prev": ""}},
            },
        ),
        rows="billing_history[]",
    ),
    Shape(
        "confluent",
        {
            "kind": "next_url",
            "path": "metadata.next",
            "total": "metadata.total_size",
            "size": 10000,
            "size_parameter": "page_size",
        },
        [number("page_size", maximum=10000), query("page_token")],
        an_object(
            api_version=STRING,
            kind=STRING,
            metadata=an_object(first=ADDRESS, next=ADDRESS, total_size=INTEGER),
            data=a_list(),
        ),
        confluent,
    ),
    Shape(
        "datadog",
        {
            "kind": "cursor_token",
            "path": "metadata.pagination.next_record_id",
            "parameter": "next_record_id",
        },
        [query("next_record_id")],
        an_object(
            metadata=an_object(pagination=an_object(next_record_id=STRING)), usage=a_list()
        ),
        by_cursor(
            "next_record_id",
            "",
            lambda found, following: {
                "usage": found,
                "metadata": {"pagination": {"next_record_id": following}},
            },
        ),
        rows="usage[]",
    ),
    Shape(
        "datadog hourly usage",
        {
            "kind": "cursor_token",
            "path": "meta.pagination.next_record_id",
            "parameter": "page[next_record_id]",
            "size": 500,
            "size_parameter": "page[limit]",
        },
        [number("page[limit]", maximum=500, default=500), query("page[next_record_id]")],
        an_object(
            data=a_list(), meta=an_object(pagination=an_object(next_record_id=STRING))
        ),
        by_cursor(
            "page[next_record_id]",
            "page[limit]",
            lambda found, following: {
                "data": found,
                "meta": {"pagination": {"next_record_id": following}},
            },
        ),
    ),
    Shape(
        "datadog numbers",
        {
            "kind": "page_number",
            "total": "meta.page.total_count",
            "parameter": "page[number]",
            "first_page": 0,
            "size": 100,
            "size_parameter": "page[size]",
        },
        [number("page[size]", maximum=100, default=10), number("page[number]", default=0)],
        an_object(data=a_list(), meta=an_object(page=an_object(total_count=INTEGER))),
        datadog_numbers,
    ),
    Shape(
        "datadog offsets",
        {
            "kind": "cursor_token",
            "path": "meta.pagination.next_offset",
            "parameter": "page[offset]",
            "until_empty": True,
            "size": 100,
            "size_parameter": "page[size]",
        },
        [number("page[size]", maximum=100, default=10), number("page[offset]", default=0)],
        an_object(
            data=a_list(),
            meta=an_object(
                pagination=an_object(next_offset=INTEGER, offset=INTEGER, size=INTEGER)
            ),
        ),
        datadog_offsets,
    ),
    Shape(
        "cloudflare",
        {"kind": "page_number", "total": "result_info.total_count", "size": 50},
        [number("page", minimum=1), number("per_page", maximum=50)],
        an_object(**_ENVELOPE, result=a_list(), result_info=_INFO),
        cloudflare,
        rows="result[]",
    ),
    Shape(
        "cloudflare cursors",
        {
            "kind": "cursor_token",
            "path": "result_info.cursors.after",
            "parameter": "cursor",
            "size": 50,
            "size_parameter": "per_page",
        },
        [query("cursor"), number("per_page", maximum=50)],
        an_object(
            **_ENVELOPE,
            result=a_list(),
            result_info=an_object(count=INTEGER, cursors=an_object(after=STRING)),
        ),
        cloudflare_cursor,
        rows="result[]",
    ),
    Shape(
        "twilio",
        {
            "kind": "next_url",
            "path": "next_page_uri",
            "size": 1000,
            "size_parameter": "PageSize",
        },
        [number("PageSize", maximum=1000), number("Page", minimum=0), query("PageToken")],
        an_object(
            usage_records=a_list(),
            first_page_uri=STRING,
            next_page_uri=STRING,
            previous_page_uri=STRING,
            uri=STRING,
            page=INTEGER,
            page_size=INTEGER,
            start=INTEGER,
            end=INTEGER,
        ),
        twilio,
        rows="usage_records[]",
        path="/2010-04-01/Usage/Records.json",
    ),
    Shape(
        "twilio messages",
        {"kind": "next_url", "path": "next_page_uri"},
        [],
        an_object(messages=a_list(), next_page_uri=STRING, start=INTEGER, end=INTEGER),
        lambda call: {"messages": (page := twilio(call)).pop("usage_records"), **page},
        rows="messages[]",
        path="/2010-04-01/Messages.json",
    ),
    Shape(
        "mongodb_atlas",
        {
            "kind": "page_number",
            "total": "totalCount",
            "parameter": "pageNum",
            "size": 500,
            "size_parameter": "itemsPerPage",
        },
        [number("itemsPerPage", maximum=500, default=100), number("pageNum", minimum=1, default=1)],
        an_object(results=a_list(), totalCount=INTEGER, links=_LINKS),
        atlas,
        rows="results[]",
    ),
    Shape(
        "mongodb_atlas with an estimate",
        {
            "kind": "link_array",
            "ignore": ["totalCount"],
            "size": 500,
            "size_parameter": "itemsPerPage",
        },
        [number("itemsPerPage", maximum=500, default=100), number("pageNum", minimum=1, default=1)],
        an_object(
            results=a_list(),
            totalCount={"type": "integer", "description": "An estimate of the number of items."},
            links=_LINKS,
        ),
        atlas_estimating,
        rows="results[]",
    ),
    Shape(
        "azure",
        {"kind": "next_url", "path": "nextLink"},
        [],
        an_object(value=a_list(), nextLink=STRING),
        azure,
        rows="value[]",
    ),
    Shape(
        "gcp",
        {
            "kind": "cursor_token",
            "path": "nextPageToken",
            "parameter": "pageToken",
            "size": 5000,
            "size_parameter": "pageSize",
        },
        [number("pageSize", maximum=5000), query("pageToken")],
        an_object(skus=a_list(), nextPageToken=STRING),
        gcp,
        rows="skus[]",
    ),
    Shape(
        "aws",
        {
            "kind": "cursor_token",
            "path": "NextToken",
            "parameter": "NextToken",
            "location": "body",
            "size": 20,
            "size_parameter": "MaxResults",
            "size_location": "body",
        },
        [],
        an_object(Accounts=a_list(), NextToken=STRING),
        aws,
        rows="Accounts[]",
        path="/accounts",
        body=an_object(NextToken=STRING, MaxResults={"type": "integer", "maximum": 20}),
    ),
    Shape(
        "aws cost explorer",
        {
            "kind": "cursor_token",
            "path": "NextPageToken",
            "parameter": "NextPageToken",
            "location": "body",
        },
        [],
        an_object(
            DimensionValues=a_list(), ReturnSize=INTEGER, TotalSize=INTEGER, NextPageToken=STRING
        ),
        cost_explorer,
        rows="DimensionValues[]",
        path="/dimensions",
        body=an_object(NextPageToken=STRING),
    ),
    Shape(
        "github",
        {"kind": "link_header", "size": 30, "size_parameter": "per_page"},
        [number("per_page", default=30), number("page", default=1)],
        a_list(),
        github,
        rows="[]",
        headers={"Link": {"schema": STRING}},
    ),
    Shape(
        "github budgets",
        {"kind": "page_number", "total": "total_count", "size": 10},
        [number("page", default=1), number("per_page", default=10, maximum=10)],
        an_object(budgets=a_list(), has_next_page=BOOLEAN, total_count=INTEGER),
        github_budgets,
        rows="budgets[]",
    ),
    Shape(
        "fastly",
        {
            "kind": "cursor_token",
            "path": "meta.next_cursor",
            "parameter": "cursor",
            "size": 200,
        },
        [number("limit", maximum=200), query("cursor")],
        an_object(
            data=a_list(),
            meta=an_object(limit=INTEGER, total=INTEGER, next_cursor=STRING, sort=STRING),
        ),
        by_cursor(
            "cursor",
            "limit",
            lambda found, following: {
                "data": found,
                "meta": {"limit": 100, "total": ROWS, "next_cursor": following or ""},
            },
        ),
    ),
    Shape(
        "orb",
        {
            "kind": "cursor_token",
            "path": "pagination_metadata.next_cursor",
            "parameter": "cursor",
            "more": "pagination_metadata.has_more",
            "size": 100,
        },
        [number("limit", maximum=100, default=20), query("cursor")],
        an_object(
            data=a_list(),
            pagination_metadata=an_object(has_more=BOOLEAN, next_cursor=STRING),
        ),
        by_cursor(
            "cursor",
            "limit",
            lambda found, following: {
                "data": found,
                "pagination_metadata": {"has_more": bool(following), "next_cursor": following},
            },
        ),
    ),
    Shape(
        "lago",
        {"kind": "page_number", "total": "meta.total_count", "size_parameter": None},
        [number("page", example=1), number("per_page", example=20)],
        an_object(
            invoices=a_list(),
            meta=an_object(
                current_page=INTEGER,
                next_page=INTEGER,
                prev_page=INTEGER,
                total_pages=INTEGER,
                total_count=INTEGER,
            ),
        ),
        lago,
        rows="invoices[]",
        path="/v1/invoices",
    ),
    Shape(
        "chargebee",
        {
            "kind": "cursor_token",
            "path": "next_offset",
            "parameter": "offset",
            "size": 100,
        },
        [number("limit", maximum=100, default=10), query("offset")],
        an_object(list=a_list(an_object(invoice=ROW)), next_offset=STRING),
        chargebee,
        rows="list[].invoice",
    ),
    Shape(
        "recurly",
        {
            "kind": "next_url",
            "path": "next",
            "size": 200,
            "size_parameter": "limit",
        },
        [number("limit", maximum=200, default=20)],
        an_object(
            object=STRING,
            has_more=BOOLEAN,
            next={"type": "string", "description": "Path to the next page."},
            data=a_list(),
        ),
        recurly,
    ),
    Shape(
        "laravel",
        {"kind": "page_count", "pages_at": "last_page"},
        [number("page")],
        an_object(current_page=INTEGER, last_page=INTEGER, data=a_list()),
        laravel,
    ),
    Shape(
        "spring",
        {
            "kind": "page_count",
            "pages_at": "totalPages",
            "first_page": 0,
            "size": 20,
            "size_parameter": "size",
        },
        [number("page", description="Zero-based number of the page."), number("size", default=20)],
        an_object(content=a_list(), totalPages=INTEGER, number=INTEGER),
        spring,
        rows="content[]",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Unclear:
    """A list whose document does not tell how it is paged."""

    name: str
    parameters: Sequence[dict[str, Any]]
    response: dict[str, Any]
    why: str

    def document(self) -> dict[str, Any]:
        shape = Shape(self.name, {}, self.parameters, self.response, lambda call: {})
        return shape.document()


UNCLEAR = [
    Unclear("a size alone", [_LIMIT], an_object(data=a_list()), "accepts limit"),
    Unclear(
        "numbers without an end",
        [number("page"), number("per_page", maximum=100)],
        a_list(),
        "its response has nothing but rows",
    ),
    Unclear(
        "a count of one page",
        [number("page")],
        an_object(data=a_list(), count=INTEGER),
        "its response has count",
    ),
    Unclear(
        "numbers from 0 or 1",
        [number("page", minimum=0)],
        an_object(data=a_list(), total=INTEGER),
        "its response has total",
    ),
    Unclear(
        "an offset with a total",
        [number("offset"), number("limit")],
        an_object(data=a_list(), total=INTEGER),
        "accepts limit, offset",
    ),
    Unclear(
        "a token that nothing takes",
        [],
        an_object(data=a_list(), next_page=STRING),
        "accepts nothing for that, and its response has next_page",
    ),
    Unclear(
        "more, and no way to it", [], an_object(data=a_list(), has_more=BOOLEAN), "has has_more"
    ),
    Unclear(
        "a token that two could take",
        [query("cursor"), query("page_token")],
        an_object(data=a_list(), next=STRING),
        "accepts cursor, page_token",
    ),
    Unclear(
        "a number that is required",
        [{**number("page"), "required": True}],
        an_object(data=a_list(), total=INTEGER),
        "it requires page",
    ),
    Unclear(
        "two lists with pages",
        [query("cursor")],
        an_object(open=a_list(), closed=a_list(), next_cursor=STRING),
        "none is clearly its rows",
    ),
    Unclear(
        "an object without a schema and with pages",
        [number("page")],
        {"type": "object"},
        "none is clearly its rows",
    ),
]
