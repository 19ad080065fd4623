"""Whatever a document says, reading it ends, and in one of billql's own errors if in any."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from billql.definitions.rules import problems
from billql.definitions.stackql.document import load
from billql.definitions.stackql.folder import StackqlFolder
from billql.errors import DefinitionError, Error, NotSupportedError
from support.stackql.harbor import DOCUMENTS

SERVICES = ("ships", "dues")
JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "$.a",
    "{x}",
    "#/paths",
    [],
    [[]],
    [1],
    {},
    {"$ref": "#/paths"},
)


def places(data: Any) -> list[tuple[Any, Any]]:
    """Give every place of some data: what holds it, and where."""
    found = []
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        found.append((data, key))
        found.extend(places(data[key]))
    return found


def read_all(folder: Path) -> None:
    source = StackqlFolder(folder, None)
    for service in source.services():
        try:
            names = source.resources(service)
        except DefinitionError:
            continue
        source.about(service)
        for name in names:
            try:
                source.find(service, name)
            except (DefinitionError, NotSupportedError):
                continue


@pytest.mark.parametrize("seed", range(40))
def test_documents_with_random_mistakes(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    (tmp_path / "services").mkdir()
    for name in ("provider", *(f"services/{one}" for one in SERVICES)):
        data = copy.deepcopy(load(DOCUMENTS / "v00.00.00000" / f"{name}.yaml", None).data)
        for _ in range(6):
            holder, key = chance.choice(places(data))
            holder[key] = copy.deepcopy(chance.choice(JUNK))
        (tmp_path / f"{name}.yaml").write_bytes(msgspec.json.encode(data))
    try:
        read_all(tmp_path)
    except Error as error:
        pytest.fail(f"the others do not load: {error}")


def test_what_is_made_keeps_to_the_format() -> None:
    source = StackqlFolder(DOCUMENTS / "v00.00.00000", None)
    for service in SERVICES:
        for name in source.resources(service):
            found = source.find(service, name)
            assert list(problems(found.resource, found.provider)) == []
