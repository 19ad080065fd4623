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

    def __call__(self, text: str) -> None:
        """Pass a note on, unless the statement has had it."""
        self.once(text, lambda: text)

    def once(self, subject: str, text: Callable[[], str]) -> None:
        """Make a note and pass it on, if it is the statement's first of its subject."""
        if subject not in self._noted:
            self._noted.add(subject)
            self._note(text())
