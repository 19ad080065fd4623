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
from billql.errors import DefinitionError
from support.openapi.importing import written
from support.openapi.shapes import (
    IDS,
    INTEGER,
    SHAPES,
    STRING,
    UNCLEAR,
    Shape,
    Unclear,
    a_list,
    an_object,
    number,
    query,
)
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


@pytest.mark.parametrize("unclear", UNCLEAR, ids=[one.name for one in UNCLEAR])
def test_what_is_not_recognized_is_unknown_and_not_read(
    unclear: Unclear, tmp_path: Path, serve: Serve
) -> None:
    made = imported(Document(unclear.document()), ["/v1/things"], "acme")
    assert [one for one in made.notes if unclear.why in one and "paging: unknown: " in one]
    folder = written(made, tmp_path / "acme")
    (found,) = [one for one in check(folder) if one.severity == "error"]
    assert found.path is not None
    assert found.rule == "paging-unknown"
    assert "paging: unknown" in found.path.read_text().splitlines()[found.line - 1]
    server = serve(lambda asked: asked.answer({"data": []}))
    with (
        billql.connect(
            definitions=[tmp_path], urls={"acme": server.url}, tokens={"acme": "t"}, environ={}
        ) as connection,
        pytest.raises(DefinitionError, match="paging: unknown"),
    ):
        connection.execute("SELECT * FROM acme.things.things").fetchall()
    assert server.asked == []


@pytest.mark.parametrize(
    ("parameters", "response"),
    [
        ([], an_object(data=a_list())),
        ([], a_list()),
        ([], an_object(data=a_list(), total_count=INTEGER)),
        ([number("start"), number("end")], an_object(usage=a_list())),
        ([query("after", type="string", format="date-time")], a_list()),
        ([number("size")], a_list(an_object(id=STRING, size=INTEGER))),
    ],
    ids=str,
)
def test_a_list_without_any_sign_of_pages_has_one(parameters: Any, response: Any) -> None:
    document = Document(Unclear("whole", parameters, response, "").document())
    made = imported(document, ["/v1/things"], "acme")
    paging = yaml.safe_load(made.files["provider.yaml"])["paging"]
    assert paging == {"whole": {"kind": "single_page"}}
