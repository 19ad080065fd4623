"""The pace of requests: a definition's limits, rates that people set, and what is said of both."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.cli.options import rate
from billql.config import file as config_file
from billql.config.settings import Settings
from billql.errors import InterfaceError
from billql.fetching.scan_stats import ScanStats
from billql.http.rates import limits_by
from billql.http.request_tracker import RequestTracker
from billql.sqlite.options import ConnectOptions
from support.clock import FakeClock
from support.shop import Shop, opened, select

PACED = {"limits": [{"requests": 2, "seconds": 60}]}


def read(folder: Path, limits: Mapping[str, str], shop: Shop | None = None) -> ScanStats:
    """Read five pages of an API that admits two requests a minute by its definition."""
    clock = FakeClock()
    with opened(
        shop or Shop(things=50),
        folder,
        PACED,
        limits=limits,
        request_clock=clock,
        settings=Settings(patience=1000, attempts=3),
    ) as session:
        statement = session.execute("SELECT count(name) FROM shop.all.things")
        assert list(statement) == [(50,)]
    (scan,) = statement.scans
    return scan


def test_the_limits_of_a_definition_set_the_pace(tmp_path: Path) -> None:
    scan = read(tmp_path, {})
    assert scan.paced >= 60
    assert scan.as_dict()["paced"] == pytest.approx(scan.paced, abs=0.001)


@pytest.mark.parametrize("raised", ["none", "1000/second"])
def test_a_rate_lifts_a_limit(tmp_path: Path, raised: str) -> None:
    scan = read(tmp_path, {"shop": raised, "another": "1/hour"})
    assert scan.paced == 0
    assert "paced" not in scan.as_dict()


def test_a_rate_lowers_a_limit(tmp_path: Path) -> None:
    assert read(tmp_path, {"shop": "1/minute"}).paced >= 240


def test_what_an_api_states_goes_first(tmp_path: Path) -> None:
    shop = Shop(things=50)

    def refuse(request: httpx.Request, number: int) -> httpx.Response | None:
        body = {"message": "Too many"}
        return (
            httpx.Response(429, headers={"retry-after": "30"}, json=body) if number == 1 else None
        )

    shop.before = refuse
    assert read(tmp_path, {"shop": "none"}, shop).paced >= 30


@pytest.mark.parametrize("text", ["", "0/minute", "5", "5/day", "-1/second", "None", "1/second "])
def test_what_is_no_rate(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="is not a number of requests"):
        limits_by(text)
    with pytest.raises(Exception, match="is not PROVIDER= and a number"):
        rate(f"shop={text}")
    with pytest.raises(InterfaceError, match="The limit of shop"):
        ConnectOptions(environ={}, limits={"shop": text}).engine_options(
            config_file.ResolvedConfig()
        )
    path = tmp_path / "config.toml"
    path.write_text(f'[limits]\nshop = "{text}"\n')
    with pytest.raises(InterfaceError, match=r"limits\.?"):
        config_file.resolve_profile(path)


def test_the_config_file_has_rates(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[limits]\nshop = "250/minute"\nother = "none"\n')
    found = config_file.resolve_profile(path)
    options = ConnectOptions(environ={}, limits={"other": "1/hour"}).engine_options(found)
    assert options.limits == {"shop": "250/minute", "other": "1/hour"}


@pytest.mark.parametrize(
    ("text", "interactive", "seconds"),
    [
        ("", False, None),
        ("", True, 4.0),
        ("failure_patience = 60", False, 60.0),
        ("failure_patience = 60", True, 60.0),
    ],
)
def test_patience_with_failures(
    tmp_path: Path, text: str, interactive: bool, seconds: float | None
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[settings]\n{text}\n")
    found = config_file.resolve_profile(path)
    options = ConnectOptions(environ={}, interactive=interactive).engine_options(found)
    assert options.settings == Settings(failure_patience=seconds)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, ""),
        ({"waited": 12.0}, "waiting 12 s"),
        ({"waited": 12.0, "paced": 12.0}, "paced by a limit, waiting 12 s"),
        ({"waited": 0.3, "failure": 503}, "HTTP 503, trying again"),
    ],
)
def test_the_state_of_a_scan(changes: dict[str, Any], state: str) -> None:
    scan = ScanStats("shop.all.things")
    scan.under_way.add(RequestTracker(lambda: None, threading.Event(), **changes))
    assert scan.state == state


def test_a_lasting_failure_is_shown_before_the_first_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the progress line shows while a server fails, which it does from its second on."""
    states: list[str] = []
    shop = Shop(things=5)
    shop.before = lambda request, number: httpx.Response(503, json={}) if number < 3 else None
    clock = FakeClock()
    wait = clock.wait
    with opened(
        shop, tmp_path, request_clock=clock, settings=Settings(patience=100, attempts=5)
    ) as session:

        def watch(event: threading.Event, seconds: float) -> bool:
            states.extend(scan.state for scan in session.scans)
            return wait(event, seconds)

        monkeypatch.setattr(clock, "wait", watch)
        assert len(select(session, "SELECT id FROM @things")) == 5
    assert states
    assert set(states) == {"HTTP 503, trying again"}
