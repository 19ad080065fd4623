"""A database file with rows of all types, NULL among them, in the forms of billql's own tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

MIRRORED = """
CREATE TABLE charges (id INTEGER PRIMARY KEY, customer TEXT, amount DECIMAL, quantity INTEGER,
  rate REAL, paid BOOLEAN, created TIMESTAMP, day DATE, details JSON, note TEXT);
CREATE TABLE customers (name TEXT, country TEXT, since DATE, "Credit Limit" DECIMAL);
"""
CHARGES = """
INSERT INTO charges VALUES
(1, 'Ada', 12.5, 3, 0.1, 1, '2026-01-05T10:00:00Z', '2026-01-05', '{"plan": "pro", "tags": ["a", "b"], "n": 1}', 'First'),
(2, 'Ada', 7.25, 1, 1.5, 0, '2026-01-31T23:59:59Z', '2026-01-31', '{"plan": "free", "n": 2.50}', NULL),
(3, 'Bob', -3, 2, NULL, 1, '2026-02-01T00:00:00Z', '2026-02-01', '[]', 'refund 100%'),
(4, 'Cy_d', 1000000.01, 0, 2.25, NULL, '2026-02-28T12:30:00Z', '2026-02-28', '{"deep": {"x": [1, {"y": null}]}}', 'It''s'),
(5, NULL, NULL, NULL, 1e20, 1, NULL, NULL, NULL, ''),
(6, 'ada', 0.1, 7, 1e-7, 0, '2025-12-31T06:15:00Z', '2025-12-31', '{"plan": "pro", "n": -1}', 'tab	x'),
(7, 'Eve', 0.2, -4, 3, 1, '2026-03-15T08:00:00Z', '2026-03-15', '"text"', 'back\\slash'),
(8, 'Ünal', 99.99, 10, 0.333333333333333, 1, '2026-03-29T01:30:00Z', '2026-03-29', 'true', 'größer');
INSERT INTO customers VALUES ('Ada', 'GB', '2020-02-29', 100), ('Bob', 'US', '2024-12-01', NULL),
('Zed', NULL, NULL, 5.5), ('Eve', 'US', '2026-01-01', 0);
"""  # noqa: E501


def write(path: Path) -> None:
    """Make the file."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(MIRRORED + CHARGES)
