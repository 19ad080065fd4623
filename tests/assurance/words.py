"""Definitions of strangers that hold as YAML, and say what is absurd in the words of the format."""

from __future__ import annotations

import json

from .strangers import ADDRESS, SERVICE, of_provider, of_service, service

LONG = r"yaml:\d+: a text longer than 20000 characters"

URLS = {
    "without encryption": "http://evil.example",
    "with a name and a password": "https://me:word@evil.example",
    "of a file": "file:///etc/passwd",
    "of another scheme": "ftp://evil.example",
    "with a path": "https://evil.example/v1",
    "with a query": "https://evil.example?x=",
    "with a fragment": "https://evil.example#",
    "with a backslash": r"https://evil.example\@other.example",
    "with an at sign alone": "https://@evil.example",
    "without a host": "https://",
    "with a blank": "'https://evil.example other'",
    "with a line break": r'"https://evil.example\n"',
    "of half an IPv6": "https://[::1",
    "with a port beyond all": "https://evil.example:99999",
    "in letters that look alike": "https://еvil.example",
}

NUMBERS = {
    "a page of 0": "paging: {kind: after_id, size: 0}",
    "a page of -1": "paging: {kind: after_id, size: -1}",
    "a page of 10 to the 30": f"paging: {{kind: page_number, size: {10**30}}}",
    "a page of a half": "paging: {kind: after_id, size: 0.5}",
    "an unknown paging": "paging: {kind: endless}",
    "a paging that is not there": "paging: nothing",
    "window_limit of 0 days": "window_limit: {column: id, days: 0}",
    "window_limit of -1 days": "window_limit: {column: id, days: -1}",
    "rows of -1": "expected_rows: -1",
    "kept for -1 seconds": "freshness: {seconds: -1}",
    "kept for no number": "freshness: {seconds: .nan}",
}

REQUESTS = {
    "another verb": "DELETE /things",
    "an address": "GET https://other.example/things",
    "no slash": "GET things",
    "a name and a password": "GET @other.example/things",
    "a blank": "GET /things HTTP/1.1",
    "a key that no parameter fills": "GET /things/{id}",
}

NAMES = {
    "of SQL": "x'); DROP TABLE t; --",
    "with a dot": "a.b",
    "with a slash": "../../etc/passwd",
    "in capitals": "Things",
    "that is empty": "",
    "of a digit": "1",
    "beyond ASCII": "dïngs",
    "with a line break": "a\\n",
}


def _in_path(*values: str) -> str:
    """Give a column's path."""
    return f"id: {{type: integer, description: The id., path: {json.dumps(''.join(values))}}}"


ID = "id: {type: integer, description: The id.}"

WORDS = {
    **{
        f"an address {name}": of_provider("url: https://evil.example", f"url: {url}", ADDRESS)
        for name, url in URLS.items()
    },
    **{
        name: of_service(
            "rows: items[]", f"rows: items[]\n        {word}", r"all.yaml:\d+: resources.things.m"
        )
        for name, word in NUMBERS.items()
    },
    **{
        f"a division by {by}": of_service(
            ID,
            f"id: {{type: integer, description: The id., divide: {by}}}",
            r"all.yaml:7: resources.things.columns.id.divide",
        )
        for by in ("0", "-1", "0.5", str(10**30), "1e400")
    },
    **{
        f"a limit of {limit}": of_provider(
            "title: Evil", f"title: Evil\nlimits: [{{{limit}}}]", r"provider.yaml:3: limits.0"
        )
        for limit in (
            "requests: 0, seconds: 1",
            "requests: -1, seconds: 1",
            "requests: 1, seconds: 0",
            "requests: 1, seconds: .inf",
            "requests: 1",
        )
    },
    "a limit of very many": of_provider(
        "title: Evil", f"title: Evil\nlimits: [{{requests: {10**18}, seconds: 1}}]", ""
    ),
    "concurrency of very many": of_provider(
        "title: Evil", f"title: Evil\nconcurrency: {10**18}", ""
    ),
    "concurrency of 0": of_provider("title: Evil", "title: Evil\nconcurrency: 0", "concurrency"),
    **{
        f"a request with {name}": of_service("GET /things", json.dumps(request), r"all.yaml:10: ")
        for name, request in REQUESTS.items()
    },
    "a request to another host's name": of_service("GET /things", "GET //other.example/things", ""),
    "a request with steps up": of_service("GET /things", "GET /a/../things", ""),
    "a header in a header": of_provider(
        "title: Evil", 'title: Evil\nheaders: {X-A: "a\\r\\nX-B: b"}', "headers|header that HTTP"
    ),
    "a header's name with a blank": of_provider(
        "title: Evil", 'title: Evil\nheaders: {"X A": "a"}', "headers|header that HTTP"
    ),
    **{
        f"a resource's name {name}": of_service("things:", f'"{called}":', r"all.yaml:\d+: ")
        for name, called in NAMES.items()
    },
    **{
        f"a column's name {name}": of_service("id:", f'"{called}":', r"all.yaml:\d+: ")
        for name, called in NAMES.items()
    },
    "a column of billql's own": of_service("id:", "connection:", "has this column already"),
    "no columns": of_service(f"\n      {ID}", " {}", r"all.yaml:6: .*columns"),
    "2,500 columns": of_service(
        ID,
        "\n      ".join(
            [ID, *(f"c{n}: {{type: text, description: A column.}}" for n in range(2500))]
        ),
        r"columns",
    ),
    "1,500 columns": of_service(
        ID,
        "\n      ".join(
            [ID, *(f"c{n}: {{type: text, description: A column.}}" for n in range(1500))]
        ),
        "",
    ),
    "a path of thousands of parents": of_service(ID, _in_path("$parent." * 500_000, "id"), LONG),
    "a path of 2,000 parents": of_service(ID, _in_path("$parent." * 2000, "id"), ""),
    "a path of thousands of dots": of_service(ID, _in_path("a." * 9000, "id"), ""),
    "a path of dots alone": of_service(ID, _in_path("." * 19_000), ""),
    "a path of brackets": of_service(ID, _in_path("[]" * 9000), "need each other"),
    "rows thousands of lists deep": of_service("items[]", "items[]" + ".a[]" * 4000, ""),
    "a sentence that never ends": of_service(
        "Gives them.", "x" + ". " * 9000 + "x", r"all.yaml:11: .*description"
    ),
    "a sentence of dots": of_service(
        "Gives them.", "x" + "." * 19_000 + "x", r"all.yaml:11: .*description"
    ),
    "a sentence of blank lines": of_service(
        "description: Gives them.",
        'description: "x' + ".\\n" * 9000 + 'x"',
        r"all.yaml:11: .*description",
    ),
    "2,000 resources": service(
        SERVICE
        + "".join(
            SERVICE.partition("resources:\n")[2].replace("things", f"t{n}") for n in range(2000)
        ),
        "",
    ),
    "2,000 methods": of_service(
        "    methods:\n",
        "    methods:\n"
        + "".join(
            f"      m{n}: {{request: GET /things, description: Gives them., rows: 'items[]'}}\n"
            for n in range(2000)
        ),
        "",
    ),
    "defaults that multiply": of_service(
        f"      {ID}\n    methods:\n      list:\n",
        "".join(f"      p{n}: {{type: integer, description: A.}}\n" for n in range(8))
        + f"      {ID}\n    methods:\n      list:\n        parameters:\n"
        + "".join(
            f"          p{n}: {{default: [{', '.join(map(str, range(90)))}]}}\n" for n in range(8)
        ),
        "takes more than 100,000 requests",
    ),
}
