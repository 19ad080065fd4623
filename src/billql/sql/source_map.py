"""A text made of another by edits, and its map from offsets back to offsets in that one."""

from __future__ import annotations

from collections.abc import Iterable

Edit = tuple[int, int, str]
"""The start and the end of a piece of the original, in characters, and what replaces it."""


def apply_edits(original: str, edits: Iterable[Edit]) -> str:
    """Return a text with its edits applied; they are in order and do not overlap."""
    pieces, done = list[str](), 0
    for start, end, text in edits:
        pieces += [original[done:start], text]
        done = end
    return "".join([*pieces, original[done:]])


class RewrittenText:
    """SQL text for SQLite, and the map back to the text that the user wrote."""

    def __init__(self, sql: str, original: str, edits: tuple[Edit, ...] = ()) -> None:
        self.sql = sql
        self.original = original
        self.edits = edits

    def original_offset(self, offset: int) -> int:
        """Return the character of the user's text for a character of `sql`.

        Inside of what was inserted, this is the start of what the user wrote there.
        """
        grown = 0
        for start, end, text in self.edits:
            if offset < start + grown:
                break
            if offset < start + grown + len(text):
                return start
            grown += len(text) - (end - start)
        return min(max(offset - grown, 0), len(self.original))

    def original_offset_of_byte(self, offset: int) -> int:
        """Return the same for a byte of `sql` in UTF-8, as sqlite3_error_offset() counts."""
        head = self.sql.encode("utf-8", "surrogatepass")[: max(offset, 0)]
        return self.original_offset(sum(byte & 0xC0 != 0x80 for byte in head))
