"""The page to ask, which is three files, and the pages of the tables as HTML.

The page loads nothing from elsewhere, and runs no script but its own.
"""

from __future__ import annotations

import posixpath
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

from billql.definitions.catalog import Catalog
from billql.docs import one_table
from billql.serve.http.refusal import Refusal

if TYPE_CHECKING:
    from markdown_it.token import Token

_MEDIA_TYPES = {
    "index.html": "text/html",
    "app.js": "text/javascript",
    "app.css": "text/css",
}
"""The files of the page."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def static(name: str) -> Response:
    """Return one of the page's files; raise Refusal if there is none of the name."""
    if name not in _MEDIA_TYPES:
        raise Refusal(404, "not-found", "There is no such file")
    return Response(_content(name), headers=_HEADERS, media_type=_MEDIA_TYPES[name])


@cache
def _content(name: str) -> bytes:
    return files("billql.serve.http").joinpath("static", name).read_bytes()


def table(catalog: Catalog, name: str) -> str:
    """Return the page of a table; raise UnknownName or DefinitionError.

    Links to other tables are addresses like `#table=stripe.billing.invoices`.
    """
    from markdown_it import MarkdownIt

    text = one_table.page(catalog, name)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        for inner in token.children or ():
            _lead(inner, one_table.address(name))
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return rendered


def _lead(token: Token, page: str) -> None:
    """Let a link of Markdown lead to another table's page here, or elsewhere in a new tab."""
    href = token.attrGet("href")
    if token.type != "link_open" or href is None:
        return
    target = str(href)
    if target.startswith(("https://", "http://")):
        token.attrs = {"href": target, "target": "_blank", "rel": "noopener noreferrer"}
        return
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target.partition("#")[0]))
    if path.count("/") == 2 and path.endswith(".md") and not path.endswith("/index.md"):
        token.attrs = {"href": f"#table={quote(path.removesuffix('.md').replace('/', '.'))}"}
    else:
        token.attrs = {}
