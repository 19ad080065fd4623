"""Templates: Markdown whose blocks of SQL become tables."""

from __future__ import annotations

from datetime import date

import pytest

from billql.errors import InterfaceError
from billql.report import NAMES
from billql.report.document import filled
from billql.report.months import check_reach, chosen, parameters_of
from billql.report.template import FOLDER, Block, Text, parse, read

TODAY = date(2027, 1, 5)


def test_texts_and_blocks_are_parts_in_their_order() -> None:
    head = "# A *title* #\n\n"
    info = "title='The \"sum\"' chart=bars columns='a, b'"
    text = f"{head}```sql {info}\nSELECT 1\n```\nEnd\n"
    template = parse("mine.md", text)
    assert template.title == "A *title*"
    assert template.parts == [
        Text("# A *title* #\n"),
        Block("\n\n\nSELECT 1", 3, 'The "sum"', "bars", ("a", "b")),
        Text("End"),
    ]


def test_other_code_is_text() -> None:
    """So is a block of SQL within a longer fence."""
    shown = "````text\n```sql\nSELECT 1\n```\n````\n~~~\n```sql\n~~~"
    template = parse("mine.md", f"{shown}\n~~~sql\nSELECT 2\n~~~")
    assert template.parts == [Text(shown), Block("\n" * 9 + "SELECT 2", 9), Text("")]
    assert template.title == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.md has no block of SQL"),
        ("# Text\n```python\n1\n```", "mine.md has no block of SQL"),
        ("\n```sql\nSELECT 1", "mine.md:2: The block of SQL does not end"),
        ("```sql\nSELECT 1\n``", "mine.md:1: The block of SQL does not end"),
        ("```sql title='a\nSELECT 1\n```", "mine.md:1: A quotation mark is missing"),
        ("\n\n```sql colour=red\nSELECT 1\n```", "mine.md:3: 'colour=red' is unknown"),
        ("```sql title\nSELECT 1\n```", "mine.md:1: 'title' is unknown"),
        ("```sql title=a title=b\n```", "mine.md:1: 'title=b' is there twice"),
        ("```sql chart=pie\nSELECT 1\n```", "mine.md:1: 'pie' is no chart; use one of bars"),
        ("```sql months=3\nSELECT 1\n```", "mine.md:1: '3' is not of the form 1-12"),
        ("```sql columns=a\nSELECT 1\n```", "mine.md:1: columns= is of a chart"),
    ],
)
def test_an_invalid_template_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        parse("mine.md", text)
    assert caught.value.message.startswith(message)


def test_each_report_has_a_template() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)
    for name in NAMES:
        blocks = [part for part in parse(*read(name, None)).parts if isinstance(part, Block)]
        assert len({block.title for block in blocks} - {None}) == len(blocks)


@pytest.mark.parametrize(
    ("month", "end"),
    [("2024-02", "2024-02-29"), ("2026-02", "2026-02-28"), ("2026-12", "2026-12-31")],
)
def test_a_month_has_its_first_and_its_last_day(month: str, end: str) -> None:
    expected = {
        "month": month,
        "month_start": f"{month}-01",
        "month_end": end,
        "today": "2027-01-05",
    }
    assert parameters_of(month, TODAY) == expected


def test_only_the_names_of_parameters_are_filled_in() -> None:
    values = parameters_of("2026-08", TODAY)
    assert (
        filled("{month} {month_end} {months} {x} {", values) == "2026-08 2026-08-31 {months} {x} {"
    )


def test_the_last_closed_month_is_the_default() -> None:
    assert chosen(None, TODAY) == "2026-12"
    assert chosen("2027-01", TODAY) == "2027-01"
    with pytest.raises(InterfaceError, match="2027-02 has not begun"):
        chosen("2027-02", TODAY)


@pytest.mark.parametrize(
    ("month", "reach", "held"),
    [
        ("2026-12", (1, 12), True),
        ("2026-01", (1, 12), True),
        ("2025-12", (1, 12), False),
        ("2027-01", (1, 12), False),
        ("2027-01", (0, 3), True),
        ("2026-09", (0, 3), False),
    ],
)
def test_a_month_that_the_tables_do_not_have_is_refused(
    month: str, reach: tuple[int, int], held: bool
) -> None:
    if held:
        check_reach(month, TODAY, reach)
        return
    with pytest.raises(InterfaceError, match=f"do not have {month}") as caught:
        check_reach(month, TODAY, reach)
    first, last = {(1, 12): ("2026-01", "2026-12"), (0, 3): ("2026-10", "2027-01")}[reach]
    assert f"{first} to {last}" in str(caught.value.hint)
