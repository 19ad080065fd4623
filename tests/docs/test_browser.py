"""The site in a browser: people find their way, search, copy, choose a theme, and use a phone.

The browser is Chromium: the one that CHROMIUM names, or one on the PATH. `tests/prepare.py`
installs Debian's where it may.
"""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from docs.conftest import SITE
from prepare import find_chromium

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INVOICES = "digitalocean/billing/invoices.html"
ITEMS = "digitalocean/billing/invoice_items.html"
PHONE = ViewportSize(width=360, height=740)


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the site over HTTP."""
    handler = functools.partial(Handler, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("THE SITE WAS NOT OPENED: there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def failure(request: Request) -> list[str]:
    """Tell why a request failed, unless the reader went on before it was done."""
    why = request.failure or ""
    return [] if "ERR_ABORTED" in why else [f"{request.url}: {why}"]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a reader's own window; whatever a page complains of, or loads from elsewhere, fails."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    complaints: list[str] = []
    elsewhere: list[str] = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("requestfailed", lambda request: complaints.extend(failure(request)))
    context.on("request", lambda request: elsewhere.append(request.url))
    yield context
    context.close()
    assert complaints == []
    assert [url for url in elsewhere if not url.startswith(("http://127.0.0.1", "file://"))] == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_a_reader_finds_the_way_from_the_first_page(page: Page, address: str) -> None:
    page.goto(address)
    main = page.get_by_role("main")
    main.get_by_role("link", name="DigitalOcean", exact=True).click()
    expect(page).to_have_title("DigitalOcean · billql")
    main.get_by_role("link", name="invoice_items", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("invoice_items")
    navigation = page.get_by_role("navigation")
    expect(navigation.locator("[aria-current]")).to_have_text("invoice_items")
    navigation.get_by_role("link", name="invoice_summary", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("invoice_summary")
    page.get_by_role("complementary").get_by_role("link", name="Methods").click()
    expect(page).to_have_url(re.compile("#methods$"))
    expect(page.locator("#methods")).to_be_in_viewport()
    page.get_by_role("navigation").get_by_role("link", name="Errors").click()
    expect(page.get_by_role("main")).to_contain_text("ListChanged")


def test_search_finds_a_table_by_its_name(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("/")
    page.keyboard.type("invoice_items")
    results = page.get_by_role("option")
    expect(results.first).to_contain_text("digitalocean.billing.invoice_items")
    page.keyboard.press("Enter")
    expect(page).to_have_url(address + ITEMS)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("expire", "stripe.billing.credit_grants"),
        ("INVOICE_UUID tax", "digitalocean.billing.invoice_summary"),
        ("stripe payouts", "stripe.core.payouts"),
        ("--max-requests", "billql query"),
        ("pushdown", "How pushdown works"),
        ("money_sum", "money_sum(x)"),
    ],
)
def test_search_finds_what_is_meant(page: Page, address: str, typed: str, found: str) -> None:
    page.goto(address + "stripe/core/charges.html")
    page.get_by_role("combobox").fill(typed)
    expect(page.get_by_role("option").filter(has_text=found).first).to_be_visible()


def test_search_is_for_the_keyboard(page: Page, address: str) -> None:
    page.goto(address + INVOICES)
    field = page.get_by_role("combobox")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("invoice")
    options = page.get_by_role("option")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "result-1")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("")


def test_what_is_not_there_is_not_found(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("combobox").fill("<b>zebra</b>")
    expect(page.locator("#results")).to_have_text("Nothing is found.")
    page.get_by_role("navigation").get_by_role("heading", name="Reference").click()
    expect(page.locator("#results")).to_be_hidden()


def test_a_query_is_copied_as_it_stands(page: Page, address: str) -> None:
    page.goto(address + ITEMS)
    block = page.locator(".code").first
    block.hover()
    block.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == (block.locator("code").text_content() or "").rstrip()
    assert copied.startswith("SELECT ")
    assert copied.endswith(";")


def test_the_name_of_a_table_is_copied(page: Page, address: str) -> None:
    page.goto(address + ITEMS)
    page.locator(".facts").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "digitalocean.billing.invoice_items"


def lightness(page: Page) -> tuple[float, float]:
    """Give how light the page's ground and its text are, from 0 to 255."""
    style = "getComputedStyle(document.body)"
    found = [page.evaluate(f"{style}.{name}") for name in ("backgroundColor", "color")]
    ground, text = (sum(map(int, re.findall(r"\d+", one)[:3])) / 3 for one in found)
    return ground, text


def is_dark(page: Page) -> bool:
    ground, text = lightness(page)
    assert abs(ground - text) > 150, "the text stands out from its ground"
    return ground < text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_that_of_the_system_until_one_is_chosen(
    page: Page, address: str, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address)
    assert is_dark(page) == (scheme == "dark")
    page.get_by_role("button", name="Change between dark and light").click()
    assert is_dark(page) == (scheme == "light")
    page.goto(address + INVOICES)
    assert is_dark(page) == (scheme == "light"), "the choice is remembered"
    page.get_by_role("button", name="Change between dark and light").click()
    page.reload()
    assert is_dark(page) == (scheme == "dark")


def test_every_page_fits_a_narrow_window_and_does_not_complain(page: Page, address: str) -> None:
    page.set_viewport_size(PHONE)
    wide = []
    for path in sorted(SITE.rglob("*.html")):
        name = path.relative_to(SITE).as_posix()
        answer = page.goto(address + name, wait_until="domcontentloaded")
        assert answer is not None
        assert answer.status == 200, name
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            wide.append((name, width))
    assert wide == []


def test_a_narrow_window_has_a_menu(page: Page, address: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address + INVOICES)
    button = page.get_by_role("button", name="Menu")
    navigation = page.get_by_role("navigation")
    expect(navigation).to_be_hidden()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(navigation).to_be_visible()
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    navigation.get_by_role("link", name="Security").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Security")
    expect(page.get_by_role("navigation")).to_be_hidden()


def test_search_works_in_a_narrow_window(page: Page, address: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address)
    page.get_by_role("combobox").fill("payouts")
    page.get_by_role("option").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("payouts")


def test_the_first_stop_of_the_keyboard_leads_to_the_content(page: Page, address: str) -> None:
    page.goto(address + INVOICES)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_site_reads_the_same_from_a_disk(page: Page) -> None:
    page.goto((SITE / "index.html").as_uri())
    page.get_by_role("combobox").fill("balances")
    page.get_by_role("option").filter(has_text="digitalocean.billing.balances").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("balances")
    page.get_by_role("button", name="Change between dark and light").click()
    assert is_dark(page)
    page.get_by_role("navigation").get_by_role("link", name="Cookbook").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cookbook")
    assert is_dark(page)


def test_without_scripts_the_pages_are_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(address + INVOICES)
    page.get_by_role("navigation").get_by_role("link", name="invoice_items").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("invoice_items")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    context.close()
