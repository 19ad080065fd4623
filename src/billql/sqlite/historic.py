"""What a session that reads views from histories puts in the place of their resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from billql.sql.statements import ParsedStatement, parse
from billql.sql.tokenizer import quote

RECORDS = {"RECORD_CREATED": "_created", "RECORD_UPDATED": "_updated"}
"""What `record_created(i)` and `record_updated(i)` are in the SELECT of a view: columns of i's rows
in a history, the times at which the row was first stored and last changed; NULL without one."""


def record_calls(select: ParsedStatement) -> Iterator[tuple[int, int, str]]:
    """Yield the start and the end of each of these calls, and the column that it is."""
    tokens = select.tokens
    for at, token in enumerate(tokens[:-3]):
        if token.keyword in RECORDS and (tokens[at + 1].text, tokens[at + 3].text) == ("(", ")"):
            column = f"{tokens[at + 2].text}.{quote(RECORDS[token.keyword])}"
            yield token.start, tokens[at + 3].end, column


def without_records(select: str) -> str:
    """Return the SELECT of a view as it is over the API, each other text at its place."""
    for start, end, _ in list(record_calls(parse(select))):
        select = select[:start] + "NULL".ljust(end - start) + select[end:]
    return select


class Historic(Protocol):
    """The histories of resources, as they are or as they were."""

    def has(self, provider: str) -> bool:
        """Return whether there are histories of a provider's resources."""

    def rows(self, resource: str) -> str:
        """Return the rows of a resource as a subquery; raise UnknownName if it has no history."""
