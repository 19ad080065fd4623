"""The formats of reports: each a module of this package that writes a document."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from billql.errors import InterfaceError
from billql.output.file import TextFile, open_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from billql.output import Style
    from billql.report.document import Document

    class Format(Protocol):
        """The interface of a format's module."""

        binary: bool
        """Whether it writes bytes instead of text."""

        @staticmethod
        def write(document: Document, stream: Any, style: Style) -> None:
            """Write a report; `stream` is a ByteStream for a binary format, or else a Stream."""


ENDINGS = {".md": "markdown", ".html": "html", ".htm": "html", ".pdf": "pdf", ".xlsx": "xlsx"}
"""The format of each extension."""
_EXTRAS = {"reportlab": "pdf", "vl_convert": "charts", "xlsxwriter": "xlsx"}
"""The extra of billql that installs a package."""


def format_of(path: str) -> str:
    """Return the format of a file's extension; raise InterfaceError if there is none."""
    for ending, name in ENDINGS.items():
        if path.lower().endswith(ending):
            return name
    raise InterfaceError(
        f"A report cannot be written to {path}",
        hint=f"Use one of the extensions {', '.join(ENDINGS)}.",
    )


def find(name: str) -> Format:
    """Return a format; raise InterfaceError if a package that it needs is not installed."""
    try:
        found: Any = import_module(f"billql.report.{name}")
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise InterfaceError(
            f"A report as {name} needs {package}, which is not installed",
            hint=f"Install it with: pip install 'billql[{_EXTRAS.get(package, name)}]'",
        ) from error
    return found  # type: ignore[no-any-return]


def write(path: str, make: Callable[[], Document], style: Style) -> None:
    """Write the document that `make` returns to a file, which is replaced only on success.

    Raise InterfaceError for an unknown extension or a missing package, before `make` is called;
    OutputError if the file cannot be written; and what `make` raises.
    """
    found = find(format_of(path))
    with open_bytes(path) as file:
        found.write(make(), file if found.binary else TextFile(file), style)
