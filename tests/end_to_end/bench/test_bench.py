"""The benchmark still runs: its timed measures are for `make bench`, its counts are for here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import (
    ahead,
    by_billql,
    by_hand,
    by_shillelagh,
    catalog,
    commands,
    growth,
    measures,
    report,
)
from bench.api import Api
from bench.queries import QUERIES, counts
from billql.definitions.catalog import Catalog


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as api:
        yield api


def test_every_query_takes_the_least_number_of_requests() -> None:
    assert len(QUERIES) >= 40
    assert {query.question: sent for query, sent in counts()} == {
        query.question: query.least for query in QUERIES
    }


def test_both_sides_find_the_same(api: Api) -> None:
    api.set_up(records=450)
    ours = by_billql.ask(api.url, by_billql.RECORDS)
    theirs = by_hand.records(api.url)
    assert api.asked() == 6
    # The loop leaves amounts as the API writes them.
    assert ours == [(*row[:5], float(row[5]), row[6] and float(row[6]), *row[7:]) for row in theirs]


def test_shillelagh_finds_as_much(api: Api) -> None:
    api.set_up(records=450)
    for instant in by_shillelagh.INSTANTS:
        assert len(by_shillelagh.records(api.url, instant)) == 450


@pytest.mark.parametrize("series", growth.SERIES, ids=lambda one: one.kind)
def test_growth_is_measured_with_the_least_requests(api: Api, series: growth.Series) -> None:
    sizes = (200, 400) if series.kind in ("rows", "equal") else (3, 6)
    measured = growth.measure(api, series, sizes)
    assert [one.requests for one in measured.points] == [series.least(size) for size in sizes]
    assert f"| {sizes[1]} | " in growth.text([measured])


def test_growth_is_linear_or_not() -> None:
    series = growth.Series("", "", (), lambda size: size, lambda url, size: None)
    points = [growth.Point(10, 1.0, 10, 0), growth.Point(100, 10.0, 100, 0)]
    assert growth.Growth(series, points).is_linear
    slow = points[1]._replace(seconds=16.0)
    assert not growth.Growth(series, [points[0], slow]).is_linear
    assert not growth.Growth(series, [points[0], points[1]._replace(requests=101)]).is_linear
    fixed_cost = [one._replace(seconds=one.seconds / 100) for one in (points[0], slow)]
    assert growth.Growth(series, fixed_cost).is_linear
    held = [growth.Point(size, 0.1, size, size * 1_000_000) for size in (10, 100, 1_000)]
    assert growth.Growth(series, held).is_linear
    assert not growth.Growth(series, [*held[:2], held[2]._replace(peak=2_000_000_000)]).is_linear


def test_keys_ahead_take_no_more_requests_than_there_are_keys(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LATENCY", 0.001)
    monkeypatch.setattr(ahead, "ROUNDS", 1)
    for line in ahead.ahead(api):
        assert line.result.endswith(line.target.partition("; ")[2]), line


def test_a_limit_takes_one_request(api: Api) -> None:
    (line,) = measures.limit(api)
    assert line.reached
    assert f"| {line.measure} | 1 request | one request | yes |" in report.text([line])


@pytest.mark.parametrize("name", ["csv", "jsonl", "arrow"])
def test_a_command_and_a_script_write_as_many_rows(api: Api, name: str) -> None:
    api.set_up(records=450)
    command = commands.query(by_billql.RECORDS, "--format", name)
    assert " × the script's processor time" in commands.compare(api, "", 1, 1, command, name).result


def test_the_documents_of_the_catalog_are_tables(tmp_path: Path) -> None:
    catalog.make(tmp_path, services=2, resources=9)
    found = Catalog([tmp_path])
    assert len(found.providers()) == 36
    named = [f"service_000{number}" for number in range(2)]
    assert [found.services(f"vendor_0{number}") for number in range(3)] == [
        *([one] for one in named),
        [],
    ]
    tables = found.summaries("vendor_01", "service_0001")
    assert [one.name for one in tables] == [
        "alarm_00001",
        "bucket_00003",
        "certificate_00005",
        "domain_00007",
    ]
    table = found.table("vendor_01.service_0001.bucket_00003")
    assert table.provider.url == "https://service-0001.vendor-01.example.com"
    assert list(table.resource.methods) == ["list", "get"]
    assert {"gateway", "id", "account"} <= set(table.resource.columns)
    assert not table.beyond
