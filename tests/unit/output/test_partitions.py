"""A folder of results: a file for each month, all of them new or none."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from billql.errors import DataError, OutputError
from billql.output import partitions

COLUMNS = [("amount", "DECIMAL"), ("starts", "TIMESTAMP TEXT"), ("name", "TEXT")]
Row = tuple[int, object, str]


def write(folder: Path, rows: Iterator[Row], since: str = "", format: str = "csv") -> None:
    with partitions.open_results(
        f"{folder}/", "bill", format, by="starts", is_replaced=lambda month: month >= since
    ) as add_result:
        add_result(COLUMNS, rows, None)


def month(number: int, count: int = 1) -> Iterator[Row]:
    return ((one, f"2026-{number:02}-01T00:00:00Z", "x") for one in range(count))


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def both() -> Iterator[Row]:
    yield from month(1, 2)
    yield from month(2)


HEADER = "amount,starts,name\n"
JANUARY = {
    "billing_period=2026-01/bill.csv": (
        f"{HEADER}0,2026-01-01T00:00:00Z,x\n1,2026-01-01T00:00:00Z,x\n"
    )
}
FEBRUARY = {"billing_period=2026-02/bill.csv": f"{HEADER}0,2026-02-01T00:00:00Z,x\n"}


def test_each_month_has_a_file(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", both())
    assert content(tmp_path / "a" / "b") == JANUARY | FEBRUARY


def test_a_month_that_has_lost_its_rows_has_an_empty_file(tmp_path: Path) -> None:
    write(tmp_path, both())
    other = tmp_path / "billing_period=2026-01" / "other.csv"
    other.write_text("mine")
    write(tmp_path, iter(()), since="2026-02")
    empty = {"billing_period=2026-02/bill.csv": HEADER}
    assert content(tmp_path) == JANUARY | empty | {"billing_period=2026-01/other.csv": "mine"}
    write(tmp_path, month(2))
    assert content(tmp_path)["billing_period=2026-01/bill.csv"] == HEADER


def test_no_rows_make_an_empty_folder(tmp_path: Path) -> None:
    write(tmp_path / "new", iter(()))
    assert list(tmp_path.rglob("*")) == [tmp_path / "new"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_failure_midway_leaves_the_folder_as_it_was(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def failing() -> Iterator[Row]:
        yield from month(1)
        yield from month(3)
        raise error

    folder = tmp_path / "new"
    with pytest.raises(error):
        write(folder, failing())
    assert list(tmp_path.iterdir()) == []
    write(folder, both())
    with pytest.raises(error):
        write(folder, failing())
    assert content(folder) == JANUARY | FEBRUARY
    assert not (folder / "billing_period=2026-03").exists()


@pytest.mark.parametrize("value", [None, 5, "soon", "2026-13-01", ""])
def test_a_row_without_a_month_is_an_error(tmp_path: Path, value: object) -> None:
    with pytest.raises(DataError, match="starts has no month in a row"):
        write(tmp_path, iter([(1, value, "x")]))
    assert content(tmp_path) == {}


def test_a_month_that_comes_again_is_an_error(tmp_path: Path) -> None:
    def mixed() -> Iterator[Row]:
        yield from both()
        yield from month(1)

    with pytest.raises(DataError, match="The rows of 2026-01 do not come one after the other"):
        write(tmp_path, mixed())
    assert content(tmp_path) == {}


def test_a_folder_that_cannot_be_made_is_an_error_before_any_row(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="file/new cannot be made: Not a directory"),
        partitions.open_results(
            str(tmp_path / "file" / "new"), "bill", "csv", by="starts", is_replaced=bool
        ),
    ):
        raise AssertionError("it is not opened")


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            write(tmp_path, month(1, count))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # imports
    assert peak(4_000) < peak(1_000) + 50_000
