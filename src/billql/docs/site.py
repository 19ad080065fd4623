"""The static site: every page of it, made of facts, Markdown and templates.

A page is addressed by its path below the site's folder. Links between pages are relative, so that
the site reads the same from a disk and under any address.
"""

from __future__ import annotations

import argparse
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from billql.docs import markup, reference, search
from billql.docs.facts import Page, ProviderPages, ServicePages
from billql.docs.guide import Guide, Section
from billql.docs.markup import Document, Links
from billql.docs.search import Entry
from billql.errors import InterfaceError

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Item:
    """A link of the navigation, with what stands below it."""

    title: str
    path: str
    code: bool = False
    """Whether the title is a name of SQL."""
    below: tuple[Item, ...] = ()

    def holds(self, path: str) -> bool:
        """Tell whether a page is this one or below it."""
        return path == self.path or any(one.holds(path) for one in self.below)


@dataclass(frozen=True)
class Group:
    """Some links under a title."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Sheet:
    """A page before it is put into the site's frame."""

    path: str
    template: str
    title: str
    description: str
    headings: tuple[tuple[str, str], ...]
    """The ids and titles of what stands on it, for the list of contents."""
    entries: tuple[Entry, ...]
    values: Mapping[str, Any] = field(default_factory=dict)


def build(
    providers: Sequence[ProviderPages], parser: argparse.ArgumentParser, guide: Guide
) -> dict[str, str]:
    """Give the text of every file of the site by its path; raises InterfaceError."""
    site = _Site(providers, parser, guide)
    sheets = list(site.sheets())
    files = {sheet.path: site.render(sheet) for sheet in sheets}
    files["assets/index.js"] = search.index(entry for sheet in sheets for entry in sheet.entries)
    for path in sorted((_HERE / "assets").iterdir()):
        files[f"assets/{path.name}"] = path.read_text(encoding="utf-8")
    return files | dict(guide.files)


class _Site:
    def __init__(
        self,
        providers: Sequence[ProviderPages],
        parser: argparse.ArgumentParser,
        guide: Guide,
    ) -> None:
        self._providers = providers
        self._guide = guide
        self._reference = {
            "commands": reference.commands(parser),
            "settings": reference.settings(providers),
            "functions": reference.functions(),
            "errors": reference.errors_and_codes(),
        }
        self._groups = tuple(self._navigation())
        self._tables = {
            page.table.name: _of_page(page)
            for provider in providers
            for service in provider.services
            for page in service.pages
        }
        loader = jinja2.FileSystemLoader(_HERE / "templates" / "site")
        self._templates = jinja2.Environment(
            loader=loader,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
        )

    def sheets(self) -> Iterator[Sheet]:
        """Make every page."""
        yield self._home()
        for section in self._guide.sections:
            for name in section.pages:
                yield self._written(f"{name}.html", self._guide.pages[name], section.title)
        for name, text in self._reference.items():
            yield self._written(_of_reference(name), text, "Reference")
        for provider in self._providers:
            yield self._provider(provider)
            for service in provider.services:
                yield self._service(provider, service)
                for page in service.pages:
                    yield self._resource(provider, service, page)

    def render(self, sheet: Sheet) -> str:
        """Put a page into the site's frame."""
        return self._templates.get_template(sheet.template).render(
            sheet=sheet,
            groups=self._groups,
            root=posixpath.relpath(".", posixpath.dirname(sheet.path) or "."),
            url=lambda path: _relative(path, sheet.path),
            code=lambda text: Markup(markup.code(text, "sql")),
            prose=self._prose(sheet),
            **sheet.values,
        )

    # The pages ------------------------------------------------------------------------------------

    def _home(self) -> Sheet:
        path = "index.html"
        text = self._guide.pages.get("index", "# billql\n")
        document = markup.document(text, self._links(path))
        return Sheet(
            path,
            "home.html",
            document.title,
            "Ask billing APIs questions in SQL.",
            (),
            tuple(_of_document(path, "Guide", document)),
            {"document": document, "providers": self._providers},
        )

    def _written(self, path: str, text: str, section: str) -> Sheet:
        document = markup.document(text, self._links(path))
        opening = document.sections[0].text if document.sections else ""
        return Sheet(
            path,
            "written.html",
            document.title,
            f"{document.title}: {opening}".strip(": ")[:150],
            tuple((one.id, one.title) for one in document.sections if one.level == 2),
            tuple(_of_document(path, section, document)),
            {"document": document, "section": section},
        )

    def _provider(self, one: ProviderPages) -> Sheet:
        path = _of_provider(one)
        services = tuple((service.name, service.name) for service in one.services)
        return Sheet(
            path,
            "provider.html",
            one.provider.title,
            one.provider.description.strip(),
            (("overview", "Overview"), *services),
            (Entry(one.provider.title, path, "Provider", one.provider.description.strip()),),
            {"one": one},
        )

    def _service(self, provider: ProviderPages, service: ServicePages) -> Sheet:
        path = _of_service(provider.name, service.name)
        name = f"{provider.name}.{service.name}"
        return Sheet(
            path,
            "service.html",
            name,
            service.service.description.strip(),
            (),
            (Entry(name, path, "Service", service.service.description.strip()),),
            {"provider": provider, "service": service},
        )

    def _resource(self, provider: ProviderPages, service: ServicePages, page: Page) -> Sheet:
        path = _of_page(page)
        columns = " ".join(field.name for field in (*page.fields, *page.hidden))
        questions = " ".join(example.question for example in page.examples)
        headings = [("overview", "Overview"), ("fields", "Fields"), ("methods", "Methods")]
        if any(way.filters for way in page.ways):
            headings.append(("parameters", "Parameters"))
        headings += [("examples", "SELECT examples"), ("costs", "Limits and costs")]
        return Sheet(
            path,
            "resource.html",
            page.table.name,
            page.description,
            tuple(headings),
            (Entry(page.table.name, path, "Table", f"{page.description} {questions}", columns),),
            {"provider": provider, "service": service, "page": page},
        )

    # The links ------------------------------------------------------------------------------------

    def _navigation(self) -> Iterator[Group]:
        tables = Group("Tables", tuple(_item(one) for one in self._providers))
        written = [self._group(section) for section in self._guide.sections]
        yield from (*written[:1], tables, *written[1:])
        yield Group(
            "Reference",
            tuple(Item(name.capitalize(), _of_reference(name)) for name in self._reference),
        )

    def _group(self, section: Section) -> Group:
        return Group(
            section.title,
            tuple(Item(_title(self._guide.pages[name]), f"{name}.html") for name in section.pages),
        )

    def _links(self, path: str) -> Links:
        return Links(lambda target: self._address(target, path), lambda text: self._of(text, path))

    def _address(self, target: str, path: str) -> str:
        """Turn what a page of Markdown links to into an address on the site."""
        if target.startswith(("https://", "http://", "mailto:", "#")):
            return target
        name, hash_, fragment = target.partition("#")
        if name.removesuffix(".md") in self._guide.pages and name.endswith(".md"):
            return _relative(f"{name.removesuffix('.md')}.html", path) + hash_ + fragment
        if name in self._guide.files:
            return _relative(name, path)
        raise InterfaceError(
            f"{path.removesuffix('.html')}.md links to {target}, which is not on the site",
            hint="Link to a page or file that contents.toml names, or to a whole address.",
        )

    def _of(self, text: str, path: str) -> str | None:
        """Give the address of the page about a table, for its name."""
        found = self._tables.get(text)
        return None if found is None or found == path else _relative(found, path)

    def _prose(self, sheet: Sheet) -> Callable[[str], Markup]:
        """Give what turns a sentence of a definition into HTML.

        Names in it that are other tables of the same service lead there.
        """
        page: Page | None = sheet.values.get("page")
        near: dict[str, str] = {}
        if page is not None:
            service: ServicePages = sheet.values["service"]
            columns = page.table.resource.columns
            near = {
                one.name: _relative(_of_page(one), sheet.path)
                for one in service.pages
                if one.name != page.name and one.name not in columns
            }
        links = Links(str, lambda text: near.get(text) or self._of(text, sheet.path))
        return lambda text: Markup(markup.inline(text, links))


def _item(one: ProviderPages) -> Item:
    services = tuple(
        Item(
            service.name,
            _of_service(one.name, service.name),
            True,
            tuple(Item(page.name, _of_page(page), True) for page in service.pages),
        )
        for service in one.services
    )
    return Item(one.provider.title, _of_provider(one), False, services)


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ")


_SEEN = 300
"""How many characters of a section the search has as text; what follows finds it all the same."""


def _of_document(path: str, kind: str, document: Document) -> Iterator[Entry]:
    yield Entry(document.title, path, kind, "")
    for one in document.sections:
        if one.id:
            seen, more = one.text[:_SEEN], " ".join(dict.fromkeys(one.text[_SEEN:].split()))
            yield Entry(one.title, f"{path}#{one.id}", document.title, seen, more)


def _of_reference(name: str) -> str:
    return f"reference/{name}.html"


def _of_provider(one: ProviderPages) -> str:
    return f"{one.name}/index.html"


def _of_service(provider: str, service: str) -> str:
    return f"{provider}/{service}/index.html"


def _of_page(page: Page) -> str:
    return f"{page.table.name.replace('.', '/')}.html"


def _relative(target: str, path: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(path) or ".")
