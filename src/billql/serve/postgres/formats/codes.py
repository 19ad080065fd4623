"""The codes by which clients ask for text or binary."""

from __future__ import annotations

from collections.abc import Sequence

from billql.serve.postgres.errors import PostgresError


def format_codes(formats: Sequence[int], count: int) -> Sequence[int]:
    """Return the format of each of some values: none sent means text, one is for all."""
    if len(formats) == count:
        found = formats
    elif len(formats) == 1:
        found = [formats[0]] * count
    elif not formats:
        found = [0] * count
    else:
        raise PostgresError(
            "08P01", f"{len(formats)} formats for {count} values", hint="Send one for each."
        )
    if any(one not in (0, 1) for one in found):
        raise PostgresError("22023", "unsupported format code", hint="Use 0 or 1.")
    return found
