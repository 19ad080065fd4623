"""Text that is made of another text by splices, and the way back to the places in that one."""

from __future__ import annotations

from collections.abc import Iterable

Edit = tuple[int, int, str]
"""From where to where in the original, and what stands there instead."""


def apply_edits(original: str, splices: Iterable[Edit]) -> str:
    """Put texts into a text; the splices are in their order and do not overlap."""
    pieces, done = list[str](), 0
    for start, end, text in splices:
        pieces += [original[done:start], text]
        done = end
    return "".join([*pieces, original[done:]])


class RewrittenText:
    """SQL text for SQLite, and the way back to the text that the user wrote."""

    def __init__(self, sql: str, original: str, splices: tuple[Edit, ...] = ()) -> None:
        self.sql = sql
        self.original = original
        self.splices = splices

    def original_offset(self, offset: int) -> int:
        """The character of the user's text that stands at a character of `sql`.

        Inside of what was put in, this is the start of what the user wrote there.
        """
        grown = 0
        for start, end, text in self.splices:
            if offset < start + grown:
                break
            if offset < start + grown + len(text):
                return start
            grown += len(text) - (end - start)
        return min(max(offset - grown, 0), len(self.original))

    def original_offset_of_byte(self, offset: int) -> int:
        """The same for a byte of `sql` in UTF-8, as sqlite3_error_offset() counts."""
        head = self.sql.encode("utf-8", "surrogatepass")[: max(offset, 0)]
        return self.original_offset(sum(byte & 0xC0 != 0x80 for byte in head))
