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
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

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
INVOICES = "reference/digitalocean/billing/invoices.html"
ITEMS = "reference/digitalocean/billing/invoice_items.html"
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)
EACH = 8
"""Of the pages of tables, one of so many is looked at in both windows."""

CLIPPED = """() => {
    const clips = (element) => {
        for (let one = element.parentElement; one; one = one.parentElement) {
            if (["auto", "scroll"].includes(getComputedStyle(one).overflowX)) return false;
        }
        return true;
    };
    return [...document.querySelectorAll("article pre, article table, article p, article li")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth && clips(one))
        .map((one) => one.textContent.trim().slice(0, 80));
}"""
"""The texts that stand beyond the window's right edge and cannot be scrolled to."""
EACH_IN_A_FRAME = """async ({ names, root, sizes, clipped }) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const found = [];
    const resize = ({ width, height }) => {
        frame.style.cssText = `position: fixed; width: ${width}px; height: ${height}px; border: 0`;
    };
    for (const name of names) {
        const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
        resize(sizes[0]);
        frame.src = root + name;
        await loaded;
        const inside = frame.contentWindow;
        const [{ responseStatus }] = inside.performance.getEntriesByType("navigation");
        for (const size of sizes) {
            resize(size);
            found.push({
                name,
                status: responseStatus,
                width: size.width,
                scrolled: inside.document.documentElement.scrollWidth,
                clipped: inside.eval(`(${clipped})()`),
            });
        }
    }
    return found;
}"""
"""How each page of some names stands in windows of some sizes. It is loaded, scripts and all, into
a frame, which takes half the time of a window: there is nothing to paint."""


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the site over HTTP."""
    handler = functools.partial(Handler, directory=str(site))
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


def complaint(message: ConsoleMessage) -> list[str]:
    """Return the text of an error or a warning.

    Chromium also notes what is no fault of a page, such as that something else had the focus
    already when it could have set it; that depends on which of the two came first.
    """
    return [message.text] if message.type in ("error", "warning") else []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a reader's own window; whatever a page complains of, or loads from elsewhere, fails."""
    context = browser.new_context(
        permissions=["clipboard-read", "clipboard-write"], viewport=DESKTOP
    )
    complaints: list[str] = []
    elsewhere: list[str] = []
    context.on("console", lambda message: complaints.extend(complaint(message)))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("requestfailed", lambda request: complaints.extend(failure(request)))
    context.on("request", lambda request: elsewhere.append(request.url))
    yield context
    context.close()
    assert complaints == []
    local = ("http://127.0.0.1", "file://", "data:", "blob:")
    assert [url for url in elsewhere if not url.startswith(local)] == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def search(page: Page, text: str) -> Locator:
    """Type into the search, which "/" opens, and return the links that it finds."""
    page.keyboard.press("/")
    field = page.locator("dialog input")
    expect(field).to_be_focused()
    field.fill(text)
    return page.locator("dialog li a")


def test_a_reader_finds_the_way_from_the_first_page(page: Page, address: str) -> None:
    page.goto(address)
    article = page.get_by_role("article")
    article.get_by_role("link", name="reference", exact=True).click()
    article.get_by_role("link", name="DigitalOcean", exact=True).click()
    expect(page).to_have_title("DigitalOcean - billql")
    article.get_by_role("link", name="invoice_items", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("invoice_items")
    page.get_by_label("On this page").get_by_role("link", name="Methods").click()
    expect(page).to_have_url(re.compile("#methods$"))
    expect(page.locator("#methods")).to_be_in_viewport()
    page.get_by_label("Navigation").get_by_role("link", name="invoice_summary").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("invoice_summary")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("excel", "excel"),
        ("pandas", "pandas"),
        ("payouts", "payouts"),
        ("invoice_items", "invoice_items"),
        ("max-requests", "max-requests"),
        ("pushdown", "How pushdown works"),
        ("money_sum", "money_sum"),
    ],
)
def test_search_finds_what_is_meant(page: Page, address: str, typed: str, found: str) -> None:
    page.goto(address + "reference/stripe/core/charges.html")
    results = search(page, typed)
    expect(
        results.filter(has_text=re.compile(re.escape(found), re.IGNORECASE)).first
    ).to_be_visible()


def test_what_search_finds_is_opened_by_the_keyboard(page: Page, address: str) -> None:
    page.goto(address)
    expect(search(page, "payouts").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("reference/stripe/core/payouts.html"))


def test_a_query_is_copied_as_it_stands(page: Page, address: str) -> None:
    page.goto(address + ITEMS)
    block = page.locator(".highlight").first
    block.hover()
    block.get_by_role("button", name="Copy to clipboard").click()
    expect(page.get_by_text("Copied to clipboard")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == (block.locator("code").text_content() or "").strip()
    assert copied.startswith("SELECT ")


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
    page.locator("label[title^='Switch to']:visible").click()
    expect(page.locator("body")).to_have_attribute(
        "data-md-color-scheme", "default" if scheme == "dark" else "slate"
    )
    assert is_dark(page) == (scheme == "light")
    page.wait_for_load_state("networkidle")  # the search may complain if its index is cut off
    page.goto(address + INVOICES)
    assert is_dark(page) == (scheme == "light"), "the choice is remembered"


def test_pages_fit_both_windows_and_do_not_complain(page: Page, address: str, site: Path) -> None:
    names = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    # The pages of tables are made by one program: some of them stand for all.
    tables = [name for name in names if name.count("/") == 3 and not name.endswith("index.html")]
    names = sorted({*names} - {*tables} | {*tables[::EACH]})
    assert len(tables) > 300
    page.goto(address + INVOICES)
    found = page.evaluate(
        EACH_IN_A_FRAME,
        {"names": names, "root": address, "sizes": [DESKTOP, PHONE], "clipped": CLIPPED},
    )
    assert [one["name"] for one in found] == [name for name in names for _ in (DESKTOP, PHONE)]
    assert {one["name"]: one["status"] for one in found if one["status"] != 200} == {}
    assert [one for one in found if one["scrolled"] > one["width"] or one["clipped"]] == []


def test_a_narrow_window_has_a_menu_and_a_search(page: Page, address: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address + INVOICES)
    link = page.get_by_label("Navigation").get_by_role("link", name="invoice_summary")
    expect(link).not_to_be_in_viewport()
    page.locator("label[for=__drawer]:visible").first.click()
    link.scroll_into_view_if_needed()  # there are many providers above
    expect(link).to_be_in_viewport()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("invoice_summary")
    search(page, "payouts").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("payouts")


def test_the_site_reads_the_same_from_a_disk(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    search(page, "payouts").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("payouts")
    page.locator("label[title^='Switch to']:visible").click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    page.goto((site / "cookbook.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cookbook")
    assert is_dark(page)


def test_without_scripts_the_pages_are_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=DESKTOP)
    page = context.new_page()
    page.goto(address + INVOICES)
    page.get_by_label("Navigation").get_by_role("link", name="invoice_items").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("invoice_items")
    context.close()
