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

from typing import TYPE_CHECKING

from billql.errors import InterfaceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from billql.output import Style
    from billql.output.chart.figure import Figure


def terminal_renderer() -> Callable[[Figure, Style], str]:
    """Return what draws a figure as text; raise InterfaceError if a package is missing."""
    try:
        from billql.output.chart.terminal import render
    except ModuleNotFoundError as error:
        raise missing(error, "Charts in the terminal") from error
    return render


def missing(error: ModuleNotFoundError, what: str) -> InterfaceError:
    """Return the error for a package that charts need and that is not installed."""
    return InterfaceError(
        f"{what} need {error.name}, which is not installed",
        hint="Install it with: pip install 'billql[charts]'",
    )
