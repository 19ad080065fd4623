"""Rows of a cursor as files: formats and charts."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

import billql
from billql import Connection


@pytest.fixture
def connection() -> Connection:
    return billql.connect()


VALUES = "SELECT column1 AS month, column2 AS usd FROM (VALUES ('2026-01', 1.5), ('2026-02', 2))"


def test_rows_are_written_in_the_format_of_the_extension(
    connection: Connection, tmp_path: Path
) -> None:
    connection.execute(VALUES).write(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text()) == [
        {"month": "2026-01", "usd": 1.5},
        {"month": "2026-02", "usd": 2},
    ]
    connection.execute(VALUES).write(str(tmp_path / "a.xlsx"))
    assert load_workbook(tmp_path / "a.xlsx")["Result"]["B3"].value == 2
    cursor = connection.execute(VALUES)
    cursor.fetchone()
    cursor.write(tmp_path / "rest", format="csv")
    assert (tmp_path / "rest").read_text() == "month,usd\n2026-02,2\n"
    assert cursor.fetchone() is None


def test_rows_are_drawn(connection: Connection, tmp_path: Path) -> None:
    connection.execute(VALUES).chart(tmp_path / "a.svg", kind="line", title="Spend")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert "Spend" in [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_what_cannot_be_written(connection: Connection, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("old")
    with pytest.raises(billql.ProgrammingError, match="no rows to write"):
        connection.execute("CREATE TABLE t (a)").write(file)
    with pytest.raises(billql.ProgrammingError, match="no rows to fetch"):
        connection.cursor().chart(tmp_path / "a.svg")
    with pytest.raises(billql.InterfaceError, match="There is no format xml"):
        connection.execute(VALUES).write(file, format="xml")
    with pytest.raises(billql.InterfaceError, match="No format has the extension"):
        connection.execute(VALUES).write(tmp_path / "a.xml")
    with pytest.raises(billql.InterfaceError, match="A chart cannot be written to"):
        connection.execute(VALUES).chart(file)
    with pytest.raises(billql.DataError, match="at least two columns"):
        connection.execute("SELECT 1").chart(tmp_path / "a.svg")
    with pytest.raises(billql.OutputError, match="cannot be written"):
        connection.execute(VALUES).write(tmp_path / "no" / "a.csv")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
