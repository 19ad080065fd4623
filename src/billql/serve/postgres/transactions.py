"""The transaction of a session: as it only reads, cursors and settings are what it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from billql.serve.postgres.context import SessionContext
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.prepared import Portal


@dataclass
class Transaction:
    """The state of a session's transaction, and its portals."""

    context: SessionContext
    status: str = "I"
    """`I` outside of a transaction, `T` inside, `E` inside of one that has failed."""
    savepoints: list[str] = field(default_factory=list)
    portals: dict[str, Portal] = field(default_factory=dict)
    changed: list[tuple[str, str]] = field(default_factory=list)
    """Settings that have changed, of which the client is to know."""
    _settings: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin a transaction; one inside of another is none."""
        if self.status == "I":
            self.status = "T"
            self.context.begin()
            self._settings = self.context.settings.snapshot()

    def end(self, *, commits: bool) -> str:
        """End the transaction and return what has become of it: COMMIT or ROLLBACK."""
        is_rolled_back = not commits or self.status == "E"
        if is_rolled_back and self.status != "I":
            self.changed += self.context.settings.restore(self._settings)
        self.status = "I"
        self.savepoints.clear()
        for name in [
            name for name, portal in self.portals.items() if is_rolled_back or not portal.holds
        ]:
            self.portals.pop(name).close()
        return "ROLLBACK" if is_rolled_back else "COMMIT"

    def fail(self) -> None:
        """Note a statement that has failed."""
        if self.status == "T":
            self.status = "E"

    def save(self, name: str) -> None:
        """Set a savepoint."""
        self._expect_transaction("SAVEPOINT")
        self.savepoints.append(name)

    def release(self, name: str) -> None:
        """Forget a savepoint and those after it."""
        self._expect_transaction("RELEASE SAVEPOINT")
        del self.savepoints[self._place(name) :]

    def roll_back_to(self, name: str) -> None:
        """Go back to a savepoint."""
        self._expect_transaction("ROLLBACK TO SAVEPOINT")
        del self.savepoints[self._place(name) + 1 :]
        self.status = "T"

    def _place(self, name: str) -> int:
        for place in reversed(range(len(self.savepoints))):
            if self.savepoints[place] == name:
                return place
        raise PostgresError("3B001", f'savepoint "{name}" does not exist', hint="Set it first.")

    def _expect_transaction(self, what: str) -> None:
        if self.status == "I":
            raise PostgresError(
                "25P01", f"{what} can only be used in transaction blocks", hint="Write BEGIN first."
            )

    def portal(self, name: str) -> Portal:
        """Return a portal or a cursor; raise PostgresError if there is none."""
        if name not in self.portals:
            raise PostgresError(
                "34000", f'cursor "{name}" does not exist', hint="DECLARE it first."
            )
        return self.portals[name]
