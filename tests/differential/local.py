"""The user's own tables, which both sides have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Local:
    """An ordinary table: its columns, the types that SQLite declares, and the domains of values."""

    name: str
    declared: tuple[tuple[str, str, str], ...]

    @property
    def sql(self) -> str:
        """The statement that makes it."""
        columns = ", ".join(f"{name} {kind}" for name, kind, _ in self.declared)
        return f"CREATE TABLE {self.name} ({columns})"


LOCAL = Local(
    "local",
    (
        ("key", "TEXT", "key"),
        ("s", "TEXT", "text"),
        ("n", "INTEGER", "integer"),
        ("day", "TEXT", "date"),
        ("x", "", ""),
        ("c", "TEXT COLLATE NOCASE", "text"),
    ),
)
"""`x` has no affinity and holds anything; `c` compares in any case."""

FILLED = Local("filled", (("a", "", ""), ("b", "TEXT", "text"), ("c", "INTEGER", "integer")))
"""What statements write into."""
