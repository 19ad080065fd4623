"""Every shape in which vendors page: imported from a document, its list is read to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import billql
from billql.authoring.check import check
from billql.authoring.openapi.document import Document
from billql.authoring.openapi.importing import imported
from support.openapi.importing import written
from support.openapi.shapes import IDS, SHAPES, Shape
from support.server import Serve


@pytest.mark.parametrize("shape", SHAPES, ids=[one.vendor for one in SHAPES])
def test_all_rows_arrive(shape: Shape, tmp_path: Path, serve: Serve) -> None:
    made = imported(Document(shape.document()), [shape.selector], "acme")
    service = next(
        yaml.safe_load(text) for name, text in made.files.items() if "provider" not in name
    )
    ((name, resource),) = service["resources"].items()
    method: dict[str, Any] = resource["methods"]["list"]
    assert method["rows"] == shape.rows
    assert yaml.safe_load(made.files["provider.yaml"])["paging"][method["paging"]] == shape.paging
    assert not [one for one in made.notes if "unknown" in one]
    folder = written(made, tmp_path / "acme")
    assert [str(one) for one in check(folder) if one.severity == "error"] == []
    server = serve(shape.serve)
    with billql.connect(
        definitions=[tmp_path], urls={"acme": server.url}, tokens={"acme": "t"}, environ={}
    ) as connection:
        found = connection.execute(f"SELECT id FROM acme.things.{name}").fetchall()
    assert [one for (one,) in found] == IDS
    assert len(server.asked) > 1
