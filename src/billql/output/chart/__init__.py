"""Charts: a result as bars or lines, in a terminal or in a file.

figure    a result → labels and series of numbers
amounts   numbers that are amounts of money
scale     the axis of the numbers in a terminal
terminal  a figure → text
picture   a figure → SVG or PNG
page      a figure → an HTML page with the picture, and a table of the values
file      a figure → a file
"""

from __future__ import annotations

from billql.errors import InterfaceError


def missing(error: ModuleNotFoundError, what: str) -> InterfaceError:
    """Return the error for a package that charts need and that is not installed."""
    return InterfaceError(
        f"{what} need {error.name}, which is not installed",
        hint="Install it with: pip install 'billql[charts]'",
    )
