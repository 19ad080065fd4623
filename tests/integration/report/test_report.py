"""Reports over a sandbox: what a report says is what the views say."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

import billql
from billql.cli import main
from billql.errors import CredentialMissing, DataError, Exit
from billql.output import Style
from billql.output.file import TextFile
from billql.report import NAMES, file
from billql.report.document import Document, Table, make
from billql.report.template import Block, parse, read
from billql.sandbox import Sandbox

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
PROVIDERS = ("digitalocean", "metronome", "stripe")

MINE = """\
# Bills of {month}

```sql title="Invoices" chart=bars columns="number, invoiced"
SELECT r.number, r.invoiced, r.unpaid, r.currency FROM digitalocean.finops.reconciliation r
WHERE r.month = :month
```

From {month_start} to {month_end}, {not} more.

```sql title="By *service*"
SELECT c.service, money_sum(c.change) AS change, c.currency FROM finops.changes_by_driver c
WHERE c.month = :month AND c.provider = 'DigitalOcean' GROUP BY c.service, c.currency ORDER BY 2, 1
```

```sql title=Nothing empty="No such day in {month}."
SELECT :month_start WHERE FALSE
```
"""
"""A template whose tables are views'."""


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    with Sandbox(size="small", until=NOW.date(), providers=PROVIDERS) as sandbox:
        urls = {f"BILLQL_{name.upper()}_URL": sandbox.urls[name] for name in PROVIDERS}
        tokens = {
            "DIGITALOCEAN_TOKEN": sandbox.tokens["digitalocean"],
            "METRONOME_BEARER_TOKEN": sandbox.tokens["metronome"],
            "STRIPE_API_KEY": sandbox.tokens["stripe"],
        }
        yield urls | tokens


@pytest.fixture(scope="module")
def connection(
    variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[billql.Connection]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        for name, value in variables.items():
            patch.setenv(name, value)
        with billql.connect(clock=lambda: NOW) as made:
            made.execute("SELECT 1 FROM digitalocean.billing.balances").fetchall()
            yield made


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def report(connection: billql.Connection, name: str, text: str) -> Document:
    return make(parse(name, text), connection, None, lambda: True, "the sandbox")


@pytest.fixture(scope="module")
def mine(connection: billql.Connection) -> Document:
    return report(connection, "mine.md", MINE)


@pytest.fixture(scope="module")
def invoices(connection: billql.Connection) -> list[tuple[Any, ...]]:
    """Return what the view says, asked without a report."""
    (sql,) = re.findall(r"```sql title=\"Inv.*\n([^`]*)```", MINE)
    found = connection.execute(sql, {"month": "2026-02"}).fetchall()
    assert found
    return found


def written(document: Document, name: str) -> bytes:
    format, made = file.find(name), io.BytesIO()
    stream = made if format.binary else TextFile(made)
    format.write(document, stream, Style())
    return made.getvalue()


def test_markdown_and_html_show_what_the_views_say(
    mine: Document, invoices: list[tuple[Any, ...]]
) -> None:
    text, html = written(mine, "markdown").decode(), written(mine, "html").decode()
    for number, invoiced, unpaid, currency in invoices:
        assert f"| {number} | {invoiced:,.2f} | {unpaid:,.2f} | {currency} |" in text
        assert f"<td>{number}</td>" in html
        assert f'<td class="number">{invoiced:,.2f}</td>' in html
    assert text.startswith("# Bills of 2026-02\n")
    assert "<h1>Bills of 2026-02</h1>" in html
    for document in (text, html):
        assert "From 2026-02-01 to 2026-02-28, {not} more." in document
        assert "No such day in 2026-02." in document
        assert re.search(r"[0-9]+ requests?: digitalocean [0-9]+", document)
        assert f"read at 2026-03-15T12:00:00Z from the sandbox, by billql {billql.__version__}" in (
            document
        )
    assert "<figcaption>Invoices, USD</figcaption>" in html
    assert "<svg" in html
    assert "<script" not in html


def test_a_workbook_has_a_sheet_for_each_table(
    mine: Document, invoices: list[tuple[Any, ...]]
) -> None:
    data = written(mine, "xlsx")
    assert "xl/media/image1.png" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Report", "Invoices", "By service", "Nothing"]
    rows = list(book["Invoices"].iter_rows(values_only=True))
    assert rows == [("number", "invoiced", "unpaid", "currency"), *invoices]
    text = [row[0] for row in book["Report"].iter_rows(values_only=True)]
    assert text[0] == "Bills of 2026-02"
    assert "No such day in 2026-02." in text
    assert re.fullmatch(r"[0-9]+ requests?: digitalocean [0-9]+\.", str(text[-1]))


def test_a_pdf_shows_what_the_views_say(mine: Document, invoices: list[tuple[Any, ...]]) -> None:
    pages = pypdf.PdfReader(io.BytesIO(written(mine, "pdf"))).pages
    text = "\n".join(page.extract_text() for page in pages)
    for number, invoiced, unpaid, _ in invoices:
        assert {str(number), f"{invoiced:,.2f}", f"{unpaid:,.2f}"} <= {*text.split()}
    assert "Bills of 2026-02" in text
    assert "No such day in 2026-02." in text
    assert re.search(r"[0-9]+ requests?: digitalocean [0-9]+", text)
    assert [image for page in pages for image in page.images]  # the chart


def of_rows(sql: str, text: str = "") -> Document:
    """Return a report of a result without APIs."""
    with billql.connect(clock=lambda: NOW) as connection:
        return report(connection, "a.md", f"{text}\n```sql\n{sql}\n```\n")


@pytest.mark.usefixtures("home")
def test_a_pdf_holds_any_text_and_loads_nothing() -> None:
    markup = "# <b> & ![a](http://127.0.0.1:9/a.png) [*b*](#c 'd') `<e>`\n\n- f\n\n3. g\n\n    h\n"
    made = of_rows(
        "SELECT '<i>&' || char(10, 7) AS \"<u>\", '日本' AS b, NULL AS c, x'00' AS d", markup
    )
    pages = pypdf.PdfReader(io.BytesIO(written(made, "pdf"))).pages
    text = "\n".join(page.extract_text() for page in pages)
    for expected in ("<b> &", "<e>", "<i>&", "<u>", "NULL", "X'00'", "lacks 2 characters"):
        assert expected in text


@pytest.mark.usefixtures("home")
def test_a_table_that_no_page_of_a_pdf_holds() -> None:
    long = written(of_rows("SELECT printf('%.*c', 20000, 'a b ') AS a"), "pdf")
    assert len(pypdf.PdfReader(io.BytesIO(long)).pages) > 1
    columns = ", ".join(f"1234567890123 AS c{number}" for number in range(30))
    with pytest.raises(DataError, match="30 columns is wider than a page"):
        written(of_rows(f"SELECT {columns}"), "pdf")


@pytest.mark.parametrize("name", NAMES)
def test_billqls_own_reports_have_rows(name: str, connection: billql.Connection) -> None:
    made = report(connection, *read(name, None))
    blocks = [one for one in parse(*read(name, None)).parts if isinstance(one, Block)]
    tables = [one for one in made.parts if isinstance(one, Table)]
    assert [table.title for table in tables] == [block.title for block in blocks]
    assert any(table.rows for table in tables)
    assert made.warnings == []
    for table, block in zip(tables, blocks, strict=True):
        assert bool(table.charts) == (block.chart is not None and bool(table.rows))


def test_the_close_adds_up_to_the_bills(connection: billql.Connection) -> None:
    tables = [
        one
        for one in report(connection, *read("monthly-close", None)).parts
        if isinstance(one, Table)
    ]
    (billed,) = connection.execute(
        "SELECT money_sum(c.BilledCost) FROM digitalocean.focus.cost_and_usage c "
        "WHERE c.BillingPeriodStart = '2026-02-01'"
    ).fetchone()
    row = next(row for row in tables[0].rows if row[0] == "DigitalOcean")
    assert row[2] == pytest.approx(billed, abs=0.001)
    (unsettled,) = connection.execute(
        "SELECT count(*) FROM finops.reconciliation r "
        "WHERE r.month = '2026-02' AND (r.not_itemised <> 0 OR r.unpaid <> 0)"
    ).fetchone()
    assert len(tables[2].rows) == unsettled


@pytest.mark.usefixtures("home")
def test_an_optional_block_without_a_token_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRONOME_BEARER_TOKEN", raising=False)
    block = "SELECT * FROM finops.burn_down"
    with billql.connect(clock=lambda: NOW) as connection:
        made = report(connection, "a.md", f"```sql optional\n{block}\n```\n")
        (table,) = (one for one in made.parts if isinstance(one, Table))
        assert "no provider has a token" in table.empty
        assert [note for note in made.notes if note in made.warnings]
        assert table.empty in written(made, "html").decode()
        with pytest.raises(CredentialMissing, match=r"a\.md:1: "):
            report(connection, "a.md", f"```sql\n{block}\n```\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["yearly", "--output", "x.md"], "invalid choice: 'yearly'"),
        (["spend", "--month", "2026-13"], "'2026-13' is not a month like 2026-08"),
        (["spend", "--month", "9999-01"], "The month 9999-01 has not begun"),
        (["spend", "--month", "2020-01"], "spend.md:7: The tables of the report do not have"),
        (["spend", "--output", "x.docx"], "A report cannot be written to x.docx"),
        ([], "A report needs its name or --template, not both"),
        (["spend", "--template", "x.md"], "A report needs its name or --template, not both"),
        (["--template", "nowhere.md"], "nowhere.md cannot be read"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_wrong_command_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["report", *arguments])
    except SystemExit as error:
        code = int(error.code or 0)
    assert code == Exit.USAGE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sql", "info", "message"),
    [
        ("SELECT 1;\nSELECT *\nFROM nothing.here", "", "mine.md:3: "),
        ("SELECT :year", "", "mine.md:3: "),
        ("CREATE TEMP TABLE t (a)", "", "mine.md:3: No statement of the block returns rows"),
        ("SELECT 'a' AS a, 'b' AS b", "chart=bars", "mine.md:3: A chart draws numbers"),
        ("SELECT 1 AS a", 'chart=bars columns="a, b"', "mine.md:3: The result has no column b"),
    ],
)
def test_an_error_of_a_block_names_its_line_and_keeps_the_file(
    sql: str, info: str, message: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template, page = home / "mine.md", home / "mine.html"
    template.write_text(f"# Title\n\n```sql {info}\n{sql}\n```\n")
    page.write_text("what was there")
    assert main(["report", "--template", str(template), "--output", str(page)]) != Exit.OK
    assert message in capsys.readouterr().err
    assert page.read_text() == "what was there"


def test_a_copy_of_a_template_makes_the_same_report(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "spend", "--print-template"]) == Exit.OK
    copy = home / "mine.md"
    copy.write_text(capsys.readouterr().out)
    assert read(None, str(copy))[1] == read("spend", None)[1]


def test_amounts_of_two_currencies_are_two_charts(home: Path) -> None:
    rows = "VALUES ('a', 5, 'USD'), ('b', 700, 'JPY'), ('c', 6, 'USD')"
    sql = f"SELECT column1 AS name, column2 AS cost, column3 AS currency FROM ({rows})"
    template, page = home / "mine.md", home / "mine.html"
    template.write_text(f"```sql title=Costs chart=bars\n{sql}\n```\n")
    assert main(["report", "--template", str(template), "--output", str(page)]) == Exit.OK
    found = re.findall("<figcaption>(.*)</figcaption>", page.read_text())
    assert found == ["Costs, JPY", "Costs, USD"]


def test_a_sum_of_several_currencies_is_noted(
    home: Path, connection: billql.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    template = home / "mine.md"
    template.write_text("```sql\nSELECT sum(i.total) FROM stripe.billing.invoices i\n```\n")
    assert main(["report", "--template", str(template)]) == Exit.OK
    out, err = capsys.readouterr()
    for text in (out, err):
        assert "A sum or an average is of amounts in" in text
