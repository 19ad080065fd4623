"""What a filter takes, as definitions say it: `values`, `pattern`, `uuid`, and contradictions.

A value that a filter does not take is never sent. Rows cannot have it, so there are none; if rows
can have it although the filter does not take it, SQLite filters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import billql
from billql.errors import BadValue, DefinitionError
from support import acme

SERVICE = """\
billql: 1
description: What is paid.
resources:
  payouts:
    description: One row for each payout.
    columns:
      id: {type: text, description: The id.}
      status: {type: text, description: Where it stands., values: [paid, pending, in_transit]}
      kind: {type: text, description: Of what kind it is.}
      level: {type: integer, description: How large it is.}
      live: {type: boolean, description: Whether it is live.}
      owner: {type: text, description: Whose it is.}
    methods:
      list:
        request: GET /payouts
        description: Gives the payouts.
        parameters:
          status: {values: [paid, pending]}
          kind: {values: [card, bank], lists: comma}
          level: {values: [1, 2, 3]}
          live: {values: [true]}
          owner: {pattern: "own_[a-z]+|house"}
        rows: data[]
        expected_rows: 9
      get:
        request: GET /payouts/{id}
        description: Gives one payout.
        parameters:
          id: {in: path, required: true, format: uuid}
        missing: empty
        single: true
    examples:
      - question: What is there?
        sql: SELECT * FROM acme.billing.payouts
"""

IDS = [f"0000000{number}-aaaa-4bbb-8ccc-0123456789ab" for number in range(6)]
PAYOUTS: list[dict[str, Any]] = [
    {
        "id": IDS[number],
        "status": ("paid", "pending", "in_transit")[number % 3],
        "kind": ("card", "bank")[number % 2],
        "level": number % 3 + 1,
        "live": number % 2 == 0,
        "owner": ("own_a", "own_b", "house")[number // 2],
    }
    for number in range(6)
]


TAKES: dict[str, Callable[[str], bool]] = {
    "status": {"paid", "pending"}.__contains__,
    "kind": lambda text: set(text.split(",")) <= {"card", "bank"},
    "level": {"1", "2", "3"}.__contains__,
    "live": {"true"}.__contains__,
    "owner": lambda text: text == "house" or text.removeprefix("own_").islower(),
}


class Api:
    """An API that refuses what its filters do not take, as the original ones do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        key = request.url.path.removeprefix("/payouts").removeprefix("/")
        if key:
            found = [one for one in PAYOUTS if one["id"] == key.lower()]
            status = 200 if found else 404 if len(key) == 36 else 400
            return httpx.Response(status, json=found[0] if found else {"message": "no"})
        for name, value in request.url.params.items():
            if not TAKES[name](value):
                return httpx.Response(400, json={"message": f"{name} cannot be {value}"})
        rows = [one for one in PAYOUTS if self._fits(one, dict(request.url.params))]
        return httpx.Response(200, json={"data": rows})

    @staticmethod
    def _fits(row: dict[str, Any], said: dict[str, str]) -> bool:
        texts = {name: v if isinstance(v, str) else json.dumps(v) for name, v in row.items()}
        return all(texts[name] in value.split(",") for name, value in said.items())


@pytest.fixture
def api() -> Api:
    """An API that counts what it is asked."""
    return Api()


def connect(
    folder: Path, api: Callable[[httpx.Request], httpx.Response], service: str = SERVICE
) -> billql.Connection:
    """Connect to Acme, as a definition has it."""
    acme.define(folder, billing=service)
    return acme.connect(folder, api, cache_ttl=0.0, warn=lambda text: None)


@pytest.fixture
def connection(tmp_path: Path, api: Api) -> Iterator[billql.Connection]:
    """A connection whose only provider is Acme."""
    with connect(tmp_path, api) as connection:
        yield connection


def expected(keep: Callable[[dict[str, Any]], bool]) -> list[str]:
    return sorted(one["id"] for one in PAYOUTS if keep(one))


@pytest.mark.parametrize(
    ("where", "keep", "asked"),
    [
        ("status = 'paid'", lambda p: p["status"] == "paid", ["/payouts?status=paid"]),
        ("status = 'PAID'", lambda p: False, []),
        ("status = ' paid'", lambda p: False, []),
        ("status = ''", lambda p: False, []),
        (
            "status IN ('paid', 'lost')",
            lambda p: p["status"] == "paid",
            ["/payouts?status=paid"],
        ),
        ("status IN ('lost', 'stolen')", lambda p: False, []),
        # Rows can have it, the filter does not take it.
        ("status = 'in_transit'", lambda p: p["status"] == "in_transit", ["/payouts"]),
        (
            "status IN ('in_transit', 'paid', 'lost')",
            lambda p: p["status"] in ("in_transit", "paid"),
            ["/payouts"],
        ),
        ("status > 'in_transit'", lambda p: p["status"] > "in_transit", ["/payouts"]),
        ("status <> 'PAID'", lambda p: True, ["/payouts"]),
        ("status IS NULL", lambda p: False, ["/payouts"]),
        ("status LIKE 'PAID'", lambda p: p["status"] == "paid", ["/payouts"]),
        (
            "kind IN ('card', 'bank', 'cash')",
            lambda p: True,
            ["/payouts?kind=bank%2Ccard"],
        ),
        ("kind IN ('cash', 'cow')", lambda p: False, []),
        ("level = 2", lambda p: p["level"] == 2, ["/payouts?level=2"]),
        ("level = '2'", lambda p: p["level"] == 2, ["/payouts?level=2"]),
        ("level = 2.0", lambda p: p["level"] == 2, ["/payouts?level=2"]),
        ("level = 7", lambda p: False, []),
        ("level IN (1, 7)", lambda p: p["level"] == 1, ["/payouts?level=1"]),
        ("level >= 2 AND level <= 2", lambda p: p["level"] == 2, ["/payouts?level=2"]),
        ("live = 1", lambda p: p["live"], ["/payouts?live=true"]),
        ("live = 0", lambda p: False, []),
        ("owner = 'own_a'", lambda p: p["owner"] == "own_a", ["/payouts?owner=own_a"]),
        ("owner = 'house'", lambda p: p["owner"] == "house", ["/payouts?owner=house"]),
        ("owner = 'own_a1'", lambda p: False, []),
        ("owner = 'xhouse'", lambda p: False, []),
        ("owner = 'house\n'", lambda p: False, []),
        (f"id = '{IDS[1]}'", lambda p: p["id"] == IDS[1], [f"/payouts/{IDS[1]}"]),
        (f"id = '{IDS[1].upper()}'", lambda p: False, [f"/payouts/{IDS[1].upper()}"]),
        ("id = 'po_1'", lambda p: False, []),
        ("id = ''", lambda p: False, []),
        (f"id = '{IDS[1]}\n'", lambda p: False, []),
        (f"id IN ('{IDS[1]}', 'x')", lambda p: p["id"] == IDS[1], ["/payouts"]),
    ],
)
def test_what_a_filter_does_not_take_is_not_sent(
    connection: billql.Connection,
    api: Api,
    where: str,
    keep: Callable[[dict[str, Any]], bool],
    asked: list[str],
) -> None:
    sql = f"SELECT id FROM acme.billing.payouts WHERE {where} ORDER BY id"
    assert [row[0] for row in connection.execute(sql)] == expected(keep)
    assert api.asked == asked


def test_a_required_filter_that_rows_exceed_is_an_error(tmp_path: Path, api: Api) -> None:
    required = "status: {values: [paid, pending], required: true}"
    service = SERVICE.replace("status: {values: [paid, pending]}", required)
    where = "SELECT id FROM acme.billing.payouts WHERE status ="
    with connect(tmp_path, api, service) as connection:
        assert connection.execute(f"{where} 'PAID'").fetchall() == []
        assert api.asked == []
        with pytest.raises(BadValue, match=r"status cannot be 'in_transit'"):
            connection.execute(f"{where} 'in_transit'").fetchall()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "values: [paid, pending, in_transit]",
            "values: [paid, 1]",
            "status.values: 1 is no value of a column of type text",
        ),
        (
            "values: [paid, pending, in_transit]",
            "values: [paid, paid]",
            "status.values: a value stands twice",
        ),
        (
            "description: How large it is.}",
            "description: How large it is., values: [1, true]}",
            "level.values: True is no value of a column of type integer",
        ),
        (
            "{type: text, description: Whose it is.}",
            "{type: decimal, description: Whose it is., values: [1.5]}",
            "owner.values: needs a column of type text or integer or boolean",
        ),
        (
            "{type: text, description: Whose it is.}",
            "{type: text, description: Whose it is., values: [a], value: b}",
            "owner.value: 'b' is none of the column's `values`",
        ),
        (
            "{type: text, description: Whose it is.}",
            "{type: text, description: Whose it is., format: uuid}",
            "owner.format: uuid is for parameters",
        ),
        (
            "{type: text, description: Whose it is.}",
            "{type: text, description: Whose it is., whole: true}",
            "owner.whole: needs a column of type date or month or timestamp",
        ),
        (
            "level: {values: [1, 2, 3]}",
            "level: {values: ['1']}",
            "list.parameters.level.values: '1' is no value of a column of type integer",
        ),
        (
            "level: {values: [1, 2, 3]}",
            'level: {operator: ">=", values: [1]}',
            "list.parameters.level.values: is for parameters with `=`; a bound accepts every value",
        ),
        (
            "level: {values: [1, 2, 3]}",
            "level: {ignores_case: true}",
            "list.parameters.level.ignores_case: needs a column of type text",
        ),
        (
            "level: {values: [1, 2, 3]}",
            "level: {format: uuid}",
            "list.parameters.level.format: uuid needs a column of type text",
        ),
        (
            "status: {values: [paid, pending]}",
            "status: {values: [paid, pending], default: open}",
            "list.parameters.status.default: the parameter does not take 'open'",
        ),
        (
            "status: {values: [paid, pending]}",
            "status: {values: [paid, pending], default: [paid, open]}",
            "list.parameters.status.default: the parameter does not take 'open'",
        ),
        (
            "status: {values: [paid, pending]}",
            "status: {values: [paid, pending], default: paid}",
            "list.parameters.status.default: 'paid' may be the value of a row",
        ),
        (
            'owner: {pattern: "own_[a-z]+|house"}',
            "owner: {default: house, match: superset}",
            "list.parameters.owner.default: 'house' may be the value of a row",
        ),
        (
            "status: {values: [paid, pending]}",
            "status: {values: [paid], pattern: paid}",
            "list.parameters.status.pattern: is redundant beside `values`",
        ),
        (
            "status: {values: [paid, pending]}",
            "status: {values: [paid], format: uuid}",
            "list.parameters.status.values: contradicts `format: uuid`, which restricts the values",
        ),
        (
            "status: {values: [paid, pending]}",
            "status: {value: paid, values: [paid]}",
            "list.parameters.status.values: a parameter with `value` has no other values",
        ),
        (
            'owner: {pattern: "own_[a-z]+|house"}',
            "owner: {pattern: 'own_[a-z'}",
            "list.parameters.owner.pattern: is no regular expression: ",
        ),
        *(
            (
                'owner: {pattern: "own_[a-z]+|house"}',
                f"owner: {{pattern: '{pattern}'}}",
                f"list.parameters.owner.pattern: {wrong} does not mean the same in Python and in "
                "ECMAScript",
            )
            for pattern, wrong in [
                ("[]a]", "[]"),
                (r"own\Z", r"\Z"),
                (r"\Aown", r"\A"),
                ("(?i)own", "(?"),
                ("(?P<who>own)", "(?"),
                ("(?>own)", "(?"),
                ("own_.++", "++"),
                ("o{,3}", "{,"),
            ]
        ),
    ],
)
def test_what_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in SERVICE
    connection = connect(tmp_path, Api(), SERVICE.replace(old, new))
    with connection, pytest.raises(DefinitionError) as caught:
        connection.execute("SELECT 1 FROM acme.billing.payouts")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "pattern", ["cus_[A-Za-z0-9]+", r"(?:in|il)_\w{3,}", r"a\\Z", r"\d+(?=x)x", r"[+*+]+", r"x\++"]
)
def test_a_pattern_that_both_languages_read_is_taken(tmp_path: Path, pattern: str) -> None:
    service = SERVICE.replace('"own_[a-z]+|house"', f"'{pattern}'")
    with connect(tmp_path, Api(), service) as connection:
        assert len(connection.execute("SELECT 1 FROM acme.billing.payouts").fetchall()) == 6


LOSES = "so `=` would miss"


@pytest.mark.parametrize(
    ("column", "parameter", "message"),
    [
        ("{type: json}", "{}", "no API compares with a column of type json"),
        ("{type: json, format: reference}", "{}", "no API compares with a column of type json"),
        ("{type: blob}", "{}", "no API compares with a column of type blob"),
        ("{type: decimal, format: dollars}", "{}", f"{LOSES} rows"),
        ("{type: decimal, divide: 100}", "{}", f"is divided, {LOSES} rows"),
        ("{type: decimal, divide: 100}", "{operator: '>='}", "ranges need a column of type"),
        ("{type: decimal, format: dollars}", "{format: dollars}", "dollars is for columns"),
        ("{type: timestamp}", "{}", f"shown in whole seconds, {LOSES} its fractions"),
        ("{type: timestamp}", "{format: epoch}", f"shown in whole seconds, {LOSES} its fractions"),
        ("{type: timestamp, format: epoch_ms}", "{format: epoch_ms}", f"whole seconds, {LOSES}"),
        ("{type: date, format: epoch}", "{format: epoch}", f"shown in whole days, {LOSES}"),
        ("{type: date}", "{format: epoch_ms}", f"shown in whole days, {LOSES}"),
        ("{type: date}", "{format: instant}", f"shown in whole days, {LOSES}"),
        ("{type: month}", "{format: instant}", f"shown in whole months, {LOSES}"),
        ("{type: text, value: a}", "{}", "every row has the column's `value`"),
        ("{type: text, format: filename}", "{}", "the column's name is cut out of a header"),
        ("{type: text, format: filename}", "{format: filename}", "filename is for columns"),
        ("{type: text, format: reference}", "{format: reference}", "reference is for columns"),
        ("{type: text}", "{in: body, format: json}", "json needs a column with `path: $parameter`"),
        (
            "{type: text, null_unless: {a: 1}}",
            "{}",
            "match: must be `superset`, because `null_unless`",
        ),
        (
            "{type: integer, null_unless: {a: 1}}",
            "{operator: '>='}",
            "must be `superset`, because `null_unless`",
        ),
        (
            "{type: text, null_unless: {a: 1}}",
            "{match: superset, null: none}",
            "`null_unless` makes values NULL that are none for the API",
        ),
        (
            "{type: text, path: $parameter}",
            "{ignores_case: true}",
            "shows the statement's spelling",
        ),
    ],
)
def test_a_filter_that_would_lose_rows_is_refused(
    tmp_path: Path, column: str, parameter: str, message: str
) -> None:
    service = FILTERED.format(column=column[:-1] + ", description: It.}", parameter=parameter)
    connection = connect(tmp_path, Api(), service)
    with connection, pytest.raises(DefinitionError) as caught:
        connection.execute("SELECT 1 FROM acme.billing.payouts")
    assert message in str(caught.value)


FILTERED = """\
billql: 1
description: What is paid.
resources:
  payouts:
    description: One row for each payout.
    columns:
      it: {column}
    methods:
      list:
        request: POST /payouts
        description: Gives the payouts.
        parameters:
          it: {parameter}
        rows: data[]
    examples:
      - question: What is there?
        sql: SELECT * FROM acme.billing.payouts
"""


@pytest.mark.parametrize(
    ("column", "parameter"),
    [
        ("{type: timestamp, format: epoch}", "{format: epoch}"),
        ("{type: timestamp, format: epoch_ms, whole: true}", "{format: epoch_ms}"),
        ("{type: timestamp, whole: true}", "{}"),
        ("{type: date, format: epoch, whole: true}", "{format: epoch}"),
        ("{type: date, path: $parameter}", "{format: instant}"),
        ("{type: decimal, path: $parameter}", "{}"),
        ("{type: text, path: $parameter}", "{in: body, format: json}"),
        ("{type: text, null_unless: {a: 1}}", "{match: superset}"),
        ("{type: text, format: reference}", "{}"),
        ("{type: date}", "{}"),
        ("{type: decimal}", "{}"),
        ("{type: month}", "{}"),
    ],
)
def test_a_filter_that_loses_none_is_taken(tmp_path: Path, column: str, parameter: str) -> None:
    service = FILTERED.format(column=column[:-1] + ", description: It.}", parameter=parameter)
    with connect(tmp_path, Api(), service) as connection:
        assert connection.execute("EXPLAIN SELECT 1 FROM acme.billing.payouts").fetchall()


@pytest.mark.parametrize(
    ("where", "keep", "status"),
    [
        ("true", lambda status: True, "all"),
        ("status <> 'paid'", lambda status: status != "paid", "all"),
        ("status LIKE 'pend%'", lambda status: status == "pending", "all"),
        ("status = 'in_transit'", lambda status: status == "in_transit", "all"),
        ("status IN ('paid', 'in_transit')", lambda status: status != "pending", "all"),
        ("status = 'paid'", lambda status: status == "paid", "paid"),
    ],
)
def test_a_default_that_no_row_has_is_sent_beside_what_cannot_be_requested(
    tmp_path: Path, where: str, keep: Callable[[str], bool], status: str
) -> None:
    """Without it, an API leaves rows out by itself."""
    requested: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get("status", "paid")
        requested.append(asked)
        found = [one for one in PAYOUTS if asked in ("all", one["status"])]
        return httpx.Response(200, json={"data": found})

    default = "status: {values: [paid, pending, all], default: all}"
    service = SERVICE.replace("status: {values: [paid, pending]}", default)
    with connect(tmp_path, respond, service) as connection:
        sql = f"SELECT id FROM acme.billing.payouts WHERE {where} ORDER BY id"
        found = [row[0] for row in connection.execute(sql)]
    assert found == expected(lambda one: keep(one["status"]))
    assert requested == [status]
