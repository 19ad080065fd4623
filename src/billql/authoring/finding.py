"""The findings of a check of definitions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from billql.util.struct_errors import DocumentPath

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """An error or a warning about a definition; its text is one line.

    `rule` is a stable name on which programs may rely.
    """

    severity: Severity
    rule: str
    message: str
    path: Path | None = None
    """The file; None if the message names file, line and place itself."""
    line: int = 1
    place: DocumentPath = ()

    def __str__(self) -> str:
        if self.path is None:
            return f"{self.message} [{self.rule}]"
        where = "".join(f"{part}." for part in self.place)[:-1]
        place = f"{self.path}:{self.line}: {where + ': ' if where else ''}"
        return f"{place}{self.severity}: {self.message} [{self.rule}]"
