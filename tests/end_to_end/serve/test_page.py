"""The page of a server in Chromium: people ask, see rows and errors, and read tables' pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

import billql
from prepare import find_chromium
from support.serving import TOKEN, Served, serving

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with (
        billql.connect(sandbox=True, read_only=True, max_rows=20_000, autocommit=True) as base,
        serving(base.another) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("THE PAGE WAS NOT OPENED: there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """Open the page with a token; what it complains of fails, unless an answer was an error."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    page.goto(f"http://127.0.0.1:{served.port}/#token={TOKEN}")
    yield page
    context.close()
    assert complaints == []


def run(page: Page, sql: str) -> None:
    page.get_by_label("SQL").fill(sql)
    page.get_by_label("SQL").press("Control+Enter")


def test_a_person_asks_and_sees_rows(page: Page) -> None:
    assert "token" not in page.url
    run(
        page,
        "SELECT invoice_period, amount, NULL AS x, 9007199254740993 AS long, '<b>a</b>' AS html "
        "FROM digitalocean.billing.invoices WHERE invoice_period = '2026-02'",
    )
    result = page.get_by_label("Result")
    expect(result.get_by_role("columnheader")).to_have_text(
        ["invoice_period", "amount", "x", "long", "html"]
    )
    expect(result.get_by_role("cell")).to_have_text(
        ["2026-02", "4868.14", "NULL", "9007199254740993", "<b>a</b>"]
    )
    expect(page.get_by_role("status")).to_contain_text("1 row · 1 request ·")


def test_an_error_has_its_hint(page: Page) -> None:
    run(page, "SELECT amuont FROM digitalocean.billing.invoices")
    expect(page.get_by_role("status")).to_contain_text("Did you mean")


def test_only_the_first_rows_are_shown(page: Page) -> None:
    run(
        page,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
        "SELECT i FROM n",
    )
    expect(page.get_by_role("status")).to_contain_text("1,500 rows")
    expect(page.get_by_role("status")).to_contain_text("the first 1,000 are shown")
    expect(page.get_by_label("Result").get_by_role("cell")).to_have_count(1000)


def test_a_statement_is_stopped(page: Page, served: Served) -> None:
    run(page, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_have_text("Stopped.")


def test_an_answer_that_breaks_off_is_not_shown(page: Page) -> None:
    run(
        page,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) "
        "SELECT i FROM n",
    )
    expect(page.get_by_role("status")).to_contain_text("The answer is not complete")
    expect(page.get_by_label("Result").get_by_role("cell")).to_have_count(0)


def test_a_table_is_found_read_and_asked(page: Page) -> None:
    page.get_by_label("Tables", exact=True).last.fill("billing.invoice_pre")
    page.get_by_role("link", name="invoice_preview").click()
    article = page.get_by_role("article")
    expect(article.get_by_role("heading", level=1)).to_have_text("invoice_preview")
    expect(page.get_by_label("SQL")).to_have_value(
        "SELECT * FROM digitalocean.billing.invoice_preview LIMIT 10"
    )
    article.get_by_role("button", name="Run this").first.click()
    expect(page.get_by_role("status")).to_contain_text("1 row · 1 request ·")


def test_a_result_is_downloaded(page: Page, tmp_path: Path) -> None:
    page.get_by_label("SQL").fill("SELECT 1 AS a, 'é' AS b")
    with page.expect_download() as found:
        page.get_by_role("button", name="Download").click()
    found.value.save_as(tmp_path / "a.csv")
    assert found.value.suggested_filename == "result.csv"
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "a,b\n1,é\n"


def test_without_a_token_the_page_asks_for_it(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{served.port}/")
    field = page.get_by_label("Token of this server")
    field.fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_contain_text("no valid token")
    field.fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(field).to_be_hidden()
    expect(page.get_by_text("digitalocean.billing", exact=True)).to_be_visible()
    context.close()


def test_a_page_of_another_site_learns_nothing(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()

    def other(route: Route) -> None:
        route.fulfill(content_type="text/html", body="<title>other</title>")

    page.route("http://localhost:9/", other)
    page.goto("http://localhost:9/")
    outcome = page.evaluate(
        """async ([port, token]) => {
            try {
                const address = `http://127.0.0.1:${port}/v1/query`;
                const headers = { "Content-Type": "text/plain" };
                const answer = await fetch(address, { method: "POST", body: "SELECT 1", headers });
                return answer.status;
            } catch (error) {
                return error.name;
            }
        }""",
        [served.port, TOKEN],
    )
    assert outcome == "TypeError"
    context.close()
