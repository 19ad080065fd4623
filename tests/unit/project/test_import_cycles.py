"""No file imports another that imports it back, not even for its types.

`make check` refuses cycles among the modules and packages of one package; this test sees those of a
package's own `__init__` with what lies in it as well.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest


def cycle(package: str) -> list[str]:
    """Return modules of a package that import each other in a circle; none if there is none."""
    graph = grimp.build_graph(package, cache_dir=None)
    assert graph.modules
    imports = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_file_imports_one_that_imports_it_back() -> None:
    assert cycle("billql") == []


@pytest.mark.parametrize(
    "files",
    [
        {"a": "import circling_SOME.b", "b": "from circling_SOME import a"},
        {
            "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import circling_SOME.b",
            "b": "def late() -> None:\n    from circling_SOME.a import c",
        },
        {
            "a": "import circling_SOME.b",
            "b": "import circling_SOME.c",
            "c": "import circling_SOME.a",
        },
        {"__init__": "from circling_SOME.a import thing", "a": "import circling_SOME"},
    ],
    ids=["two", "for types and late", "three", "the package itself"],
)
def test_a_circle_is_seen(
    files: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    number = request.node.callspec.indices["files"]
    name = f"circling_{number}"
    (tmp_path / name).mkdir()
    for file, text in {"__init__": "", **files}.items():
        (tmp_path / name / f"{file}.py").write_text(text.replace("circling_SOME", name))
    monkeypatch.syspath_prepend(tmp_path)
    assert len(cycle(name)) > 2
