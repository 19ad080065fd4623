"""A module whose name begins with an underscore is imported in its own package alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import grimp

Imports = Mapping[str, Iterable[str]]


def trespassers(imports: Imports) -> list[tuple[str, str]]:
    """Return the importers of private modules that lie in other packages, with what they import."""
    return [
        (importer, module)
        for module, importers in imports.items()
        for importer in importers
        if not f"{importer}.".startswith(f"{_owner(module)}.")
    ]


def _owner(module: str) -> str:
    """Return the package that a module is private to, or its first package if to none."""
    parts = module.split(".")
    private = [at for at, name in enumerate(parts) if name.startswith("_") and name[1:2] != "_"]
    return ".".join(parts[: private[0] if private else 1])


def test_private_modules_are_imported_in_their_own_package_alone() -> None:
    graph = grimp.build_graph("billql", cache_dir=None)
    imports = {one: graph.find_modules_that_directly_import(one) for one in graph.modules}
    assert any(name.startswith("billql.fetching._") for name in imports)
    assert trespassers(imports) == []


def test_a_trespasser_is_seen() -> None:
    imports = {
        "house.kitchen._oven": ["house.kitchen", "house.kitchen.table", "house.hall"],
        "house.kitchen.table": ["house.hall"],
        "house._cellar.rack": ["house.hall", "neighbour"],
        "house.__main__": ["house"],
    }
    assert trespassers(imports) == [
        ("house.hall", "house.kitchen._oven"),
        ("neighbour", "house._cellar.rack"),
    ]
