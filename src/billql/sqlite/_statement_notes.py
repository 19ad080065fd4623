"""What people should know of a statement that is no error, each thing once for a statement."""

from __future__ import annotations

from collections.abc import Callable


class StatementNotes:
    """Passes notes on to `note`, each once for a statement."""

    def __init__(self, note: Callable[[str], object]) -> None:
        self._note = note
        self._noted: set[str] = set()
        """What people know of the statement already."""

    def begin(self) -> None:
        """Begin a statement."""
        self._noted.clear()

    def __call__(self, text: str, subject: str | None = None) -> None:
        """Pass a note on, if it is the statement's first of its subject: by default, its text."""
        if (known := subject or text) not in self._noted:
            self._noted.add(known)
            self._note(text)
