"""The pages: nothing is missing, every link leads somewhere, here and on the site."""

from __future__ import annotations

import argparse
import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import apsw
import pytest

import billql
from billql import errors
from billql.cli import parser
from billql.definitions.catalog import Table
from billql.docs.pages import build
from billql.sqlite import later_functions
from support import whole_definition
from support.html import Reading
from support.paths import ROOT
from support.shipped import CATALOG

from .conftest import DOCS, REFERENCE

TABLES = [CATALOG.table(name) for name in CATALOG.names()]
MARKDOWN = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
CODE = re.compile(r"^```.*?^```$|``.+?``|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def text_of(path: Path) -> str:
    """Return the text that a page shows, more or less."""
    text = path.read_text(encoding="utf-8")
    return " ".join(re.sub(r"\\(.)", r"\1", html.unescape(text)).replace("`", "").split())


def page_of(table: Table) -> Path:
    return REFERENCE / f"{table.name.replace('.', '/')}.md"


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as git hosts make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(CODE, "", path.read_text()), re.MULTILINE)
    plain = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", one).lower()).replace(" ", "-")
        for one in (*headings, *plain)
    }


def links(path: Path) -> Iterator[str]:
    yield from re.findall(r"\]\(<?([^)>\s]+)>?\)", re.sub(CODE, "", path.read_text()))


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_link_of_a_page_is_broken(path: Path) -> None:
    for link in links(path):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            continue
        target = (path.parent / parts.path).resolve() if parts.path else path
        assert target.exists(), link
        assert not parts.fragment or parts.fragment in anchors(target), link


def test_no_link_of_the_site_is_broken(site: Path, pages: dict[str, Reading]) -> None:
    broken = []
    for path, page in pages.items():
        for _, attributes in page.tags:
            for link in (attributes.get("href"), attributes.get("src")):
                parts = urlsplit(link or "")
                if link is None or parts.scheme or path == "404.html":
                    continue
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), parts.path))
                target = target if parts.path else path
                if (site / target).is_dir():
                    target = f"{target}/index.html"
                ids = pages[target].ids if target in pages else set()
                if not (site / target).is_file() or (parts.fragment and parts.fragment not in ids):
                    broken.append((path, link))
    assert broken == []


def test_every_page_is_on_the_site_and_can_be_reached(pages: dict[str, Reading]) -> None:
    written = {
        path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")
    }
    assert written == set(pages) - {"404.html"}
    reached: set[str] = set()
    coming = ["index.html"]
    while coming:
        path = coming.pop()
        if path in reached or path not in pages:
            continue
        reached.add(path)
        for link in pages[path].all("a"):
            target = posixpath.join(posixpath.dirname(path), urlsplit(link.get("href", "")).path)
            coming.append(posixpath.normpath(target))
    assert reached >= written


def test_the_site_loads_nothing_from_elsewhere(pages: dict[str, Reading]) -> None:
    for path, page in pages.items():
        loaded = [one.get("src", "") for tag in ("script", "img") for one in page.all(tag)]
        loaded += [one["href"] for one in page.all("link") if one.get("rel") != "canonical"]
        assert [one for one in loaded if urlsplit(one).netloc] == [], path


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_a_page_with_all_that_is_to_know(table: Table) -> None:
    text = text_of(page_of(table))
    assert table.name in text
    for name, column in table.columns.items():
        assert name in text
        words = " ".join(column.description.replace("`", "").split())
        assert words in re.sub(r"\[([\w.]+)\]\([^)]*\)", r"\1", text), name
    for name, method in table.resource.methods.items():
        assert name in text
        assert method.request in text
        assert method.documentation is None or f"]({method.documentation})" in text
        for parameter_name, parameter in method.parameters.items():
            if parameter.filters(parameter_name) is not None:
                assert (parameter.name or parameter_name) in text


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_examples_have_rows_and_fields_have_samples(table: Table) -> None:
    text = page_of(table).read_text(encoding="utf-8")
    shown = re.findall(r"^```sql\n(.*?)^```\n\n(?=\| )", text, re.DOTALL | re.MULTILINE)
    assert shown == [f"{one.sql.strip().rstrip(';')};\n" for one in table.resource.examples]
    fields = text.partition("## Fields")[2].partition("##")[0]
    samples = re.findall(r"^\| `\w+`.*? \| `\w+` \| (.*?) \| ", fields, re.MULTILINE)
    assert len(samples) == sum(not column.hidden for column in table.columns.values())
    assert sum(sample != "" for sample in samples) >= len(samples) / 2
    assert "127.0.0.1" not in text


def test_a_page_has_the_sections_of_this_field() -> None:
    text = (REFERENCE / "digitalocean/billing/balances.md").read_text(encoding="utf-8")
    assert re.findall("^#{1,2} (.*)$", text, re.MULTILINE) == [
        "balances",
        "Overview",
        "Fields",
        "Methods",
        "`SELECT` examples",
        "Limits and costs",
    ]
    assert "| Id | `digitalocean.billing.balances` |" in text
    assert "| `account_balance` | `decimal` | `" in text


def test_what_definitions_say_is_escaped(tmp_path: Path) -> None:
    made_pages = build(whole_definition.providers(tmp_path), parser.make())
    text = made_pages["acme/billing/invoices.md"]
    assert (
        "The invoices &#124; bills of a customer; [`invoice_items`](invoice_items.md) has" in text
    )
    assert r'`{"currency": "usd"}` &#124; `a < b`.' in text
    assert r"A \*state\* of \[it\](x), \_so\_ to &lt;say&gt;." in text
    assert "[`GET /v1/invoices`](https://docs.acme.example/invoices#list)" in text
    for page in made_pages.values():
        for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert len(cells) == 1, table


def test_without_a_sandbox_there_are_no_samples(tmp_path: Path) -> None:
    (provider,) = whole_definition.providers(tmp_path)
    (service,) = provider.services
    assert {field.sample for page in service.resources for field in page.fields} == {None}
    assert {one.result for page in service.resources for one in page.examples} == {None}


def test_every_option_is_described() -> None:
    text = text_of(REFERENCE / "commands.md")

    def check(command: argparse.ArgumentParser) -> None:
        assert command.prog in text
        for action in command._actions:
            if isinstance(action, argparse._SubParsersAction):
                for below in action.choices.values():
                    check(below)
            elif action.help != argparse.SUPPRESS:
                for option in {*action.option_strings} - {"-h", "--help"}:
                    assert action.help, (command.prog, option)
                    assert option in text, (command.prog, option)

    check(parser.make())


def test_every_function_is_described() -> None:
    with billql.connect() as connection:
        ours = connection.execute("SELECT DISTINCT name FROM pragma_function_list").fetchall()
    plain = apsw.Connection(":memory:")
    own = {row[0] for row in ours} - {
        row[0] for row in plain.execute("SELECT name FROM pragma_function_list")
    }
    plain.close()
    # billql itself writes those that begin with its name; nobody else needs them.
    public = {name for name in own if not name.startswith("billql_")}
    # REGEXP is SQLite's, and has its place in a guide.
    public |= {name for name in later_functions.NAMES if not name.startswith("regexp")}
    assert {"money", "date_trunc", "split_part"} <= public
    for name in public:
        assert f"{name}(" in text_of(REFERENCE / "functions.md")


def test_every_error_is_described() -> None:
    text = text_of(REFERENCE / "errors.md")
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    for kind in kinds:
        if issubclass(kind, errors.Error):
            assert kind.__name__ in text
            assert kind.code in text


def test_every_setting_is_described() -> None:
    text = text_of(REFERENCE / "settings.md")
    for provider in CATALOG.providers():
        for variable in CATALOG.provider(provider).auth.env_vars():
            assert variable in text
    for name in ("attempts", "body_limit", "token_command", "max_requests"):
        assert name in text
