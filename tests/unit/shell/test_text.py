"""When what was typed is complete, and how scripts are cut."""

from __future__ import annotations

import pytest

from billql.shell.text import is_complete, pieces

TRIGGER = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = 1; END;"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;",
        "SELECT 1; ",
        "SELECT 1; -- why",
        "SELECT ';';",
        TRIGGER,
        ".help",
        "  .help",
        "",
        "  \n",
        "-- nothing",
        "SHOW PROVIDERS;",
    ],
)
def test_complete(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT 1; SELECT",
        "SELECT ';",
        "SELECT 1 -- ;",
        "SELECT 1 /* ;",
        "/* nothing",
        TRIGGER.removesuffix(" END;"),
        "SHOW PROVIDERS",
    ],
)
def test_incomplete(text: str) -> None:
    assert not is_complete(text)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("SELECT 1;\nSELECT\n2;\n", ["SELECT 1;\n", "SELECT\n2;\n"]),
        (".mode csv\nSELECT 1; SELECT 2;\n", [".mode csv\n", "SELECT 1; SELECT 2;\n"]),
        ("-- about\n\n.help\n", [".help\n"]),
        ("/* about\n.help\n*/ SELECT 1;\n", ["/* about\n.help\n*/ SELECT 1;\n"]),
        ("SELECT 1\n.5;\n", ["SELECT 1\n.5;\n"]),
        ("SELECT 1", ["SELECT 1"]),
        ("", []),
        (TRIGGER.replace("; ", ";\n"), [TRIGGER.replace("; ", ";\n")]),
    ],
)
def test_scripts_are_cut_where_something_is_complete(script: str, expected: list[str]) -> None:
    assert list(pieces(script.splitlines(keepends=True))) == expected
