"""The pages of resources as MDX, for a site that is made with Docusaurus.

They use two components that such sites have: `Tabs`, which comes with Docusaurus, and
`CopyableCode`, which the site provides. In MDX a brace opens an expression and `<` an element, so
what definitions say is escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jinja2

from billql.docs import markup
from billql.docs.facts import Page, ProviderPages, ServicePages

_TEMPLATES = Path(__file__).parent / "templates" / "docusaurus"
_SPECIAL = re.compile(r"[\\`*_\[\]|~]")
_OF_MDX = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "{": "&#123;", "}": "&#125;"}


def build(providers: Sequence[ProviderPages]) -> dict[str, str]:
    """Give the text of every file by its path."""
    return dict(_files(providers))


def _files(providers: Sequence[ProviderPages]) -> Iterator[tuple[str, str]]:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"mdx": prose, "attribute": attribute, "yaml": _quoted}

    def page(name: str, **values: Any) -> str:
        return environment.get_template(name).render(**values)

    yield "index.mdx", page("index.mdx", providers=providers)
    for one in providers:
        yield f"{one.name}/_category_.json", _category(one.provider.title, one.name)
        yield f"{one.name}/index.mdx", page("provider.mdx", one=one)
        for service in one.services:
            folder = f"{one.name}/{service.name}"
            yield f"{folder}/_category_.json", _category(service.name, folder)
            yield f"{folder}/index.mdx", page("service.mdx", provider=one, service=service)
            for resource in service.pages:
                values = {"provider": one, "service": service, "page": resource}
                yield (
                    f"{folder}/{resource.name}.mdx",
                    page("resource.mdx", keywords=_keywords(one, service, resource), **values),
                )


def _category(label: str, folder: str) -> str:
    """Give Docusaurus's description of a folder: its label, and that its index opens it."""
    link = {"type": "doc", "id": f"{folder}/index"}
    return f"{json.dumps({'label': label, 'link': link}, indent=2)}\n"


def _keywords(provider: ProviderPages, service: ServicePages, page: Page) -> list[str]:
    words = (page.name, service.name, provider.name, "billing", "sql", "billql")
    return list(dict.fromkeys(words))


def prose(text: str) -> str:
    """Escape a sentence in which only code is marked up; it may stand in a table."""
    return "".join(
        f"`{content.replace('|', chr(92) + '|')}`" if is_code else _escaped(content)
        for content, is_code in markup.pieces(text)
    )


def _escaped(text: str) -> str:
    marked = _SPECIAL.sub(r"\\\g<0>", " ".join(text.split("\n")))
    return "".join(_OF_MDX.get(letter, letter) for letter in marked)


def attribute(text: str) -> str:
    """Escape a value between double quotes; it may stand in a table."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("|", "&#124;")


def _quoted(text: str) -> str:
    """Give a text as YAML: a string of JSON is one of YAML too."""
    return json.dumps(text, ensure_ascii=False)
