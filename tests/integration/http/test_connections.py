"""Several connections for one provider, over real HTTP: whose rows come, and with which token."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import billql
from billql.config.settings import Settings
from support import acme
from support.server import Asked, Serve, Server

PROVIDER = f"{acme.PROVIDER}concurrency: 4\n"

TOKENS = {"north": "token-of-north", "south": "token-of-south", "empty": "token-of-empty"}
BILLS: dict[str, list[dict[str, Any]]] = {
    "north": [
        {"id": f"b{n:02}", "owner": f"o{n % 3}" if n % 4 else None, "amount": n * 7 % 11}
        for n in range(12)
    ],
    "south": [
        {"id": f"b{n:02}", "owner": f"o{n % 2}" if n % 5 else None, "amount": n * 5 % 13}
        for n in range(3, 20)
    ],
    "empty": [],
}
"""What each account has; some of the ids are in both."""


class Accounts:
    """The API: whose bills it gives is a question of the token."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.refused: set[str] = set()
        self.refuses = "/"
        """What is in the targets that are refused to them."""
        self.status = 403
        self._lock = threading.Lock()
        self.together = threading.Barrier(1)

    def __call__(self, asked: Asked) -> None:
        token = asked.headers["authorization"].removeprefix("Bearer ")
        (account,) = (name for name, one in TOKENS.items() if one == token)
        with self._lock:
            self.asked.append((account, asked.target))
        self.together.wait(10)
        if account in self.refused and self.refuses in asked.target:
            asked.answer({"message": "not allowed"}, status=self.status)
            return
        query = {name: one[0] for name, one in parse_qs(urlsplit(asked.target).query).items()}
        bills = BILLS[account]
        if asked.path != "/bills":
            found = [bill for bill in bills if asked.path == f"/bills/{bill['id']}"]
            asked.answer(found[0] if found else {}, status=200 if found else 404)
            return
        bills = [bill for bill in bills if bill["owner"] == query.get("owner", bill["owner"])]
        bills = [bill for bill in bills if bill["id"] > query.get("starting_after", "")]
        size = int(query["limit"])
        asked.answer({"data": bills[:size], "has_more": len(bills) > size})

    def accounts(self) -> set[str]:
        return {account for account, _ in self.asked}


@pytest.fixture
def api() -> Accounts:
    return Accounts()


@pytest.fixture
def server(api: Accounts, serve: Serve) -> Server:
    return serve(api)


Connect = Callable[..., billql.Connection]
CLOSED = "http://127.0.0.1:9"
"""Where nobody listens."""


@pytest.fixture
def connect(server: Server, tmp_path: Path) -> Iterator[Connect]:
    """Open a session with connections to these accounts, and close it at the end."""
    # Joins request each key, and read no list in place of many.
    keyed = acme.BILLING.replace("single: true", "shows_more: true")
    acme.define(tmp_path, PROVIDER, billing=keyed)
    opened: list[billql.Connection] = []

    def connect(*accounts: str, unreachable: str = "", **options: Any) -> billql.Connection:
        lines = [
            f'[connections.{name}]\nprovider = "acme"\ntoken_env = "{name.upper()}"\n'
            f'url = "{CLOSED if name == unreachable else server.url}"\n'
            for name in accounts
        ]
        config = tmp_path / f"{len(opened)}.toml"
        config.write_text("\n".join(lines))
        environ = {name.upper(): token for name, token in TOKENS.items()}
        options = {"environ": environ, "config": config, "definitions": [tmp_path], **options}
        opened.append(billql.connect(**options))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


def rows(connection: billql.Connection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def oracle() -> Iterator[sqlite3.Connection]:
    """Hold the same bills in a plain table."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE bills (id TEXT, owner TEXT, amount INTEGER, connection TEXT)")
    for account, bills in BILLS.items():
        for bill in bills:
            database.execute("INSERT INTO bills VALUES (?, ?, ?, ?)", (*bill.values(), account))
    yield database
    database.close()


ASKED = [
    "SELECT connection, id, amount FROM {}",
    "SELECT id, owner FROM {} WHERE connection = 'north'",
    "SELECT id, connection FROM {} WHERE connection IN ('north', 'south')",
    "SELECT id, connection FROM {} WHERE connection IN ('south', 'nobody')",
    "SELECT id FROM {} WHERE connection = 'nobody'",
    "SELECT id FROM {} WHERE connection IS NULL",
    "SELECT id FROM {} WHERE connection = NULL",
    "SELECT id FROM {} WHERE connection = 5",
    "SELECT id FROM {} WHERE connection = 'NORTH'",
    "SELECT id FROM {} WHERE connection = 'NORTH' COLLATE NOCASE",
    "SELECT id FROM {} WHERE connection <> 'north'",
    "SELECT id FROM {} WHERE connection > 'north'",
    "SELECT id FROM {} WHERE connection LIKE 'n%'",
    "SELECT id FROM {} WHERE connection = 'north' AND connection = 'south'",
    "SELECT id FROM {} WHERE connection = 'north' OR id = 'b07'",
    "SELECT id FROM {} WHERE connection = 'north' AND connection IN ('north', 'south')",
    "SELECT connection, owner FROM {} WHERE owner = 'o1'",
    "SELECT connection, id FROM {} WHERE owner = 'o1' AND connection = 'south'",
    "SELECT connection, amount FROM {} WHERE id = 'b05'",
    "SELECT connection, amount FROM {} WHERE id = 'b01' AND connection IN ('south', 'north')",
    "SELECT count(*), sum(amount) FROM {}",
    "SELECT connection, count(*), sum(amount) FROM {} GROUP BY connection",
    "SELECT count(DISTINCT connection) FROM {} WHERE owner = 'o0'",
    "SELECT min(id), max(id) FROM {}",
    "SELECT a.id, a.amount, b.amount FROM {} a JOIN {} b ON a.id = b.id"
    " WHERE a.connection = 'north' AND b.connection = 'south'",
    "SELECT a.id, b.connection FROM {} a JOIN {} b ON a.id = b.id AND a.connection = b.connection",
    "SELECT a.id, a.owner, b.amount FROM {} a JOIN {} b USING (id, connection)",
    "SELECT a.connection, b.connection, a.id FROM {} a LEFT JOIN {} b"
    " ON b.id = a.id AND b.connection = 'south' AND a.connection <> b.connection",
    "SELECT id FROM {} WHERE connection IN (SELECT 'sou' || 'th' UNION SELECT 'x')",
    "SELECT id FROM {} WHERE connection = (SELECT 'south')",
    "SELECT id, (SELECT count(*) FROM {} b WHERE b.connection = a.connection) FROM {} a",
]


@pytest.mark.parametrize("asked", ASKED)
def test_connections_are_just_rows(
    connect: Connect, oracle: sqlite3.Connection, asked: str
) -> None:
    connection = connect(*TOKENS, warn=lambda text: None)
    found = rows(connection, asked.replace("{}", "acme.billing.bills"))
    expected = oracle.execute(asked.replace("{}", "bills")).fetchall()
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize(
    "asked",
    [
        "SELECT id FROM {} ORDER BY id LIMIT 4",
        "SELECT id FROM {} ORDER BY id DESC LIMIT 4",
        "SELECT id FROM {} ORDER BY id LIMIT 3 OFFSET 6",
        "SELECT id FROM {} WHERE owner = 'o1' ORDER BY id LIMIT 3",
        "SELECT id FROM {} WHERE connection = 'south' ORDER BY id LIMIT 4 OFFSET 5",
        "SELECT id FROM {} WHERE connection IN ('south', 'north') ORDER BY id LIMIT 4 OFFSET 5",
        "SELECT connection, id FROM {} ORDER BY connection DESC, id LIMIT 20 OFFSET 2",
        "SELECT max(id) FROM {} WHERE connection = 'north'",
    ],
)
def test_order_and_limit_hold_over_all_connections(
    connect: Connect, oracle: sqlite3.Connection, asked: str
) -> None:
    connection = connect(*TOKENS)
    found = rows(connection, asked.replace("{}", "acme.billing.bills"))
    assert found == oracle.execute(asked.replace("{}", "bills")).fetchall()


@pytest.mark.parametrize(("limit", "offset"), [(4, 0), (4, 3), (10, 10), (40, 0), (40, 25), (0, 0)])
def test_limit_without_an_order_gives_so_many_different_rows(
    connect: Connect, limit: int, offset: int
) -> None:
    found = rows(
        connect(*TOKENS),
        f"SELECT connection, id FROM acme.billing.bills LIMIT {limit} OFFSET {offset}",
    )
    every = {(name, bill["id"]) for name, bills in BILLS.items() for bill in bills}
    assert len(set(found)) == len(found) == min(limit, max(0, len(every) - offset))
    assert set(found) <= every


def test_each_request_has_the_token_of_its_connection(connect: Connect, api: Accounts) -> None:
    # The server knows an account by its token alone; so the rows prove whose token was sent.
    found = rows(connect("north", "south"), "SELECT connection, id FROM acme.billing.bills")
    assert set(found) == {(c, bill["id"]) for c in ("north", "south") for bill in BILLS[c]}
    assert api.accounts() == {"north", "south"}


def test_only_the_connections_that_are_asked_for_are_asked(connect: Connect, api: Accounts) -> None:
    rows(connect(*TOKENS), "SELECT id FROM acme.billing.bills WHERE connection = 'south'")
    assert api.accounts() == {"south"}


def test_nothing_is_sent_for_a_connection_that_is_not_there(
    connect: Connect, api: Accounts
) -> None:
    notes: list[str] = []
    connection = connect(*TOKENS, warn=notes.append)
    assert not rows(connection, "SELECT id FROM acme.billing.bills WHERE connection = 'x'")
    assert api.asked == []
    assert [note.partition(". ")[0] for note in notes] == [
        "acme.billing.bills: connection is never 'x'"
    ]


def test_a_token_is_looked_up_only_when_its_connection_is_read(connect: Connect) -> None:
    connection = connect("north", "south", environ={"NORTH": TOKENS["north"]})
    assert rows(connection, "SELECT 1 FROM acme.billing.bills WHERE connection = 'north' LIMIT 1")
    with pytest.raises(billql.CredentialMissing) as caught:
        rows(connection, "SELECT 1 FROM acme.billing.bills")
    assert str(caught.value) == (
        "There is no token for the connection south: the environment variable SOUTH has none"
    )


def test_connections_are_read_at_the_same_time(connect: Connect, api: Accounts) -> None:
    # No request is answered before three have come.
    api.together = threading.Barrier(3)
    connection = connect(*TOKENS)
    assert len(rows(connection, "SELECT id FROM acme.billing.bills WHERE id = 'b04'")) == 2
    assert len(api.asked) == 3


def test_one_connection_that_fails_fails_the_statement(connect: Connect, api: Accounts) -> None:
    api.refused = {"south"}
    connection = connect("north", "south")
    with pytest.raises(billql.CredentialRefused) as caught:
        rows(connection, "SELECT count(*) FROM acme.billing.bills")
    assert "answered 403 to the connection south: not allowed" in str(caught.value)
    assert "environment variable SOUTH may not read this" in str(caught.value.hint)
    assert rows(connection, "SELECT count(*) FROM acme.billing.bills WHERE connection = 'north'")


def test_what_one_account_does_not_know_may_be_in_another(connect: Connect, api: Accounts) -> None:
    api.refused = {"south"}
    api.status = 404
    with pytest.raises(billql.ApiError) as caught:
        rows(connect("north", "south"), "SELECT count(*) FROM acme.billing.bills")
    assert caught.value.hint == (
        "If another connection has what was asked for, add: AND connection = '…'"
    )


def test_what_is_kept_of_one_connection_never_serves_another(
    connect: Connect, api: Accounts
) -> None:
    connection = connect("north", "south")
    sql = "SELECT id FROM acme.billing.bills WHERE connection = '{}'"
    for _ in range(2):
        for name in ("north", "south"):
            found = rows(connection, sql.format(name))
            assert [one for (one,) in found] == [bill["id"] for bill in BILLS[name]]
    # The second time nothing was sent.
    assert len(api.asked) == 3 + 4


def test_a_hidden_column_that_every_resource_has(connect: Connect) -> None:
    connection = connect("north")
    cursor = connection.execute("SELECT * FROM acme.billing.bills LIMIT 1")
    assert [column[0] for column in cursor.description or ()] == [
        "id", "owner", "amount", "currency",
    ]  # fmt: skip
    assert rows(connection, "SELECT DISTINCT connection FROM acme.billing.bills") == [("north",)]


def test_without_a_configured_connection_it_goes_by_the_provider(
    connect: Connect, server: Server
) -> None:
    connection = connect(
        environ={"ACME_TOKEN": TOKENS["south"], "BILLQL_ACME_URL": server.url},
    )
    assert rows(connection, "SELECT DISTINCT connection FROM acme.billing.bills") == [("acme",)]


def test_a_token_that_is_handed_over_goes_before_all_connections(
    connect: Connect, server: Server
) -> None:
    connection = connect(
        "north", "south", tokens={"acme": TOKENS["empty"]}, urls={"acme": server.url}
    )
    assert rows(connection, "SELECT count(*), connection FROM acme.billing.bills") == [(0, None)]


def test_explain_tells_how_many_are_read(connect: Connect) -> None:
    connection = connect(*TOKENS)
    explain = "EXPLAIN QUERY PLAN SELECT id FROM acme.billing.bills "
    ((*_, told),) = rows(connection, explain)
    assert told.endswith("list; reads all 3 connections; about 600 requests")
    ((*_, told),) = rows(connection, explain + "WHERE connection = 'north' AND owner = 'o1'")
    assert told.endswith("list; reads connection =; sends owner =; about 20 requests")


def test_a_definition_cannot_have_the_column(tmp_path: Path, connect: Connect) -> None:
    path = tmp_path / "acme" / "billing.yaml"
    path.write_text(acme.BILLING.replace("      owner: {type", "      connection: {type"))
    with pytest.raises(billql.Error, match=r"columns\.connection: every resource has this column"):
        rows(connect("north"), "SELECT 1 FROM acme.billing.bills")


def test_stats_count_all_connections(connect: Connect) -> None:
    cursor = connect("north", "south").execute("SELECT id FROM acme.billing.bills")
    assert len(cursor.fetchall()) == 29
    (figures,) = cursor.scans
    assert json.loads(json.dumps(figures.as_dict()))["requests"] == 3 + 4


# Connections that are left out, where the user allows it.

COUNT = "SELECT connection, count(*) FROM acme.billing.bills GROUP BY connection"


def left_out(cursor: billql.Cursor) -> list[dict[str, str]]:
    return [scan.left_out for scan in cursor.scans]


@pytest.mark.parametrize("trouble", ["missing", "401", "403", "unreachable"])
def test_a_failing_connection_is_left_out(connect: Connect, api: Accounts, trouble: str) -> None:
    environ = {name.upper(): token for name, token in TOKENS.items()}
    if trouble == "missing":
        del environ["SOUTH"]
    elif trouble != "unreachable":
        api.refused, api.status = {"south"}, int(trouble)
    options: dict[str, Any] = {"environ": environ, "settings": Settings(attempts=1)}
    options["unreachable"] = "south" if trouble == "unreachable" else ""
    connection = connect(*TOKENS, skip_failing_connections=True, **options)
    cursor = connection.execute(COUNT)
    assert cursor.fetchall() == [("north", 12)]
    ((name, why),) = left_out(cursor)[0].items()
    assert name == "south"
    assert why
    assert cursor.scans[0].as_dict()["left_out"] == ["south"]
    with pytest.raises(billql.Error):
        rows(connect(*TOKENS, **options), COUNT)


def test_what_is_left_out_differs_from_statement_to_statement(
    connect: Connect, api: Accounts
) -> None:
    connection = connect("north", "south", skip_failing_connections=True, cache_ttl=0)
    api.refused = {"south"}
    assert rows(connection, COUNT) == [("north", 12)]
    api.refused = set()
    cursor = connection.execute(COUNT)
    assert cursor.fetchall() == [("north", 12), ("south", 17)]
    assert left_out(cursor) == [{}]


def test_no_failure_reads_as_an_empty_table(connect: Connect, api: Accounts) -> None:
    api.refused = {"south", "north"}
    connection = connect("north", "south", skip_failing_connections=True)
    with pytest.raises(billql.CredentialRefused, match="north"):
        rows(connection, COUNT)
    api.refused = {"south"}
    for condition in ("connection = 'south'", "id = 'b05' AND connection IN ('south', 'x')"):
        with pytest.raises(billql.CredentialRefused):
            rows(connection, f"SELECT count(*) FROM acme.billing.bills WHERE {condition}")


@pytest.mark.parametrize("status", [400, 404, 422])
def test_another_error_is_still_one(connect: Connect, api: Accounts, status: int) -> None:
    api.refused, api.status = {"south"}, status
    with pytest.raises(billql.ApiError):
        rows(connect("north", "south", skip_failing_connections=True), COUNT)


def test_rows_that_were_returned_are_not_taken_back(connect: Connect, api: Accounts) -> None:
    connection = connect("north", "south", skip_failing_connections=True)
    api.refused, api.refuses = {"south"}, "starting_after"
    with pytest.raises(billql.CredentialRefused):
        rows(connection, COUNT)
    # The same where another table of the same statement has been read.
    api.refuses = "/bills/"
    both = "SELECT count(*) FROM acme.billing.bills a JOIN acme.billing.bills b USING (id)"
    with pytest.raises(billql.CredentialRefused):
        rows(connection, f"{both} WHERE b.connection = 'south'")


JOINS = [
    "SELECT a.id, b.amount FROM {} a JOIN {} b ON b.id = a.id AND b.connection = a.connection",
    "SELECT a.id, b.connection FROM {} a LEFT JOIN {} b USING (id)",
    "SELECT id FROM {} WHERE id IN ('b03', 'b05', 'b19')",
    "SELECT id FROM {} UNION ALL SELECT owner FROM {}",
    "SELECT id FROM {} ORDER BY id LIMIT 6 OFFSET 3",
    "SELECT id FROM {} ORDER BY connection DESC, id LIMIT 3",
    "SELECT id, (SELECT count(*) FROM {} b WHERE b.owner = a.owner) FROM {} a",
]


@pytest.mark.parametrize("asked", JOINS)
def test_a_connection_is_left_out_of_the_whole_statement(
    connect: Connect, api: Accounts, oracle: sqlite3.Connection, asked: str
) -> None:
    api.refused = {"south"}
    connection = connect("south", "north", skip_failing_connections=True)
    cursor = connection.execute(asked.replace("{}", "acme.billing.bills"))
    rest = "(SELECT * FROM bills WHERE connection = 'north')"
    expected = oracle.execute(asked.replace("{}", rest)).fetchall()
    assert sorted(cursor.fetchall(), key=repr) == sorted(expected, key=repr)
    assert {name for one in left_out(cursor) for name in one} == {"south"}
