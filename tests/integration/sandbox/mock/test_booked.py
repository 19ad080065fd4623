"""A provider that has books and more: what no book is about, its mock makes."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from billql.definitions.catalog import Catalog
from billql.definitions.shared import built_in_root
from billql.sandbox import Sandbox
from billql.sandbox.mock.booked import BookedEndpoints
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

from .acme import NOW, UNTIL

NEW = """
billql: 1
description: Domains.
resources:
  domains:
    description: The account's domains.
    columns:
      name: {type: text, description: The domain's name.}
      ttl: {type: integer, description: How long records may be cached.}
    methods:
      list:
        request: GET /v2/domains
        description: Returns every domain.
        rows: domains[]
        paging: pages
    unique: [name]
    examples:
      - question: Which domains are there?
        sql: SELECT d.name FROM digitalocean.domains.domains d
"""


def test_a_new_resource_is_made_from_its_definition(tmp_path: Path) -> None:
    folder = tmp_path / "digitalocean"
    shutil.copytree(built_in_root() / "digitalocean", folder)
    (folder / "domains.yaml").write_text(NEW)
    catalog = Catalog([{"digitalocean": folder}, built_in_root()])
    with Sandbox(size="small", until=UNTIL, catalog=catalog) as sandbox:
        options = Options({}, sandbox.tokens, sandbox.urls, catalog, clock=lambda: NOW)
        with closing(Session(":memory:", lambda: options)) as session:
            made = list(session.execute("SELECT name, ttl FROM digitalocean.domains.domains"))
            booked = list(session.execute("SELECT * FROM digitalocean.billing.invoices"))
    assert len(made) > 5
    assert len(booked) == 24


@pytest.mark.parametrize("provider", ["digitalocean", "metronome", "stripe"])
def test_all_that_ships_has_a_book(provider: str) -> None:
    with Sandbox(size="small", until=UNTIL, providers=[provider]) as sandbox:
        routes = sandbox._server(provider).api.routes
    assert isinstance(routes, BookedEndpoints)
    assert [one for one, shelves in routes._shelves.items() if not shelves] == []
