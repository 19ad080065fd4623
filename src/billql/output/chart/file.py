"""A figure in a file: its kind by its extension, and its replacement only on success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.errors import InterfaceError
from billql.output.chart import missing
from billql.output.file import open_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from billql.output.chart.figure import Figure

ENDINGS = (".svg", ".png", ".html", ".htm")
"""The extensions of the files that a chart can be."""


def write(path: str, make: Callable[[], Figure]) -> None:
    """Write the figure that `make` returns to a file; the file is replaced only on success.

    Raise InterfaceError for an extension that no chart has, or if a package is missing, before
    `make` is called; OutputError if the file cannot be written; and what `make` raises.
    """
    if not path.lower().endswith(ENDINGS):
        raise InterfaceError(
            f"A chart cannot be written to {path}",
            hint=f"Use one of the extensions {', '.join(ENDINGS)}.",
        )
    try:
        from billql.output.chart import page, picture
    except ModuleNotFoundError as error:
        raise missing(error, "Charts in files") from error
    with open_bytes(path) as file:
        figure = make()
        if path.lower().endswith(".png"):
            file.write(picture.png(figure))
        elif path.lower().endswith(".svg"):
            file.write(picture.svg(figure).encode())
        else:
            page.write(figure, file)
