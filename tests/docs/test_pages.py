"""The pages of the site: every link leads somewhere, and nothing is missing."""

from __future__ import annotations

import argparse
import posixpath
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import apsw
import pytest

import billql
from billql import errors
from billql.catalogue import Catalogue, Table
from billql.cli import parser
from docs.conftest import SITE, Reading

CATALOGUE = Catalogue()
TABLES = [CATALOGUE.table(name) for name in CATALOGUE.names()]


def page_of(table: Table, pages: dict[str, Reading]) -> Reading:
    return pages[f"{table.name.replace('.', '/')}.html"]


def links(reading: Reading) -> Iterator[str]:
    for _, attributes in reading.tags:
        yield from (attributes[name] for name in ("href", "src") if name in attributes)


def test_no_link_is_broken(pages: dict[str, Reading]) -> None:
    broken = []
    for path, page in pages.items():
        for link in links(page):
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme == "https", (path, link)
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), parts.path))
            target = path if not parts.path else target
            ids = pages[target].ids if target in pages else []
            if not (SITE / target).is_file() or (parts.fragment and parts.fragment not in ids):
                broken.append((path, link))
    assert broken == []


def test_every_page_can_be_reached_from_the_first(pages: dict[str, Reading]) -> None:
    reached = set()
    coming = ["index.html"]
    while coming:
        path = coming.pop()
        if path in reached or path not in pages:
            continue
        reached.add(path)
        for link in links(pages[path]):
            if not urlsplit(link).scheme:
                target = posixpath.join(posixpath.dirname(path), urlsplit(link).path)
                coming.append(posixpath.normpath(target))
    assert reached == set(pages)


def test_every_page_that_somebody_wrote_is_on_the_site(pages: dict[str, Reading]) -> None:
    written = {f"{path.stem}.html" for path in SITE.parent.glob("*.md")}
    assert written <= set(pages), "docs/contents.toml names the pages"


def test_every_page_stands_on_its_own(pages: dict[str, Reading]) -> None:
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path
        assert len(page.all("h1")) == 1, path
        assert page.all("html")[0]["lang"] == "en", path
        described = [one for one in page.all("meta") if one.get("name") == "description"]
        assert len(described) == 1, path
        assert described[0]["content"], path
        loaded = [one.get("src", one.get("href", "")) for one in (*page.all("script"),)]
        loaded += [one["href"] for one in page.all("link")]
        assert all(not urlsplit(one).netloc and not urlsplit(one).scheme for one in loaded), path


def test_titles_are_told_apart() -> None:
    found = [
        re.findall("<title>(.*?)</title>", path.read_text(encoding="utf-8"))
        for path in SITE.rglob("*.html")
    ]
    assert all(len(one) == 1 for one in found)
    assert len({one[0] for one in found}) == len(found)


def test_style_sheets_and_scripts_load_nothing_from_elsewhere() -> None:
    for path in (SITE / "assets").iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        if path.name != "index.js":
            assert "://" not in text, path.name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_a_page_with_all_that_is_to_know(
    pages: dict[str, Reading], table: Table
) -> None:
    page = page_of(table, pages)
    text = " ".join(page.text.split())
    assert table.name in text
    for name, column in table.columns.items():
        assert name in text
        assert " ".join(column.description.replace("`", "").split()) in text, name
    for name, method in table.resource.methods.items():
        assert name in text
        assert method.request in text
        for parameter_name, parameter in method.parameters.items():
            if parameter.filters(parameter_name) is not None:
                assert (parameter.name or parameter_name) in text
    assert page.blocks == [f"{one.sql.strip()};\n" for one in table.resource.examples]


def test_every_option_is_described(pages: dict[str, Reading]) -> None:
    text = pages["reference/commands.html"].text

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


def test_every_function_is_described(pages: dict[str, Reading]) -> None:
    with billql.connect() as connection:
        ours = connection.execute("SELECT DISTINCT name FROM pragma_function_list").fetchall()
    plain = apsw.Connection(":memory:")
    own = {row[0] for row in ours} - {
        row[0] for row in plain.execute("SELECT name FROM pragma_function_list")
    }
    plain.close()
    assert own
    for name in own:
        assert f"{name}(" in pages["reference/functions.html"].text


def test_every_error_is_described(pages: dict[str, Reading]) -> None:
    text = pages["reference/errors.html"].text
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    for kind in kinds:
        if issubclass(kind, errors.Error):
            assert kind.__name__ in text
            assert kind.code in text


def test_every_setting_is_described(pages: dict[str, Reading]) -> None:
    text = pages["reference/settings.html"].text
    for provider in CATALOGUE.providers():
        for variable in CATALOGUE.provider(provider).auth.variables():
            assert variable in text
    for name in ("attempts", "body_limit", "token_command", "max_requests"):
        assert name in text
