"""billql reads a server that others wrote: moto, with signatures verified, beside boto3.

moto (5.2) has four of the operations that the definition calls: GetCostAndUsage, DescribeBudgets,
ListAccounts and DescribeOrganization. What Cost Explorer responds is seeded by moto's own API:
pages of a report that this test makes up, each sent for the next request that differs from all
before. It verifies the signature of every request by the secret of an access key that IAM has
made, and whether the key's user may do what is asked. What it does not have, such as forecasts
and the notifications of budgets, is an error 500.

boto3, Amazon's official client, reads the same server; the rows, and what the amounts add up to,
are the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC
from decimal import Decimal
from typing import Any, NamedTuple

import boto3
import httpx
import pytest

import billql
from billql.errors import ApiError, CostLimit, CredentialRefused

ACCOUNT = "123456789012"
"""The account that moto stands for."""

SERVER = """
import os, sys, threading
from moto.server import ThreadedMotoServer

def end_with_the_tests():
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=end_with_the_tests, daemon=True).start()
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
threading.Event().wait()
"""

METRICS = [
    *("UnblendedCost", "BlendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost"),
    "UsageQuantity",
]
SERVICES = ("Amazon Simple Storage Service", "AWS Lambda", "Tax")
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["ce:Get*", "budgets:*", "organizations:*"],
            "Resource": "*",
        }
    ],
}


class Moto(NamedTuple):
    """A server, and the access key of a user that it knows."""

    url: str
    key_id: str
    key: str

    def client(self, service: str) -> Any:
        """Return Amazon's client of a service."""
        return client(self.url, service, self.key_id, self.key)

    def seed(self, pages: Sequence[dict[str, Any]]) -> None:
        """Let the next requests for reports have these pages."""
        path = "/moto-api/static/ce/cost-and-usage-results"
        _post(self.url + path, json={"results": list(pages)})


def client(url: str, service: str, key_id: str = "none", key: str = "none") -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=key_id,
        aws_secret_access_key=key,
    )


def _post(url: str, **body: Any) -> None:
    assert httpx.post(url, trust_env=False, **body).is_success


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            fill(url)
            iam = client(url, "iam")
            iam.create_user(UserName="reader")
            iam.put_user_policy(
                UserName="reader", PolicyName="read", PolicyDocument=json.dumps(POLICY)
            )
            found = iam.create_access_key(UserName="reader")["AccessKey"]
            # From now on every request is authenticated.
            _post(f"{url}/moto-api/reset-auth", content=b"0")
            yield Moto(url, found["AccessKeyId"], found["SecretAccessKey"])
        finally:
            server.kill()


def fill(url: str) -> None:
    """Make an organization with more than two pages of accounts, and two budgets."""
    organizations, budgets = client(url, "organizations"), client(url, "budgets")
    organizations.create_organization(FeatureSet="ALL")
    for number in range(45):
        organizations.create_account(Email=f"{number}@acme.example", AccountName=f"Team {number}")
    for name, amount in (("All", "1200.5"), ("Databases", "300")):
        budgets.create_budget(
            AccountId=ACCOUNT,
            Budget={
                "BudgetName": name,
                "BudgetLimit": {"Amount": amount, "Unit": "USD"},
                "TimeUnit": "MONTHLY",
                "BudgetType": "COST",
                "CostFilters": {"Service": ["Amazon Relational Database Service"]},
            },
        )


@pytest.fixture
def connection(moto: Moto) -> Iterator[billql.Connection]:
    urls, tokens = {"aws": moto.url}, {"aws": f"{moto.key_id}:{moto.key}"}
    with billql.connect(
        environ={}, urls=urls, tokens=tokens, cache_ttl=0, decimals=True
    ) as connection:
        yield connection


def pages(first: int, name: str) -> list[dict[str, Any]]:
    """Make a report of four days in two pages, whose amounts have up to 15 digits."""

    def amount(day: int, place: int, metric: int) -> str:
        return f"{(day * 7 + place * 3 + metric) ** 2}.{day * 123456789 + place * 17 + metric:010}"

    def group(day: int, place: int) -> dict[str, Any]:
        metrics = {
            metric: {
                "Amount": amount(day, place, number),
                "Unit": "N/A" if metric == "UsageQuantity" else "USD",
            }
            for number, metric in enumerate(METRICS)
        }
        return {"Keys": [SERVICES[place]], "Metrics": metrics}

    days = [
        {
            "TimePeriod": {"Start": f"2026-01-{day:02}", "End": f"2026-01-{day + 1:02}"},
            "Total": {},
            "Groups": [group(day, place) for place in range(len(SERVICES))],
            "Estimated": day > first + 1,
        }
        for day in range(first, first + 4)
    ]
    return [
        {"ResultsByTime": days[:2], "NextPageToken": f"{name} 2"},
        {"ResultsByTime": days[2:]},
    ]


def of_boto3(moto: Moto, first: int) -> list[tuple[Any, ...]]:
    """Return the rows of a report as boto3 reads them."""
    asked: dict[str, Any] = {
        "TimePeriod": {"Start": f"2026-01-{first:02}", "End": f"2026-01-{first + 4:02}"},
        "Granularity": "DAILY",
        "Metrics": METRICS,
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
    }
    found = []
    with closing(moto.client("ce")) as costs:
        while True:
            page = costs.get_cost_and_usage(**asked)
            found += [
                (
                    bucket["TimePeriod"]["Start"],
                    bucket["TimePeriod"]["End"],
                    *group["Keys"],
                    *(Decimal(group["Metrics"][metric]["Amount"]) for metric in METRICS[:-1]),
                    float(group["Metrics"]["UsageQuantity"]["Amount"]),
                    group["Metrics"]["UnblendedCost"]["Unit"],
                    int(bucket["Estimated"]),
                )
                for bucket in page["ResultsByTime"]
                for group in bucket["Groups"]
            ]
            if "NextPageToken" not in page:
                return found
            asked["NextPageToken"] = page["NextPageToken"]


COLUMNS = (
    "day, end_day, service, unblended_cost, blended_cost, amortized_cost, net_unblended_cost, "
    "net_amortized_cost, usage_quantity, currency, estimated"
)


def test_costs_are_what_boto3_reads(moto: Moto, connection: billql.Connection) -> None:
    where = "FROM aws.costs.services WHERE day BETWEEN '2026-01-05' AND '2026-01-08'"
    moto.seed(pages(5, "ours") + pages(5, "theirs") + pages(5, "sums"))
    cursor = connection.execute(f"SELECT {COLUMNS} {where}")
    rows = cursor.fetchall()
    (scan,) = cursor.scans
    assert (scan.requests, scan.pages, str(scan.cost)) == (2, 2, "USD 0.02")
    expected = of_boto3(moto, 5)
    assert rows == expected
    assert len(rows) == 12
    sums = ", ".join(f"money_sum({name})" for name in COLUMNS.split(", ")[3:8])
    (found,) = connection.execute(f"SELECT {sums} {where}").fetchall()
    assert found == tuple(sum(row[place] for row in expected) for place in range(3, 8))


def test_accounts_are_what_boto3_pages_through(moto: Moto, connection: billql.Connection) -> None:
    cursor = connection.execute(
        "SELECT id, name, email, arn, status, joined_method, joined FROM aws.organizations.accounts"
    )
    rows = cursor.fetchall()
    with closing(moto.client("organizations")) as organizations:
        listed = organizations.get_paginator("list_accounts").paginate().build_full_result()
    assert rows == [
        (
            *(one[key] for key in ("Id", "Name", "Email", "Arn", "Status", "JoinedMethod")),
            f"{one['JoinedTimestamp'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
        for one in listed["Accounts"]
    ]
    assert len(rows) == 46
    (scan,) = cursor.scans
    assert (scan.requests, scan.cost) == (3, None)


def test_budgets_are_what_boto3_reads(moto: Moto, connection: billql.Connection) -> None:
    rows = connection.execute(
        "SELECT b.name, b.type, b.time_unit, b.limit_amount, b.limit_unit, b.actual_amount, "
        "b.filters FROM aws.organizations.organization o "
        "JOIN aws.budgets.budgets b ON b.account_id = o.management_account_id ORDER BY b.name"
    ).fetchall()
    with closing(moto.client("budgets")) as budgets:
        listed = budgets.describe_budgets(AccountId=ACCOUNT)["Budgets"]
    assert rows == [
        (
            *(one[key] for key in ("BudgetName", "BudgetType", "TimeUnit")),
            Decimal(one["BudgetLimit"]["Amount"]),
            one["BudgetLimit"]["Unit"],
            Decimal(one["CalculatedSpend"]["ActualSpend"]["Amount"]),
            json.dumps(one["CostFilters"], separators=(",", ":")),
        )
        for one in sorted(listed, key=lambda one: one["BudgetName"])
    ]
    assert len(rows) == 2


def test_a_limit_of_money_stops_before_the_second_page(moto: Moto) -> None:
    moto.seed(pages(15, "limited"))
    urls, tokens = {"aws": moto.url}, {"aws": f"{moto.key_id}:{moto.key}"}
    with billql.connect(environ={}, urls=urls, tokens=tokens, max_cost=0.01) as connection:
        cursor = connection.cursor()
        with pytest.raises(CostLimit):
            cursor.execute("SELECT * FROM aws.costs.services WHERE day >= '2026-01-15'").fetchall()
        assert [(one.requests, str(one.cost)) for one in cursor.scans] == [(1, "USD 0.01")]


@pytest.mark.parametrize("wrong", ["secret", "key"])
def test_a_wrong_signature_is_refused(moto: Moto, wrong: str) -> None:
    key_id = moto.key_id if wrong == "secret" else "AKIAIOSFODNN7EXAMPLE"
    token = f"{key_id}:{moto.key[:-1]}x"
    with (
        billql.connect(environ={}, urls={"aws": moto.url}, tokens={"aws": token}) as connection,
        pytest.raises(CredentialRefused),
    ):
        connection.execute("SELECT * FROM aws.organizations.accounts").fetchall()


def test_what_the_server_does_not_have_is_an_error(moto: Moto) -> None:
    urls, tokens = {"aws": moto.url}, {"aws": f"{moto.key_id}:{moto.key}"}
    settings = billql.Settings(attempts=1)
    with (
        billql.connect(environ={}, urls=urls, tokens=tokens, settings=settings) as connection,
        pytest.raises(ApiError) as raised,
    ):
        connection.execute(
            f"SELECT * FROM aws.budgets.notifications WHERE account_id = '{ACCOUNT}'"
        ).fetchall()
    assert raised.value.status == 500
