"""What people should know of a statement, for the client of the thread that runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Notes:
    """Collects notes by thread; those of a thread that collects none go to `otherwise`."""

    def __init__(self, otherwise: Callable[[str], object]) -> None:
        self._otherwise = otherwise
        self._by_thread: dict[int, list[str]] = {}

    def __call__(self, text: str) -> None:
        """Note a text."""
        found = self._by_thread.get(threading.get_ident())
        if found is None:
            self._otherwise(text)
        else:
            found.append(text)

    def begin(self) -> list[str]:
        """Return the list that the notes of this thread are added to from now on."""
        return self._by_thread.setdefault(threading.get_ident(), [])

    def end(self) -> None:
        """Collect the notes of this thread no more."""
        self._by_thread.pop(threading.get_ident(), None)
