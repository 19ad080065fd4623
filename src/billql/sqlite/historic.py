"""What a session that reads views from histories puts in the place of their resources."""

from __future__ import annotations

from typing import Protocol

RECORDS = {"RECORD_CREATED": "_created", "RECORD_UPDATED": "_updated"}
"""What `record_created(i)` and `record_updated(i)` are in the SELECT of a view: columns of i's rows
in a history, the times at which the row was first stored and last changed; NULL without one."""


class Historic(Protocol):
    """The histories of resources, as they are or as they were."""

    def has(self, provider: str) -> bool:
        """Return whether there are histories of a provider's resources."""

    def rows(self, resource: str) -> str:
        """Return the rows of a resource as a subquery; raise UnknownName if it has no history."""
