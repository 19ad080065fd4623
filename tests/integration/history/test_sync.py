"""What matters of the connected providers is read again, and exported scope by scope."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from billql import errors
from billql.cli import main
from billql.dbapi.connection import Connection
from support.bills import Bills, connect

MATTERS = ["bills_all_invoices", "bills_all_lines", "bills_all_charges", "bills_all_costs"]


@pytest.fixture
def api() -> Bills:
    api = Bills()
    api.add("i1", "2026-01", ("cpu", '"1.10"'), ("cpu", '"1.10"'))
    api.add("i2", "2026-03", ("cpu", "0.50"), state="draft")
    return api


@pytest.fixture
def db(api: Bills, tmp_path: Path) -> Iterator[Connection]:
    with connect(api, tmp_path, tmp_path / "bills.db") as connection:
        yield connection


def names(db: Connection, *chosen: str) -> list[str]:
    return [one.history for one in db.sync_history(chosen)]


def test_what_settles_matters(api: Bills, db: Connection) -> None:
    assert names(db) == MATTERS
    db.execute("CREATE MATERIALIZED VIEW mine SCOPE BY NONE AS SELECT * FROM bills.all.credits")
    api.amounts["i1"] = '"2.21"'
    api.lines["i1"][0] = ("cpu", '"1.11"')
    found = {one.history: one for one in db.sync_history()}
    assert list(found) == [*MATTERS, "mine"]
    lines = found["bills_all_lines"]
    assert (lines.scopes, lines.added, lines.removed, lines.restated) == (3, 1, 1, 1)
    assert lines.requests == 4
    assert "3 scopes read, 1 restated, 1 rows added, 1 removed, 4 requests" in lines.line


def test_what_is_named_is_read_alone(db: Connection) -> None:
    assert names(db, "bills.all.credits", "Bills.all.lines") == [
        "bills_all_credits",
        "bills_all_lines",
    ]
    assert names(db, "BILLS_ALL_LINES") == ["bills_all_lines"]
    with pytest.raises(errors.UnknownName, match=r"bills\.all\.nothing"):
        names(db, "bills.all.nothing")


def test_an_error_stops_one_history_alone(api: Bills, db: Connection) -> None:
    api.failing["/charges"] = httpx.Response(500, json={"message": "Broken"})
    found = {one.history: one.error for one in db.sync_history()}
    assert [name for name, error in found.items() if error is not None] == ["bills_all_charges"]
    assert isinstance(found["bills_all_charges"], errors.ApiError)
    api.failing.clear()
    assert all(one.error is None for one in db.sync_history())


def read(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
    return found


def test_a_history_is_exported_scope_by_scope(api: Bills, db: Connection, tmp_path: Path) -> None:
    names(db, "bills.all.lines")
    folder = tmp_path / "lines"
    paths = list(db.export_history("BILLS_ALL_LINES", folder))
    assert paths == [
        str(folder / f"scope={scope}" / "rows.parquet") for scope in ("i1", "i2", "preview")
    ]
    assert [row["product"] for row in read(paths[0])] == ["cpu", "cpu"]
    assert read(paths[2]) == []
    api.pass_days(1)
    api.lines["i2"] = [("disk", "7")]
    names(db)
    list(db.export_history("bills_all_lines", folder, "2026-03-15"))
    assert [row["product"] for row in read(paths[1])] == ["cpu"]
    list(db.export_history("bills_all_lines", folder))
    assert [row["product"] for row in read(paths[1])] == ["disk"]
    list(db.export_history("bills_all_lines", folder, every=True))
    rows = read(paths[1])
    assert [(row["product"], row["valid_until"] is None) for row in rows] == [
        ("cpu", False),
        ("disk", True),
    ]
    assert rows[0]["valid_until"] == rows[1]["valid_from"]


def test_an_export_that_fails_leaves_the_files_that_were_there(
    db: Connection, tmp_path: Path
) -> None:
    names(db, "bills.all.lines")
    (path, *_) = db.export_history("bills_all_lines", tmp_path / "lines")
    before = Path(path).read_bytes()
    with pytest.raises(errors.BadValue, match="is not known"):
        list(db.export_history("bills_all_lines", tmp_path / "lines", "1999-01-01"))
    assert Path(path).read_bytes() == before
    with pytest.raises(errors.UnknownName, match="no history nothing"):
        list(db.export_history("nothing", tmp_path / "lines"))
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.OutputError, match="cannot be made"):
        list(db.export_history("bills_all_lines", tmp_path / "file"))


def test_the_command_reads_again_and_shows_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = ["--db", str(tmp_path / "bills.db")]
    resource = "digitalocean.billing.invoices"
    before = signal.getsignal(signal.SIGTERM)
    for _ in range(2):
        assert main(["history", "sync", resource, "--sandbox", *file]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    log = capsys.readouterr().err.splitlines()
    assert [line.partition(" ")[2].partition(",")[0] for line in log] == [
        "digitalocean_billing_invoices: 24 scopes read",
        "1 history",
        "digitalocean_billing_invoices: 0 scopes read",
        "1 history",
    ]
    assert main(["history", "sync", "-q", resource, "--sandbox", *file]) == 0
    assert main(["history", "status", *file]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.splitlines()[1].startswith("digitalocean_billing_invoices,24,0,24,0,20")
    exported = ["history", "export", "digitalocean_billing_invoices", *file]
    assert main([*exported, "--output", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").glob("scope=*/rows.parquet"))) == 24


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["status"], 2, "There is no file"),
        (["export", "x", "--output", "y"], 2, "There is no file"),
        (["sync", "--every", "6"], 2, "'6' is not a time like 30m, 6h or 1d"),
        (["sync", "nothing", "--sandbox"], 3, "nothing is not the name of a resource"),
    ],
)
def test_what_makes_no_sense_is_an_error(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    assert main(["history", *arguments, "--db", str(tmp_path / "bills.db")]) == code
    assert message in capsys.readouterr().err


def test_the_exit_code_is_that_of_the_first_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLQL_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.delenv("DIGITALOCEAN_TOKEN", raising=False)
    (tmp_path / "none.toml").write_text("")
    arguments = ["history", "sync", "digitalocean.billing.invoices"]
    assert main([*arguments, "--db", str(tmp_path / "bills.db")]) == errors.Exit.CREDENTIAL
    log = capsys.readouterr().err
    assert "error: digitalocean_billing_invoices: " in log
    assert "hint: " in log
    assert json.dumps(log).count("Traceback") == 0
